import Foundation
import Packets
import Testing

/// The vectors of the protocol page, "Vectors", word for word.
@Suite struct DerivationTests {
  let anna: SecretKey
  let ben: SecretKey
  let annaHalf = [UInt8](repeating: 0x0a, count: 32)
  let benHalf = [UInt8](repeating: 0x0b, count: 32)
  let secret = [UInt8](repeating: 0x33, count: 16)
  let annaFingerprint: Fingerprint
  let benFingerprint: Fingerprint

  init() throws {
    anna = try #require(SecretKey(seed: [UInt8](repeating: 1, count: 32)))
    ben = try #require(SecretKey(seed: [UInt8](repeating: 2, count: 32)))
    annaFingerprint = try #require(Fingerprint(bytes: [UInt8](repeating: 0x11, count: 20)))
    benFingerprint = try #require(Fingerprint(bytes: [UInt8](repeating: 0x22, count: 20)))
  }

  @Test func `authors are made from their seeds`() {
    #expect(anna.author.text == "ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w")
    #expect(ben.author.text == "ed25519:gTl3Dqh9F19Wo1Rmw0x-zMuNipG07jeiXfYPW4_Js5Q")
  }

  @Test func `both sides come to the same pair key, tag, and token`() throws {
    let key = Derivation.pairKey(mine: anna.author, theirs: ben.author, myHalf: annaHalf, theirHalf: benHalf)
    #expect(Hex.encode(key) == "7cdcf617863165711f1aa7f9feca6fbe27f0bd0ca0e97cd402dc9990798887d1")
    #expect(key == Derivation.pairKey(mine: ben.author, theirs: anna.author, myHalf: benHalf, theirHalf: annaHalf))
    #expect(Hex.encode(Derivation.audienceTag(pairKey: key, salt: Array(0...15))) == "75d7772dd52c6ee8")
    let session = try #require(StreamID(bytes: [UInt8](repeating: 0x77, count: 16)))
    let token = Derivation.searchToken(pairKey: key, seeker: anna.author, helper: ben.author, session: session)
    #expect(Hex.encode(token) == "8b78c3e8f0fd837cd40579bba30aad18030337acd691352cad70819c5d95724d")
  }

  @Test func `an invitation is named, proved and compared`() {
    #expect(Base64URL.encode(Derivation.invitationID(secret: secret)) == "oIjv-R443_E")
    let proof = Derivation.invitationProof(
      secret: secret, inviter: anna.author, inviterFingerprint: annaFingerprint, invitee: ben.author,
      inviteeFingerprint: benFingerprint)
    #expect(Base64URL.encode(proof) == "fQTTwZspKbMocx35CR9OUZVC0qEuzc26LVYUo45Txbw")
    #expect(Derivation.comparisonCode(annaFingerprint, benFingerprint, secret: secret) == "72048718")
    #expect(Derivation.comparisonCode(benFingerprint, annaFingerprint, secret: secret) == "72048718")
  }

  @Test func `a signature is over the label and the bytes`() {
    let text = Derivation.signedText(packet: Array("<packet/>".utf8))
    let signature = anna.sign(text)
    #expect(
      Base64URL.encode(signature) == "0-Rg_fVouYBgMAAgQTG5dzoroa5-HKM0zzWWYq9bZ9bX9Q-ndQhsSdhHeziUSJFlCn4LDckt-M0C0JwupVk6AQ")
    #expect(anna.author.verify(signature, over: text))
    #expect(!ben.author.verify(signature, over: text))
    #expect(!anna.author.verify(signature, over: text + [0]))
    #expect(!anna.author.verify(Array(signature.dropLast()), over: text))
  }

  @Test(
    arguments: [(9, 10), (1000, 1024), (3333, 3456), (100_000, 100_352), (0, 0), (1, 1), (2, 2), (3, 3)] as [(UInt64, UInt64)])
  func `lengths are padded by Padmé`(length: UInt64, padded: UInt64) { #expect(Derivation.padme(length) == padded) }

  @Test func `padding never shortens, never traps, and costs at most an eighth`() {
    var dice = Dice(seed: 3)
    for _ in 0..<10_000 {
      let length = dice.next() >> UInt64.random(in: 0...63, using: &dice)
      let padded = Derivation.padme(length)
      #expect(padded >= length && padded - length <= length / 8 + 1)
    }
  }

  // RFC 4231 test cases 2 and 6, RFC 5869 A.3 (its first 32 bytes).
  @Test func `HMAC and HKDF are those of their RFCs`() {
    #expect(
      Hex.encode(Derivation.hmac(key: Array("Jefe".utf8), Array("what do ya want for nothing?".utf8)))
        == "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843")
    #expect(
      Hex.encode(
        Derivation.hmac(
          key: [UInt8](repeating: 0xaa, count: 131), Array("Test Using Larger Than Block-Size Key - Hash Key First".utf8)))
        == "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54")
    #expect(
      Hex.encode(Derivation.hkdf([UInt8](repeating: 0x0b, count: 22), info: []))
        == "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d")
  }

  @Test func `a hash is the same whole, in pieces and from a file`() throws {
    let bytes = (0..<200_000).map { UInt8(truncatingIfNeeded: $0) }
    var hasher = Hasher256()
    hasher.update(bytes[..<70_001])
    hasher.update(Array(bytes[70_001...]))
    #expect(hasher.finish() == Hash.of(bytes))
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    try Data(bytes).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    #expect(try Hash.of(file: file.path) == Hash.of(bytes))
    #expect(Hash.of([]).text == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    #expect(throws: HashFailure.unreadable(path: "/nowhere/at/all", errno: ENOENT)) { try Hash.of(file: "/nowhere/at/all") }
    #expect(throws: HashFailure.unreadable(path: "/", errno: EISDIR)) { try Hash.of(file: "/") }
  }

  @Test func `a secret key is never printed`() {
    var dumped = ""
    dump(anna, to: &dumped)
    let shown = "\(anna) \(String(reflecting: anna)) \(String(describing: [anna])) \(dumped)"
    #expect(!shown.contains("1, 1") && !shown.contains("iojj3") && shown.contains("•••"))
  }

  // Signatures that equations allow and RFC 8032 does not: S increased by the order of the group; and keys of small order.
  @Test func `a malleable signature and a key of small order are refused`() throws {
    let message = Array("x".utf8)
    var signature = anna.sign(message)
    let order = try #require(Hex.decode("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010"))
    var carry = 0
    for index in 0..<32 {
      carry += Int(signature[32 + index]) + Int(order[index])
      signature[32 + index] = UInt8(truncatingIfNeeded: carry)
      carry >>= 8
    }
    #expect(!anna.author.verify(signature, over: message))
    let identity = try #require(Author(key: [1] + [UInt8](repeating: 0, count: 31)))
    #expect(!identity.verify([1] + [UInt8](repeating: 0, count: 63), over: message))
  }
}
