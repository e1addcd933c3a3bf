public import FoundationEssentials

extension KeyHome {
  /// Uses a key that the user has: copies its certificate into the home, and puts a redirect to the user's agent in the place of
  /// ours, so that messages are signed and decrypted there. No secret key is copied, and contacts never enter the user's keyring.
  ///
  /// The certificate is reduced to the primary key, one user id and the encryption subkeys: a subkey that signs is left behind,
  /// so that gpg signs with the primary key. The key is then tried once, both ways.
  ///
  /// - Parameters:
  ///   - key: the user's key: its primary key signs, a subkey decrypts.
  ///   - userHome: the user's own GnuPG home, whose agent is running, with the key unlocked.
  public func adopt(_ key: Key, from userHome: URL) async throws(AdoptionFailure) -> Certificate {
    try await perform(failing: AdoptionFailure.self) { home, context, patience in
      let certificate = try home.reducedCertificate(of: key, in: userHome, patience)
      let inspected = try home.withThrowawayHome(holding: certificate, patience) { _, inspected in inspected }
      guard !inspected.isExpired, !inspected.isRevoked else { throw AdoptionFailure.expiredOrRevoked }
      guard inspected.primaryCanSign else { throw AdoptionFailure.primaryCannotSign }
      guard inspected.canEncrypt else { throw AdoptionFailure.cannotDecrypt }
      try home.readRing(context, patience)
      if let other = home.overlap(with: inspected) { throw CertificateFailure.overlaps(other) }

      try home.agent.redirect(to: userHome, patience)
      do {
        guard try context.importing(certificate, patience) == 1 else { throw CertificateFailure.unusable }
        try home.readRing(context, patience)
        try home.tryOut(key, context, patience)
      } catch {
        try home.agent.removeRedirect()
        try context.delete(key, patience)
        try home.readRing(context, patience)
        throw error
      }
      return inspected
    }
  }

  /// The certificate of an adopted key as it is now in the user's home, reduced as ``adopt(_:from:)`` does; nothing for a key that
  /// was made here. Only looks: ``pin(_:)`` takes it in.
  public func renewed(_ key: Key, from userHome: URL) async throws(AdoptionFailure) -> [UInt8]? {
    try await perform(failing: AdoptionFailure.self) { home, _, patience in
      guard home.agent.isRedirected else { return nil }
      return try home.reducedCertificate(of: key, in: userHome, patience)
    }
  }

  /// The certificate as others need it. The user's home is only read; reducing happens in a home with our options.
  private func reducedCertificate(of key: Key, in userHome: URL, _ patience: Patience) throws -> [UInt8] {
    let theirs = try Context(.gpg(home: userHome, program: nil))
    let whole = try theirs.exporting(key, to: SpoolWriter(directory: configuration.scratch, limit: 1 << 20), patience)
    guard whole.size > 0 else { throw CertificateFailure.unknown(key) }
    return try HomeDirectory.withThrowaway(in: configuration.scratch) { directory in
      let context = try Context(.gpg(home: directory, program: configuration.programs.launcher?.path))
      _ = try context.importing(whole.bytes(limit: 1 << 20), patience)
      return try context.certificateBytes(of: key, scratch: configuration.scratch, patience)
    }
  }

  /// Seals something to the key by the key, and opens it again.
  private func tryOut(_ key: Key, _ context: borrowing Context, _ patience: Patience) throws {
    let sealed = try seal(Spool(Array("trial".utf8)), by: key, to: [key], context, patience)
    guard let piece = sealed.piece(for: key) else { throw EngineTrouble.died }
    let message = Spool(try piece.read(at: 0, count: piece.size))
    guard case .signed(key, _) = try open(message, limit: 64, context, patience) else { throw EngineTrouble.died }
  }
}

/// Why a key of the user's cannot be used.
public enum AdoptionFailure: Error, Equatable {
  /// The key has expired or was revoked.
  case expiredOrRevoked
  /// The primary key is only made to certify, and the protocol asks it to sign: let the program make a key of its own.
  case primaryCannotSign
  /// There is no subkey to encrypt to: add one.
  case cannotDecrypt
  /// The certificate cannot be used, or is not in that home.
  case certificate(CertificateFailure)
  /// This machine's doing; ``EngineTrouble/agentUnreachable`` and ``EngineTrouble/passphraseNeeded`` say what to do.
  case trouble(EngineTrouble)
}

extension AdoptionFailure: OperationFailure {
  static func part(_ failure: any Error) -> AdoptionFailure? {
    switch failure {
    case let failure as CertificateFailure:
      if case .trouble(let trouble) = failure { .trouble(trouble) } else { .certificate(failure) }
    case let failure as OpenFailure: if case .trouble(let trouble) = failure { .trouble(trouble) } else { .cannotDecrypt }
    case let failure as SealFailure: if case .trouble(let trouble) = failure { .trouble(trouble) } else { .cannotDecrypt }
    default: nil
    }
  }
}
