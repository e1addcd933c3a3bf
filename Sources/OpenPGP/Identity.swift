internal import CGPGME
internal import FoundationEssentials

extension KeyHome {
  /// Makes a key of our own: ed25519 to certify and sign, without expiry, one cv25519 subkey to decrypt, user id `socialnet`, no
  /// passphrase. gpg writes its revocation certificate along (``revocationCertificate(of:)``).
  public func makeIdentityKey() async throws(CertificateFailure) -> Key {
    try await perform(failing: CertificateFailure.self) { home, context, patience in
      guard !home.agent.isRedirected else {
        throw EngineTrouble.engine("This home uses a key of the user's; no key is made in the user's agent.")
      }
      try home.agent.wake(patience)
      let key = try context.makeKey(patience)
      try home.readRing(context, patience)
      return key
    }
  }

  /// Takes in a key with its secret half, which has no passphrase, as gpg exports it: for keys that are nobody's, with which vectors of
  /// the protocol are made.
  public func takeIn(secretKey bytes: [UInt8]) async throws(CertificateFailure) {
    try await perform(failing: CertificateFailure.self) { home, context, patience in
      guard !home.agent.isRedirected else {
        throw EngineTrouble.engine("This home uses a key of the user's; no key is taken into the user's agent.")
      }
      try home.agent.wake(patience)
      guard try context.importing(bytes, patience) > 0 else { throw CertificateFailure.unusable }
      try home.readRing(context, patience)
    }
  }

  /// The keys that were made here; none where the user's agent has the account's key, and others of the user's beside it.
  public func keysMadeHere() async throws(CertificateFailure) -> [Key] {
    try await perform(failing: CertificateFailure.self) { home, context, patience in
      guard !home.agent.isRedirected else { return [] }
      try home.agent.wake(patience)
      return try context.secretKeys(patience)
    }
  }

  /// The certificate of a key in the home, in binary: the primary key, one user id with one self-signature, the encryption
  /// subkeys.
  public func certificate(of key: Key) async throws(CertificateFailure) -> [UInt8] {
    try await perform(failing: CertificateFailure.self) { home, context, patience in
      try context.certificateBytes(of: key, scratch: home.configuration.scratch, patience)
    }
  }

  /// The revocation certificate that gpg made with a key of ours, in binary; nothing for a key that was not made here.
  public func revocation(of key: Key) -> [UInt8]? { revocationCertificate(of: key).flatMap(Armor.bytes) }

  /// The same, armored.
  public func revocationCertificate(of key: Key) -> [UInt8]? {
    let file = configuration.directory.appending(path: "openpgp-revocs.d/\(key.hex).rev")
    guard let text = try? String(contentsOf: file, encoding: .utf8) else { return nil }
    // gpg puts a colon before the armor, so that nobody revokes a key by accident.
    let armor = text.split(separator: "\n", omittingEmptySubsequences: false).drop { !$0.hasPrefix(":-----BEGIN ") }
    return armor.isEmpty ? nil : Array(armor.joined(separator: "\n").dropFirst().utf8)
  }
}

extension Context {
  fileprivate borrowing func makeKey(_ patience: Patience) throws -> Key {
    let common = GPGME_CREATE_NOPASSWD | GPGME_CREATE_NOEXPIRE
    let flags = common | GPGME_CREATE_CERT | GPGME_CREATE_SIGN | GPGME_CREATE_FORCE
    try unsafe run(patience) { unsafe gpgme_op_createkey_start($0, "socialnet", "ed25519", 0, 0, nil, UInt32(flags)) }.check()
    guard let result = unsafe gpgme_op_genkey_result(handle), let hex = unsafe result.pointee.fpr,
      let key = unsafe Key(hex: String(cString: hex))
    else { throw EngineTrouble.died }
    guard let primary = try self.key(key, patience) else { throw EngineTrouble.died }
    let subkeyFlags = UInt32(common | GPGME_CREATE_ENCR)
    try unsafe run(patience) { unsafe gpgme_op_createsubkey_start($0, primary.handle, "cv25519", 0, 0, subkeyFlags) }.check()
    return key
  }

  borrowing func certificateBytes(of key: Key, scratch: URL, _ patience: Patience) throws -> [UInt8] {
    let exported = try exporting(key, to: SpoolWriter(directory: scratch), patience)
    guard exported.size > 0 else { throw CertificateFailure.unknown(key) }
    guard exported.size <= Certificate.sizeLimit else { throw CertificateFailure.tooLarge }
    return try exported.bytes(limit: Certificate.sizeLimit)
  }
}
