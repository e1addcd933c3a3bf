internal import Feed
internal import OpenPGP
internal import Packets
internal import Parcels
internal import Store

/// What OpenPGP says of packets about keys, before they are decided: it never runs inside a transaction.
struct KeyFindings {
  /// Packets whose certificate or signature is of no use, with the reason.
  var unfit: [Hash: String] = [:]
  /// The key that a packet takes back, or the new one that it brings, where that is proved.
  var proven: [Hash: Fingerprint] = [:]
}

extension Bridge {
  /// Looks at the certificates and signatures in a parcel's packets. What may take the place of a pinned certificate is taken into the home
  /// with the next ``pinContacts()``.
  func keyFindings(in parcel: OpenedParcel) async throws(TemporaryTrouble) -> KeyFindings {
    var findings = KeyFindings()
    guard !parcel.standing.isOwn, let key = Key(fingerprint: parcel.signer.bytes) else { return findings }
    for part in parcel.contents.packets {
      guard case .success(.understood(let packet)) = part.reading else { continue }
      do {
        switch packet.action {
        case .profile(let profile): try await judge(profile, of: parcel, key)
        case .keyChange(let change):
          findings.proven[part.sha256] = try await judge(change, by: packet.author, of: parcel, key)
        case .revoke(let revoke):
          guard let signer = try await store.signer(parcel.signer, at: clock.now()) else { continue }
          try await keyring.home().inspect(revocation: revoke.certificate, of: signer.certificate)
          findings.proven[part.sha256] = parcel.signer
        default: continue
        }
      } catch let failure as OpenFailure {
        if case .trouble(let trouble) = failure { throw TemporaryTrouble(trouble.description) }
        findings.unfit[part.sha256] = packet.unfit(failure.description)
      } catch let failure as CertificateFailure {
        if case .trouble(let trouble) = failure { throw TemporaryTrouble(trouble.description) }
        findings.unfit[part.sha256] = packet.unfit(failure.description)
      } catch {
        throw TemporaryTrouble("\(error)")
      }
    }
    return findings
  }

  /// A new key: signed by the one that sealed the parcel, and by itself.
  private func judge(
    _ change: Action.KeyChange, by author: Author, of parcel: OpenedParcel, _ old: Key
  ) async throws -> Fingerprint? {
    guard let signer = try await store.signer(parcel.signer, at: clock.now()) else { return nil }
    let home = try await keyring.home()
    let inspected = try await home.inspect(change.certificate, replacing: old)
    guard let new = Fingerprint(bytes: inspected.key.fingerprint) else { return nil }
    let text = Derivation.keyChangeText(author: author, old: parcel.signer, new: new, revision: change.revision)
    guard try await home.verify(change.oldSignature, over: text, by: signer.certificate).key == old,
      try await home.verify(change.newSignature, over: text, by: change.certificate).key == inspected.key
    else { throw OpenFailure.signature(.anotherKey) }
    return new
  }

  /// A certificate in a profile that is to take the place of the pinned one.
  private func judge(_ profile: Action.Profile, of parcel: OpenedParcel, _ key: Key) async throws {
    guard case .contact = parcel.standing, let certificate = profile.certificate else { return }
    // Most repeat what is known.
    if try await store.signer(parcel.signer, at: clock.now())?.certificate == certificate { return }
    try await keyring.home().inspect(certificate, renewing: key)
    await keyring.forget(parcel.signer)
  }
}

extension Packet {
  fileprivate func unfit(_ said: String) -> String {
    switch action {
    case .keyChange: "it does not prove its new key: \(said)"
    case .revoke: "it does not take the signer's key back: \(said)"
    default: "its certificate cannot take the place of the pinned one: \(said)"
    }
  }
}

extension Standing {
  fileprivate var isOwn: Bool {
    if case .myself = self { true } else { false }
  }
}
