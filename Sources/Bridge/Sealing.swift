internal import Account
internal import Drivers
internal import Feed
internal import FoundationEssentials
internal import Logging
internal import MIME
internal import Packets
internal import Parcels
internal import Store

/// From queued packets to sealed parcels on disk (the third commit on the way out).
extension Bridge {
  /// Seals what waits, until nothing does. Returns whether there was anything.
  @discardableResult
  func sealWaiting() async throws -> Bool {
    var didAnything = false
    while let sealing = try await store.nextSealing(at: clock.now()) {
      try Task.checkCancellation()
      didAnything = true
      let kind = sealing.form == "own" ? "journal" : "seal"
      try await bearing(.body, String(sealing.body)) {
        try await step(kind, String(sealing.body)) { try await seal(sealing) }
      }
      await dispatch.ring()
    }
    return didAnything
  }

  private func seal(_ sealing: Sealing) async throws {
    let myself = try await store.myself()
    guard let mine = ownAddress else { return }
    let me = sealing.signer ?? me
    try await pinContacts()
    let people = Dictionary(sealing.recipients.map { ($0.author.text, $0) }, uniquingKeysWith: { first, _ in first })
    // Who was removed since the packets were numbered is left out (Protocol, "Streams").
    let copies = sealing.copies.compactMap { copy -> Sealer.Copy? in
      let isMine = copy.recipient == myself.author.text
      guard let key = isMine ? me : people[copy.recipient]?.fingerprint else { return nil }
      let to = isMine ? mine : people[copy.recipient].flatMap { Address($0.parcelAddress(at: copy.endpoint)) } ?? mine
      return Sealer.Copy(recipient: key, to: to, messageID: copy.messageID, file: layout.outpacket(copy.messageID))
    }
    guard !copies.isEmpty else {
      return try await store.unsealable(sealing.body, said: "nobody is left to send it to", at: clock.now())
    }
    let sealer = Sealer(home: try await keyring.home(), me: me, scratch: scratch)
    do throws(SealingFailure) {
      _ = try await sealer.seal(try draft(sealing, myself, mine), copies: copies)
    } catch {
      switch error {
      case .troubled(let trouble): throw OperationFailure(.tryAgain, trouble.description)
      case .unfit(let said):
        log.error("body \(sealing.body) cannot be sealed: \(said)")
        return try await store.unsealable(sealing.body, said: said, at: clock.now())
      case .unusable(let keys):
        let names = sealing.recipients.filter { keys.contains($0.fingerprint) }
        log.error("cannot encrypt to \(names.map(\.name).joined(separator: ", ")): their keys are expired or revoked")
        return try await store.leaveOut(Set(names.map(\.author)), of: sealing.body, at: clock.now())
      }
    }
    try await store.sealed(sealing.body, at: clock.now())
  }

  private func draft(_ sealing: Sealing, _ myself: Myself, _ mine: Address) throws(SealingFailure) -> ParcelDraft {
    var random = SystemRandomNumberGenerator()
    let packets = sealing.packets.map(\.packet)
    return ParcelDraft(
      from: mine, date: sealing.queued.milliseconds / 1000, writerName: myself.name,
      audience: try audience(sealing, sealing.signer ?? me, using: &random),
      packets: sealing.packets.map(\.signed) + sealing.embedded,
      blobs: sealing.blobs.map { ParcelDraft.EnclosedBlob($0, in: layout.blob($0.sha256)) },
      text: ReadableText.text(packets, writerName: myself.name) { sealing.names[$0] }, using: &random)
  }

  private func audience(
    _ sealing: Sealing, _ me: Fingerprint, using random: inout some RandomNumberGenerator
  ) throws(SealingFailure) -> Parcels.Audience {
    if sealing.form == "own" { return .one(me) }
    if sealing.form == "one", let only = sealing.recipients.first { return .one(only.fingerprint) }
    guard let circle = Parcels.Audience.circle(pairKeys: sealing.pairKeys, using: &random) else {
      throw .unfit("more members than one parcel can name")
    }
    return circle
  }

  /// The bare address that stands in From.
  var ownAddress: Address? {
    Address(configuration.account.address?.text ?? "\(me.text.lowercased())@node.invalid")
  }
}

extension Contact {
  /// The bare address that stands in To.
  func parcelAddress(at endpoint: String) -> String {
    ([endpoint] + endpoints).first { $0.hasPrefix("mailto:") }.map { String($0.dropFirst(7)) }
      ?? "\(fingerprint.text.lowercased())@node.invalid"
  }
}
