import CGPGME
import Testing

@testable import OpenPGP

/// The judgement, on evidence that is made up: what gpg says of a good message, with one thing changed.
@Suite struct VerdictTests {
  static let key = "6A1994E690D689CF27D9204DBDB34F1151830567"
  static let primary = "11111111111111111111111111111111AAAAAAAA"
  static let good = """
    ENC_TO 976EE7CB54CC1EE4 18 0
    DECRYPTION_KEY 7BFB356A8EDB96EBBB7A7392976EE7CB54CC1EE4 35FECF060A921C8776CB1C91C266DCB286993808 u
    BEGIN_DECRYPTION
    DECRYPTION_INFO 2 9 0
    PLAINTEXT 62 1795358085
    PLAINTEXT_LENGTH 6
    NEWSIG
    SIG_ID PFfzsEM65w0R47eRpGOSKwoS4ow 2026-11-22 1795358085
    GOODSIG BDB34F1151830567 a
    VALIDSIG \(key) 2026-11-22 1795358085 0 4 0 22 10 00 \(primary)
    DECRYPTION_OKAY
    GOODMDC
    END_DECRYPTION
    """.split(separator: "\n").map(String.init)

  static func evidence(_ lines: [String], _ change: (inout Evidence) -> Void = { _ in }) -> Evidence {
    let status = lines.map { line in
      let words = line.split(separator: " ").map(String.init)
      return StatusLine(keyword: words[0], fields: Array(words.dropFirst()))
    }
    var evidence = Evidence(status: status)
    evidence.recipients = 1
    evidence.signatures = [GPG_ERR_NO_ERROR]
    change(&evidence)
    return evidence
  }

  static func replaced(_ keyword: String, with lines: String...) -> [String] {
    good.flatMap { $0.split(separator: " ")[0] == keyword ? lines : [$0] }
  }

  @Test func `a good message is opened as its primary key's`() throws {
    let signer = try Self.evidence(Self.good).opened()
    #expect(signer == .good(key: try #require(Key(hex: Self.key)), primary: try #require(Key(hex: Self.primary))))
  }

  @Test func `nothing is opened when any line is missing that says something`() {
    let silent = ["PLAINTEXT_LENGTH", "SIG_ID"]
    for line in Self.good where !silent.contains(String(line.split(separator: " ")[0])) {
      #expect(throws: OpenFailure.self, "without \(line)") { try Self.evidence(Self.good.filter { $0 != line }).opened() }
    }
  }

