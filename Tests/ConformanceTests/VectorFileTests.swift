import Bridge
import Conformance
import Foundation
import Logging
import Testing

extension Conformance {
  /// By this machine's clock, and in silence.
  init(trying folder: VectorFolder) {
    self.init(
      vectors: folder, scratch: URL(filePath: "/tmp", directoryHint: .isDirectory), clock: .system,
      log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
  }
}

/// Vectors that nobody needs OpenPGP for.
@Suite struct VectorFileTests {
  static let source = VectorFolder(
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/Conformance/Vectors").standardizedFileURL)

  private func findings(_ folder: VectorFolder, _ names: String...) async throws -> [Finding] {
    var findings: [Finding] = []
    try await Conformance(trying: folder).run(only: names) { findings.append($0) }
    return findings
  }

  @Test func `this program holds every vector of documents and formulas, each of which says why it is there`() async throws {
    let all = try await findings(Self.source, "formulas", "packets")
    #expect(all.count > 200)
    #expect(all.filter { $0.result != .holds }.map(\.name) == [])
    #expect(all.filter { $0.why.isEmpty }.map(\.name) == [])
    #expect(Set(all.map(\.name)).count == all.count)
  }

  @Test func `a vector that was changed is found, and only that one`() async throws {
    let place = URL(filePath: "/tmp/vectors-\(UUID().uuidString.prefix(8))", directoryHint: .isDirectory)
    try FileManager.default.copyItem(at: Self.source.directory, to: place)
    defer { try? FileManager.default.removeItem(at: place) }
    let file = place.appending(path: "refused/two-roots.xml")
    try Data("x".utf8).write(to: file)
    let table = place.appending(path: "formulas.json")
    let text = try String(contentsOf: table, encoding: .utf8)
    try Data(text.replacing("75d7772dd52c6ee8", with: "75d7772dd52c6ee9").utf8).write(to: table)
    let failed = try await findings(VectorFolder(place), "formulas", "packets").filter { $0.result != .holds }
    #expect(failed.map(\.name) == ["formulas/audience-tag", "packets/refused/two-roots.xml"])
    #expect(failed.last?.result == .fails("the author's signature does not fit the document"))
  }

  @Test func `a folder without vectors, and a name that none has, are each said in a sentence`() async throws {
    let nowhere = VectorFolder(URL(filePath: "/nowhere/at/all"))
    let missing = try await #require(throws: OperationFailure.self) { try await findings(nowhere) }
    #expect(missing.code == .noInput)
    #expect(missing.message == "there is no vector file /nowhere/at/all/formulas.json")
    let unknown = try await #require(throws: OperationFailure.self) { try await findings(Self.source, "packets/dance") }
    #expect(unknown.sentence == "no vector is called packets/dance; --list shows all of them")
  }
}
