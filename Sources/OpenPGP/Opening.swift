internal import CGPGME
internal import FoundationEssentials

/// A message that was decrypted.
public enum Opened: Sendable {
  /// Everything held: the plaintext, and the pinned primary key that signed it.
  case signed(by: Key, plaintext: Spool)
  /// Everything held but that the certificate of the signer is not in the home.
  case unproven(Unproven)
}

/// The plaintext of somebody unknown. It proves nothing: look in it for the certificate that it may bring, and nothing else, and
/// give that to ``KeyHome/prove(_:with:limit:)``.
public struct Unproven: Sendable {
  /// Which key the message names as its signer, as claimed.
  public let claimedSigner: KeyID
  /// What it says, as claimed.
  public let claimedPlaintext: Spool
  /// The message itself.
  let ciphertext: Spool
}

extension KeyHome {
  /// Decrypts a message and checks its signature. Not a byte of the plaintext is to be had before the operation has ended and
  /// every condition held (see <doc:OpeningAParcel>).
  ///
  /// - Parameters:
  ///   - ciphertext: one OpenPGP message, in binary or in ASCII armor.
  ///   - limit: the most bytes of plaintext.
  public func open(_ ciphertext: Spool, limit: Int) async throws(OpenFailure) -> Opened {
    try await perform(failing: OpenFailure.self) { home, context, patience in
      try home.withAgentAwake(patience) { try home.open(ciphertext, limit: limit, context, patience) }
    }
  }

  func open(_ ciphertext: Spool, limit: Int, _ context: borrowing Context, _ patience: Patience) throws -> Opened {
    let (evidence, plaintext) = try context.decrypt(ciphertext, GPGME_DECRYPT_VERIFY, into: sink(limit), patience)
    switch try evidence.opened() {
    case .good(_, let primary): return .signed(by: primary, plaintext: try plaintext.finish())
    case .unknown(let id):
      return .unproven(Unproven(claimedSigner: id, claimedPlaintext: try plaintext.finish(), ciphertext: ciphertext))
    }
  }

  /// Checks a stranger's message with the certificate that it brought (Protocol, "Acquaintance"): decrypts it again without
  /// looking at the signature, and verifies what came out in a throw-away home that holds this one certificate.
  ///
  /// - Parameters:
  ///   - unproven: what ``open(_:limit:)`` held apart.
  ///   - certificate: the certificate that was found in it.
  ///   - limit: the most bytes of plaintext, once more.
  /// - Returns: the stranger's certificate, whose primary key signed exactly the plaintext that was claimed.
  public func prove(
    _ unproven: Unproven, with certificate: [UInt8], limit: Int
  ) async throws(OpenFailure) -> (certificate: Certificate, plaintext: Spool) {
    // A signature and the frame of a message come on top of the plaintext.
    let limit = min(limit, unproven.claimedPlaintext.size)
    let (signedLimit, _) = limit.addingReportingOverflow(64 << 10)
    return try await perform(failing: OpenFailure.self) { home, context, patience in
      let signed = try home.withAgentAwake(patience) {
        let (evidence, signed) = try context.decrypt(
          unproven.ciphertext, GPGME_DECRYPT_UNWRAP, into: home.sink(signedLimit), patience)
        try evidence.unwrapped()
        return try signed.finish()
      }
      try home.readRing(context, patience)
      return try home.withThrowawayHome(holding: certificate, patience) { context, certificate in
        if let other = home.overlap(with: certificate) { throw OpenFailure.certificate(.overlaps(other)) }
        // What was unwrapped may still be compressed: the limit applies again.
        let (evidence, sink) = try context.verify(signed, into: home.sink(limit), patience)
        guard try evidence.verified() == certificate.key else { throw OpenFailure.signature(.anotherKey) }
        guard certificate.canEncrypt else { throw OpenFailure.certificate(.unusable) }
        let plaintext = try sink.finish()
        guard try plaintext.hasSameBytes(as: unproven.claimedPlaintext) else { throw OpenFailure.changed }
        return (certificate, plaintext)
      }
    }
  }

  func sink(_ limit: Int) -> SpoolWriter { SpoolWriter(directory: configuration.scratch, limit: limit) }
}

extension Context {
  borrowing func decrypt(
    _ ciphertext: Spool, _ flags: gpgme_decrypt_flags_t, into sink: SpoolWriter, _ patience: Patience
  ) throws -> (Evidence, SpoolWriter) {
    if let opening { return (try opening.decrypt(ciphertext, flags, into: sink, patience), sink) }
    return try unsafe stream(ciphertext, into: sink, patience) { unsafe gpgme_op_decrypt_ext_start($0, flags, $1, $2) }
  }

  fileprivate borrowing func verify(
    _ signed: Spool, into sink: SpoolWriter, _ patience: Patience
  ) throws -> (Evidence, SpoolWriter) {
    try unsafe stream(signed, into: sink, patience) { unsafe gpgme_op_verify_start($0, $1, nil, $2) }
  }

  /// Runs an operation between two spools. What stopped the bytes on our side comes before anything gpg says about it.
  private borrowing func stream(
    _ source: Spool, into sink: SpoolWriter, _ patience: Patience,
    _ start: (OpaquePointer, OpaquePointer, OpaquePointer) -> gpgme_error_t
  ) throws -> (Evidence, SpoolWriter) {
    let input = try Flow(from: source)
    let output = try Flow(into: sink)
    let ending = unsafe run(patience) { unsafe start($0, input.data, output.data) }
    switch input.failure ?? output.failure {
    case .tooLarge(let limit): throw OpenFailure.tooLarge(limit: limit)
    case .some(let failure): throw failure
    case nil: return (Evidence(self, ending), sink)
    }
  }
}

extension Spool {
  fileprivate func hasSameBytes(as other: Spool) throws -> Bool {
    guard size == other.size else { return false }
    for offset in stride(from: 0, to: size, by: 64 << 10) {
      guard try read(at: offset, count: 64 << 10) == other.read(at: offset, count: 64 << 10) else { return false }
    }
    return true
  }
}
