import Foundation
import Testing

@testable import Packets

@Suite struct SchemaTests {
  private static let trang = "/usr/bin/trang"

  @Test(.enabled(if: FileManager.default.isExecutableFile(atPath: trang), "trang is not installed"))
  func `the schema in the program is its source, converted`() throws {
    let sources = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/Packets/Schemas")
    let converted = FileManager.default.temporaryDirectory.appending(path: "\(UUID().uuidString).rng")
    defer { try? FileManager.default.removeItem(at: converted) }
    let process = Process()
    process.executableURL = URL(filePath: Self.trang)
    process.arguments = [sources.appending(path: "packet.rnc").path, converted.path]
    try process.run()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(try Array(Data(contentsOf: converted)) == PackageResources.packet_rng)
  }

  @Test func `each place allows what the schema's patterns for it allow together`() throws {
    let packet = try #require(Schema.strict).packet
    #expect(packet.attributes == ["version", "id", "author", "created"])
    #expect(packet.children["stream"]?.attributes == ["id", "sequence", "to"])
    #expect(packet.children["retract"].map { Set($0.children.keys) } == ["root", "target"])
    #expect(packet.children["photo"]?.children["picture"]?.children["blob"]?.attributes == ["sha256", "size", "type"])
    #expect(packet.children["gone"]?.children["blob"]?.attributes == ["sha256"])
    #expect(packet.children["status"]?.allowsText == false && packet.children["status"]?.children["text"]?.allowsText == true)
    #expect(packet.children["journal"]?.allowsAnything == true && packet.children["journal"]?.attributes == ["previous"])
    let actions = Set(packet.children.keys).subtracting(["stream", "requires", "fallback"])
    #expect(actions.isSuperset(of: Action.understood) && actions.count == 30)
  }

  @Test func `broken grammars give no schema`() {
    #expect(throws: PacketFailure.self) { try Schema(Array("<grammar".utf8)) }
    #expect(throws: PacketFailure.unready) { try Schema(Array("<grammar/>".utf8)) }
    let empty =
      "<grammar xmlns=\"http://relaxng.org/ns/structure/1.0\"><start><element name=\"a\"><empty/></element></start></grammar>"
    #expect(throws: PacketFailure.unready) { try Schema(Array(empty.utf8)) }
  }
}
