import Packets

/// One line of `Vectors/formulas.json`: a formula of the protocol page, what goes in, and what comes out.
struct Formula: Codable, Equatable {
  /// The formula's name on the page.
  var formula: String
  /// Byte strings in lower-case hexadecimal, other things as the page writes them.
  var input: [String: String]
  var value: String

  static func all(_ samples: Samples) throws -> [Formula] {
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
      Formula(formula: "author", input: ["seed": Hex.encode(anna.seed)], value: anna.author.text),
      Formula(formula: "author", input: ["seed": Hex.encode(ben.seed)], value: ben.author.text),
      Formula(
        formula: "pair key", input: merged(authors, ["half A": Hex.encode(halves.anna), "half B": Hex.encode(halves.ben)]),
        value: Hex.encode(pairKey)),
      Formula(
        formula: "audience tag", input: ["pair key": Hex.encode(pairKey), "salt": Hex.encode(0...15)],
        value: Hex.encode(Derivation.audienceTag(pairKey: pairKey, salt: Array(0...15)))),
      Formula(
        formula: "invitation id", input: ["secret": Hex.encode(secret)],
        value: Base64URL.encode(Derivation.invitationID(secret: secret))),
      Formula(
        formula: "proof", input: merged(merged(authors, fingerprints), ["secret": Hex.encode(secret), "inviter": "A"]),
        value: Base64URL.encode(proof)),
      Formula(
        formula: "comparison code", input: merged(fingerprints, ["secret": Hex.encode(secret)]),
        value: Derivation.comparisonCode(samples.annaFingerprint, benFingerprint, secret: secret)),
      Formula(
        formula: "search token",
        input: merged(authors, ["pair key": Hex.encode(pairKey), "seeker": "A", "session": Hex.encode(session.bytes)]),
        value: Hex.encode(Derivation.searchToken(pairKey: pairKey, seeker: anna.author, helper: ben.author, session: session))),
      Formula(
        formula: "binding text", input: ["author A": anna.author.text, "fingerprint A": samples.annaFingerprint.text],
        value: Hex.encode(Derivation.bindingText(author: anna.author, fingerprint: samples.annaFingerprint))),
      Formula(
        formula: "key change text",
        input: merged(fingerprints, ["author A": anna.author.text, "old": "A", "new": "B", "revision": "1795341600000"]),
        value: Hex.encode(
          Derivation.keyChangeText(
            author: anna.author, old: samples.annaFingerprint, new: benFingerprint, revision: 1_795_341_600_000))),
      Formula(
        formula: "author signature", input: ["seed": Hex.encode(anna.seed), "document": "<packet/>"],
        value: Base64URL.encode(anna.sign(Derivation.signedText(packet: document)))),
    ]
    for length in [0, 1, 2, 9, 1000, 3333, 4096, 4097, 100_000, 9_000_000] as [UInt64] {
      formulas.append(Formula(formula: "Padmé", input: ["length": String(length)], value: String(Derivation.padme(length))))
    }
    return formulas
  }
}
