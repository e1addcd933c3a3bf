import Foundation
import Testing

@testable import socialnet

@Suite struct ConformanceCommandTests {
  private static let vectors = URL(filePath: #filePath).deletingLastPathComponent()
    .appending(path: "../../Sources/Conformance/Vectors").standardizedFileURL.path

  @Test func `each vector has a line, and the count stands at the end`() async throws {
    let outcome = try await Stage().run(
      "conformance", "--vectors", Self.vectors, "--only", "packets/held", "--only", "formulas/proof")
    #expect(outcome.code == 0)
    #expect(outcome.output.hasPrefix("ok       formulas/proof\nok       packets/held/unknown-action.xml\n"))
    #expect(outcome.errors == "13 of 13 vectors hold.\n")
    #expect(outcome.asked == [])
  }

  @Test func `a list says what each is there for, and JSON says all of it`() async throws {
    let list = try await Stage().run("conformance", "--list", "--vectors", Self.vectors, "--only", "transcripts/gap")
    #expect(list.output.hasPrefix("transcripts/gap: A missing number is asked for"))
    let object = try await Stage().run("conformance", "--json", "--vectors", Self.vectors, "--only", "formulas/proof")
    let wanted = """
      {
        "failed" : 0,
        "held" : 1,
        "leftOut" : 0,
        "schema" : 1,
        "vectors" : [
          {
            "name" : "formulas/proof",
            "result" : "ok",
            "said" : null,
            "why" : "who answers an invitation shows that the link was theirs"
          }
        ]
      }

      """
    #expect(object.output == wanted)
  }

  @Test func `a vector that does not hold is code 70, with its reason`() async throws {
    let place = URL(filePath: "/tmp/vectors-\(UUID().uuidString.prefix(8))", directoryHint: .isDirectory)
    try FileManager.default.copyItem(atPath: Self.vectors, toPath: place.path)
    defer { try? FileManager.default.removeItem(at: place) }
    try FileManager.default.removeItem(at: place.appending(path: "refused/two-roots.xml"))
    try FileManager.default.copyItem(
      at: place.appending(path: "refused/behind.xml"), to: place.appending(path: "refused/two-roots.xml"))
    let outcome = try await Stage().run("conformance", "--vectors", place.path, "--only", "packets/refused/two-roots.xml")
    #expect(outcome.code == 70)
    let line = "FAILED   packets/refused/two-roots.xml: the author's signature does not fit the document (two root elements)\n"
    #expect(outcome.output == line)
    #expect(outcome.errors.contains("1 of 1 vectors do not hold; "))
  }

  @Test(arguments: [
    (["--against", "/nowhere/at/all"], Int32(66), "there is no directory /nowhere/at/all; make it, "),
    (["--only", "dance"], 66, "no vector is called dance; --list shows all of them."),
    (["--vectors", "/nowhere"], 66, "there is no vector file /nowhere/formulas.json; "),
    (["--as", "/tmp", "--list"], 64, "with --as the vectors are chosen by the other side; see socialnet help conformance."),
  ]) func `what is wrong with the command line is one sentence`(arguments: [String], code: Int32, said: String) async throws {
    let given = arguments.contains("--vectors") ? [] : ["--vectors", Self.vectors]
    let outcome = try await Stage().run(["conformance"] + arguments + given)
    #expect(outcome.code == code)
    #expect(outcome.errors.hasPrefix("socialnet: \(said)"), "\(outcome.errors)")
    #expect(outcome.errors.split(separator: "\n").count == 1)
  }
}
