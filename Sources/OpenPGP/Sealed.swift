/// A sealed message as gpg made it for all its recipients, to be handed to each of them alone.
public struct Sealed: Sendable {
  /// Each recipient's own session-key packet, byte for byte as gpg made it.
  public let sessionKeys: [Key: [UInt8]]
  /// The encrypted-data packet, to the end of the message: the same for everybody.
  public let body: Spool

  /// The message for one recipient, which does not tell of any other; nothing for whom it was not sealed.
  public func piece(for recipient: Key) -> Piece? {
    sessionKeys[recipient].map { Piece(sessionKey: $0, body: body) }
  }

  /// Takes a message apart: the session keys before it with whom each is for, and the rest; nothing where it has another form.
  static func parts(of message: Spool) throws(SpoolFailure) -> (sessionKeys: [(KeyID, [UInt8])], body: Spool)? {
    var sessionKeys: [(KeyID, [UInt8])] = []
    var position = 0
    while true {
      let head = try message.read(at: position, count: 2 << 10)
      guard let packet = OpenPGPPacket(at: head[...]) else { return nil }
      if packet.tag == .protectedData { return (sessionKeys, message.part(position..<message.size)) }
      // RFC 4880 5.1: version 3, eight bytes of key id, algorithm, the encrypted session key.
      guard packet.tag == .sessionKey, let size = packet.bodySize, size > 10, head.count >= packet.headerSize + size,
        head[packet.headerSize] == 3
      else { return nil }
      let id = KeyID(bytes: head.dropFirst(packet.headerSize + 1).prefix(8))
      sessionKeys.append((id, Array(head.prefix(packet.headerSize + size))))
      position += packet.headerSize + size
    }
  }
}

/// A sealed message for one recipient. It can be kept as its two parts, and made again from them.
public struct Piece: Sendable {
  /// The recipient's session-key packet.
  public let sessionKey: [UInt8]
  /// The encrypted-data packet, shared by all recipients.
  public let body: Spool

  /// Puts a piece together again from what was kept.
  public init(sessionKey: [UInt8], body: Spool) {
    self.sessionKey = sessionKey
    self.body = body
  }

  /// Bytes in binary.
  public var size: Int { sessionKey.count + body.size }

  /// Up to `count` bytes of the binary form from `offset` on; none behind the end.
  public func read(at offset: Int, count: Int) throws(SpoolFailure) -> [UInt8] {
    let head = sessionKey.dropFirst(offset).prefix(count)
    let rest = try body.read(at: max(0, offset - sessionKey.count), count: count - head.count)
    return head + rest
  }

  /// The text form that mail carries.
  public var armored: Armor { Armor(self) }
}
