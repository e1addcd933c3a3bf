import Account
import Feed
import Foundation
import Packets
import TestMail
import Testing

@testable import Bridge

/// Mailboxes that providers fill, and mailboxes that are full.
@Suite struct MailboxRoomTests {
  @Test func `copies of parcels in Sent lie in the folder afterwards, and disturb no rebuild`() async throws {
    try await Stage.play { stage in
      let mail = try TestMail.shared.get()
      let anna = try await stage.correspondent("Anna", mail)
      let ben = try await stage.correspondent("Ben", mail)
      try await ben.befriend(anna)
      _ = try await anna.node.post("Finally moved in.", photos: [], circle: nil, share: false)
      try await anna.speak()
      // As Gmail does: what went to Ben is put into Sent, byte for byte.
      func sentToBen() throws -> [String] {
        try ben.mails("INBOX").filter { $0.headers["from"] == anna.address }
          .map { String(decoding: $0.whole, as: UTF8.self).replacing("\r\n", with: "\n") }
      }
      let sent = try sentToBen()
      #expect(!sent.isEmpty)
      try mail.outside(try #require(anna.user), "append", "Sent", "\\Seen", input: sent.joined(separator: "%%%\n"))
      try anna.leave([anna.new(to: "aunt@example.test", subject: "private").with(body: "\nwords\n")], in: [.sent])
      let own = try anna.mails("SocialNet").count
      try await anna.run()
      #expect(try anna.mails("Sent").map { $0.headers["subject"] } == ["private"])
      #expect(try anna.mails("SocialNet").count == own + sent.count)
      let before = try await View(of: anna)
      #expect(try await anna.rebuiltView() == before)
      try await anna.expect(refused: [])

      try anna.change { $0.mail.sentCopies = .delete }
      _ = try await anna.node.post("The second", photos: [], circle: nil, share: false)
      try await anna.speak()
      try mail.outside(try #require(anna.user), "append", "Sent", "\\Seen", input: try #require(sentToBen().last))
      let folder = try anna.mails("SocialNet").count
      try await anna.run()
      #expect(try anna.mails("Sent").map { $0.headers["subject"] } == ["private"])
      #expect(try anna.mails("SocialNet").count == folder)
      try await ben.run()
      #expect(try await ben.words().count == 2)
    }
  }

  @Test func `a full mailbox is told of, loses nothing, and is gone on with`() async throws {
    // Without MOVE, so that bringing parcels home needs room as well.
    let mail = try TestMail(options: ["--quota", "200k", "--no-move"])
    try await Stage.play { stage in
      let anna = try await stage.correspondent("Anna", mail)
      let ben = try await stage.correspondent("Ben", mail)
      let user = try #require(anna.user)
      func speak(_ people: Person...) async throws {
        for person in people {
          try await person.run()
          try await mail.delivered()
        }
      }
      _ = try await ben.node.accept(try InvitationLink.read(try await anna.node.invite(address: nil, name: nil).link))
      try await speak(ben, anna, ben, anna, ben)
      #expect(await anna.node.doctor().contains { $0.name == "room" && $0.result == .ok })
      // A parcel in INBOX, and then no room for anything.
      _ = try await ben.node.post("The last one", photos: [], circle: nil, share: false)
      try await speak(ben)
      try mail.outside(user, "fill", "INBOX")
      func parcels(_ folder: String) throws -> Int {
        try mail.outside(user, "search", folder, "HEADER", "SocialNet-Parcel", "1").split(whereSeparator: \.isWhitespace).count
      }
      let lay = try parcels("SocialNet")
      let posted = try await anna.node.post("Into a full mailbox", photos: [], circle: nil, share: false)
      // All is done that can be, and then said.
      let full = await #expect(throws: OperationFailure.self) { try await anna.run() }
      #expect(full?.code == .tryAgain && full?.message.contains("mailbox is full") == true)
      #expect(try await anna.node.outpackets().waiting.contains { $0.lastReply.hasPrefix("the mailbox is full") })
      #expect(try await anna.node.notices().first?.kind == "mailbox full")
      let checks = await anna.node.doctor()
      #expect(checks.contains { $0.name == "mailbox" && $0.result == .fail && $0.said.contains("full") && !$0.remedy.isEmpty })
      #expect(checks.contains { $0.name == "room" && $0.result != .ok })
      // What came is read, and lies where it lay. Friends hear of the user: the journal is safe on this machine.
      #expect(try await anna.words() == ["The last one", "Into a full mailbox"])
      #expect(try parcels("INBOX") == 1 && parcels("SocialNet") == lay)
      try await mail.delivered()
      try await speak(ben)
      #expect(try await ben.words() == ["The last one", "Into a full mailbox"])
      let thinned = await #expect(throws: OperationFailure.self) { try await anna.node.thin(olderThan: .zero, progress: .none) }
      #expect(thinned?.code == .tryAgain && thinned?.message.contains("full") == true)

      try mail.outside(user, "empty", "INBOX", "big")
      stage.pass(minutes: 61)
      try await anna.run()
      #expect(try await anna.node.outpackets().waiting == [] && anna.files(\.outpackets) == [])
      let before = try await View(of: anna)
      #expect(before.feed.first?.id == posted && before.feed.count == 2)
      #expect(try parcels("INBOX") == 0)
      #expect(try await anna.rebuiltView() == before)
      #expect(try await anna.node.thin(olderThan: .zero, progress: .none).snapshots == 1)
      #expect(try await anna.rebuiltView() == before)
    }
  }
}