  @Test func `nothing is opened when any line stands twice that says something`() {
    let repeatable = ["ENC_TO", "DECRYPTION_KEY", "PLAINTEXT_LENGTH", "SIG_ID"]
    for line in Self.good where !repeatable.contains(String(line.split(separator: " ")[0])) {
      #expect(throws: OpenFailure.self, "twice \(line)") {
        try Self.evidence(Self.good.flatMap { $0 == line ? [$0, $0] : [$0] }).opened()
      }
    }
  }

  @Test func `nothing is opened that gpg complains about, wherever it does`() {
    for complaint in [
      "NODATA 3", "UNEXPECTED 1", "ERROR somewhere 1", "FAILURE gpg-exit 33554433", "BADMDC", "BADARMOR", "DECRYPTION_FAILED",
      "BADSIG BDB34F1151830567 a", "ERRSIG BDB34F1151830567 22 10 00 1 9 -", "EXPSIG BDB34F1151830567 a", "EXPKEYSIG B a",
      "REVKEYSIG B a", "NEWSIG", "GOODSIG BDB34F1151830567 a", "PLAINTEXT 62 0", "BEGIN_DECRYPTION",
    ] {
      for place in 0...Self.good.count {
        var lines = Self.good
        lines.insert(complaint, at: place)
        #expect(throws: OpenFailure.self, "\(complaint)") { try Self.evidence(lines).opened() }
      }
    }
  }

  /// One thing changed, and the name of the refusal.
  struct Doubt: Sendable, CustomStringConvertible {
    let description: String
    let lines: [String]
    let failure: OpenFailure
    let change: @Sendable (inout Evidence) -> Void

    init(
      _ description: String, _ lines: [String], _ failure: OpenFailure,
      _ change: @escaping @Sendable (inout Evidence) -> Void = { _ in }
    ) {
      (self.description, self.lines, self.failure, self.change) = (description, lines, failure, change)
    }
  }

  static let doubts: [Doubt] = [
    Doubt("the deadline", good, .trouble(.timedOut)) { $0.ending = .timedOut },
    Doubt("cancelled", good, .trouble(.cancelled)) { $0.ending = .cancelled },
    Doubt("GPGME's error", good, .damaged) { $0.ending = .finished(gpg_error(GPG_ERR_BAD_DATA)) },
    Doubt("gpg gave up", good, .damaged) { $0.gaveUp = true },
    Doubt("GPGME knows of no recipient", good, .notEncrypted) { $0.recipients = 0 },
    Doubt("GPGME knows of no protection", good, .notProtected) { $0.noIntegrityProtection = true },
    Doubt("a key that is not for that", good, .wrongKeyUsage) { $0.wrongKeyUsage = true },
    Doubt("GPGME knows of no signature", good, .signature(.bad)) { $0.signatures = [] },
    Doubt("GPGME knows of two signatures", good, .signature(.several)) { $0.signatures += $0.signatures },
    Doubt("GPGME calls it bad", good, .signature(.bad)) { $0.signatures = [GPG_ERR_BAD_SIGNATURE] },
    Doubt("gpg says nothing", [], .trouble(.died)),
    Doubt("gpg stops in the middle", Array(good.prefix(7)), .trouble(.died)),
    Doubt("gpg gives up in the middle", Array(good.prefix(7)), .damaged) { $0.gaveUp = true },
    Doubt("no protection", replaced("DECRYPTION_INFO", with: "DECRYPTION_INFO 0 9 0"), .notProtected),
    Doubt("no secret key", replaced("DECRYPTION_KEY", with: "NO_SECKEY 976EE7CB54CC1EE4"), .notForUs),
    Doubt("locked", replaced("DECRYPTION_KEY", with: "ERROR pkdecrypt_failed 67108949"), .trouble(.passphraseNeeded)),
    Doubt("session key damaged", replaced("DECRYPTION_KEY", with: "ERROR pkdecrypt_failed 16777226"), .damaged),
    Doubt("a line of another form", replaced("VALIDSIG", with: "VALIDSIG x"), .signature(.bad)),
    Doubt("text", replaced("VALIDSIG", with: "VALIDSIG \(key) 2026-11-22 1 0 4 0 22 10 01 \(primary)"), .signature(.notBinary)),
    Doubt("SHA-1", replaced("VALIDSIG", with: "VALIDSIG \(key) 2026-11-22 1 0 4 0 22 2 00 \(primary)"), .signature(.weakDigest)),
  ]

  @Test(arguments: doubts) func `each doubt has its name`(doubt: Doubt) {
    #expect(throws: doubt.failure) { try Self.evidence(doubt.lines, doubt.change).opened() }
  }

  @Test func `an unknown signer is told apart, but only if that is all that is wrong`() throws {
    let lines = Self.good.flatMap {
      $0.hasPrefix("GOODSIG")
        ? ["ERRSIG BDB34F1151830567 22 10 00 1795358085 9 \(Self.key)", "NO_PUBKEY BDB34F1151830567"]
        : $0.hasPrefix("VALIDSIG") || $0.hasPrefix("SIG_ID") ? [] : [$0]
    }
    let unknown = try Self.evidence(lines) { $0.signatures = [GPG_ERR_NO_PUBKEY] }.opened()
    #expect(unknown == .unknown(try #require(Key(hex: Self.key)).id))
    #expect(throws: OpenFailure.signature(.bad)) { try Self.evidence(lines).opened() }
    #expect(throws: OpenFailure.signature(.bad)) {
      try Self.evidence(lines.filter { !$0.hasPrefix("NO_PUBKEY") }) { $0.signatures = [GPG_ERR_NO_PUBKEY] }.opened()
    }
    #expect(throws: OpenFailure.damaged) {
      try Self.evidence(lines + ["NODATA 3"]) { $0.signatures = [GPG_ERR_NO_PUBKEY] }.opened()
    }
  }
}
