/// The header of one OpenPGP packet (RFC 4880 4.2): enough to walk from packet to packet without understanding them.
struct OpenPGPPacket {
  /// The packet types that this room tells apart (RFC 4880 4.3).
  enum Tag: UInt8 {
    case sessionKey = 1
    case signature = 2
    case primaryKey = 6
    case userID = 13
    case subkey = 14
    case userAttribute = 17
    case protectedData = 18
  }

  /// What kind of packet it is; nothing where it is none of those above.
  let tag: Tag?
  /// Bytes before the body.
  let headerSize: Int
  /// Bytes of the body; nothing where it comes in parts or to the end of the input.
  let bodySize: Int?

  /// Reads the header at the start of `bytes`, or nothing where there is none or it is cut short.
  init?(at bytes: ArraySlice<UInt8>) {
    func number(_ skip: Int, _ count: Int) -> Int? {
      let digits = bytes.dropFirst(skip).prefix(count)
      return digits.count == count ? digits.reduce(0) { $0 << 8 | Int($1) } : nil
    }
    guard let first = bytes.first, first & 0x80 != 0 else { return nil }
    if first & 0x40 == 0 {  // RFC 4880 4.2.1, old format
      tag = Tag(rawValue: (first >> 2) & 15)
      let lengthType = first & 3
      let lengthSize = lengthType == 3 ? 0 : 1 << Int(lengthType)
      headerSize = 1 + lengthSize
      guard let length = number(1, lengthSize) else { return nil }
      bodySize = lengthType == 3 ? nil : length
    } else {  // RFC 4880 4.2.2, new format
      tag = Tag(rawValue: first & 63)
      guard let short = number(1, 1) else { return nil }
      switch short {
      case 0..<192: (headerSize, bodySize) = (2, short)
      case 192..<224:
        guard let next = number(2, 1) else { return nil }
        (headerSize, bodySize) = (3, (short - 192) << 8 + next + 192)
      case 255:
        guard let long = number(2, 4) else { return nil }
        (headerSize, bodySize) = (6, long)
      default: (headerSize, bodySize) = (2, nil)  // RFC 4880 4.2.2.4, partial lengths
      }
    }
  }

  /// Every packet of `bytes` with where it lies, or nothing where they are no row of whole packets.
  static func row(in bytes: [UInt8]) -> [(packet: OpenPGPPacket, range: Range<Int>)]? {
    var row: [(packet: OpenPGPPacket, range: Range<Int>)] = []
    var position = 0
    while position < bytes.count {
      guard let packet = OpenPGPPacket(at: bytes[position...]), let bodySize = packet.bodySize,
        bytes.count - position - packet.headerSize >= bodySize
      else { return nil }
      let end = position + packet.headerSize + bodySize
      row.append((packet, position..<end))
      position = end
    }
    return row
  }
}
