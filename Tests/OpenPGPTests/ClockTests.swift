import Foundation
import OpenPGP
import Testing

/// A clock that is ten years off makes no message bad, and keeps none from being written.
@Suite struct ClockTests {
  @Test(arguments: ["20160101T000000!", "20370101T000000!"])
  func `ten years off, messages are opened and sealed as ever`(time: String) async throws {
    try await Stage.play { stage in
      let anna = try await Person("anna", on: stage)
      let ben = try await Person("ben", on: stage)
      try await anna.befriend(ben)
      let words = OpeningTests.words
      let before = try anna.letter(to: ben, [])
      // The same home once more, with a gpg that takes another moment for now.
      let launcher = stage.path("late")
      try Data("#!/bin/sh\nexec /usr/bin/gpg --faked-system-time \(time) \"$@\"\n".utf8).write(to: launcher)
      try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: launcher.path)
      let home = try await KeyHome(
        .init(
          directory: stage.path("ben"), scratch: stage.path("tmp"), programs: .init(launcher: launcher), threads: 1,
          patience: .seconds(300)))
      #expect(try await home.open(Spool(before), limit: 1000).signed?.plaintext == words)
      #expect(try await home.open(Spool(before), limit: 1000).signed?.by == anna.key)
      let piece = try #require(try await home.seal(Spool(words), by: ben.key, to: [anna.key]).piece(for: anna.key))
      let signature = try await home.sign(words, by: ben.key)
      await home.stop()
      #expect(try await anna.home.open(Spool(piece.bytes), limit: 1000).signed?.by == ben.key)
      try await anna.home.verify(signature, over: words, by: ben.key)
      return [anna, ben]
    }
  }
}
