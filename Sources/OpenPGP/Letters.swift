internal import CGPGME

/// Mails of the user's own programs. They follow RFC 3156 and no protocol of ours: they need not be signed, and may be signed as text.
extension KeyHome {
  /// Decrypts a mail that may be signed or not.
  ///
  /// - Parameters:
  ///   - ciphertext: one OpenPGP message, in binary or in ASCII armor.
  ///   - limit: the most bytes of plaintext.
  /// - Returns: the plaintext, and the pinned primary key that signed it, if exactly one good signature says so.
  public func read(_ ciphertext: Spool, limit: Int) async throws(OpenFailure) -> (plaintext: Spool, signer: Key?) {
    try await perform(failing: OpenFailure.self) { home, context, patience in
      try home.withAgentAwake(patience) {
        let (evidence, plaintext) = try context.decrypt(ciphertext, GPGME_DECRYPT_VERIFY, into: home.sink(limit), patience)
        let signer = try evidence.letter()
        return (try plaintext.finish(), signer)
      }
    }
  }

  /// The pinned primary key that made a detached signature, armored or not, over these bytes (RFC 3156 5); nothing where there is not
  /// exactly one good signature.
  public func signer(of bytes: [UInt8], signature: [UInt8]) async throws(OpenFailure) -> Key? {
    try await perform(failing: OpenFailure.self) { _, context, patience in
      let detached = try Flow(from: Spool(signature))
      let signed = try Flow(from: Spool(bytes))
      let ending = unsafe context.run(patience) {
        unsafe gpgme_op_verify_start($0, detached.data, signed.data, nil)
      }
      if let failure = detached.failure ?? signed.failure { throw failure }
      return Evidence(context, ending).letterSigner
    }
  }
}
