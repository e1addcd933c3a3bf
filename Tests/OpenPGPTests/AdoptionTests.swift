import Foundation
import OpenPGP
import Testing

/// A key that the user has already: it stays in the user's agent.
@Suite struct AdoptionTests {
  static let words = Array("Finally moved in.\r\n".utf8)

  /// The user's own GnuPG home with its agent, and the bridge's home beside it.
  static func play(_ body: (_ user: Person, _ bridge: KeyHome, Stage) async throws -> Void) async throws {
    try await Stage.play { stage in
      let user = try await Person("user", on: stage)
      try "personal-digest-preferences SHA256\n".write(
        to: user.directory.appending(path: "gpg.conf"), atomically: true, encoding: .utf8)
      let bridge = try await KeyHome(.init(directory: stage.path("bridge"), scratch: stage.path("tmp"), threads: 2))
      try await body(user, bridge, stage)
      await bridge.stop()
      return [user]
    }
  }

  @Test func `the user's key signs and decrypts through the user's agent, and no secret key is copied`() async throws {
    try await Self.play { user, bridge, stage in
      let key = try user.gpgKey("mine")
      for (algorithm, usage) in [("cv25519", "encr"), ("ed25519", "sign")] {
        try user.gpg("--passphrase", "", "--quick-add-key", key.hex, algorithm, usage, "never")
      }
      let before = try user.gpg("--export")
      let certificate = try await bridge.adopt(key, from: user.directory)
      #expect(certificate.key == key && certificate.subkeys.count == 1, "the subkey that signs is left behind")

      let ben = try await Person("ben", on: stage)
      _ = try await ben.home.pin(try await bridge.certificate(of: key))
      _ = try await bridge.pin(try await ben.certificate)
      // Signed by the primary key, though the user's gpg would take the subkey.
      let signature = try await bridge.sign(Self.words, by: key)
      try await ben.home.verify(signature, over: Self.words, by: key)
      let sealed = try await bridge.seal(Spool(Self.words), by: key, to: [ben.key])
      #expect(try await ben.home.open(Spool(try #require(sealed.piece(for: ben.key)).bytes), limit: 100).signed?.by == key)
      let answer = try await ben.home.seal(Spool(Self.words), by: ben.key, to: [key])
      let message = Spool(try #require(answer.piece(for: key)).bytes)
      #expect(try await bridge.open(message, limit: 100).signed?.by == ben.key)

      let secrets = try? FileManager.default.contentsOfDirectory(atPath: stage.path("bridge/private-keys-v1.d").path)
      #expect(secrets ?? [] == [])
      #expect(try user.gpg("--export") == before, "contacts do not enter the user's keyring")

      // Another start finds the redirect.
      await bridge.stop()
      let again = try await KeyHome(.init(directory: stage.path("bridge"), scratch: stage.path("tmp"), threads: 1))
      #expect(try await again.open(message, limit: 100).signed?.by == ben.key)
      await #expect(throws: CertificateFailure.self, "no key is made in the user's agent") { try await again.makeIdentityKey() }

      // Without the user's agent it is trouble, not a refusal, and none is started in its place.
      await user.home.stop()
      await #expect(throws: OpenFailure.trouble(.agentUnreachable)) { try await again.open(message, limit: 100) }
      await #expect(throws: SealFailure.trouble(.agentUnreachable)) {
        try await again.seal(Spool(Self.words), by: key, to: [ben.key])
      }
      await again.stop()
      let later = try await KeyHome(.init(directory: stage.path("bridge"), scratch: stage.path("tmp"), threads: 1))
      await #expect(throws: OpenFailure.trouble(.agentUnreachable)) { try await later.open(message, limit: 100) }
      await later.stop()
      await ben.home.stop()
      #expect(stage.processes.isEmpty)
    }
  }

  @Test func `a key that cannot do its part is not adopted`() async throws {
    try await Self.play { user, bridge, _ in
      let mute = try user.gpgKey("mute")
      let certifying = try user.gpgKey("certifying", usage: "cert")
      let expired = try user.gpgKey("expired", expires: "1y", time: "20200101T000000")
      for key in [certifying] { try user.gpg("--passphrase", "", "--quick-add-key", key.hex, "cv25519", "encr", "never") }
      let unknown = try #require(Key(fingerprint: [UInt8](repeating: 3, count: 20)))
      for (key, failure) in [
        (mute, .cannotDecrypt), (certifying, .primaryCannotSign), (expired, .expiredOrRevoked),
        (unknown, .certificate(.unknown(unknown))),
      ] as [(Key, AdoptionFailure)] {
        await #expect(throws: failure) { try await bridge.adopt(key, from: user.directory) }
      }
      #expect(try await bridge.pinned().isEmpty)
      // The home is as it was: it makes a key of its own.
      let own = try await bridge.makeIdentityKey()
      _ = try await bridge.sign(Self.words, by: own)
    }
  }

  @Test func `a locked key is not adopted before it is unlocked, and nobody is asked for a passphrase`() async throws {
    try await Self.play { user, bridge, stage in
      let known = try user.listedKeys()
      let secret = ["--pinentry-mode", "loopback", "--passphrase", "secret"]
      _ = try stage.gpg(home: user.directory, secret + ["--quick-gen-key", "locked", "ed25519", "cert,sign", "never"])
      let key = try #require(try user.listedKeys().first { !known.contains($0) })
      _ = try stage.gpg(home: user.directory, secret + ["--quick-add-key", key.hex, "cv25519", "encr", "never"])
      func forgetPassphrases() throws {
        _ = try stage.run(
          "/usr/bin/gpg-connect-agent", ["--homedir", user.directory.path, "--no-autostart", "RELOADAGENT", "/bye"])
      }
      try forgetPassphrases()
      await #expect(throws: AdoptionFailure.trouble(.passphraseNeeded)) { try await bridge.adopt(key, from: user.directory) }
      #expect(try await bridge.pinned().isEmpty)

      let sealed = try stage.gpg(
        home: user.directory, secret + ["--encrypt", "--sign", "-u", key.hex, "-r", key.hex], input: Self.words)
      _ = try stage.gpg(home: user.directory, secret + ["--decrypt"], input: sealed)
      _ = try await bridge.adopt(key, from: user.directory)
      #expect(try await bridge.open(Spool(sealed), limit: 100).signed?.by == key)
      try forgetPassphrases()
      await #expect(throws: OpenFailure.trouble(.passphraseNeeded)) { try await bridge.open(Spool(sealed), limit: 100) }
      await #expect(throws: OpenFailure.trouble(.passphraseNeeded)) { try await bridge.sign(Self.words, by: key) }
    }
  }
}
