public import FoundationEssentials
internal import MIME
internal import OpenPGP
public import Packets

/// What a parcel holds, split into its parts. It reads the decrypted bytes again for each blob, so it costs little memory.
public struct Contents: Sendable {
  /// The packets in part order, embedded ones among them.
  public let packets: [PacketPart]
  /// The blobs by hash, each with its size in bytes.
  public let blobs: [Hash: UInt64]
  let headers: Headers
  /// The whole, as it was signed.
  let plaintext: Spool
  private let message: Message
  private let blobParts: [Hash: Part]

  static let packetType = "application/vnd.socialnet.packet+xml"
  /// Packets and blobs together (Protocol, "Parcel").
  static let mostParts = 98
  /// Bytes of plaintext, whatever the ciphertext's size.
  static let mostBytes = 64 << 20
  private static let mostPacketBytes = 256 << 10

  /// Splits a decrypted entity. What fails here counts at `packet`.
  init(_ plaintext: Spool, features: Set<String>) throws(OpeningFailure) {
    self.plaintext = plaintext
    do {
      message = try Message(plaintext, limits: Message.Limits(size: Self.mostBytes))
    } catch {
      throw OpeningFailure(error)
    }
    headers = message.headers
    var entities = message.root.parts[...]
    guard message.root.contentType.mediaType == "multipart/mixed" else { throw .refused(.packet, "the inside has no parts") }
    // What a person without a bridge reads.
    if entities.first?.contentType.mediaType == "text/plain" { entities = entities.dropFirst() }
    guard entities.count <= Self.mostParts else {
      throw .refused(.packet, "there are more than \(Self.mostParts) packets and blobs")
    }
    do {
      packets = try Self.packets(in: entities, of: message, features)
      (blobs, blobParts) = try Self.blobs(in: entities, of: message)
    } catch {
      throw OpeningFailure(error)
    }
    guard !packets.isEmpty else { throw .refused(.packet, "there is no packet") }
  }

  private static func packets(
    in entities: ArraySlice<Part>, of message: Message, _ features: Set<String>
  ) throws(MessageFailure) -> [PacketPart] {
    var signed: [SignedPacket?] = []
    for entity in entities where entity.contentType.mediaType == packetType {
      do {
        let bytes = try message.body(of: entity, limit: mostPacketBytes)
        let signature = entity.headers.only("SocialNet-Signature").flatMap { Base64URL.decode($0.unfolded.filter { $0 != " " }) }
        signed.append(SignedPacket(bytes: bytes, signature: signature ?? []))
      } catch .bodyTooLong {
        signed.append(nil)
      }
    }
    return PacketPart.read(signed, features)
  }

  private static func blobs(
    in entities: ArraySlice<Part>, of message: Message
  ) throws(MessageFailure) -> (sizes: [Hash: UInt64], parts: [Hash: Part]) {
    var sizes: [Hash: UInt64] = [:]
    var parts: [Hash: Part] = [:]
    for entity in entities where entity.contentType.mediaType != packetType && entity.parts.isEmpty {
      var hasher = Hasher256()
      var size: UInt64 = 0
      var reader = message.reader(of: entity, limit: mostBytes)
      while let piece = try reader.next() {
        hasher.update(piece)
        size += UInt64(piece.count)
      }
      let hash = hasher.finish()
      sizes[hash] = size
      parts[hash] = entity
    }
    return (sizes, parts)
  }

  /// Copies a blob of ``blobs`` into a new file, and leaves it to the caller to make it durable. Does nothing for a hash that is not
  /// there; what stands in the file already is replaced.
  public func writeBlob(_ hash: Hash, to file: URL) throws(TemporaryTrouble) {
    guard let part = blobParts[hash] else { return }
    do {
      let target = try NewFile(file)
      var reader = message.reader(of: part, limit: Self.mostBytes)
      while let piece = try reader.next() { try target.write(piece) }
    } catch {
      throw TemporaryTrouble("\(error)")
    }
  }
}

extension Message {
  /// Reads the structure of what was decrypted.
  init(_ plaintext: Spool, limits: Limits) throws(MessageFailure) {
    try self.init(size: plaintext.size, limits: limits) { (range) throws(MessageFailure) in
      do {
        return try plaintext.read(at: range.lowerBound, count: range.count)
      } catch {
        throw .unreadable(reason: "\(error)")
      }
    }
  }
}

extension OpeningFailure {
  /// What the decrypted message's form makes of a parcel.
  fileprivate init(_ failure: MessageFailure) {
    if case .unreadable(let reason) = failure {
      self = .troubled(TemporaryTrouble(reason))
    } else {
      self = .refused(.packet, "the inside is beyond a limit (\(failure))")
    }
  }
}
