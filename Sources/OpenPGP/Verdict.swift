internal import CGPGME

/// Who signed a message, as far as the home can tell.
enum Signer: Equatable {
  /// The one signature is good, by `key`, which belongs to the certificate of `primary`.
  case good(key: Key, primary: Key)
  /// There is one signature, and no certificate for it.
  case unknown(KeyID)
}

/// What counts as opened: every condition of the article "Opening a parcel". The order decides only which name a refusal gets,
/// since all of them have to hold.
extension Evidence {
  /// The judgement on a message that was decrypted and verified in one operation.
  func opened() throws(OpenFailure) -> Signer {
    try checkDecryption()
    try checkLiteral()
    try checkStatedDefects()
    try checkNoComplaint()
    return try signer()
  }

  /// The judgement on a message that was only decrypted, its signed content left as it is.
  func unwrapped() throws(OpenFailure) {
    try checkDecryption()
    try checkNoComplaint()
  }

  /// The judgement on a signed message that was unwrapped before: the primary key that signed it.
  func verified() throws(OpenFailure) -> Key {
    try checkVerification()
    try checkLiteral()
    try checkStatedDefects()
    try checkNoComplaint()
    guard case .good(_, let primary) = try signer() else { throw .signature(.anotherKey) }
    return primary
  }

  /// The judgement on a decrypted mail of the user's: who signed it, if anybody did beyond doubt.
  func letter() throws(OpenFailure) -> Key? {
    try checkDecryption()
    try checkLiteral()
    try checkNoComplaint()
    return letterSigner
  }

  /// Who made the one good signature of a mail; programs sign mail as binary or as text (RFC 3156 5).
  var letterSigner: Key? {
    guard (try? checkStatedDefects()) != nil, case .good(_, let primary)? = try? signer(ofClasses: ["00", "01"]) else {
      return nil
    }
    return primary
  }

  /// The judgement on a detached signature.
  func detached() throws(OpenFailure) -> Signer {
    try checkVerification()
    try checkStatedDefects()
    try checkNoComplaint()
    return try signer()
  }

  /// Lines by which gpg says that a message is not what it should be. GPGME passes over some of them.
  private static let complaints = ["NODATA", "UNEXPECTED", "ERROR", "FAILURE", "BADMDC", "BADARMOR", "DECRYPTION_FAILED"]
  /// Lines by which gpg judges a signature, one for each.
  private static let judgements = ["GOODSIG", "EXPSIG", "EXPKEYSIG", "REVKEYSIG", "BADSIG", "ERRSIG"]

  private var hasComplaint: Bool { status.contains { Self.complaints.contains($0.keyword) } }

  /// gpg came to an end of its own. A peer can make it complain or give up, but not die: what kills it is the machine, or a
  /// limit.
  private func checkEnding(saidItsLast: Bool) throws(OpenFailure) {
    switch ending {
    case .timedOut: throw .trouble(.timedOut)
    case .cancelled: throw .trouble(.cancelled)
    case .finished: guard saidItsLast || hasComplaint || gaveUp else { throw .trouble(.died) }
    }
  }

  private func checkVerification() throws(OpenFailure) {
    try checkEnding(saidItsLast: Self.judgements.contains { count($0) > 0 })
    guard count("BEGIN_DECRYPTION") == 0 else { throw .severalMessages }
  }

  /// One encrypted message, for us, and protected.
  private func checkDecryption() throws(OpenFailure) {
    let isPlain = count("BEGIN_DECRYPTION") == 0 && count("PLAINTEXT") > 0
    try checkEnding(saidItsLast: count("END_DECRYPTION") > 0 || isPlain)
    guard count("ENC_TO") > 0, count("BEGIN_DECRYPTION") > 0, recipients > 0 else {
      throw gaveUp ? .damaged : .notEncrypted
    }
    guard count("DECRYPTION_KEY") > 0 else {
      let codes = errors(at: "pkdecrypt_failed")
      if let trouble = codes.compactMap({ EngineTrouble.agent(gpg_err_code_t($0)) }).first { throw .trouble(trouble) }
      throw codes.isEmpty && count("NO_SECKEY") > 0 ? .notForUs : .damaged
    }
    guard count("BEGIN_DECRYPTION") == 1 else { throw .severalMessages }
    guard let method = only("DECRYPTION_INFO")?.first, method != "0", !noIntegrityProtection else { throw .notProtected }
    guard !wrongKeyUsage else { throw .wrongKeyUsage }
  }

  /// One literal packet in all: gpg names plaintext that follows plaintext, and goes on.
  private func checkLiteral() throws(OpenFailure) {
    guard count("PLAINTEXT") < 2, errors(at: "proc_pkt.plaintext").isEmpty else { throw .severalMessages }
    guard count("PLAINTEXT") == 1 else { throw .damaged }
  }

  /// gpg calls no signature bad.
  private func checkStatedDefects() throws(OpenFailure) {
    guard count("NEWSIG") < 2, signatures.count < 2 else { throw .signature(.several) }
    guard count("EXPSIG") == 0 else { throw .signature(.expired) }
    guard count("EXPKEYSIG") == 0 else { throw .signature(.keyExpired) }
    guard count("REVKEYSIG") == 0 else { throw .signature(.keyRevoked) }
    guard count("BADSIG") == 0 else { throw .signature(.bad) }
  }

  /// gpg complains about nothing, has seen all that belongs to the message, and GPGME reports success.
  private func checkNoComplaint() throws(OpenFailure) {
    guard !hasComplaint, !gaveUp, ending == .finished(0) else { throw .damaged }
    let decrypted = ["DECRYPTION_OKAY", "GOODMDC", "END_DECRYPTION"].allSatisfy { count($0) == 1 }
    guard decrypted || count("BEGIN_DECRYPTION") == 0 else { throw .damaged }
  }

  /// Exactly one signature, and GPGME reads it as we do: good, or of a key that is not here.
  private func signer(ofClasses classes: Set<String> = ["00"]) throws(OpenFailure) -> Signer {
    guard count("NEWSIG") > 0 else { throw .signature(.missing) }
    let judged = Self.judgements.filter { count($0) > 0 }
    guard judged.count == 1, let judgement = judged.first, count(judgement) == 1, signatures.count == 1,
      let reading = signatures.first
    else { throw .signature(.bad) }
    if judgement == "ERRSIG", reading == GPG_ERR_NO_PUBKEY, count("NO_PUBKEY") == 1, let fields = only("ERRSIG"),
      let id = fields.first.flatMap({ KeyID(hex: $0) })
    {
      return .unknown(id)
    }
    // VALIDSIG fingerprint date time expires version reserved algorithm digest class primary (GnuPG, doc/DETAILS)
    guard judgement == "GOODSIG", reading == GPG_ERR_NO_ERROR, let fields = only("VALIDSIG"), fields.count >= 10,
      let key = Key(hex: fields[0]), let primary = Key(hex: fields[9])
    else { throw .signature(.bad) }
    guard !wrongKeyUsage else { throw .wrongKeyUsage }
    guard classes.contains(fields[8]) else { throw .signature(.notBinary) }
    guard ["8", "9", "10"].contains(fields[7]) else { throw .signature(.weakDigest) }  // SHA-256, SHA-384, SHA-512
    return .good(key: key, primary: primary)
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
