import Foundation
import OpenPGP
import Testing

/// What is opened, and what is refused for which reason. Each refusal stands beside a twin that differs only in what is guarded,
/// and is opened. Every message is made by gpg itself.
@Suite struct OpeningTests {
  static let words = Array("Finally moved in.\r\n".utf8)

  /// Anna, who writes, and Ben, who reads; Ben has pinned Anna.
  static func play(_ body: (_ anna: Person, _ ben: Person) async throws -> Void) async throws {
    try await Stage.play { stage in
      let anna = try await Person("anna", on: stage)
      let ben = try await Person("ben", on: stage)
      try await anna.befriend(ben)
      try await body(anna, ben)
      return [anna, ben]
    }
  }

  @Test func `a good message is opened, in each of its forms`() async throws {
    try await Self.play { anna, ben in
      for (options, form) in [
        ([], "plain"), (["--armor"], "armored"), (["-z", "6", "--compress-algo", "zlib"], "compressed"),
        (["--digest-algo", "SHA256"], "SHA-256"), (["--cipher-algo", "AES128"], "AES-128"),
      ] {
        let message = try anna.letter(to: ben, options)
        await ben.opens(message, "\(form)")
        let opened = try await ben.home.open(Spool(message), limit: Self.words.count).signed
        #expect(opened?.by == anna.key)
        #expect(opened?.plaintext == Self.words)
      }
    }
  }

