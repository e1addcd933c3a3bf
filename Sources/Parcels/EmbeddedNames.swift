internal import Packets

/// Finds the packets that another one carries (`<embedded sha256="…"/>`), also in packets that this node cannot read: what such a
/// packet carries is held with it, and must not be judged as if its sender had said it.
///
/// Looking at the bytes is enough: a packet has no comments, CDATA or document type, so each `<` in it begins a tag.
enum EmbeddedNames {
  static func of(_ packet: SignedPacket) -> Set<Hash> {
    var found: Set<Hash> = []
    for tag in packet.bytes.split(separator: UInt8(ascii: "<")) where tag.starts(with: "embedded".utf8) {
      guard let end = tag.firstIndex(of: UInt8(ascii: ">")) else { continue }
      let attributes = tag[..<end].split { [9, 10, 13, 32, UInt8(ascii: "/")].contains($0) }
      for attribute in attributes where attribute.starts(with: "sha256=".utf8) {
        let value = String(decoding: attribute.dropFirst(8).dropLast(), as: UTF8.self)
        if let hash = Hash(text: value) { found.insert(hash) }
      }
    }
    return found
  }
}
