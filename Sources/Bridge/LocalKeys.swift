internal import Account
internal import Feed
internal import FoundationEssentials
internal import OpenPGP
internal import Packets
internal import Store

extension LocalOperations {
  func comparison(with contact: String) async throws(OperationFailure) -> Comparison {
    try await with { bridge in
      let contact = try await bridge.contact(contact)
      let myself = try await bridge.store.myself()
      guard let code = contact.comparisonCode(with: myself) else {
        throw OperationFailure(.badData, "\(contact.name) has not answered yet")
      }
      return Comparison(
        name: contact.name, code: code, theirs: contact.fingerprint, ours: myself.fingerprint,
        isVerified: contact.mark == .verified)
    }
  }

  func verify(_ contact: String, code: String) async throws(OperationFailure) -> String {
    try await saying { try await $0.wish(about: contact, in: [.contact]) { .verify($0, code: code) } }
  }

  func unfreeze(_ contact: String) async throws(OperationFailure) -> String {
    try await saying { try await $0.wish(about: contact, in: [.frozen]) { .unfreeze($0) } }
  }

  func move(to endpoints: [String]) async throws(OperationFailure) -> Int {
    try await saying { bridge in
      try await bridge.wish(.move(endpoints))
      return try await bridge.store.contacts().count { $0.state == .contact }
    }
  }

  func changeKey() async throws(OperationFailure) -> (key: Fingerprint, told: Int) {
    try await saying { try await $0.changeKey() }
  }

  func revoke(certificate: URL?) async throws(OperationFailure) -> Int {
    try await saying { try await $0.revoke(certificate) }
  }
}

extension Bridge {
  /// A new key in place of the present one. Both secrets stay here: what was sealed to the old one can be read as before.
  fileprivate func changeKey() async throws -> (key: Fingerprint, told: Int) {
    guard configuration.account.keyOrigin == .new else {
      throw OperationFailure(
        .refused, "The key of this account is your own, and another cannot take its place yet",
        remedy: "renew its subkeys or its expiry with gpg; contacts hear of that by themselves.")
    }
    let home = try await keyring.home()
    let myself = try await store.myself()
    let revision = max(try await store.newestKeyRevision() + 1, UInt64(max(0, clock.now().milliseconds)))
    let old = try key
    let new = try await home.makeIdentityKey()
    guard let fingerprint = Fingerprint(bytes: new.fingerprint) else {
      throw OperationFailure(.internalFault, "a key of another version")
    }
    let text = Derivation.keyChangeText(
      author: myself.author, old: myself.fingerprint, new: fingerprint, revision: revision)
    let change = Action.KeyChange(
      revision: revision, certificate: try await home.certificate(of: new),
      oldSignature: try await home.sign(text, by: old), newSignature: try await home.sign(text, by: new))
    let binding = try await home.sign(
      Derivation.bindingText(author: myself.author, fingerprint: fingerprint), by: new)
    let friends = try await store.contacts().count { $0.state == .contact }
    try await wish(.changeKey(NewKey(fingerprint: fingerprint, binding: binding, change: change)))
    try await knowOwnKeys()
    try await bindProfile()
    return (fingerprint, friends)
  }

  /// Whoever meets us from now on gets a profile that is bound to the present key.
  func bindProfile() async throws {
    guard try await store.isProfileBoundToAFormerKey() else { return }
    try await wish(.setProfile(field: "name", value: store.myself().name))
  }

  /// Tells all contacts that the own key is not to be believed any more.
  fileprivate func revoke(_ file: URL?) async throws -> Int {
    let home = try await keyring.home()
    let revocation: [UInt8]?
    if let file {
      guard let bytes = try? Data(contentsOf: file) else {
        throw OperationFailure(.noInput, "\(file.path) cannot be read")
      }
      revocation = Armor.bytes(Array(bytes)) ?? Array(bytes)
    } else {
      revocation = home.revocation(of: try key)
    }
    guard let revocation else {
      throw OperationFailure(
        .noInput, "No revocation certificate was made here with this key",
        remedy: "make one with `gpg --gen-revoke`, and name the file with --certificate.")
    }
    do {
      try await home.inspect(revocation: revocation, of: store.myself().certificate)
    } catch CertificateFailure.malformed, CertificateFailure.notRevoked {
      throw OperationFailure(.badData, "The certificate does not take back the key of this account")
    }
    let friends = try await store.contacts().count { $0.state == .contact }
    try await wish(.revoke(revocation))
    return friends
  }
}
