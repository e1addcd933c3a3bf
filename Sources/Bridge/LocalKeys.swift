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

  func revoke(certificate: URL?) async throws(OperationFailure) -> Int {
    try await saying { try await $0.revoke(certificate) }
  }
}

extension Bridge {
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
