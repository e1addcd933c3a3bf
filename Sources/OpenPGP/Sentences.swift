// What the failures say to a person: one sentence each, with what to do where something can be done.

extension EngineTrouble: CustomStringConvertible {
  /// One sentence.
  public var description: String {
    switch self {
    case .timedOut: "GnuPG took too long."
    case .cancelled: "The operation was cancelled."
    case .stopped: "The keys are no longer open."
    case .agentUnreachable: "No gpg-agent answers for the secret key; start it, or log in where it runs."
    case .passphraseNeeded: "The secret key is locked; use it once with gpg, so that the agent knows its passphrase."
    case .spool(let failure): failure.description
    case .died: "gpg ended before it was done."
    case .engine(let reason): "GnuPG failed: \(reason)"
    }
  }
}

extension SpoolFailure: CustomStringConvertible {
  /// One sentence.
  public var description: String {
    switch self {
    case .tooLarge(let limit): "There are more than \(limit) bytes."
    case .cutShort: "A file became shorter while it was read."
    case .system(let call, let error): "The system refused \(call) (error \(error)); is the disk full?"
    }
  }
}

extension OpenFailure: CustomStringConvertible {
  /// One sentence.
  public var description: String {
    switch self {
    case .notEncrypted: "It is not encrypted to a key."
    case .notForUs: "It is encrypted to somebody else."
    case .notProtected: "It carries no integrity protection."
    case .wrongKeyUsage: "It uses a key that is not made for that."
    case .damaged: "It is damaged."
    case .severalMessages: "It is more than one message."
    case .tooLarge(let limit): "It holds more than \(limit) bytes."
    case .signature(let defect): defect.description
    case .certificate(let failure): failure.description
    case .changed: "It does not say, verified, what it claimed."
    case .trouble(let trouble): trouble.description
    }
  }
}

extension SignatureDefect: CustomStringConvertible {
  /// One sentence.
  public var description: String {
    switch self {
    case .missing: "It is not signed."
    case .several: "It is signed more than once."
    case .bad: "Its signature is wrong."
    case .expired: "Its signature has expired."
    case .keyExpired: "The key that signed it has expired."
    case .keyRevoked: "The key that signed it was revoked."
    case .notBinary: "It is signed as text."
    case .weakDigest: "It is signed over a weak digest."
    case .anotherKey: "It is signed by another key."
    }
  }
}

extension SealFailure: CustomStringConvertible {
  /// One sentence.
  public var description: String {
    switch self {
    case .noRecipients: "There is nobody to encrypt to."
    case .unusable(let keys): "Nothing can be encrypted to \(keys.map(\.hex).joined(separator: ", "))."
    case .trouble(let trouble): trouble.description
    }
  }
}

extension CertificateFailure: CustomStringConvertible {
  /// One sentence.
  public var description: String {
    switch self {
    case .tooLarge: "The certificate is larger than \(Certificate.sizeLimit) bytes."
    case .malformed: "The certificate is damaged, armored, or holds a secret key."
    case .notOneKey: "There is not exactly one key in the certificate."
    case .unusable: "The certificate is of no use: not signed by itself, or of an unknown kind."
    case .overlaps(let key): "The certificate shares a key id with that of \(key.hex)."
    case .anotherKey: "The certificate is of another key."
    case .notRevoked: "It is of another key, or no revocation."
    case .cannotEncrypt: "Nothing can be encrypted to the certificate."
    case .unknown(let key): "There is no certificate of \(key.hex)."
    case .trouble(let trouble): trouble.description
    }
  }
}

extension AdoptionFailure: CustomStringConvertible {
  /// One sentence.
  public var description: String {
    switch self {
    case .expiredOrRevoked: "The key has expired or was revoked; renew it with gpg --quick-set-expire, or take another."
    case .primaryCannotSign: "The primary key cannot sign; let the program make a key of its own."
    case .cannotDecrypt: "The key has no subkey to encrypt to; add one with gpg --quick-add-key."
    case .certificate(let failure): failure.description
    case .trouble(let trouble): trouble.description
    }
  }
}

extension HomeFailure: CustomStringConvertible {
  /// One sentence.
  public var description: String {
    switch self {
    case .pathTooLong(let limit): "The path of the GnuPG home is longer than \(limit) bytes; choose a shorter one."
    case .unwritable(let path, let reason): "\(path) cannot be written: \(reason)"
    case .trouble(let trouble): trouble.description
    }
  }
}
