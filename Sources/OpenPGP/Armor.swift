internal import Foundation

/// A message in ASCII armor (RFC 4880 6.2) as it comes out of a reader, piece after piece: 64 columns, CRLF, with its checksum.
public struct Armor {
  private enum Place { case head, body(offset: Int), end }

  /// Whole lines of 48 bytes each, so that every piece but the last ends with one.
  private static let step = 48 << 10

  private let piece: Piece
  private var place = Place.head
  private var checksum = CRC24()

  init(_ piece: Piece) { self.piece = piece }

  private static let begin = Array("-----BEGIN PGP MESSAGE-----\r\n\r\n".utf8)
  private static let end = Array("-----END PGP MESSAGE-----\r\n".utf8)

  /// Bytes of the whole text form.
  public var size: Int {
    let lines = (piece.size + 47) / 48
    return Self.begin.count + (piece.size + 2) / 3 * 4 + 2 * lines + 7 + Self.end.count
  }

  /// The next bytes of the text, some 64 KiB at a time; nothing at the end.
  public mutating func next() throws(SpoolFailure) -> [UInt8]? {
    switch place {
    case .head:
      place = .body(offset: 0)
      return Self.begin
    case .body(let offset):
      let bytes = try piece.read(at: offset, count: Self.step)
      checksum.add(bytes)
      let text = Base64Lines.encode(bytes)
      guard offset + bytes.count >= piece.size else {
        place = .body(offset: offset + bytes.count)
        return text
      }
      place = .end
      return text + [UInt8(ascii: "=")] + Base64Lines.encode(checksum.bytes) + Self.end
    case .end: return nil
    }
  }
}

extension Armor {
  /// What a text in armor holds (RFC 4880 6.2); nothing where it is none. A colon before it, as gpg puts one
  /// before a revocation certificate so that nobody uses it by accident, does not count. Its checksum is left to whoever checks the signature in it.
  public static func bytes(_ text: [UInt8]) -> [UInt8]? {
    let lines = String(decoding: text, as: UTF8.self).split(omittingEmptySubsequences: false) { $0.isNewline }
      .map { $0.trimmingCharacters(in: .whitespaces) }
    guard let begin = lines.firstIndex(where: { $0.hasPrefix("-----BEGIN PGP ") || $0.hasPrefix(":-----BEGIN PGP ") }),
      let blank = lines[begin...].firstIndex(of: ""),
      let end = lines[blank...].firstIndex(where: { $0.hasPrefix("-----END PGP ") || $0.hasPrefix("=") })
    else { return nil }
    return Data(base64Encoded: lines[blank..<end].joined()).map(Array.init)
  }
}

/// Base64 in lines of 64 characters (RFC 2045 6.8).
enum Base64Lines {
  private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)

  static func encode(_ bytes: [UInt8]) -> [UInt8] {
    var text: [UInt8] = []
    text.reserveCapacity(bytes.count / 48 * 66 + 72)
    var column = 0
    for start in stride(from: 0, to: bytes.count, by: 3) {
      let left = bytes.count - start
      let group =
        UInt32(bytes[start]) << 16 | (left > 1 ? UInt32(bytes[start + 1]) << 8 : 0) | (left > 2 ? UInt32(bytes[start + 2]) : 0)
      text.append(alphabet[Int(group >> 18)])
      text.append(alphabet[Int(group >> 12 & 63)])
      text.append(left > 1 ? alphabet[Int(group >> 6 & 63)] : UInt8(ascii: "="))
      text.append(left > 2 ? alphabet[Int(group & 63)] : UInt8(ascii: "="))
      column += 4
      if column == 64 || left <= 3 {
        text.append(contentsOf: [13, 10])
        column = 0
      }
    }
    return text
  }
}

/// The checksum of an armor (RFC 4880 6.1).
struct CRC24 {
  private static let table: [UInt32] = (0..<256).map { byte in
    (0..<8).reduce(UInt32(byte) << 16) { value, _ in value & 0x800000 != 0 ? value << 1 ^ 0x1864cfb : value << 1 } & 0xffffff
  }

  private var value: UInt32 = 0xb704ce

  mutating func add(_ bytes: [UInt8]) {
    let table = Self.table
    for byte in bytes { value = (value << 8 ^ table[Int(value >> 16 ^ UInt32(byte)) & 255]) & 0xffffff }
  }

  var bytes: [UInt8] { [UInt8(value >> 16), UInt8(value >> 8 & 255), UInt8(value & 255)] }
}