  @Test(arguments: ["nothing", "gpg-launcher", "gpg-launcher and gpg-opener"])
  func `with whichever of the small programs, the same is opened and the same refused`(before: String) async throws {
    try await Stage.play { stage in
      let all = try Stage.programs()
      let programs: KeyHome.Programs =
        switch before {
        case "nothing": .init()
        case "gpg-launcher": .init(launcher: all.launcher)
        default: all
        }
      let anna = try await Person("anna", on: stage)
      let ben = try await Person("ben", on: stage, programs: programs)
      try await anna.befriend(ben)
      let good = try anna.letter(to: ben)
      for _ in 0..<2 { await ben.opens(good) }
      // Larger than what is handed over in memory, and of the length that is allowed.
      let long = [UInt8](repeating: 7, count: 600 << 10)
      let large = try anna.gpg("--encrypt", "--sign", "-z", "0", "-u", anna.key.hex, "-r", ben.key.hex, input: long)
      let opened = try await ben.home.open(Spool(large), limit: long.count).signed
      #expect(opened?.by == anna.key && opened?.plaintext == long)
      await #expect(throws: OpenFailure.tooLarge(limit: long.count - 1)) {
        try await ben.home.open(Spool(large), limit: long.count - 1)
      }
      var bad = try anna.gpg("--sign", "-u", anna.key.hex, input: Self.words)
      bad[bad.count - 10] ^= 1
      let second = try anna.gpgKey("second")
      for (message, failure) in [
        (try anna.wrap(bad, to: ben), OpenFailure.signature(.bad)), (try anna.letter(to: anna), .notForUs),
        (Array(good.dropLast()), .damaged), (try anna.letter(to: ben, ["--digest-algo", "SHA1"]), .signature(.weakDigest)),
        (try anna.letter(to: ben, ["--digest-algo", "SHA256", "--rfc2440", "--disable-mdc"]), .notProtected),
        (try anna.letter(to: ben, signers: [second]), .unproven),
      ] { await ben.refuses(message, failure, before) }
      await ben.opens(good)
      return [anna, ben]
    }
  }

  @Test func `a message without exactly one good binary signature is refused`() async throws {
    try await Self.play { anna, ben in
      let second = try anna.gpgKey("second")
      _ = try await ben.home.pin(try anna.gpg("--export", second.hex))
      await ben.opens(try anna.letter(to: ben, signers: [second]))
      let cases: [([String], [Key], SignatureDefect)] = [
        ([], [], .missing),
        ([], [anna.key, second], .several),
        (["--textmode"], [anna.key], .notBinary),
        (["--digest-algo", "SHA1"], [anna.key], .weakDigest),
      ]
      for (options, signers, defect) in cases {
        let message = try anna.letter(to: ben, options, signers: signers)
        await ben.refuses(message, .signature(defect))
      }
    }
  }

  @Test func `a signature that was changed is refused as bad`() async throws {
    try await Self.play { anna, ben in
      var signed = try anna.gpg("--sign", "-u", anna.key.hex, input: Self.words)
      await ben.opens(try anna.wrap(signed, to: ben))
      signed[signed.count - 10] ^= 1
      await ben.refuses(try anna.wrap(signed, to: ben), .signature(.bad))
    }
  }

  @Test func `an expired signature, an expired key and a revoked key are refused`() async throws {
    try await Self.play { anna, ben in
      let lasting = try anna.gpgKey("lasting", time: "20250101T000000")
      let passing = try anna.gpgKey("passing", expires: "1y", time: "20250101T000000")
      for key in [lasting, passing] { _ = try await ben.home.pin(try anna.gpg("--export", key.hex)) }
      func signed(_ key: Key, _ options: [String] = []) throws -> [UInt8] {
        let then = ["--faked-system-time", "20250601T000000"] + options + ["--sign", "-u", key.hex]
        return try anna.wrap(try anna.stage.gpg(home: anna.directory, then, input: Self.words), to: ben)
      }
      await ben.opens(try signed(lasting))
      await ben.refuses(try signed(lasting, ["--default-sig-expire", "1d"]), .signature(.expired))
      await ben.refuses(try signed(passing), .signature(.keyExpired))
      let message = try signed(lasting)
      try ben.gpg("--import", input: try #require(anna.revocation(of: lasting)))
      await ben.refuses(message, .signature(.keyRevoked))
    }
  }

  @Test func `a subkey signs for its primary key`() async throws {
    try await Self.play { anna, ben in
      let primary = try anna.gpgKey("subkeys")
      await ben.refuses(try anna.letter(to: ben, signers: [primary]), .unproven)
      try anna.gpg("--passphrase", "", "--quick-add-key", primary.hex, "ed25519", "sign", "never")
      try ben.gpg("--import", input: try anna.export(primary))
      for name in ["\(primary.hex)!", primary.hex] {
        let message = try anna.gpg("--encrypt", "--sign", "-u", name, "-r", ben.key.hex, input: Self.words)
        #expect(try await ben.home.open(Spool(message), limit: 100).signed?.by == primary)
      }
    }
  }

  @Test func `a message without integrity protection is refused`() async throws {
    try await Self.play { anna, ben in
      for cipher in ["AES256", "CAST5"] {
        let options = ["--digest-algo", "SHA256", "--cipher-algo", cipher]
        await ben.opens(try anna.letter(to: ben, options), "\(cipher)")
        await ben.refuses(try anna.letter(to: ben, options + ["--rfc2440", "--disable-mdc"]), .notProtected, "\(cipher)")
      }
    }
  }

  @Test func `what is not encrypted to me is refused`() async throws {
    try await Self.play { anna, ben in
      let signed = ["--sign", "-u", anna.key.hex]
      let hidden = try anna.letter(to: ben, ["--throw-keyids"])
      let cases: [([UInt8], OpenFailure, String)] = [
        (try anna.letter(to: anna), .notForUs, "to somebody else"),
        (hidden, .notForUs, "to a recipient without a name"),
        (try anna.gpg("--sign", "-u", anna.key.hex, input: Self.words), .notEncrypted, "signed only"),
        (
          try anna.stage.gpg(
            home: anna.directory, ["--passphrase", "x", "--pinentry-mode", "loopback", "--symmetric"] + signed,
            input: Self.words), .notEncrypted, "to a passphrase"
        ),
        (try anna.gpg("--store", input: Self.words), .notEncrypted, "neither signed nor encrypted"),
        (try anna.manySessionKeys(for: anna), .damaged, "to more than anybody would read of"),
        ([], .notEncrypted, "nothing"),
        (Self.words, .notEncrypted, "no OpenPGP at all"),
        ([UInt8](repeating: 0x84, count: 3000), .notEncrypted, "headers only"),
      ]
      for (message, failure, reason) in cases {
        await ben.refuses(message, failure, "\(reason)")
      }
      await ben.opens(try anna.letter(to: ben))
    }
  }

  @Test func `anything but one whole message with one literal is refused`() async throws {
    try await Self.play { anna, ben in
      let good = try anna.letter(to: ben)
      let signed = try anna.gpg("--sign", "-u", anna.key.hex, input: Self.words)
      let literal = try anna.gpg("--store", input: Array("more".utf8))
      let compressed = try anna.letter(to: ben, ["-z", "6", "--compress-algo", "zlib"])
      func changed(_ bytes: [UInt8], at place: Int) -> [UInt8] {
        var bytes = bytes
        bytes[place] ^= 1
        return bytes
      }
      let cases: [([UInt8], OpenFailure, String)] = [
        (Array(good.prefix(good.count - 1)), .damaged, "cut by one byte"),
        (Array(good.prefix(100)), .damaged, "cut short"),
        (changed(good, at: good.count - 1), .damaged, "changed in its last byte"),
        (changed(good, at: 60), .damaged, "changed in the session key"),
        (changed(compressed, at: 200), .damaged, "changed in compressed data"),
        (good + Self.words, .damaged, "followed by a text"),
        (good + good, .severalMessages, "twice"),
        (good + signed, .severalMessages, "followed by a signed message"),
        (good + literal, .severalMessages, "followed by a literal"),
        (literal + good, .severalMessages, "after a literal"),
        (try anna.wrap(signed + literal, to: ben), .severalMessages, "two literals within"),
        (try anna.wrap(literal + signed, to: ben), .severalMessages, "two literals within, the signed one last"),
        (try anna.wrap(good, to: ben), .severalMessages, "encrypted twice"),
      ]
      for (message, failure, reason) in cases {
        await ben.refuses(message, failure, "\(reason)")
      }
      await ben.opens(try anna.wrap(signed, to: ben))
    }
  }

  @Test func `a bomb is refused at the limit, without holding up gpg`() async throws {
    try await Self.play { anna, ben in
      let zeros = [UInt8](repeating: 0, count: 8 << 20)
      for algorithm in ["zlib", "bzip2"] {
        let message = try anna.letter(to: ben, ["-z", "9", "--compress-algo", algorithm], words: zeros)
        #expect(message.count < 64 << 10)
        await ben.opens(message, limit: zeros.count)
        await ben.refuses(message, .tooLarge(limit: zeros.count - 1), limit: zeros.count - 1)
        await ben.refuses(message, .tooLarge(limit: 1), limit: 1)
      }
      await ben.opens(try anna.letter(to: ben))
    }
  }
}

