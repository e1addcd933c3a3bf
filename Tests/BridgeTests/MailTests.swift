import Account
import Feed
import Foundation
import Packets
import TestMail
import Testing

@testable import Bridge

/// The loop through real mailboxes, where it differs from that through directories.
@Suite struct MailTests {
  @Test func `who answers an invitation before the first start is heard`() async throws {
    try await Stage.play { stage in
      let mail = try TestMail.shared.get()
      let anna = try await stage.correspondent("Anna", mail)
      let ben = try await stage.correspondent("Ben", mail)
      let link = try await anna.node.invite(address: nil, name: nil).link
      _ = try await ben.node.accept(try InvitationLink.read(link))
      try await ben.speak()
      // Anna's node reads for the first time.
      try await anna.run()
      #expect(try await anna.node.contacts().map { "\($0.name) \($0.state)" } == ["Ben contact"])
    }
  }

  @Test func `a stranger's request beyond the hour's measure stays in the mailbox`() async throws {
    try await Stage.play { stage in
      let mail = try TestMail.shared.get()
      let anna = try await stage.correspondent("Anna", mail) { $0.limits.strangersPerHour = 1 }
      let ben = try await stage.correspondent("Ben", mail)
      let carol = try await stage.correspondent("Carol", mail)
      for friend in [ben, carol] {
        let link = try await anna.node.invite(address: nil, name: nil).link
        _ = try await friend.node.accept(try InvitationLink.read(link))
        try await friend.speak()
      }
      try await anna.run()
      #expect(try await anna.node.contacts().map(\.name) == ["Ben"])
      let left = try anna.mails("INBOX").filter { $0.headers["socialnet-parcel"] == "1" }
      #expect(left.count == 1 && left.first?.flags == [] && left.first?.headers["from"]?.contains(carol.address) == true)
      // What a contact sends is not kept waiting by it.
      try await anna.speak()
      try await ben.run()
      _ = try await ben.node.post("Hello from a friend", photos: [], circle: nil, share: false)
      try await ben.speak()
      try await anna.run()
      try await anna.expect(words: ["Hello from a friend"])
      #expect(try await anna.node.contacts().count == 1)
      stage.pass(minutes: 61)
      try await anna.run()
      #expect(try await anna.node.contacts().map(\.name) == ["Ben", "Carol"])
      #expect(try anna.mails("INBOX").allSatisfy { $0.headers["socialnet-parcel"] == nil })
    }
  }

  @Test func `a server that is away is said clearly, what waits is sent by the other, or goes on waiting`() async throws {
    try await Stage.play { stage in
      let mail = try TestMail.shared.get()
      let anna = try await stage.correspondent("Anna", mail)
      let friend = try mail.newUser()
      let (imap, smtp) = (try anna.configuration.imap, try anna.configuration.smtp)
      try await anna.invite("\(friend)@example.test", times: 1)

      try anna.change { $0.imap = try? ServerURL("imap+plain://127.0.0.1:1") }
      // Nothing can be received; the invitation goes out all the same, and then the failure is told.
      let failure = await #expect(throws: OperationFailure.self) { try await anna.run() }
      #expect(try await anna.node.outpackets().waiting.allSatisfy { $0.kind == "journal" })
      try await mail.delivered()
      #expect(try mail.outside(friend, "search", "INBOX", "ALL") == "1\n")
      #expect(failure?.code == .unavailable && failure?.message.contains("127.0.0.1:1") == true, "\(String(describing: failure))")
      let check = await anna.node.doctor().first { $0.result == .fail }
      #expect(check?.code == .unavailable && check?.remedy.isEmpty == false)

      try anna.change { settings in
        settings.imap = imap
        settings.smtp = try? ServerURL("smtp+plain://127.0.0.1:1")
      }
      stage.pass(minutes: 2)
      try await anna.invite("\(friend)@example.test", times: 1)
      try await anna.run()
      let waiting = try await anna.node.outpackets().waiting
      #expect(waiting.map(\.attempts) == [1] && waiting.first?.lastReply.isEmpty == false)
      #expect(try anna.files(\.outpackets).count == 1)

      try anna.change { $0.smtp = smtp }
      try await anna.speak()
      #expect(try mail.outside(friend, "search", "INBOX", "ALL") == "1\n", "it is tried again in a minute")
      stage.pass(minutes: 2)
      try await anna.speak()
      #expect(try mail.outside(friend, "search", "INBOX", "ALL") == "1 2\n")
      #expect(try await anna.node.outpackets().waiting == [] && anna.files(\.outpackets) == [])
    }
  }

  @Test func `what cannot be delivered is kept to be tried again, for ninety days`() async throws {
    try await Stage.play { stage in
      let anna = try await stage.correspondent("Anna", TestMail.shared.get())
      try await anna.invite("nobody@example.test", times: 1)
      let file = anna.layout.outpackets.appending(path: try #require(anna.files(\.outpackets).first))
      let bytes = try Data(contentsOf: file)
      for attempt in 1...2 {
        try await anna.run()
        let failed = try await anna.node.outpackets().failed
        #expect(failed.count == 1 && failed.first?.lastReply.contains("550") == true)
        #expect(try await anna.node.notices().map(\.kind) == ["not delivered"])
        #expect(try Data(contentsOf: file) == bytes)
        if attempt == 1 { try await anna.node.retry(outpacket: try #require(failed.first).id) }
      }
      stage.pass(days: 89)
      try await anna.run()
      #expect(try await anna.node.outpackets().failed.count == 1)
      stage.pass(days: 2)
      try await anna.run()
      #expect(try await anna.node.outpackets().failed == [])
      #expect(try anna.files(\.outpackets) == [])
      #expect(try anna.rows("SELECT COUNT(*) FROM outpacket UNION ALL SELECT COUNT(*) FROM body") == ["0", "0"])
    }
  }

  @Test func `who tells the program to stop while it sends gets every mail sent once`() async throws {
    try await Stage.play { stage in
      let mail = try TestMail.shared.get()
      let anna = try await stage.correspondent("Anna", mail)
      let friend = try mail.newUser()
      try await anna.invite("\(friend)@example.test", times: 120)
      // At the twentieth mail, in the middle of the conversation.
      try await anna.run(stoppingAt: 20) { $0.hasPrefix("> a mail of") }
      let waiting = try await anna.node.outpackets().waiting.count { $0.kind == "invitation" }
      #expect((1...100).contains(waiting), "\(waiting) wait")
      try await anna.speak()
      let sent = try mail.outside(friend, "mails", "INBOX").split(separator: "\n")
        .map { try JSONDecoder().decode(FoundMail.self, from: Data($0.utf8)).id }
      #expect(sent.count == 120 && Set(sent).count == 120)
      #expect(try anna.files(\.outpackets) == [])
    }
  }
}
