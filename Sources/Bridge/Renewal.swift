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
  /// Looks whether the user has renewed a key of their own, and tells contacts.
  func renewOwnCertificate() async {
    let usual = FileManager.default.homeDirectoryForCurrentUser.appending(path: ".gnupg", directoryHint: .isDirectory)
    do {
      try await bindProfile()
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