extension OpenFailure {
  /// Stands in tests for a message whose signer is unknown.
  static let unproven = OpenFailure.signature(.anotherKey)
}

extension Person {
  var directory: URL { stage.path(name) }

  /// A message as gpg makes it.
  func letter(
    to reader: Person, _ options: [String] = [], signers: [Key]? = nil, words: [UInt8] = OpeningTests.words
  ) throws -> [UInt8] {
    let signers = signers ?? [key]
    return try stage.gpg(
      home: directory,
      options + ["--encrypt", "-r", reader.key.hex] + (signers.isEmpty ? [] : ["--sign"]) + signers.flatMap { ["-u", $0.hex] },
      input: words)
  }

  /// A message with the same session key again and again, so that gpg has much to say about it.
  func manySessionKeys(for reader: Person) throws -> [UInt8] {
    let message = try letter(to: reader)
    let sessionKey = message.prefix(2 + Int(message[1]))
    return Array(repeatElement(sessionKey, count: 3000).joined()) + message
  }

  /// Encrypts packets as they are.
  func wrap(_ packets: [UInt8], to reader: Person) throws -> [UInt8] {
    try gpg("--no-literal", "--encrypt", "-r", reader.key.hex, input: packets)
  }

  /// A certificate with all its subkeys, as the options of the home would not export it.
  func export(_ key: Key) throws -> [UInt8] {
    try stage.gpg(home: directory, ["--no-options", "--export", key.hex])
  }

  /// The revocation certificate that gpg wrote for a key.
  func revocation(of key: Key) -> [UInt8]? { home.revocationCertificate(of: key) }

  /// Expects a message to be opened, with its writer known.
  func opens(
    _ message: @autoclosure () throws -> [UInt8], limit: Int = 1 << 20, _ reason: String = "",
    at place: SourceLocation = #_sourceLocation
  ) async {
    do {
      let opened = try await home.open(Spool(message()), limit: limit)
      #expect(opened.signed != nil, "\(reason)", sourceLocation: place)
    } catch {
      Issue.record("\(error) \(reason)", sourceLocation: place)
    }
  }

  /// Expects a message to be refused for this reason.
  func refuses(
    _ message: @autoclosure () throws -> [UInt8], _ failure: OpenFailure, limit: Int = 1 << 20, _ reason: String = "",
    at place: SourceLocation = #_sourceLocation
  ) async {
    do {
      let opened = try await home.open(Spool(message()), limit: limit)
      #expect(opened.signed == nil && failure == .unproven, "opened, \(reason)", sourceLocation: place)
    } catch {
      #expect(error as? OpenFailure == failure, "\(reason)", sourceLocation: place)
    }
  }
}
