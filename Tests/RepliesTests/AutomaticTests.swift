import Feed
import Foundation
import MIME
import Replies
import Testing

/// Whether a person wrote it. Each refused header has a twin that is taken.
struct AutomaticTests {
  let letters: Letters
  init() throws { letters = try Letters() }

  @Test(arguments: [
    ("Auto-Submitted: auto-replied", "autoSubmitted", "Auto-Submitted: no"),
    ("Auto-Submitted: auto-generated (vacation)", "autoSubmitted", "Auto-Submitted: no (really)"),
    ("Precedence: bulk", "precedence", "Precedence: first-class"),
    ("Precedence: auto_reply", "precedence", "Subject-Precedence: bulk"),
    ("Precedence: junk", "precedence", "X-Precedence: junk"),
    ("Precedence: list", "list", "Precedence: special-delivery"),
    ("List-Id: <friends.example.org>", "list", "X-List: friends"),
    ("List-Unsubscribe: <mailto:x@example.org>", "list", "Unsubscribe: no"),
    ("Return-Path: <>", "nullReturnPath", "Return-Path: <mona@example.org>"),
    ("SocialNet-Letter: digest", "ownMark", "SocialNet: digest"),
    ("SocialNet-Parcel: 1", "ownMark", "SocialNet-Parcels: 1"),
    ("X-Autoreply: yes", "precedence", "X-Auto-Response-Suppress: All"),
  ]) func `what a machine wrote is not answered`(header: String, reason: String, twin: String) throws {
    #expect(
      letters.understood(try Mails.answer("digest", "1 ❤", headers: [header])).summary == [
        "silent automatic(Replies.Automatic.\(reason))"
      ])
    #expect(letters.understood(try Mails.answer("digest", "1 ❤", headers: [twin])).summary == ["1 ❤"])
  }

  @Test(arguments: [
    (
      "multipart/report; report-type=delivery-status; boundary=b", "--b\nContent-Type: text/plain\n\n1: not delivered\n--b--\n",
      "report"
    ),
    (
      "multipart/mixed; boundary=b",
      "--b\nContent-Type: text/plain\n\n1: read\n--b\nContent-Type: message/disposition-notification\n\nx\n--b--\n", "report"
    ),
    ("text/calendar; method=REPLY", "BEGIN:VCALENDAR", "calendar"),
    (
      "multipart/alternative; boundary=b",
      "--b\nContent-Type: text/plain\n\n1: Accepted: party\n--b\nContent-Type: text/calendar; method=REPLY\n\nx\n--b--\n",
      "calendar"
    ),
  ]) func `reports and answers to appointments are not answered`(type: String, body: String, reason: String) throws {
    let letter = try Letters.letter("digest")
    func mail(_ type: String) throws -> Message {
      try Mails.mail(
        [
          "From: mona@example.org", "To: mona+socialnet@example.org", "In-Reply-To: <\(letter.messageID)>",
          "Content-Type: \(type)",
        ], body)
    }
    #expect(letters.understood(try mail(type)).summary == ["silent automatic(Replies.Automatic.\(reason))"])
  }

  @Test func `a digest that comes back is the bridge's own`() throws {
    let mail = try Message(
      file: Letters.folder.deletingLastPathComponent().deletingLastPathComponent()
        .appending(path: "DigestTests/Golden/digest.eml"))
    #expect(letters.understood(mail, place: .inbox).summary == ["silent automatic(Replies.Automatic.ownMark)"])
  }
}
