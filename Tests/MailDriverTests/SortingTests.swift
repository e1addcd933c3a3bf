import Drivers
import Mailbox
import Packets
import Testing

@testable import MailDriver

@Suite struct SortingTests {
  private let sorting: Sorting

  init() throws {
    let imap = ConnectionSettings(try MailServer(.imap, .plain, host: "127.0.0.1", user: "me"))
    let smtp = ConnectionSettings(try MailServer(.smtp, .plain, host: "127.0.0.1", user: "me"))
    sorting = Sorting(
      MailSettings(
        address: "me@example.org", plusAddress: "me+socialnet@example.org", imap: imap, smtp: smtp, secret: { .password("") },
        now: { Instant(milliseconds: 0) }))
  }

  private func judge(_ lines: String, in place: Received.Place = .inbox) -> Sorting.Verdict {
    sorting.judge(Array((lines.replacing("\n", with: "\r\n") + "\r\n\r\n").utf8), in: place)
  }

  @Test(arguments: [
    ("From: aunt@example.org\nTo: me@example.org", "mail from another"),
    ("From: me@example.org\nTo: aunt@example.org", "the user's mail to another"),
    ("From: \"me@example.org\" <aunt@example.org>\nTo: me@example.org", "a name that looks like the address"),
    ("From: aunt@example.org (me@example.org)\nTo: me@example.org", "a comment that looks like the address"),
    ("From: me@example.org, aunt@example.org\nTo: me@example.org", "two senders"),
    ("From: me@example.org\nFrom: me@example.org\nTo: me@example.org", "two From lines"),
    ("From: me@example.org.evil.example\nTo: me@example.org", "a longer domain"),
    ("From: other-me@example.org\nTo: me@example.org", "a longer local part"),
    ("From: me@example.org\nTo: \"me@example.org\" <aunt@example.org>", "to a name that looks like the address"),
    ("From: aunt@example.org\nTo: me+other@example.org", "another plus-address"),
    ("X-SocialNet-Parcel: 1\nFrom: a@b.example", "another header"),
    ("Subject: SocialNet-Parcel: 1\nFrom: a@b.example", "a subject"),
    ("Content-Type: multipart/report; report-type=disposition-notification", "a read report"),
    ("Content-Type: text/plain; report-type=delivery-status", "no report"),
    ("Content-Type: multipart/report", "a report of no kind"),
    ("", "nothing at all"),
    ("no colon", "no header"),
  ])
  func `private mail is left alone`(lines: String, reason: String) {
    #expect(judge(lines) == .nothing, "\(reason)")
  }

  @Test func `a parcel is known by its header alone, wherever parcels may lie`() {
    let lines = "From: Friend <Friend@Example.org>\nMessage-ID: <1@x>\nsocialnet-parcel: anything"
    #expect(judge(lines) == .candidate(.parcel, from: "friend@example.org", unless: nil))
    #expect(judge(lines, in: .junk) == .candidate(.parcel, from: "friend@example.org", unless: nil))
    #expect(judge(lines, in: .own) == .candidate(.parcel, from: "friend@example.org", unless: "1@x"))
    #expect(judge(lines, in: .sent) == .copy(of: "1@x"))
    #expect(judge("SocialNet-Parcel: 1\nFrom: friend@example.org", in: .sent) == .nothing)
    #expect(judge("SocialNet-Parcel: 1\nFrom: a@b.example, c@d.example") == .candidate(.parcel, from: nil, unless: nil))
  }

  @Test func `what is sealed to somebody else is not fetched from the own folder`() {
    let copy = "From: me@example.org\nTo: friend@example.org\nMessage-ID: <1@x>\nSocialNet-Parcel: 1"
    #expect(judge(copy, in: .own) == .nothing)
    let piece = Sorting.Verdict.candidate(.parcel, from: "me@example.org", unless: "1@x")
    #expect(judge(copy.replacing("friend@", with: "me@"), in: .own) == piece)
    #expect(judge(copy.replacing("friend@", with: "me+socialnet@"), in: .own) == piece)
    #expect(judge(copy.replacing("To: friend@example.org\n", with: ""), in: .own) == piece)
    #expect(judge(copy.replacing("From: me@", with: "From: other@"), in: .own) != .nothing)
  }

  @Test(arguments: [
    "From: me@example.org\nTo: ME@example.org\nMessage-ID: <1@x>",
    "From: Me <Me@Example.ORG>\nTo: a@b.example, Me <me+socialnet@example.org>\nMessage-ID: <1@x>",
    "From: me@example.org\nTo: a@b.example\nCc: me@example.org\nMessage-ID: <1@x>",
  ])
  func `mail from the user to the user is read, unless the bridge wrote it`(lines: String) {
    #expect(judge(lines) == .candidate(.letter, from: "me@example.org", unless: "1@x"))
    #expect(judge(lines, in: .sent) == .candidate(.letter, from: "me@example.org", unless: "1@x"))
    #expect(judge(lines, in: .junk) == .nothing)
    #expect(judge(lines, in: .own) == .nothing)
  }

