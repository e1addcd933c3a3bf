internal import CGPGME
internal import FoundationEssentials
private import Synchronization

extension KeyHome {
  /// Signs with the primary key of `signer` and encrypts to every recipient, in one operation (Protocol, "Encrypt once for a
  /// circle"). To read it again later, be among the recipients.
  ///
  /// - Parameters:
  ///   - plaintext: what to seal.
  ///   - signer: a key of ours.
  ///   - recipients: keys in the home that can be encrypted to; 500 take some 0.3 seconds.
  public func seal(_ plaintext: Spool, by signer: Key, to recipients: [Key]) async throws(SealFailure) -> Sealed {
    let recipients = Array(Set(recipients)).sorted { $0.fingerprint.lexicographicallyPrecedes($1.fingerprint) }
    guard !recipients.isEmpty else { throw .noRecipients }
    return try await perform(failing: SealFailure.self) { home, context, patience in
      try home.withAgentAwake(patience) { try home.seal(plaintext, by: signer, to: recipients, context, patience) }
    }
  }

  func seal(
    _ plaintext: Spool, by signer: Key, to recipients: [Key], _ context: borrowing Context, _ patience: Patience
  ) throws -> Sealed {
    let sink = SpoolWriter(directory: configuration.scratch)
    try context.encrypt(plaintext, by: signer, to: recipients, into: sink, patience)
    return try split(sink.finish(), among: recipients, context, patience)
  }

  /// Finds each recipient's own session key in a sealed message.
  private func split(_ message: Spool, among recipients: [Key], _ context: borrowing Context, _ patience: Patience) throws
    -> Sealed
  {
    guard let parts = try Sealed.parts(of: message), parts.sessionKeys.count == recipients.count else {
      throw EngineTrouble.engine("gpg wrote another form.")
    }
    // Another process may have renewed a certificate since the ring was read.
    for attempt in 1...2 {
      let ring = ring.withLock { $0 }
      let pieces = recipients.compactMap { recipient -> (Key, [UInt8])? in
        let own = parts.sessionKeys.filter { ring[recipient]?.keyIDs.contains($0.0) == true }
        return own.count == 1 ? own.first.map { (recipient, $0.1) } : nil
      }
      if pieces.count == recipients.count {
        return Sealed(sessionKeys: Dictionary(uniqueKeysWithValues: pieces), body: parts.body)
      }
      if attempt == 1 { try readRing(context, patience) }
    }
    throw EngineTrouble.engine("A session key belongs to none of the recipients.")
  }

  /// Runs an operation that needs secret keys, once more where it failed because the agent had died.
  func withAgentAwake<Value>(_ patience: Patience, _ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch {
      if patience.isOver || agent.processID(at: agentSocket, patience) != nil { throw error }
      try wakeAgent(patience)
      return try body()
    }
  }
}

extension Context {
  fileprivate borrowing func encrypt(
    _ plaintext: Spool, by signer: Key, to recipients: [Key], into sink: SpoolWriter, _ patience: Patience
  ) throws {
    let flags = GPGME_ENCRYPT_ALWAYS_TRUST.rawValue | GPGME_ENCRYPT_NO_ENCRYPT_TO.rawValue | GPGME_ENCRYPT_NO_COMPRESS.rawValue
    let names = recipients.map(\.hex).joined(separator: "\n")
    let source = try Flow(from: plaintext)
    let target = try Flow(into: sink)
    let ending = try withSigner(signer, patience) {
      unsafe run(patience) { context in
        unsafe gpgme_op_encrypt_sign_ext_start(context, nil, names, gpgme_encrypt_flags_t(flags), source.data, target.data)
      }
    }
    if let failure = source.failure ?? target.failure { throw failure }
    let unusable = invalidRecipients
    guard unusable.isEmpty else { throw SealFailure.unusable(unusable) }
    try ending.check()
    try checkSignature(by: signer)
  }

  /// The recipients that gpg refused in the last operation: expired, revoked, unknown.
  private var invalidRecipients: [Key] {
    var keys: [Key] = []
    var next = unsafe gpgme_op_encrypt_result(handle)?.pointee.invalid_recipients
    while let invalid = unsafe next?.pointee {
      if let hex = unsafe invalid.fpr, let key = unsafe Key(hex: String(cString: hex)) { keys.append(key) }
      unsafe next = invalid.next
    }
    return keys
  }
}

/// Why nothing was sealed.
public enum SealFailure: Error, Equatable {
  /// There is nobody to encrypt to.
  case noRecipients
  /// These keys cannot be encrypted to: expired, revoked, or not in the home. Leave them out, or pin renewed certificates.
  case unusable([Key])
  /// This machine's doing: try again.
  case trouble(EngineTrouble)
}

extension SealFailure: OperationFailure {}
