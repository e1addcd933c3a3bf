internal import CSodium

/// Every formula of the protocol (Protocol, "Bytes", "Packet", "Parcel form" and "Acquaintance"): labels, order and lengths
/// stand here and nowhere else. The vectors of the protocol page are their tests.
public enum Derivation {
  /// HMAC-SHA-256 (RFC 2104): 32 bytes, for a key of any length.
  public static func hmac(key: [UInt8], _ message: [UInt8]) -> [UInt8] {
    var state = crypto_auth_hmacsha256_state()
    var code = [UInt8](repeating: 0, count: 32)
    unsafe _ = crypto_auth_hmacsha256_init(&state, key, key.count)
    unsafe _ = crypto_auth_hmacsha256_update(&state, message, UInt64(message.count))
    unsafe _ = crypto_auth_hmacsha256_final(&state, &code)
    return code
  }

  /// HKDF with SHA-256, an empty salt and 32 bytes of output (RFC 5869): `HKDF(k, info)` of the protocol.
  public static func hkdf(_ key: [UInt8], info: [UInt8]) -> [UInt8] {
    let extracted = hmac(key: [UInt8](repeating: 0, count: 32), key)  // RFC 5869 2.2
    return hmac(key: extracted, info + [1])  // RFC 5869 2.3, one block
  }

  /// The key that two authors share, 32 bytes; both sides compute the same from their own half and the other's (32 bytes each).
  public static func pairKey(mine: Author, theirs: Author, myHalf: [UInt8], theirHalf: [UInt8]) -> [UInt8] {
    let iAmLower = mine.key.lexicographicallyPrecedes(theirs.key)
    let halves = iAmLower ? myHalf + theirHalf : theirHalf + myHalf
    let authors = iAmLower ? mine.key + theirs.key : theirs.key + mine.key
    return hkdf(halves, info: label("SocialNet-pair-1") + authors)
  }

  /// What names a member in a circle parcel's audience to that member alone, 8 bytes. The salt has 16.
  public static func audienceTag(pairKey: [UInt8], salt: [UInt8]) -> [UInt8] {
    Array(hmac(key: pairKey, label("SocialNet-audience-1") + salt).prefix(8))
  }

  /// What names an invitation without giving away its secret, 8 bytes.
  public static func invitationID(secret: [UInt8]) -> [UInt8] { Array(Hash.of(secret).bytes.prefix(8)) }

  /// Shows the inviter that the requester holds the invitation's secret (16 bytes), 32 bytes.
  public static func invitationProof(
    secret: [UInt8], inviter: Author, inviterFingerprint: Fingerprint, invitee: Author, inviteeFingerprint: Fingerprint
  ) -> [UInt8] {
    let inviterNames = inviterFingerprint.bytes + inviter.key
    let inviteeNames = inviteeFingerprint.bytes + invitee.key
    return hmac(key: secret, label("SocialNet-invite-1") + label("request") + inviterNames + inviteeNames)
  }

  /// Whether two secrets or proofs are the same, in a time that does not tell where they differ.
  public static func equal(_ one: [UInt8], _ other: [UInt8]) -> Bool {
    one.count == other.count && (unsafe sodium_memcmp(one, other, one.count)) == 0
  }

  /// The eight digits that two people compare, the same on both sides. The secret is the invitation's (16 bytes), or the pair
  /// key where there was no invitation.
  public static func comparisonCode(_ one: Fingerprint, _ other: Fingerprint, secret: [UInt8]) -> String {
    let oneIsLower = one.bytes.lexicographicallyPrecedes(other.bytes)
    let fingerprints = oneIsLower ? one.bytes + other.bytes : other.bytes + one.bytes
    let digest = Hash.of(label("SocialNet-sas-1") + fingerprints + secret).bytes
    let number = digest.prefix(8).reduce(UInt64(0)) { $0 << 8 | UInt64($1) } % 100_000_000
    let digits = String(number)
    return String(repeating: "0", count: 8 - digits.utf8.count) + digits
  }

  /// What salts every entry of one search between two contacts, 32 bytes. Not used yet: search is a later step.
  public static func searchToken(pairKey: [UInt8], seeker: Author, helper: Author, session: StreamID) -> [UInt8] {
    hkdf(pairKey, info: label("SocialNet-token-1") + seeker.key + helper.key + session.bytes)
  }

  /// What the primary OpenPGP key signs (detached, binary) so that a profile binds it to the author.
  public static func bindingText(author: Author, fingerprint: Fingerprint) -> [UInt8] {
    label("SocialNet-author-1") + author.key + fingerprint.bytes
  }

  /// What both primary OpenPGP keys sign (detached, binary) when one takes the other's place.
  public static func keyChangeText(author: Author, old: Fingerprint, new: Fingerprint, revision: UInt64) -> [UInt8] {
    let number = stride(from: 56, through: 0, by: -8).map { UInt8(truncatingIfNeeded: revision >> UInt64($0)) }
    return label("SocialNet-key-change-1") + author.key + old.bytes + new.bytes + number
  }

  /// What the author signs: the packet's exact bytes behind their label.
  public static func signedText(packet bytes: [UInt8]) -> [UInt8] { label("SocialNet-packet-1") + bytes }

  /// To how many bytes a parcel's inside of so many bytes is padded before its own minimum of 4,096 (PADMÉ of the PURB paper:
  /// only the first log2(log2(L)) + 1 bits of a length show, which costs at most 12 %).
  public static func padme(_ length: UInt64) -> UInt64 {
    guard length > 1 else { return length }
    let exponent = UInt64(63 - length.leadingZeroBitCount)
    guard exponent > 0 else { return length }
    let shown = UInt64(64 - exponent.leadingZeroBitCount)
    let mask: UInt64 = (1 << (exponent - shown)) - 1
    let (sum, over) = length.addingReportingOverflow(mask)
    return over ? length : sum & ~mask
  }

  /// ASCII and one zero byte: no label is the beginning of another.
  /// What the author signs to say which machine is the bridge (Protocol, "The journal").
  public static func leaseText(_ words: String) -> [UInt8] { label("SocialNet-lease-1") + Array(words.utf8) }

  private static func label(_ text: StaticString) -> [UInt8] { Array(text.description.utf8) + [0] }
}
