import Account
import Feed
import Foundation
import Packets
import TestMail
import Testing

@testable import Bridge

/// The mailbox is the log: the view is made again from it and the keys.
@Suite struct RebuildTests {
  @Test func `after a loss everything is as it was, value for value, and nothing is sent twice`() async throws {
    try await Stage.play { stage in
      let (anna, ben, carol) = try await stage.acquaintances()
      try await anna.node.setProfile(field: "city", value: "Kiel", for: nil)
      let feed = try await anna.node.feed(limit: 100, since: nil, words: nil)
      let harbour = try #require(feed.first { $0.text == "The harbour" })
      let comment = try #require(feed.first { $0.text == "How lovely!" })
      _ = try await anna.node.react(to: .beginning(harbour.id.text), emoji: ["❤", "⛵"])
      _ = try await anna.node.comment(on: .beginning(comment.id.text), text: "Thank you!")
      try await anna.speak()

      // A draft that can still be taken back, and a parcel that could not be handed over.
      try await anna.mail(anna.answer(to: anna.letter("digest"), "post: Said by mail"))
      let smtp = try anna.configuration.smtp
      try anna.change { $0.smtp = try? ServerURL("smtp+plain://127.0.0.1:1") }
      _ = try await anna.node.post("Not handed over", photos: [], circle: nil, share: false)
      try await anna.run()
      try anna.change { $0.smtp = smtp }
      #expect(try await anna.node.outpackets().waiting.filter { $0.kind == "status" }.count == 1)

      let before = try await View(of: anna)
      #expect(before.feed.count == 6 && before.requests.map(\.name) == ["Carol"] && before.contacts.map(\.name) == ["Ben"])
      #expect(try await anna.node.digest().new == 0)
      let sent = try ben.mails("SocialNet").count + ben.mails("INBOX").count
      try anna.loseTheView()
      let rebuilt = try await anna.node.rebuild(progress: .none)
      #expect(rebuilt.items == before.feed.count)
      let after = try await View(of: anna)
      #expect(after.feed == before.feed)
      #expect(after.conversations == before.conversations)
      #expect(after.contacts == before.contacts)
      #expect(after.requests == before.requests)
      #expect(after.profile == before.profile)
      try await anna.expect(refused: [])
      #expect(try await anna.node.notices() == [])
      for item in before.feed {
        for photo in item.photos {
          #expect(
            try runProgram("/usr/bin/sha256sum", [anna.layout.blob(photo.blob.sha256).path]).prefix(64) == photo.blob.sha256.text)
        }
      }

      // The next digest is empty, the draft waits for its time, and nothing goes out again.
      #expect(try await anna.node.digest().new == 0)
      #expect(try await anna.node.outpackets().waiting == [])
      try await anna.speak()
      #expect(try await anna.node.sendDigest() == 0)
      #expect(try ben.mails("SocialNet").count + ben.mails("INBOX").count == sent)
      stage.pass(minutes: 11)
      try await anna.speak()
      try await anna.speak()
      try await ben.exchange(with: anna, rounds: 1)
      #expect(try await ben.words().filter { $0 == "Said by mail" }.count == 1)
      #expect(try await anna.words().filter { $0 == "Said by mail" }.count == 1)

      // Life goes on: streams are new, numbers are not used twice, and who asked before can be answered.
      _ = try await anna.node.accept(request: "Carol")
      _ = try await anna.node.post("I am back", photos: [], circle: nil, share: false)
      try await anna.speak()
      for person in [ben, carol] {
        try await person.run()
        #expect(try await person.words().contains("I am back"), "\(person.name)")
        try await person.expect(refused: [])
        #expect(try await person.node.notices() == [], "\(person.name)")
      }
    }
  }

  @Test func `while the daemon runs, and without a mailbox, nothing is rebuilt`() async throws {
    try await Stage.play { stage in
      let ben = try await stage.neighbour("Ben")
      let failure = await #expect(throws: OperationFailure.self) { try await ben.node.rebuild(progress: .none) }
      #expect(failure?.code == .unavailable)
      let anna = try await stage.correspondent("Anna", TestMail.shared.get())
      let lock = DaemonLock(at: anna.layout.stateDirectory.appending(path: "daemon.lock").path)
      let held = await #expect(throws: OperationFailure.self) { try await anna.node.rebuild(progress: .none) }
      #expect(held?.code == .tryAgain)
      _ = consume lock

      // Before the first start nothing lies in the mailbox, and what there is stays as it is.
      let empty = await #expect(throws: OperationFailure.self) { try await anna.node.rebuild(progress: .none) }
      #expect(empty?.code == .configuration)
      #expect(try await anna.node.profile().name == "Anna")
      try await anna.run()
      #expect(try await anna.node.rebuild(progress: .none).items == 0)
      #expect(try await anna.node.profile().name == "Anna")
    }
  }
}
