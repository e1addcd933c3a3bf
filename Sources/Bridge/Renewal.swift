internal import Account
internal import Feed
internal import FoundationEssentials
internal import Logging
internal import OpenPGP
internal import Packets
internal import Parcels
internal import Store

/// Certificates with new subkeys, or another expiry, of a primary key that stays (Protocol, "Actions": `profile`).
extension Bridge {
  /// Of the profiles in a parcel, those whose certificate cannot take the place of the pinned one, with the reason. The others are
  /// taken into the home with the next ``pinContacts()``.
  func unfitRenewals(in parcel: OpenedParcel) async throws(TemporaryTrouble) -> [Hash: String] {
    guard case .contact = parcel.standing, let key = Key(fingerprint: parcel.signer.bytes) else { return [:] }
    var unfit: [Hash: String] = [:]
    for part in parcel.contents.packets {
      guard case .success(.understood(let packet)) = part.reading, case .profile(let profile) = packet.action,
        let certificate = profile.certificate
      else { continue }
      do {
        // Most repeat what is known.
        if try await store.signer(parcel.signer, at: clock.now())?.contact.certificate == certificate { continue }
        try await keyring.home().inspect(certificate, renewing: key)
        await keyring.forget(parcel.signer)
      } catch let failure as CertificateFailure {
        if case .trouble(let trouble) = failure { throw TemporaryTrouble(trouble.description) }
        unfit[part.sha256] = "its certificate cannot take the place of the pinned one: \(failure)"
      } catch {
        throw TemporaryTrouble("\(error)")
      }
    }
    return unfit
  }

  /// Looks whether the user has renewed a key of their own, and tells contacts.
  func renewOwnCertificate() async {
    let usual = FileManager.default.homeDirectoryForCurrentUser.appending(path: ".gnupg", directoryHint: .isDirectory)
    do {
      let home = try await keyring.home()
      guard let certificate = try await home.renewed(key, from: configuration.account.gnupgHome ?? usual),
        try await certificate != store.myself().certificate
      else { return }
      try await home.inspect(certificate, renewing: key)
      _ = try await home.pin(certificate)
      _ = try await store.perform(.renewCertificate(certificate), at: clock.now())
      log.info("the key was renewed, and contacts hear of it")
    } catch {
      // The old certificate goes on; `doctor` shows whether the key still signs.
      log.warning("whether the key was renewed cannot be seen: \(error)")
    }
  }
}
