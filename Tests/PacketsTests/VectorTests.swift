import Conformance
import Foundation
import Packets
import Testing

@Suite struct VectorTests {
  @Test func `the vectors on disk are the ones that are made`() throws {
    let maker = try VectorMaker()
    if ProcessInfo.processInfo.environment["WRITE_VECTORS"] != nil {
      for (file, bytes) in maker.files {
        let url = VectorFolder.source.directory.appending(path: file)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
      }
      return
    }
    #expect(maker.table.filter { maker.files[$0.file] == nil }.map(\.file) == [])
    for (file, bytes) in maker.files { #expect(try VectorFolder.source.bytes(file) == bytes, "\(file)") }
    #expect(Set(maker.table.map(\.file)).count == maker.table.count)
    #expect(maker.files.count == maker.table.count + 2)
  }

  @Test(arguments: try PacketVector.table(in: .source)) func `a vector is read as its line says`(vector: PacketVector) throws {
    #expect(try vector.flaw(in: .source) == nil, "\(vector.why)")
  }

  @Test func `every failure is one sentence without a peer's words`() throws {
    for vector in try PacketVector.table(in: .source) where vector.outcome == .refused {
      let failure = try #require(throws: PacketFailure.self) { try vector.signed(in: .source).read() }
      #expect(failure.description.hasPrefix("the ") || failure.description.hasPrefix("an "))
      #expect(!failure.description.contains("dance") && !failure.description.contains("\n"))
    }
  }
}
