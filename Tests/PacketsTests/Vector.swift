import Foundation
import Packets

/// One line of `Vectors/packets.json`: a document, and what a reader makes of it.
struct Vector: Codable, Equatable {
  enum Outcome: String, Codable { case understood, held, refused }

  /// The document beside the table. In a `.template`, `{{N×S}}` stands for the text S, N times.
  var file: String
  var outcome: Outcome
  /// Why, in a sentence's end.
  var why: String
  /// Of an understood packet: the document that says the same and holds nothing to skip.
  var sameAs: String?
  /// Of a held packet: `action`, `feature` or `version`.
  var reason: String?
  /// Of a held packet: the action's element name.
  var kind: String?
  /// Of a held packet: the words to show meanwhile.
  var fallback: String?
  /// The features that the reader has.
  var features: [String] = []
  /// Whose signature stands here, over the document's bytes (expanded, if a template).
  var author: String
  var signature: String
}

extension Vector {
  /// Where the vectors lie in the source tree; only for writing them.
  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors")

  static func load(_ file: String) throws -> Data {
    guard let folder = Bundle.module.resourceURL else { throw CocoaError(.fileNoSuchFile) }
    return try Data(contentsOf: folder.appending(path: "Vectors").appending(path: file))
  }

  static func table() throws -> [Vector] { try JSONDecoder().decode([Vector].self, from: load("packets.json")) }

  /// The document's bytes, expanded.
  func bytes() throws -> [UInt8] { Self.expand(Array(try Self.load(file)), of: file) }

  static func expand(_ bytes: [UInt8], of file: String) -> [UInt8] {
    guard file.hasSuffix(".template") else { return bytes }
    let text = String(decoding: bytes, as: UTF8.self)
    let expanded = text.replacing(/\{\{(\d+)×(.*?)\}\}/) { String(repeating: String($0.output.2), count: Int($0.output.1) ?? 0) }
    return Array(expanded.utf8)
  }

  func signed() throws -> SignedPacket {
    SignedPacket(bytes: try bytes(), signature: Base64URL.decode(signature) ?? [])
  }
}