  @Test func `an answer names what it answers`() {
    let verdict = judge("From: aunt@example.org\nIn-Reply-To: <a@x>\nReferences: <b@x>\n <a@x>", in: .inbox)
    guard case .answer(let ids, "aunt@example.org", nil) = verdict else { return #expect(Bool(false), "\(verdict)") }
    #expect(Set(ids) == ["a@x", "b@x"])
  }

  @Test func `of a hundred thousand references only some are asked about`() {
    let many = (1...5000).map { "<\($0)@x>" }.joined(separator: "\n ")
    guard case .answer(let ids, _, _) = judge("From: a@b.example\nReferences: \(many)") else { return #expect(Bool(false)) }
    #expect(ids.count == 100 && ids.contains("5000@x"))
  }

  @Test func `delivery reports are looked into only in INBOX`() {
    let lines = "From: MAILER-DAEMON@x.example\nContent-Type: multipart/report;\n report-type=\"Delivery-Status\"; boundary=b"
    #expect(judge(lines) == .report(from: "mailer-daemon@x.example"))
    #expect(judge(lines, in: .sent) == .nothing)
  }

  @Test func `what is filed to be posted must be the user's`() {
    #expect(judge("From: me@example.org\nTo: a@b.example", in: .post) == .candidate(.letter, from: "me@example.org", unless: nil))
    #expect(judge("From: a@b.example\nTo: me@example.org", in: .post) == .nothing)
  }
}

@Suite struct LayoutTests {
  private func folder(_ name: String, _ attributes: String..., separator: Character? = "/") throws -> ListedFolder {
    ListedFolder(attributes: Set(attributes), separator: separator, name: try #require(FolderName(name)))
  }

  @Test func `folders are found by what they are for, and the own ones hang where the server wants them`() throws {
    let listed = try [
      folder("INBOX", separator: "."), folder("INBOX.Gesendet", "\\sent", separator: "."), folder("INBOX.Sent", separator: "."),
      folder("INBOX.Spam", "\\junk", separator: "."), folder("INBOX.SocialNet", separator: "."),
      folder("INBOX.SocialNet.Old", separator: "."), folder("INBOX.SocialNetwork", separator: "."),
    ]
    let layout = try #require(
      Layout(listed, namespace: Namespace(prefix: Array("INBOX.".utf8), separator: "."), own: "SocialNet"))
    #expect(layout.sent?.text == "INBOX.Gesendet")
    #expect(layout.junk?.text == "INBOX.Spam")
    #expect(layout.missing.map(\.text) == ["INBOX.SocialNet.Refused", "INBOX.SocialNet.Post"])
    #expect(
      layout.ownTree.map(\.text) == [
        "INBOX.SocialNet", "INBOX.SocialNet.Old", "INBOX.SocialNet.Post", "INBOX.SocialNet.Refused",
      ])
    #expect(layout.place(of: try #require(FolderName("INBOX.SocialNetwork"))) == nil)
    #expect(layout.place(of: layout.post) == .post)
  }

  @Test func `without special uses sent mail is found by its usual names, and junk is not guessed`() throws {
    let listed = try [folder("Sent", "\\noselect"), folder("Mail/Sent Items"), folder("Junk")]
    let layout = try #require(Layout(listed, namespace: nil, own: "Net/Bridge"))
    #expect(layout.sent?.text == "Mail/Sent Items")
    #expect(layout.junk == nil)
    #expect(layout.own.text == "Net/Bridge" && layout.refused.text == "Net/Bridge/Refused")
  }

  @Test func `on a flat server the own folders lie side by side`() throws {
    let layout = try #require(Layout([try folder("INBOX", separator: nil)], namespace: nil, own: "SocialNet"))
    #expect(layout.missing.map(\.text) == ["SocialNet", "SocialNet-Refused", "SocialNet-Post"])
  }

  @Test(arguments: ["", "/", "INBOX", "inbox"]) func `an own folder that cannot be one is refused`(name: String) {
    #expect(Layout([], namespace: nil, own: name) == nil)
  }

  @Test(arguments: [
    ("mailto:anna@example.org", "anna@example.org"), ("MAILTO:anna%2Bx@example.org", "anna+x@example.org"),
    ("mailto:anna@example.org?subject=x", "anna@example.org"), ("mailto:", nil), ("mailto:anna", nil), ("https://a@b", nil),
    ("mailto:a@b,c@d", nil), ("mailto://a@b", nil), ("file:///x", nil),
  ])
  func `endpoints are single addresses`(endpoint: String, address: String?) {
    #expect(MailEndpoint(endpoint)?.address == address)
  }
}
