public import Bridge
internal import Packets

/// One line of `formulas.json`: a formula of the protocol page, what goes in, and what comes out.
public struct FormulaVector: Codable, Equatable, Sendable {
  /// The formula's name on the page.
  public var formula: String
  /// Byte strings in lower-case hexadecimal, other things as the page writes them.
  public var input: [String: String]
  /// What comes out.
  public var value: String
  /// What it is there for.
  public var why: String

  /// A line.
  public init(formula: String, input: [String: String], value: String, why: String) {
    self.formula = formula
    self.input = input
    self.value = value
    self.why = why
  }

  /// All of them.
  public static func table(in folder: VectorFolder) throws(OperationFailure) -> [FormulaVector] {
    try folder.read([FormulaVector].self, from: "formulas.json")
  }

  /// What is not as this line says; nothing where all of it is.
  func flaw() -> String? {
    guard let computed else { return "its input cannot be read" }
    return computed == value ? nil : "\(computed) came out, in place of \(value)"
  }

  private func bytes(_ name: String) -> [UInt8]? { input[name].flatMap { Hex.decode($0) } }
  private func author(_ name: String) -> Author? { input["author \(name)"].flatMap { Author(text: $0) } }
  private func fingerprint(_ name: String) -> Fingerprint? { input["fingerprint \(name)"].flatMap { Fingerprint(text: $0) } }

  private var computed: String? {
    switch formula {
    case "author": bytes("seed").flatMap { SecretKey(seed: $0) }?.author.text
    case "pair key": pairKey
    case "audience tag": unwrap(bytes("pair key"), bytes("salt")) { Hex.encode(Derivation.audienceTag(pairKey: $0, salt: $1)) }
    case "invitation id": bytes("secret").map { Base64URL.encode(Derivation.invitationID(secret: $0)) }
    case "proof": proof
    case "comparison code":
      unwrap(fingerprint("A"), fingerprint("B")) { one, other in
        bytes("secret").map { Derivation.comparisonCode(one, other, secret: $0) }
      } ?? nil
    case "search token": searchToken
    case "binding text":
      unwrap(author("A"), fingerprint("A")) { Hex.encode(Derivation.bindingText(author: $0, fingerprint: $1)) }
    case "key change text": keyChangeText
    case "author signature":
      unwrap(bytes("seed").flatMap { SecretKey(seed: $0) }, input["document"]) {
        Base64URL.encode($0.sign(Derivation.signedText(packet: Array($1.utf8))))
      }
    case "Padmé": input["length"].flatMap { UInt64($0) }.map { String(Derivation.padme($0)) }
    default: nil
    }
  }

  private var pairKey: String? {
    guard let one = author("A"), let other = author("B"), let mine = bytes("half A"), let theirs = bytes("half B") else {
      return nil
    }
    return Hex.encode(Derivation.pairKey(mine: one, theirs: other, myHalf: mine, theirHalf: theirs))
  }

  private var proof: String? {
    guard let one = author("A"), let other = author("B"), let first = fingerprint("A"), let second = fingerprint("B"),
      let secret = bytes("secret")
    else { return nil }
    return Base64URL.encode(
      Derivation.invitationProof(
        secret: secret, inviter: one, inviterFingerprint: first, invitee: other, inviteeFingerprint: second))
  }

  private var searchToken: String? {
    guard let one = author("A"), let other = author("B"), let key = bytes("pair key"),
      let session = bytes("session").flatMap({ StreamID(bytes: $0) })
    else { return nil }
    return Hex.encode(Derivation.searchToken(pairKey: key, seeker: one, helper: other, session: session))
  }

  private var keyChangeText: String? {
    guard let author = author("A"), let old = fingerprint("A"), let new = fingerprint("B"),
      let revision = input["revision"].flatMap({ UInt64($0) })
    else { return nil }
    return Hex.encode(Derivation.keyChangeText(author: author, old: old, new: new, revision: revision))
  }

  private func unwrap<One, Other, Value>(_ one: One?, _ other: Other?, _ make: (One, Other) -> Value) -> Value? {
    if let one, let other { make(one, other) } else { nil }
  }
}
