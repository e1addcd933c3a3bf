internal import CGPGME

/// Who signed a message, as far as the home can tell.
enum Signer: Equatable {
  /// The one signature is good, by `key`, which belongs to the certificate of `primary`.
  case good(key: Key, primary: Key)
  /// There is one signature, and no certificate for it.
  case unknown(KeyID)
}

/// What counts as opened. Each guard is a condition of the article "Opening a parcel"; the order decides only which name a refusal
/// gets, since every condition has to hold.
extension Evidence {
  /// The judgement on a message that was decrypted and verified in one operation.
  func opened() throws(OpenFailure) -> Signer {
    try checkDecryption()
    try checkLiteral()
    let signer = try checkedSigner()
    try checkNoTrouble()
    return signer
  }

  /// The judgement on a message that was only decrypted, its signed content left as it is.
  func unwrapped() throws(OpenFailure) {
    try checkDecryption()
    try checkNoTrouble()
  }

  /// The judgement on a signed message that was unwrapped before.
  func verified() throws(OpenFailure) -> Key {
    try checkEnding()
    guard count("BEGIN_DECRYPTION") == 0 else { throw .severalMessages }
    try checkLiteral()
    guard case .good(_, let primary) = try checkedSigner() else { throw .signature(.bad) }
    try checkNoTrouble()
    return primary
  }

  /// The judgement on a detached signature.
  func detached() throws(OpenFailure) -> Signer {
    try checkEnding()
    let signer = try checkedSigner()
    try checkNoTrouble()
    return signer
  }

  private func checkEnding() throws(OpenFailure) {
    switch ending {
    case .finished: break
    case .timedOut: throw .trouble(.timedOut)
    case .cancelled: throw .trouble(.cancelled)
    }
    guard !status.isEmpty else { throw .trouble(.died) }
  }

  /// One encrypted message, for us, protected, and whole.
  private func checkDecryption() throws(OpenFailure) {
    try checkEnding()
    guard count("ENC_TO") > 0, count("BEGIN_DECRYPTION") > 0, recipients > 0 else { throw .notEncrypted }
    guard count("DECRYPTION_KEY") > 0 else {
      if let trouble = agentTrouble { throw .trouble(trouble) }
      throw count("NO_SECKEY") > 0 && errors(at: "pkdecrypt_failed").isEmpty ? .notForUs : .damaged
    }
    // Killed, unless it said why: a peer can make gpg give up, but not die.
    guard count("END_DECRYPTION") > 0 || count("FAILURE") > 0 || gaveUp else { throw .trouble(.died) }
    guard count("BEGIN_DECRYPTION") == 1 else { throw .severalMessages }
    guard !wrongKeyUsage else { throw .wrongKeyUsage }
    guard let method = only("DECRYPTION_INFO")?.first, method != "0", !noIntegrityProtection else { throw .notProtected }
    guard count("DECRYPTION_OKAY") == 1, count("GOODMDC") == 1, count("END_DECRYPTION") == 1 else {
      throw isSecondMessage ? .severalMessages : .damaged
    }
  }

  /// One literal packet in all.
  private func checkLiteral() throws(OpenFailure) {
    guard !isSecondMessage, count("PLAINTEXT") < 2 else { throw .severalMessages }
    guard count("PLAINTEXT") == 1 else { throw .damaged }
  }

  /// gpg saw plaintext after the end of the plaintext.
  private var isSecondMessage: Bool { !errors(at: "proc_pkt.plaintext").isEmpty }

