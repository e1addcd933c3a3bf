import Account
import Foundation
import MIME
import Packets
import TestMail
import Testing

@testable import Bridge

/// A mail as another program finds it in a mailbox.
struct FoundMail: Decodable {
  let uid: Int
  let flags: [String]
  /// By their names in lower case.
  let headers: [String: String]
  /// The plain part; empty where there is none.
  let text: String
  let whole: Data

  /// Without angle brackets.
  var id: String { (headers["message-id"] ?? "").trimmingCharacters(in: CharacterSet(charactersIn: "<> ")) }
}

extension Person {
  var address: String { "\(user ?? "")@example.test" }

  private func outside(_ arguments: String..., input: String = "") throws -> String {
    let mail = try TestMail.shared.get()
    let user = try #require(user)
    return try mail.outside(user, arguments, input: input)
  }

  /// What lies in a folder, in its order.
  func mails(_ folder: String) throws -> [FoundMail] {
    try outside("mails", folder).split(separator: "\n").map { try JSONDecoder().decode(FoundMail.self, from: Data($0.utf8)) }
  }

  /// Letters of the bridge that lie in INBOX.
  func letters(_ kind: String) throws -> [FoundMail] { try mails("INBOX").filter { $0.headers["socialnet-letter"] == kind } }

  /// The newest of them.
  func letter(_ kind: String) throws -> FoundMail { try #require(try letters(kind).last, "no \(kind)") }

  // MARK: Writing

  /// A mail as a mail program writes it; LF line ends.
  struct Draft {
    var id = "\(UUID().uuidString)@program.test"
    var headers: [String] = []
    var body: String

    var text: String { (headers + ["Message-ID: <\(id)>", "MIME-Version: 1.0"]).joined(separator: "\n") + "\n" + body }
  }

  /// An answer that quotes the whole letter below its words, in plain text.
  func answer(to letter: FoundMail, _ words: String) -> Draft {
    var draft = answer(to: letter)
    draft.body = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n\(quoting(letter, below: words))"
    return draft
  }

  /// An answer of which only the body is missing.
  func answer(to letter: FoundMail) -> Draft {
    new(to: letter.headers["reply-to"] ?? address, subject: "Re: \(letter.headers["subject"] ?? "")")
      .with(["In-Reply-To: <\(letter.id)>", "References: <\(letter.id)>"])
  }

  func quoting(_ letter: FoundMail, below words: String) -> String {
    let quoted = letter.text.split(separator: "\n", omittingEmptySubsequences: false).map { "> \($0)" }.joined(separator: "\n")
    return "\(words)\n\nOn 11/22/26 7:00 AM, SocialNet wrote:\n\(quoted)\n"
  }

  /// A new mail without a body.
  func new(to: String, subject: String) -> Draft {
    let date = MailDate.text(stage.now.milliseconds / 1000)
    return Draft(
      headers: ["From: \(name) <\(address)>", "To: \(to)", "Subject: \(subject)", "Date: \(date)"], body: "")
  }

  // MARK: Leaving

  enum Copy { case sent, inbox }

  /// Leaves copies where a mail program and a provider leave them: one in Sent as it was written, one in INBOX as it was delivered.
  func leave(_ drafts: [Draft], in copies: [Copy] = [.sent, .inbox]) throws {
    let delivered = "Return-Path: <\(address)>\nDelivered-To: \(address)\nReceived: from program.test by example.test; now\n"
    for copy in copies {
      let mails = drafts.map { (copy == .inbox ? delivered : "") + $0.text }.joined(separator: "%%%\n")
      _ = copy == .sent ? try outside("append", "Sent", "\\Seen", input: mails) : try outside("append", "INBOX", input: mails)
    }
  }

  /// Leaves a mail and lets the node read it.
  func mail(_ draft: Draft, in copies: [Copy] = [.sent, .inbox]) async throws {
    try leave([draft], in: copies)
    try await run()
  }
}

extension Person.Draft {
  func with(_ more: [String]) -> Person.Draft {
    var draft = self
    draft.headers += more
    return draft
  }

  func with(body: String) -> Person.Draft {
    var draft = self
    draft.body = body
    return draft
  }
}
