import Feed
import MIME
import Packets
import Replies

/// Mails written in the tests.
enum Mails {
  /// From Mona to the bridge, answering the letter of this name with these words and no quotation.
  static func answer(
    _ letter: String = "digest", _ words: String, headers: [String] = [], from: String = "Mona <mona@example.org>",
    to: String = "mona+socialnet@example.org", quoting: Bool = false
  ) throws -> Message {
    let record = try Letters.letter(letter)
    let quoted = quoting ? "\n\n" + record.ordered.map { "> \($0.text)" }.joined(separator: "\n") : ""
    let fields =
      headers + [
        "From: \(from)", "To: \(to)", "Subject: Re: something", "Date: Sun, 22 Nov 2026 08:31:12 +0100",
        "Message-ID: <answer@example.org>", "In-Reply-To: <\(record.messageID)>", "MIME-Version: 1.0",
        "Content-Type: text/plain; charset=utf-8",
      ]
    return try mail(fields, words + quoted)
  }

  /// A mail that answers nothing.
  static func new(
    _ words: String, subject: String = "", to: String = "mona+socialnet@example.org", headers: [String] = []
  ) throws -> Message {
    try mail(
      headers + [
        "From: mona@example.org", "To: \(to)", "Subject: \(subject)", "Date: Sun, 22 Nov 2026 08:31:12 +0100",
        "Message-ID: <new@example.org>", "Content-Type: text/plain; charset=utf-8",
      ], words)
  }

  static func mail(_ fields: [String], _ body: String) throws -> Message {
    try Message(Array((fields + ["", body]).joined(separator: "\n").replacing("\n", with: "\r\n").utf8))
  }
}
