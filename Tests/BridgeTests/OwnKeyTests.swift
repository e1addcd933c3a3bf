import Account
import Feed
import Foundation
import Packets
import TestMail
import Testing

@testable import Bridge

/// A key that the user has already stays with the user's agent.
@Suite struct OwnKeyTests {
  /// A GnuPG home of a user's own.
  struct Keys {
    let home: URL

    init(_ stage: Stage, _ name: String) throws {
      home = stage.path(name)
      try FileManager.default.createDirectory(
        at: home, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    }

    @discardableResult func gpg(_ arguments: String...) throws -> String {
      try runProgram(
        "/usr/bin/gpg",
        ["--homedir", home.path, "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""] + arguments)
    }

    /// Makes a key with these subkeys, and returns its fingerprint.
    func make(_ algorithm: String, _ usage: String, subkeys: [(String, String)]) throws -> Fingerprint {
      try gpg("--quick-gen-key", "Somebody <somebody@example.test>", algorithm, usage, "never")
      let listed = try gpg("--with-colons", "--list-keys").split(separator: "\n")
      let line = try #require(listed.first { $0.hasPrefix("fpr:") })
      let field = try #require(line.split(separator: ":").last)
      let fingerprint = try #require(Fingerprint(text: field))
      for (algorithm, usage) in subkeys { try gpg("--quick-add-key", fingerprint.text, algorithm, usage, "never") }
      return fingerprint
    }

    func end() { _ = try? runProgram("/usr/bin/gpgconf", ["--homedir", home.path, "--kill", "gpg-agent"]) }
  }

  @Test func `friends with keys of their own exchange parcels, and no secret key leaves its home`() async throws {
    try await Stage.play { stage in
      let annas = try Keys(stage, "annas-keys")
      let bens = try Keys(stage, "bens-keys")
      defer {
        annas.end()
        bens.end()
      }
      let annasKey = try annas.make("ed25519", "cert,sign", subkeys: [("cv25519", "encr")])
      let bensKey = try bens.make("rsa3072", "cert,sign", subkeys: [("rsa3072", "sign"), ("rsa3072", "encr")])
      let anna = try await stage.neighbour("Anna") { plan in
        plan.key = .own(annasKey)
        plan.gnupgHome = annas.home
      }
      let ben = try await stage.neighbour("Ben") { plan in
        plan.key = .own(bensKey)
        plan.gnupgHome = bens.home
      }
      #expect(try anna.configuration.account.key == annasKey && ben.configuration.account.key == bensKey)
      let before = [try annas.gpg("--list-keys"), try bens.gpg("--list-keys")]

      try await anna.befriend(ben)
      let post = try await anna.node.post("With a key of mine", photos: [], circle: nil, share: false)
      try await anna.run()
      try await ben.run()
      _ = try await ben.node.comment(on: .beginning(post.text), text: "And with mine")
      try await ben.run()
      try await anna.run()
      for person in [anna, ben] {
        try await person.expect(words: ["With a key of mine", "And with mine"])
        try await person.expect(refused: [])
        #expect(await person.node.doctor().first { $0.name == "key" }?.result == .ok)
        let secrets = person.layout.gnupg.appending(path: "private-keys-v1.d").path
        #expect((try? FileManager.default.contentsOfDirectory(atPath: secrets)) ?? [] == [], "\(person.name)")
      }
      #expect([try annas.gpg("--list-keys"), try bens.gpg("--list-keys")] == before, "contacts do not enter the user's keyring")

      // Without the user's agent what came in waits; nothing is refused for it, and nothing lost.
      _ = try await anna.node.post("Nobody at home", photos: [], circle: nil, share: false)
      try await anna.run()
      bens.end()
      try await ben.run()
      try await ben.expect(refused: [])
      try await ben.expect(words: ["With a key of mine", "And with mine"])
      let waiting = try await ben.node.inpackets().waiting
      #expect(waiting.count == 2 && waiting.allSatisfy { $0.said.hasPrefix("No gpg-agent answers") }, "\(waiting)")
      #expect(await ben.node.doctor().first { $0.name == "key" }?.result == .fail)
      try bens.gpg("--list-secret-keys")
      _ = try runProgram("/usr/bin/gpgconf", ["--homedir", bens.home.path, "--launch", "gpg-agent"])
      stage.pass(minutes: 2)
      try await ben.run()
      try await ben.expect(words: ["With a key of mine", "And with mine", "Nobody at home"])
    }
  }
}