  /// Exactly one signature, good or of an unknown key; GPGME's reading agrees.
  private func checkedSigner() throws(OpenFailure) -> Signer {
    guard count("NEWSIG") > 0 || !signatures.isEmpty else { throw .signature(.missing) }
    guard count("NEWSIG") == 1, signatures.count == 1, let status = signatures.first else { throw .signature(.several) }
    let verdicts = ["GOODSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG", "BADSIG", "ERRSIG"].filter { count($0) > 0 }
    switch verdicts {
    case ["GOODSIG"]: break
    case ["EXPSIG"]: throw .signature(.expired)
    case ["EXPKEYSIG"]: throw .signature(.keyExpired)
    case ["REVKEYSIG"]: throw .signature(.keyRevoked)
    case ["ERRSIG"]:
      guard status == GPG_ERR_NO_PUBKEY, count("NO_PUBKEY") == 1, let id = only("ERRSIG")?.first.flatMap({ KeyID(hex: $0) })
      else { throw .signature(.bad) }
      return .unknown(id)
    default: throw .signature(.bad)
    }
    // VALIDSIG fingerprint date time expires version reserved algorithm digest class primary (GnuPG, doc/DETAILS)
    guard status == GPG_ERR_NO_ERROR, count("GOODSIG") == 1, let fields = only("VALIDSIG"), fields.count >= 10,
      let key = Key(hex: fields[0]), let primary = Key(hex: fields[9])
    else { throw .signature(.bad) }
    guard fields[8] == "00" else { throw .signature(.notBinary) }
    guard ["8", "9", "10"].contains(fields[7]) else { throw .signature(.weakDigest) }  // SHA-256, SHA-384, SHA-512
    guard !wrongKeyUsage else { throw .wrongKeyUsage }
    return .good(key: key, primary: primary)
  }

  /// gpg complains about nothing, and GPGME reports success.
  private func checkNoTrouble() throws(OpenFailure) {
    let complaints = ["NODATA", "UNEXPECTED", "ERROR", "FAILURE", "BADMDC", "BADARMOR", "DECRYPTION_FAILED"]
    guard ending == .finished(0), !status.contains(where: { complaints.contains($0.keyword) }) else { throw .damaged }
  }

  /// What keeps the agent from using a secret key that it has.
  private var agentTrouble: EngineTrouble? {
    let codes = errors(at: "pkdecrypt_failed").map { gpg_err_code_t($0) }
    let passphrase = [
      GPG_ERR_NO_PIN_ENTRY, GPG_ERR_PIN_ENTRY, GPG_ERR_CANCELED, GPG_ERR_FULLY_CANCELED, GPG_ERR_BAD_PASSPHRASE, GPG_ERR_TIMEOUT,
    ]
    let agent = [
      GPG_ERR_NO_AGENT, GPG_ERR_AGENT, GPG_ERR_NO_SCDAEMON, GPG_ERR_CARD_NOT_PRESENT, GPG_ERR_CARD_REMOVED, GPG_ERR_CARD,
    ]
    if codes.contains(where: passphrase.contains) { return .passphraseNeeded }
    return codes.contains(where: agent.contains) ? .agentUnreachable : nil
  }
}

/// Why a message is not opened. All but ``trouble(_:)`` are for good: the bytes are refused.
public enum OpenFailure: Error, Equatable {
  /// It is no OpenPGP message, or one that is encrypted to no key.
  case notEncrypted
  /// No secret key of ours opens it.
  case notForUs
  /// It carries no integrity protection: anybody on the way could have changed it.
  case notProtected
  /// It was encrypted to, or signed by, a key that is not made for that.
  case wrongKeyUsage
  /// It is cut short, changed on the way, or followed by something else.
  case damaged
  /// There is not exactly one literal in one encrypted message.
  case severalMessages
  /// The plaintext is larger than allowed.
  case tooLarge(limit: Int)
  /// There is not exactly one good signature.
  case signature(SignatureDefect)
  /// The stranger's certificate is of no use.
  case certificate(CertificateFailure)
  /// A stranger's message does not say, verified, what it said when it was opened.
  case changed
  /// This machine's doing: try again.
  case trouble(EngineTrouble)
}

/// What is wrong with the signature of a message.
public enum SignatureDefect: Error, Equatable {
  /// It is not signed.
  case missing
  /// It is signed more than once.
  case several
  /// The signature is wrong, or of a form that cannot be checked.
  case bad
  /// The signature was made to expire, and has.
  case expired
  /// The key that signed has expired.
  case keyExpired
  /// The key that signed was revoked.
  case keyRevoked
  /// It was signed as text, which lets line ends change.
  case notBinary
  /// It was signed over a digest for which two texts can be made with the same value.
  case weakDigest
  /// It was signed by another key than it has to be.
  case anotherKey
}

extension OpenFailure: OperationFailure {
  static func part(_ failure: any Error) -> OpenFailure? {
    switch failure as? CertificateFailure {
    case .trouble(let trouble): .trouble(trouble)
    case .some(let failure): .certificate(failure)
    case nil: nil
    }
  }
}
