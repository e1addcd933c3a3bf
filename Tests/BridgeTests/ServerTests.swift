import Account
import Feed
import Foundation
import Logging
import Packets
import Store
import TestMail
import Testing

@testable import Bridge

/// What servers do wrong, seen from where the user stands: in the feed, in `doctor`, in the notices.
@Suite struct ServerTests {
  /// Anna and Ben are friends; between Anna and her servers stand proxies.
  private func play(
    _ body: (Stage, _ anna: Person, _ ben: Person, _ imap: FaultProxy, _ smtp: FaultProxy) async throws -> Void
  ) async throws {
    try await Stage.play { stage in
      let mail = try TestMail.shared.get()
      let anna = try await stage.correspondent("Anna", mail)
      let ben = try await stage.correspondent("Ben", mail)
      try await anna.befriend(ben)
      let imap = try FaultProxy(.imap, before: mail.port("IMAP_PORT"))
      let smtp = try FaultProxy(.smtp, before: mail.port("SUBMISSION_PORT"))
      try anna.change { settings in
        settings.imap = try? ServerURL("imap+plain://127.0.0.1:\(imap.port)")
        settings.smtp = try? ServerURL("smtp+plain://127.0.0.1:\(smtp.port)")
      }
      try await body(stage, anna, ben, imap, smtp)
    }
  }

  /// What `doctor` says under a name; nothing where it is silent.
  private func doctor(_ person: Person, _ name: String) async -> Check? {
    await person.node.doctor().first { $0.name == name && $0.result != .ok }
  }

  @Test func `a post whose answer was lost goes out again, and is read once`() async throws {
    try await play { stage, anna, ben, _, smtp in
      try smtp.set([Fault(.command, "^\\.$", then: .cutAfterReply)])
      _ = try await anna.node.post("Only once", photos: [], circle: nil, share: false)
      try await anna.speak()
      let check = await doctor(anna, "outpackets")
      #expect(check?.said.contains("the answer was lost") == true, "\(String(describing: check))")
      stage.pass(minutes: 2)
      try await anna.speak()
      #expect(try ben.mails("INBOX").filter { $0.headers["socialnet-parcel"] == "1" }.count == 2)
      try await ben.run()
      try await ben.expect(words: ["Only once"])
      try await ben.expect(refused: [])
      #expect(try !ben.mails("INBOX").contains { $0.headers["socialnet-parcel"] == "1" })
      #expect(await doctor(anna, "outpackets") == nil)
    }
  }

  @Test func `a provider that gives every mail another Message-ID changes nothing`() async throws {
    try await play { stage, anna, ben, _, smtp in
      try smtp.set([Fault(.data, times: -1, replace: ["\r\nMessage-ID: <", "\r\nMessage-ID: <rewritten-"])])
      _ = try await anna.node.post("From Anna", photos: [], circle: nil, share: false)
      try await anna.speak()
      try await ben.run()
      try await ben.expect(words: ["From Anna"])
      _ = try await ben.node.post("From Ben", photos: [], circle: nil, share: false)
      try await ben.speak()
      // The digest comes back to Anna's own mailbox under a name that her bridge never gave.
      try await anna.run()
      _ = try await anna.node.sendDigest()
      try await anna.speak()
      let before = try anna.mails("INBOX").count
      try await anna.speak()
      try await anna.speak()
      let digest = try anna.letter("digest")
      #expect(digest.id.hasPrefix("rewritten-"))
      #expect(try anna.mails("INBOX").count == before, "nothing answers it")
      try await anna.mail(anna.answer(to: digest, "#1 Well said"))
      stage.pass(minutes: 11)
      try await anna.speak()
      try await ben.run()
      try await ben.expect(words: ["From Anna", "From Ben", "Well said"])
      try await anna.expect(refused: [])
    }
  }

  @Test func `mails that come twice and in any order are read once, and in theirs`() async throws {
    try await play { stage, anna, ben, _, _ in
      for number in 1...4 {
        _ = try await anna.node.post("Number \(number)", photos: [], circle: nil, share: false)
        try await anna.speak()
        stage.pass(seconds: 1)
      }
      let mail = try TestMail.shared.get()
      let user = try #require(ben.user)
      let parcels = try ben.mails("INBOX").filter { $0.headers["socialnet-parcel"] == "1" }
      #expect(parcels.count == 4)
      for parcel in parcels { try mail.outside(user, "delete", "INBOX", "\(parcel.uid)") }
      let texts = parcels.map { String(decoding: $0.whole, as: UTF8.self).replacing("\r\n", with: "\n") }
      // Another route adds another header: not the same bytes, and still the same packets.
      let again = texts.map { "X-Route: another\n" + $0 }
      for round in [[again[3], texts[1]], [texts[3], again[1], texts[0], again[0]], [texts[2], again[2]]] {
        try mail.outside(user, "append", "INBOX", input: round.joined(separator: "%%%\n"))
        try await ben.run()
      }
      #expect(try await ben.words().sorted() == ["Number 1", "Number 2", "Number 3", "Number 4"])
      try await ben.expect(refused: [])
      #expect(try await ben.node.inpackets().waiting == [])
      #expect(try !ben.mails("INBOX").contains { $0.headers["socialnet-parcel"] == "1" })
    }
  }

