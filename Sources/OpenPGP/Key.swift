/// An OpenPGP key, named by the version 4 fingerprint of its primary key.
public struct Key: Hashable, Sendable {
  /// The raw fingerprint, 20 bytes.
  public let fingerprint: [UInt8]

  /// Takes a raw fingerprint, or nothing where it is not 20 bytes long (version 4, RFC 4880 12.2).
  public init?(fingerprint: [UInt8]) {
    guard fingerprint.count == 20 else { return nil }
    self.fingerprint = fingerprint
  }

  /// Reads 40 hexadecimal digits of either case, as GnuPG writes them; a version 5 fingerprint is longer, and nothing.
  public init?(hex: some StringProtocol) {
    let digits = hex.utf8.map(\.hexValue)
    guard digits.count == 40 else { return nil }
    var bytes: [UInt8] = []
    for index in stride(from: 0, to: 40, by: 2) {
      guard let high = digits[index], let low = digits[index + 1] else { return nil }
      bytes.append(high << 4 | low)
    }
    self.fingerprint = bytes
  }

  /// 40 upper-case hexadecimal digits.
  public var hex: String { fingerprint.upperHex }

  /// The key id: the last 8 bytes of the fingerprint (RFC 4880 12.2).
  public var id: KeyID { KeyID(bytes: fingerprint.suffix(8)) }
}

/// The short name of a key, by which a message says whom it is encrypted to and who signed it. Two keys can share one.
public struct KeyID: Hashable, Sendable {
  /// The eight bytes as a number, the first byte the highest.
  public let value: UInt64

  /// Takes eight bytes; fewer count as if zeros stood before them.
  init(bytes: some Sequence<UInt8>) {
    value = bytes.reduce(0) { $0 << 8 | UInt64($1) }
  }

  /// Reads the last 16 hexadecimal digits of a key id or a fingerprint.
  init?(hex: some StringProtocol) {
    guard hex.utf8.count >= 16, let value = UInt64(hex.suffix(16), radix: 16) else { return nil }
    self.value = value
  }

  /// Names no key: an anonymous recipient (RFC 4880 5.1).
  var isWildcard: Bool { value == 0 }
}

extension Collection where Element == UInt8 {
  /// Two upper-case hexadecimal digits a byte.
  var upperHex: String {
    let digits = Array("0123456789ABCDEF".utf8)
    return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }
}

extension UInt8 {
  fileprivate var hexValue: UInt8? {
    switch self {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): self - 48
    case UInt8(ascii: "a")...UInt8(ascii: "f"): self - 87
    case UInt8(ascii: "A")...UInt8(ascii: "F"): self - 55
    default: nil
    }
  }
}
