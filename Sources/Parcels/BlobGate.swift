public import Packets

/// Gate 7: whether the bytes that a packet names are here.
public enum BlobGate {
  /// Which of a packet's blobs are still awaited, each once and in its order. One that is here with another length than the packet
  /// says refuses the packet. `size` says how many bytes a blob has that came with the parcel, or came earlier; nothing for one that
  /// is not here.
  public static func awaited(by packet: Packet, size: (Hash) -> UInt64?) throws(Refusal) -> [Blob] {
    var awaited: [Blob] = []
    for blob in packet.blobs {
      guard let size = size(blob.sha256) else {
        if !awaited.contains(where: { $0.sha256 == blob.sha256 }) { awaited.append(blob) }
        continue
      }
      guard size == blob.size else { throw Refusal(.blobs, "a blob has another length than the packet says") }
    }
    return awaited
  }
}
