internal import Account
internal import Drivers
internal import Feed
internal import FoundationEssentials
internal import Logging
internal import OpenPGP
internal import Packets
internal import Parcels
internal import Store

/// What becomes of files under `inpackets/` and of what they brought.
extension Bridge {
  /// Ends the work on something, and takes its file away.
  func finish(_ inpacket: Inpacket, _ placement: Placement, said: String = "") async throws {
    try await store.transact(at: clock.now()) { try $0.finish(inpacket.sha256, placement: placement, said: said) }
    layout.remove(inpacket: inpacket.sha256)
  }

  /// Takes away the file of something that is done with. What was refused and came without a mailbox is kept, with the reason
  /// beside it.
  func setAside(_ inpacket: Inpacket, said: String) {
    let file = layout.inpacket(inpacket.sha256)
    if inpacket.place == .directory, !said.isEmpty {
      let name = inpacket.sha256.text
      try? FileManager.default.moveItem(at: file, to: layout.refused.appending(path: "\(name).eml"))
      try? Data((said + "\n").utf8).write(to: layout.refused.appending(path: "\(name).txt"))
    } else {
      layout.remove(inpacket: inpacket.sha256)
    }
  }

  // MARK: Blobs and keys

  /// Puts the blobs that this parcel's packets name, or that waited for, into `blobs/`. The others are dropped.
  func keepBlobs(of parcel: OpenedParcel) async throws -> [Hash: Blob] {
    var named: [Hash: Blob] = [:]
    for part in parcel.contents.packets {
      guard case .success(.understood(let packet)) = part.reading else { continue }
      for blob in packet.blobs { named[blob.sha256] = blob }
    }
    var kept: [Hash: Blob] = [:]
    for (hash, size) in parcel.contents.blobs {
      var blob = named[hash]
      if blob == nil { blob = try await store.awaited(hash, from: parcel.signer) }
      guard let blob, blob.size == size else { continue }
      let file = layout.blob(hash)
      if !FileManager.default.fileExists(atPath: file.path) {
        let partial = layout.blobs.appending(path: ".\(hash.text).part")
        try parcel.contents.writeBlob(hash, to: partial)
        try DurableFile.settle(partial, as: file)
      }
      kept[hash] = blob
    }
    return kept
  }

  /// Sees to it that our GnuPG home holds the certificates of everybody we know: it is a copy of what the database says.
  func pinContacts() async throws {
    for certificate in try await store.certificates(notIn: keyring.pinned) {
      do {
        try await keyring.pin(certificate.bytes, certificate.fingerprint)
      } catch {
        log.error("the certificate of \(certificate.fingerprint.text) cannot be pinned: \(error)")
      }
    }
  }
}
