// The names of the network: who (author), with which key (fingerprint), what (packet id, hash), where in a row (stream), when.
// Each holds raw bytes, and reads and writes the one text form that the protocol allows (Protocol, "Bytes").

/// A user's name on the network: the Ed25519 author key itself. It stays when the OpenPGP key or the address changes.
public struct Author: Hashable, Sendable, Codable {
  /// The public key, 32 bytes.
  public let key: [UInt8]

  /// Takes a raw key, or nothing where it is not 32 bytes long.
  public init?(key: [UInt8]) {
    guard key.count == 32 else { return nil }
    self.key = key
  }

  /// Reads `ed25519:` and 43 base64url characters.
  public init?(text: some StringProtocol) {
    let prefix = "ed25519:"
    guard text.utf8.starts(with: prefix.utf8), let bytes = Base64URL.decode(text.dropFirst(prefix.count)) else { return nil }
    self.init(key: bytes)
  }

  /// `ed25519:` and 43 base64url characters.
  public var text: String { "ed25519:" + Base64URL.encode(key) }
}

/// A version 4 OpenPGP fingerprint, 20 bytes.
public struct Fingerprint: Hashable, Sendable, Codable {
  /// The raw fingerprint, 20 bytes.
  public let bytes: [UInt8]

  /// Takes raw bytes, or nothing where they are not 20.
  public init?(bytes: [UInt8]) {
    guard bytes.count == 20 else { return nil }
    self.bytes = bytes
  }

  /// Reads 40 hexadecimal digits of either case.
  public init?(text: some StringProtocol) {
    guard let bytes = Hex.decode(text) else { return nil }
    self.init(bytes: bytes)
  }

  /// 40 upper-case hexadecimal digits.
  public var text: String { Hex.encode(bytes).uppercased() }
}

/// SHA-256 of some bytes: the name of a blob, or of a packet's exact bytes.
public struct Hash: Hashable, Sendable, Codable {
  /// How many bytes a SHA-256 digest has.
  public static let length = 32

  /// The raw digest, 32 bytes.
  public let bytes: [UInt8]

  /// Takes a digest just made.
  init(digest: [UInt8]) { bytes = digest }

  /// Takes a raw digest, or nothing where it is not 32 bytes long.
  public init?(bytes: [UInt8]) {
    guard bytes.count == Self.length else { return nil }
    self.bytes = bytes
  }

  /// Reads 64 lower-case hexadecimal digits.
  public init?(text: some StringProtocol) {
    guard !text.utf8.contains(where: { (65...90).contains($0) }), let bytes = Hex.decode(text) else { return nil }
    self.init(bytes: bytes)
  }

  /// 64 lower-case hexadecimal digits.
  public var text: String { Hex.encode(bytes) }
}

/// Sixteen bytes that name a stream, a search session, or a nonce.
public struct StreamID: Hashable, Sendable, Codable {
  /// The raw id, 16 bytes.
  public let bytes: [UInt8]

  /// Takes raw bytes, or nothing where they are not 16.
  public init?(bytes: [UInt8]) {
    guard bytes.count == 16 else { return nil }
    self.bytes = bytes
  }

  /// Reads 22 base64url characters.
  public init?(text: some StringProtocol) {
    guard let bytes = Base64URL.decode(text) else { return nil }
    self.init(bytes: bytes)
  }

  /// 22 base64url characters.
  public var text: String { Base64URL.encode(bytes) }
}

/// A UUIDv7 in lower case: with its author, the name of a packet.
public struct PacketID: Hashable, Sendable, Comparable, Codable {
  /// `xxxxxxxx-xxxx-7xxx-[89ab]xxx-xxxxxxxxxxxx`.
  public let text: String

  /// Reads a lower-case UUIDv7; anything else is nothing.
  public init?(text: some StringProtocol) {
    let pattern = Array("hhhhhhhh-hhhh-7hhh-vhhh-hhhhhhhhhhhh".utf8)
    guard text.utf8.count == pattern.count else { return nil }
    for (have, want) in zip(text.utf8, pattern) {
      let fits =
        switch want {
        case UInt8(ascii: "h"): Hex.isLowerDigit(have)
        case UInt8(ascii: "v"): [UInt8(ascii: "8"), UInt8(ascii: "9"), UInt8(ascii: "a"), UInt8(ascii: "b")].contains(have)
        default: have == want
        }
      guard fits else { return nil }
    }
    self.text = String(text)
  }

  /// Makes a new id of the given moment (RFC 9562 5.7).
  public init(at moment: Instant, using random: inout some RandomNumberGenerator) {
    var bytes = (0..<16).map { _ in UInt8.random(in: 0...255, using: &random) }
    let milliseconds = UInt64(max(0, moment.milliseconds))
    for index in 0..<6 { bytes[index] = UInt8(truncatingIfNeeded: milliseconds >> (8 * UInt64(5 - index))) }
    bytes[6] = (bytes[6] & 0x0f) | 0x70
    bytes[8] = (bytes[8] & 0x3f) | 0x80
    var text = ""
    for (index, byte) in bytes.enumerated() {
      if [4, 6, 8, 10].contains(index) { text += "-" }
      text += Hex.encode([byte])
    }
    self.text = text
  }

  /// In the order of the text, which for one author is the order of making, to the millisecond.
  public static func < (one: PacketID, other: PacketID) -> Bool { one.text < other.text }
}

/// What names a packet in the whole network, and certifies itself.
public struct PacketName: Hashable, Sendable, Codable {
  /// Who signed it.
  public let author: Author
  /// Its id, unique for this author.
  public let id: PacketID

  /// Names the packet `id` of `author`.
  public init(author: Author, id: PacketID) {
    self.author = author
    self.id = id
  }
}
