import Bridge
import Conformance
import Foundation
import Testing

/// Vectors for which keys are needed, and somebody to speak with. All transcripts are played by `Tests/PythonNode/run`, with the
/// program itself and with a node in Python; here a few, which need every kind of step.
@Suite(.serialized) struct PlayTests {
  private static let few = ["transcripts/comment-before-post", "transcripts/gap"]

  private func failed(_ vectors: VectorFolder, _ names: [String]) async throws -> [Finding] {
    var failed: [Finding] = []
    try await Conformance(trying: vectors).run(only: names) { if $0.result != .holds { failed.append($0) } }
    return failed
  }

  /// The same with a copy of the vectors, in which one file says something else.
  private func failed(_ names: [String], where file: String, says new: String, not old: String) async throws -> [Finding] {
    let place = URL(filePath: "/tmp/vectors-\(UUID().uuidString.prefix(8))", directoryHint: .isDirectory)
    try FileManager.default.copyItem(at: VectorFileTests.source.directory, to: place)
    defer { try? FileManager.default.removeItem(at: place) }
    let text = try String(contentsOf: place.appending(path: file), encoding: .utf8)
    try #require(text.contains(old))
    try Data(text.replacing(old, with: new).utf8).write(to: place.appending(path: file))
    return try await failed(VectorFolder(place), names)
  }

  @Test func `every parcel of the vectors is opened, held or refused at the gate that its line names`() async throws {
    #expect(try await failed(VectorFileTests.source, ["parcels"]) == [])
  }

  @Test func `a parcel that another gate refuses than its line says is found`() async throws {
    let names = ["parcels/tampered", "parcels/unsigned"]
    let found = try await failed(names, where: "parcels.json", says: "\"gate\": \"shape\"", not: "\"gate\": \"decryption\"")
    #expect(found.map(\.name) == ["parcels/tampered"])
  }

  @Test func `this program plays transcripts as they are written`() async throws {
    #expect(try await failed(VectorFileTests.source, Self.few) == [])
  }

  @Test func `a transcript that says something else than what happens fails at its step`() async throws {
    let names = ["transcripts/asks"]
    let file = "transcripts/asks.json"
    let other = try await failed(names, where: file, says: "\"text\": \"Hello, Carol.\"}]", not: "\"text\": \"Hello, Ben.\"}]")
    let missed = "step 3: what had to go out and did not: status to Ben with the words “Hello, Carol.”; what did: status to Ben"
    #expect(other.map(\.result) == [.fails(missed)])
    let request = ", \"out\": [{\"action\": \"contact-request\", \"to\": [\"Ben\"]}]"
    let surplus = try await failed(names, where: file, says: "", not: request)
    #expect(surplus.map(\.result) == [.fails("step 1: what went out and had no reason to: contact-request to Ben")])
  }

  @Test func `another node is played with by files in a directory, and both sides end`() async throws {
    let place = URL(filePath: "/tmp/play-\(UUID().uuidString.prefix(8))", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: place) }
    let conformance = Conformance(trying: VectorFileTests.source)
    async let answered: Void = conformance.answer(at: place)
    var findings: [Finding] = []
    try await conformance.run(against: place, only: ["transcripts/asks", "transcripts/removes"]) { findings.append($0) }
    try await answered
    #expect(findings.map(\.result) == [.holds, .holds])
    let left = try FileManager.default.contentsOfDirectory(atPath: place.path).sorted()
    #expect(left == ["answers", "wishes"])
    for folder in left {
      let files = try FileManager.default.contentsOfDirectory(atPath: place.appending(path: folder).path)
      #expect(files == [])
    }
  }

  @Test func `a directory that is not there, and one where nobody answers, are each said in a sentence`() async throws {
    let conformance = Conformance(trying: VectorFileTests.source)
    let missing = await #expect(throws: OperationFailure.self) {
      try await conformance.run(against: URL(filePath: "/nowhere/at/all")) { _ in }
    }
    #expect(missing?.code == .noInput)
    #expect(missing?.message == "there is no directory /nowhere/at/all")
    let place = URL(filePath: "/tmp/play-\(UUID().uuidString.prefix(8))", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: place) }
    let silent = await #expect(throws: OperationFailure.self) {
      try await conformance.run(against: place, patience: .seconds(1), only: ["transcripts/asks"]) { _ in }
    }
    #expect(silent?.code == .unavailable)
    #expect(silent?.message == "nobody answered \(place.path)/wishes/1.json (feed) within 1 seconds")
  }
}
