import Foundation
import Testing

@testable import OpenPGP

/// Messages of somebody whose certificate is not in the home, and who brings it along.
@Suite struct StrangerTests {
  static let words = Array("Shall we be contacts?\r\n".utf8)

  /// A stranger who knows Ben, and Ben who does not know the stranger.
  static func play(_ body: (_ stranger: Person, _ ben: Person) async throws -> Void) async throws {
    try await Stage.play { stage in
      let stranger = try await Person("stranger", on: stage)
      let ben = try await Person("ben", on: stage)
      _ = try await stranger.home.pin(try await ben.certificate)
      try await body(stranger, ben)
      return [stranger, ben]
    }
  }

  @Test func `a stranger's message is held apart, and proved by the certificate that it brings`() async throws {
    try await Self.play { stranger, ben in
      for options in [[], ["-z", "6", "--compress-algo", "bzip2"]] {
        let unproven = try await ben.unproven(try stranger.letter(to: ben, options, words: Self.words))
        #expect(unproven.claimedSigner == stranger.key.id)
        #expect(try unproven.claimedPlaintext.bytes(limit: 100) == Self.words)
        let proof = try await ben.home.prove(unproven, with: try await stranger.certificate, limit: 1 << 20)
        #expect(proof.certificate.key == stranger.key)
        #expect(try proof.plaintext.bytes(limit: 100) == Self.words)
      }
      #expect(try await ben.home.pinned().map(\.key) == [ben.key], "proving pins nobody")
    }
  }

  @Test func `a certificate that does not prove the message is refused`() async throws {
    try await Self.play { stranger, ben in
      let unproven = try await ben.unproven(try stranger.letter(to: ben, words: Self.words))
      let own = try await stranger.certificate
      let other = try stranger.gpgKey("other")
      let otherCertificate = try stranger.export(other)
      let cases: [([UInt8], OpenFailure, String)] = [
        (otherCertificate, .signature(.anotherKey), "of another key"),
        (own + otherCertificate, .certificate(.notOneKey), "two certificates"),
        (try stranger.gpg("--export-secret-keys", stranger.key.hex), .certificate(.malformed), "a secret key"),
        (Array(own.dropLast()), .certificate(.malformed), "cut short"),
        (own + [UInt8](repeating: 0, count: Certificate.sizeLimit), .certificate(.tooLarge), "too large"),
        ([], .certificate(.malformed), "nothing"),
      ]
      for (certificate, failure, reason) in cases {
        await #expect(throws: failure, "\(reason)") { try await ben.home.prove(unproven, with: certificate, limit: 1 << 20) }
      }
      _ = try await ben.home.prove(unproven, with: own, limit: 1 << 20)
    }
  }

  @Test func `a stranger whom nobody could answer is refused`() async throws {
    try await Self.play { stranger, ben in
      let mute = try stranger.gpgKey("mute")
      let unproven = try await ben.unproven(try stranger.letter(to: ben, signers: [mute]))
      await #expect(throws: OpenFailure.certificate(.unusable)) {
        try await ben.home.prove(unproven, with: try stranger.export(mute), limit: 1 << 20)
      }
      try stranger.gpg("--passphrase", "", "--quick-add-key", mute.hex, "cv25519", "encr", "never")
      _ = try await ben.home.prove(unproven, with: try stranger.export(mute), limit: 1 << 20)
    }
  }

  @Test func `a stranger's key must not share a key id with a pinned one`() async throws {
    try await Self.play { stranger, ben in
      let (one, two) = try stranger.keysWithOneSubkey()
      let unproven = try await ben.unproven(try stranger.letter(to: ben, signers: [two]))
      _ = try await ben.home.prove(unproven, with: try stranger.export(two), limit: 1 << 20)
      _ = try await ben.home.pin(try stranger.export(one))
      await #expect(throws: OpenFailure.certificate(.overlaps(one))) {
        try await ben.home.prove(unproven, with: try stranger.export(two), limit: 1 << 20)
      }
    }
  }

  @Test func `what is verified has to be what was claimed, byte for byte, and no larger`() async throws {
    try await Self.play { stranger, ben in
      let zeros = [UInt8](repeating: 0, count: 1 << 20)
      let message = try stranger.letter(to: ben, ["-z", "9", "--compress-algo", "bzip2"], words: zeros)
      let claimed = try await ben.unproven(message)
      let certificate = try await stranger.certificate
      func claiming(_ bytes: [UInt8]) -> Unproven {
        Unproven(claimedSigner: claimed.claimedSigner, claimedPlaintext: Spool(bytes), ciphertext: claimed.ciphertext)
      }
      // What was unwrapped is still compressed: it passes one limit, and meets the next when it is verified.
      await #expect(throws: OpenFailure.tooLarge(limit: 1000)) {
        try await ben.home.prove(claiming(Array(zeros.prefix(1000))), with: certificate, limit: 1 << 20)
      }
      for other in [zeros.dropLast() + [1], zeros + [0]] {
        await #expect(throws: OpenFailure.changed) {
          try await ben.home.prove(claiming(Array(other)), with: certificate, limit: 1 << 20)
        }
      }
      _ = try await ben.home.prove(claiming(zeros), with: certificate, limit: 1 << 20)
    }
  }
}

extension Person {
  /// What a home holds back of a message by an unknown signer.
  func unproven(_ message: [UInt8]) async throws -> Unproven {
    guard case .unproven(let unproven) = try await home.open(Spool(message), limit: 1 << 20) else { throw OpenFailure.unproven }
    return unproven
  }

  /// Two certificates that share their subkey: its fingerprint is made of its key and the time of its making.
  func keysWithOneSubkey() throws -> (Key, Key) {
    let time = "20250101T000000"
    let one = try gpgKey("one", time: time)
    let two = try gpgKey("two", time: time)
    let clock = ["--faked-system-time", "\(time)!", "--passphrase", "", "--pinentry-mode", "loopback"]
    _ = try stage.gpg(home: directory, clock + ["--quick-add-key", one.hex, "cv25519", "encr", "never"])
    let listing = String(decoding: try gpg("--with-colons", "--with-keygrip", "--list-keys", one.hex), as: UTF8.self)
    let grip = try #require(listing.split(separator: "\n").last { $0.hasPrefix("grp:") }?.split(separator: ":").last)
    // "Existing key", by its keygrip, with the usage it has, without expiry.
    _ = try stage.run(
      "/usr/bin/gpg",
      ["--homedir", directory.path, "--no-tty", "--quiet", "--expert", "--command-fd", "0"] + clock
        + ["--edit-key", two.hex, "addkey"], input: Array("13\n\(grip)\nQ\n0\nsave\n".utf8))
    return (one, two)
  }
}
