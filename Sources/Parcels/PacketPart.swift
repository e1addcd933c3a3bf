public import Packets

/// One packet as it came in a parcel: read, not judged.
public struct PacketPart: Sendable {
  /// Its exact bytes, empty where they were too many, and its signature, empty where there was none that could be read.
  public let signed: SignedPacket
  /// Of its bytes.
  public let sha256: Hash
  /// What it says.
  public let reading: Result<ReadPacket, Refusal>
  /// Whether another part of the parcel carries it: then it is judged with that one only, and counts in no stream of the reader.
  public let isEmbedded: Bool
  /// Its author signed it, going by the author that it names itself.
  public let isSigned: Bool

  /// Reads the packets of a parcel, nothing standing for those that are too large.
  static func read(_ packets: [SignedPacket?], _ features: Set<String>) -> [PacketPart] {
    let readings = packets.map { reading(of: $0, features) }
    let hashes = packets.map { Hash.of($0?.bytes ?? []) }
    var carried: Set<Hash> = []
    for (packet, hash) in zip(packets, hashes) {
      // A packet cannot name itself: no bytes hold their own hash.
      carried.formUnion((packet.map(EmbeddedNames.of) ?? []).filter { $0 != hash })
    }
    return packets.indices.map { index in
      let signed = packets[index] ?? SignedPacket(bytes: [], signature: [])
      let author = try? readings[index].get().author
      return PacketPart(
        signed: signed, sha256: hashes[index], reading: readings[index], isEmbedded: carried.contains(hashes[index]),
        isSigned: author.map(signed.verifySignature) ?? false)
    }
  }

  private static func reading(of packet: SignedPacket?, _ features: Set<String>) -> Result<ReadPacket, Refusal> {
    guard let packet else { return .failure(Refusal(.packet, "the packet has too many bytes")) }
    do throws(PacketFailure) {
      return .success(try packet.read(features: features))
    } catch {
      return .failure(Refusal(.packet, error.description))
    }
  }
}

extension ReadPacket {
  /// Who says it, as the packet claims.
  var author: Author {
    switch self {
    case .understood(let packet): packet.author
    case .newer(let packet): packet.author
    }
  }

  /// Its place in a stream.
  var stream: Packet.Stream? {
    switch self {
    case .understood(let packet): packet.stream
    case .newer(let packet): packet.stream
    }
  }
}
