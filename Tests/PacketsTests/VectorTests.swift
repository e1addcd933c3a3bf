import Foundation
import Packets
import Testing

@Suite struct VectorTests {
  @Test func `the vectors on disk are the ones that are made`() throws {
    let maker = try VectorMaker()
    if ProcessInfo.processInfo.environment["WRITE_VECTORS"] != nil {
      for (file, bytes) in maker.files {
        let url = Vector.folder.appending(path: file)
        try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
        try Data(bytes).write(to: url)
      }
      return
    }
    #expect(maker.table.filter { maker.files[$0.file] == nil }.map(\.file) == [])
    for (file, bytes) in maker.files { #expect(try Array(Vector.load(file)) == bytes, "\(file)") }
    #expect(Set(maker.table.map(\.file)).count == maker.table.count)
    #expect(maker.files.count == maker.table.count + 2)
  }

  @Test(arguments: try Vector.table()) func `a vector is read as its line says`(vector: Vector) throws {
    let signed = try vector.signed()
    let author = try #require(Author(text: vector.author))
    #expect(signed.verifySignature(by: author))
    switch vector.outcome {
    case .understood:
      guard case .understood(let packet) = try signed.read(features: Set(vector.features)) else {
        Issue.record("held: \(vector.why)")
        return
      }
      guard let same = vector.sameAs, let plain = try Vector.table().first(where: { $0.file == same }) else { return }
      guard case .understood(var expected) = try plain.signed().read() else { throw Samples.Missing() }
      expected.requires = packet.requires
      #expect(packet == expected)
    case .held:
      guard case .newer(let newer) = try signed.read(features: Set(vector.features)) else {
        Issue.record("understood: \(vector.why)")
        return
      }
      #expect(newer.reason.rawValue == vector.reason)
      #expect(newer.kind == vector.kind)
      #expect(newer.fallback == vector.fallback)
    case .refused:
      #expect(throws: PacketFailure.self, "\(vector.why)") { try signed.read(features: Set(vector.features)) }
    }
  }

  @Test func `every failure is one sentence without a peer's words`() throws {
    for vector in try Vector.table() where vector.outcome == .refused {
      let failure = try #require(throws: PacketFailure.self) { try vector.signed().read() }
      #expect(failure.description.hasPrefix("the ") || failure.description.hasPrefix("an "))
      #expect(!failure.description.contains("dance") && !failure.description.contains("\n"))
    }
  }
}
