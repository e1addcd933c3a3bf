import Account
import Foundation
import TestMail
import Testing

@testable import Bridge

/// Personal accounts are locked when they send like a machine: what does not fit the budget goes later (Mailbox etiquette, "Budget").
@Suite struct BudgetTests {
  private static func play(
    perDay: Int, perMinute: Int, _ body: (_ stage: Stage, _ anna: Person, _ friend: String, TestMail) async throws -> Void
  ) async throws {
    try await Stage.play { stage in
      let mail = try TestMail.shared.get()
      let anna = try await stage.correspondent("Anna", mail) { configuration in
        configuration.mail.mailsPerDay = perDay
        configuration.mail.mailsPerMinute = perMinute
      }
      try await body(stage, anna, try mail.newUser(), mail)
    }
  }

  /// How many mails lie in somebody's INBOX.
  private static func count(_ user: String, _ mail: TestMail) throws -> Int {
    try mail.outside(user, "search", "INBOX", "ALL").split(separator: " ").count { $0.contains { $0.isNumber } }
  }

  @Test func `mail 201 of a day goes tomorrow, and the journal all the same`() async throws {
    try await Self.play(perDay: 200, perMinute: 0) { stage, anna, friend, mail in
      try await anna.invite("\(friend)@example.test", times: 203)
      try await anna.speak()
      #expect(try Self.count(friend, mail) == 200)
      func states() throws -> [String] {
        try anna.rows("SELECT state, COUNT(*) FROM outpacket WHERE append = '' GROUP BY state ORDER BY state")
      }
      #expect(try states() == ["handed over|200", "waiting|3"])
      let check = await anna.node.doctor().first { $0.name == "budget" }
      #expect(check?.result == .warn && check?.said == "the daily limit of 200 mails is reached; the rest goes later.")
      let (waiting, failed) = try await anna.node.outpackets()
      #expect(waiting.count == 3 && failed == [])
      #expect(waiting.allSatisfy { $0.lastReply == "the daily limit of 200 mails is reached" })

      // What goes into the own mailbox is no mail that is sent.
      let pieces = try anna.mails("SocialNet").count
      _ = try await anna.node.post("For the log", photos: [], circle: nil, share: false)
      stage.pass(minutes: 23 * 60)
      try await anna.speak()
      #expect(try anna.mails("SocialNet").count == pieces + 1)
      #expect(try Self.count(friend, mail) == 200)

      stage.pass(minutes: 61)
      try await anna.speak()
      #expect(try Self.count(friend, mail) == 203)
      #expect(try states() == ["handed over|203"])
      #expect(await anna.node.doctor().allSatisfy { $0.name != "budget" })
    }
  }

  @Test func `so many mails go in a minute, and the rest in the next`() async throws {
    try await Self.play(perDay: 0, perMinute: 3) { stage, anna, friend, mail in
      try await anna.invite("\(friend)@example.test", times: 5)
      for (passed, count) in [(0, 3), (50, 3), (11, 5)] as [(Int64, Int)] {
        stage.pass(seconds: passed)
        try await anna.speak()
        #expect(try Self.count(friend, mail) == count)
      }
    }
  }

  @Test func `parcels that go by a directory are no mails`() async throws {
    try await Stage.play { stage in
      let mail = try TestMail.shared.get()
      let anna = try await stage.correspondent("Anna", mail)
      let ben = try await stage.correspondent("Ben", mail)
      try await anna.befriend(ben)
      let directory = stage.path("by-hand")
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      try anna.alter("UPDATE contact SET endpoints = '[\"file://\(directory.path)\"]'")
      // A day later she tells how far her streams reach.
      stage.pass(days: 1, minutes: 1)
      try await anna.run()
      let before = try FileManager.default.contentsOfDirectory(atPath: directory.path).count
      try anna.change { $0.mail.mailsPerDay = 2 }
      for number in 1...3 {
        _ = try await anna.node.post("\(number)", photos: [], circle: nil, share: false)
        try await anna.run()
      }
      #expect(try FileManager.default.contentsOfDirectory(atPath: directory.path).count == before + 3)
      let friend = try mail.newUser()
      try await anna.invite("\(friend)@example.test", times: 3)
      try await anna.speak()
      #expect(try Self.count(friend, mail) == 2)
    }
  }
}

extension Person {
  /// Mails invitations, each a mail of its own.
  func invite(_ address: String, times: Int) async throws {
    let address = try #require(EmailAddress(address))
    try await with { bridge in
      for _ in 1...times { _ = try await bridge.invite(address: address, name: nil) }
    }
  }
}
