import Account
import Feed
import Foundation
import OpenPGP
import Packets
import TestMail
import Testing

@testable import Bridge

/// What is taken into the GnuPG home once is not taken in again by each start.
@Suite struct KeyringTests {
  /// One start of a program that pins some certificates. Returns how often gpg was asked to take in one, in whatever home.
  private static func start(_ stage: Stage, pinning people: [Person]) async throws -> Int {
    let (gpg, asked) = (stage.path("gpg"), stage.path("asked"))
    try Data("#!/bin/bash\necho \"$*\" >> \(asked.path)\nexec /usr/bin/gpg \"$@\"\n".utf8).write(to: gpg)
    try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: gpg.path)
    try Data().write(to: asked)
    let keyring = Keyring(
      KeyHome.Configuration(
        directory: stage.path("ring"), scratch: stage.path("scratch"), programs: .init(launcher: gpg), threads: 1))
    for person in people {
      let profile = try await person.node.profile()
      try await keyring.pin(profile.certificate, profile.fingerprint)
    }
    let pinned = await keyring.pinned
    #expect(pinned == Set(try people.map { try $0.configuration.account.key }))
    await keyring.stop()
    return try String(contentsOf: asked, encoding: .utf8).split(separator: "\n").count { $0.contains("--import") }
  }

  @Test func `a certificate is taken in once, and again where it is not known to be there`() async throws {
    try await Stage.play { stage in
      let people = [try await stage.neighbour("Anna"), try await stage.neighbour("Ben")]
      let first = try await Self.start(stage, pinning: people)
      #expect(first >= 2)
      #expect(try await Self.start(stage, pinning: people) == 0)

      // What was recorded is gone, is about other bytes, or is no record at all.
      let record = stage.path("ring/pinned")
      let good = try String(contentsOf: record, encoding: .utf8)
      let lines = good.split(separator: "\n")
      #expect(lines.count == 2)
      let other = try #require(lines.first).replacing(/[^ ]+$/, with: Hash.of([1]).text)
      for (bad, share) in [("", 1), ("nonsense\n\u{0}", 1), ("\(other)\n\(lines[1])\n", 2)] {
        try Data(bad.utf8).write(to: record)
        #expect(try await Self.start(stage, pinning: people) == first / share, "\(bad)")
        #expect(try String(contentsOf: record, encoding: .utf8) == good, "\(bad)")
      }

      // The home lost one that the record still names.
      let ben = try people[1].configuration.account.key.text
      try runProgram("/usr/bin/gpg", ["--homedir", stage.path("ring").path, "--batch", "--yes", "--delete-keys", ben])
      #expect(try await Self.start(stage, pinning: people) == first / 2)
      #expect(try await Self.start(stage, pinning: people) == 0)
    }
  }
}