  @Test func `a bounce hours later ends one delivery of several, and is told`() async throws {
    try await play { stage, anna, ben, _, _ in
      let mail = try TestMail.shared.get()
      let carol = try await stage.correspondent("Carol", mail)
      try await anna.befriend(carol)
      _ = try await anna.node.post("To both", photos: [], circle: nil, share: false)
      try await anna.speak()
      let copy = try #require(try ben.mails("INBOX").last { $0.headers["socialnet-parcel"] == "1" })
      stage.pass(minutes: 300)
      let bounce = """
        Return-Path: <>
        From: MAILER-DAEMON@example.test
        To: \(anna.address)
        Auto-Submitted: auto-replied
        Message-ID: <bounce-1@example.test>
        Content-Type: multipart/report; report-type=delivery-status; boundary="b"

        --b

        It could not be delivered.
        --b
        Content-Type: message/delivery-status

        Reporting-MTA: dns; example.test

        Final-Recipient: rfc822; \(ben.address)
        Action: failed
        Status: 5.2.1
        --b
        Content-Type: text/rfc822-headers

        From: \(anna.address)
        To: \(ben.address)
        Message-ID: <\(copy.id)>

        --b--

        """
      // The report comes twice, as reports do.
      try mail.outside(try #require(anna.user), "append", "INBOX", input: bounce + "%%%\nX-Again: 1\n" + bounce)
      try await anna.run()
      let failed = try await anna.node.outpackets().failed
      #expect(failed.count == 1 && failed.first?.lastReply.contains("bounced") == true, "\(failed)")
      let notices = try await anna.node.notices()
      #expect(notices.filter { $0.kind == "not delivered" }.map(\.said).count == 1 && notices.first?.said.contains("Ben") == true)
      #expect(await doctor(anna, "outpackets")?.said.contains("1 could not be delivered") == true)
      try await carol.run()
      try await carol.expect(words: ["To both"])
    }
  }

  @Test func `a full mailbox is named, and waited for`() async throws {
    try await play { stage, anna, ben, imap, _ in
      try imap.set([
        Fault(.command, "^APPEND", times: -1, answer: "%s NO [OVERQUOTA] Quota exceeded"),
        Fault(.command, "^UID MOVE", times: -1, answer: "%s NO [OVERQUOTA] Quota exceeded"),
      ])
      _ = try await ben.node.post("To a full mailbox", photos: [], circle: nil, share: false)
      try await ben.speak()
      _ = try await anna.node.post("From a full mailbox", photos: [], circle: nil, share: false)
      // What cannot be moved is said, and holds up nothing.
      let failure = await #expect(throws: OperationFailure.self) { try await anna.run() }
      #expect(failure?.message.contains("Quota exceeded") == true, "\(String(describing: failure))")
      #expect(try await anna.words().sorted() == ["From a full mailbox", "To a full mailbox"])
      try await TestMail.shared.get().delivered()
      try await ben.run()
      #expect(try await ben.words().sorted() == ["From a full mailbox", "To a full mailbox"])
      stage.pass(minutes: 11)
      #expect(await doctor(anna, "journal")?.said.contains("mailbox is full") == true)
      #expect(await doctor(anna, "moving")?.said.contains("1 that were read") == true)
      try imap.set([])
      try await anna.run()
      #expect(await doctor(anna, "journal") == nil)
      #expect(await doctor(anna, "moving") == nil)
      #expect(try !anna.mails("INBOX").contains { $0.headers["socialnet-parcel"] == "1" })
    }
  }

  @Test(arguments: ["NO [UNAVAILABLE] later", "BAD what is that"])
  func `what the server does not take into the folder is said, and is there once in the end`(answer: String) async throws {
    try await play { stage, anna, ben, imap, _ in
      try await anna.run()
      let before = try anna.mails("SocialNet").count
      try imap.set(["^APPEND", "^GETQUOTAROOT"].map { Fault(.command, $0, times: -1, answer: "%s \(answer)") })
      _ = try await anna.node.post("Kept", photos: [], circle: nil, share: false)
      for minutes: Int64 in [0, 1, 11] {
        stage.pass(minutes: minutes)
        try? await anna.run()
      }
      try await ben.run()
      try await ben.expect(words: ["Kept"])
      let said = await doctor(anna, "journal")?.said
      #expect(said?.contains(answer.suffix(5)) == true, "\(String(describing: said))")
      #expect(try imap.count("^APPEND") > 0)
      #expect(try anna.mails("SocialNet").count == before)
      try imap.set([])
      stage.pass(minutes: 61)
      try await anna.run()
      let ids = try anna.mails("SocialNet").map(\.id)
      #expect(ids.count > before && Set(ids).count == ids.count)
      #expect(await doctor(anna, "journal") == nil)
    }
  }

  @Test func `the provider's daily limit is named, and nothing given up`() async throws {
    try await play { stage, anna, ben, _, smtp in
      try smtp.set([Fault(.command, "^RCPT", times: -1, answer: "550 5.4.5 Daily user sending limit exceeded")])
      _ = try await anna.node.post("Too much for today", photos: [], circle: nil, share: false)
      try await anna.speak()
      #expect(await doctor(anna, "outpackets")?.said.contains("the provider's limit") == true)
      #expect(try await anna.node.notices() == [])
      #expect(try await anna.node.outpackets().failed == [])
      stage.pass(minutes: 61)
      try smtp.set([])
      try await anna.speak()
      try await ben.run()
      try await ben.expect(words: ["Too much for today"])
    }
  }

  @Test func `what the running daemon meets with is told by doctor, and is over when it is over`() async throws {
    try await play { stage, anna, ben, imap, _ in
      try await anna.run()
      try imap.set([Fault(.command, "BODY\\.PEEK\\[\\]", times: -1, answer: "%s NO [SERVERBUG] broken inside")])
      try await anna.daemon {
        _ = try await ben.node.post("For later", photos: [], circle: nil, share: false)
        try await ben.speak()
        try await anna.wait { await $0.doctor().contains { $0.name == "receiving" && $0.said.contains("broken inside") } }
        try await anna.wait { try await $0.notices().contains { $0.kind == "mailbox" && $0.said.contains("broken inside") } }
        try imap.set([])
        try await anna.wait { await !$0.doctor().contains { $0.name == "receiving" } }
        // The message is tried again after an hour.
        stage.pass(minutes: 61)
        _ = try await ben.node.post("And this", photos: [], circle: nil, share: false)
        try await ben.speak()
        try await anna.wait { try await $0.feed(limit: 10, since: nil, words: nil).contains { $0.text == "And this" } }
      }
      // What was set aside comes with the next pass.
      try await anna.run()
      #expect(try await anna.words().sorted() == ["And this", "For later"])
    }
  }

  @Test func `a parcel that vanishes before it was fetched is told of`() async throws {
    try await play { _, anna, ben, imap, _ in
      try await anna.run()
      _ = try await ben.node.post("Gone", photos: [], circle: nil, share: false)
      try await ben.speak()
      let mail = try TestMail.shared.get()
      let parcel = try #require(try anna.mails("INBOX").last { $0.headers["socialnet-parcel"] == "1" })
      let script = TestMail.repository + "/Tests/TestMail/mailbox.py"
      try imap.set([
        Fault(
          .command, "BODY\\.PEEK\\[\\]",
          run: [
            "/usr/bin/python3", script, "\(mail.port("IMAP_PORT"))", anna.address, TestMail.password, "delete", "INBOX",
            "\(parcel.uid)",
          ])
      ])
      try await anna.run()
      try await anna.run()
      try await anna.expect(words: [])
      let notices = try await anna.node.notices()
      #expect(notices.map(\.kind) == ["mailbox"] && notices.first?.said.contains("gone") == true, "\(notices)")
      #expect(await doctor(anna, "notices")?.said.contains("INBOX") == true)
    }
  }
}

extension Person {
  /// Runs the account's daemon while something else goes on.
  fileprivate func daemon(_ body: () async throws -> Void) async throws {
    try await with { bridge in
      let daemon = Task { try await Daemon(bridge: bridge).run() }
      do { try await body() } catch {
        daemon.cancel()
        throw error
      }
      daemon.cancel()
      try await daemon.value
    }
  }

  /// Waits until something holds, half a minute at most.
  fileprivate func wait(
    sourceLocation: SourceLocation = #_sourceLocation, _ condition: (any Operations) async throws -> Bool
  ) async throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while try await !condition(node) {
      try #require(ContinuousClock.now < deadline, sourceLocation: sourceLocation)
      try await Task.sleep(for: .milliseconds(100))
    }
  }
}
