internal import CGPGME

extension KeyHome {
  /// Signs bytes with the primary key: a detached binary signature of type 0x00.
  public func sign(_ bytes: [UInt8], by signer: Key) async throws(OpenFailure) -> [UInt8] {
    try await perform(failing: OpenFailure.self) { home, context, patience in
      try home.withAgentAwake(patience) {
        try context.signature(over: bytes, by: signer, into: SpoolWriter(directory: home.configuration.scratch), patience)
      }
    }
  }

  /// Checks a detached signature: exactly one, binary, good, and by the primary key `signer` itself, whose certificate is pinned.
  public func verify(_ signature: [UInt8], over bytes: [UInt8], by signer: Key) async throws(OpenFailure) {
    try await perform(failing: OpenFailure.self) { _, context, patience in
      try context.check(signature, over: bytes, by: signer, patience)
    }
  }

  /// Checks a detached signature in the same way against a certificate that is not pinned, in a throw-away home.
  public func verify(
    _ signature: [UInt8], over bytes: [UInt8], by certificate: [UInt8]
  ) async throws(OpenFailure) -> Certificate {
    try await perform(failing: OpenFailure.self) { home, _, patience in
      try home.withThrowawayHome(holding: certificate, patience) { context, certificate in
        try context.check(signature, over: bytes, by: certificate.key, patience)
        return certificate
      }
    }
  }
}

extension Context {
  /// Runs an operation that signs with `signer`'s primary key. It is the only key of the certificate that signs, since subkeys
  /// that do are not taken into the home.
  borrowing func withSigner<Value>(_ signer: Key, _ patience: Patience, _ body: () throws -> Value) throws -> Value {
    defer { unsafe gpgme_signers_clear(handle) }
    guard let key = try cachedKey(signer, patience), unsafe gpgme_signers_add(handle, key.handle) == 0 else {
      throw EngineTrouble.engine("The key \(signer.hex) is not in the home.")
    }
    return try body()
  }

  /// Makes sure that the last operation made one binary signature, by the primary key, with SHA-512.
  borrowing func checkSignature(by signer: Key) throws {
    let made = unsafe gpgme_op_sign_result(handle)?.pointee.signatures?.pointee
    guard let made = unsafe made, let hex = unsafe made.fpr, unsafe made.next == nil, unsafe made.sig_class == 0,
      unsafe made.hash_algo == GPGME_MD_SHA512, unsafe String(cString: hex) == signer.hex
    else { throw EngineTrouble.engine("gpg did not sign with the primary key, as binary, with SHA-512.") }
  }

  fileprivate borrowing func signature(
    over bytes: [UInt8], by signer: Key, into sink: SpoolWriter, _ patience: Patience
  ) throws -> [UInt8] {
    let source = try Flow(from: Spool(bytes))
    let target = try Flow(into: sink)
    let ending = try withSigner(signer, patience) {
      unsafe run(patience) { unsafe gpgme_op_sign_start($0, source.data, target.data, GPGME_SIG_MODE_DETACH) }
    }
    if let failure = source.failure ?? target.failure { throw failure }
    try ending.check()
    try checkSignature(by: signer)
    let made = try sink.finish().bytes(limit: 64 << 10)
    guard OpenPGPPacket.row(in: made)?.count == 1 else { throw EngineTrouble.died }
    return made
  }

  fileprivate borrowing func check(
    _ signature: [UInt8], over bytes: [UInt8], by signer: Key, _ patience: Patience
  ) throws {
    // One packet, binary: gpg would take armor, and a message with its own content, as well.
    guard let row = OpenPGPPacket.row(in: signature), row.count == 1, row.first?.packet.tag == .signature else {
      throw OpenFailure.signature(.bad)
    }
    let detached = try Flow(from: Spool(signature))
    let signed = try Flow(from: Spool(bytes))
    let ending = unsafe run(patience) { unsafe gpgme_op_verify_start($0, detached.data, signed.data, nil) }
    if let failure = detached.failure ?? signed.failure { throw failure }
    // By the primary key itself, not by a subkey of its certificate.
    guard try Evidence(self, ending).detached() == .good(key: signer, primary: signer) else {
      throw OpenFailure.signature(.anotherKey)
    }
  }
}
