import Conformance
import Packets

extension FormulaVector {
  /// What each formula is there for.
  private static let reasons = [
    "author": "an author's name is the public half of an Ed25519 seed",
    "pair key": "both sides come to one key, whoever reckons it",
    "audience tag": "a circle's parcel names a reader so that only the two can tell",
    "invitation id": "an invitation is named without giving away its secret",
    "proof": "who answers an invitation shows that the link was theirs",
    "comparison code": "two people compare eight digits in place of two fingerprints",
    "search token": "reserved: who helps a search cannot be followed from one session to the next",
    "binding text": "the OpenPGP key signs whose author it speaks for",
    "key change text": "the old and the new key both sign that one follows the other",
    "author signature": "a packet proves its author wherever it is carried",
    "Padmé": "a parcel's size tells little about what is in it",
  ]

  private init(formula: String, input: [String: String], value: String) {
    self.init(formula: formula, input: input, value: value, why: Self.reasons[formula, default: ""])
  }

  static func all(_ samples: Samples) throws -> [FormulaVector] {
    let (anna, ben) = (samples.anna, samples.ben)
    let halves = (anna: [UInt8](repeating: 0x0a, count: 32), ben: [UInt8](repeating: 0x0b, count: 32))
    let secret = [UInt8](repeating: 0x33, count: 16)
    guard let benFingerprint = Fingerprint(bytes: [UInt8](repeating: 0x22, count: 20)),
      let session = StreamID(bytes: [UInt8](repeating: 0x77, count: 16))
    else { throw Samples.Missing() }
    let pairKey = Derivation.pairKey(mine: anna.author, theirs: ben.author, myHalf: halves.anna, theirHalf: halves.ben)
    let proof = Derivation.invitationProof(
      secret: secret, inviter: anna.author, inviterFingerprint: samples.annaFingerprint, invitee: ben.author,
      inviteeFingerprint: benFingerprint)
    let authors = ["author A": anna.author.text, "author B": ben.author.text]
    let fingerprints = ["fingerprint A": samples.annaFingerprint.text, "fingerprint B": benFingerprint.text]
    let document = Array("<packet/>".utf8)
    func merged(_ some: [String: String], _ more: [String: String]) -> [String: String] { some.merging(more) { one, _ in one } }
    var formulas = [
      FormulaVector(formula: "author", input: ["seed": Hex.encode(anna.seed)], value: anna.author.text),
      FormulaVector(formula: "author", input: ["seed": Hex.encode(ben.seed)], value: ben.author.text),
      FormulaVector(
        formula: "pair key", input: merged(authors, ["half A": Hex.encode(halves.anna), "half B": Hex.encode(halves.ben)]),
        value: Hex.encode(pairKey)),
      FormulaVector(
        formula: "audience tag", input: ["pair key": Hex.encode(pairKey), "salt": Hex.encode(0...15)],
        value: Hex.encode(Derivation.audienceTag(pairKey: pairKey, salt: Array(0...15)))),
      FormulaVector(
        formula: "invitation id", input: ["secret": Hex.encode(secret)],
        value: Base64URL.encode(Derivation.invitationID(secret: secret))),
      FormulaVector(
        formula: "proof", input: merged(merged(authors, fingerprints), ["secret": Hex.encode(secret), "inviter": "A"]),
        value: Base64URL.encode(proof)),
      FormulaVector(
        formula: "comparison code", input: merged(fingerprints, ["secret": Hex.encode(secret)]),
        value: Derivation.comparisonCode(samples.annaFingerprint, benFingerprint, secret: secret)),
      FormulaVector(
        formula: "search token",
        input: merged(authors, ["pair key": Hex.encode(pairKey), "seeker": "A", "session": Hex.encode(session.bytes)]),
        value: Hex.encode(Derivation.searchToken(pairKey: pairKey, seeker: anna.author, helper: ben.author, session: session))),
      FormulaVector(
        formula: "binding text", input: ["author A": anna.author.text, "fingerprint A": samples.annaFingerprint.text],
        value: Hex.encode(Derivation.bindingText(author: anna.author, fingerprint: samples.annaFingerprint))),
      FormulaVector(
        formula: "key change text",
        input: merged(fingerprints, ["author A": anna.author.text, "old": "A", "new": "B", "revision": "1795341600000"]),
        value: Hex.encode(
          Derivation.keyChangeText(
            author: anna.author, old: samples.annaFingerprint, new: benFingerprint, revision: 1_795_341_600_000))),
      FormulaVector(
        formula: "author signature", input: ["seed": Hex.encode(anna.seed), "document": "<packet/>"],
        value: Base64URL.encode(anna.sign(Derivation.signedText(packet: document)))),
    ]
    for length in [0, 1, 2, 9, 1000, 3333, 4096, 4097, 100_000, 9_000_000] as [UInt64] {
      formulas.append(FormulaVector(formula: "Padmé", input: ["length": String(length)], value: String(Derivation.padme(length))))
    }
    return formulas
  }
}
