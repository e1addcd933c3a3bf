import Feed
import Foundation
import MIME
import Packets
import Replies
import Testing

/// What a mail holds beside plain words: pictures, HTML, encryption, and things made to hurt.
struct ContentTests {
  let letters: Letters
  init() throws { letters = try Letters() }

  func answer(_ letter: String, _ type: String, _ body: String) throws -> Message {
    try Mails.mail(
      [
        "From: mona@example.org", "To: mona+socialnet@example.org", "In-Reply-To: <\(try Letters.letter(letter).messageID)>",
        "Content-Type: \(type)",
      ], body)
  }

  func part(_ type: String, _ body: String, _ headers: String...) -> String {
    "--b\nContent-Type: \(type)\n" + headers.map { "\($0)\n" }.joined() + "\n\(body)\n"
  }

  @Test(arguments: [
    ("item", "So green!", ["1: So green! with 1 pictures"]),
    ("item", "", ["1:  with 1 pictures"]),
    ("item", "❤", ["ask whosePictures"]),
    ("item", "mute", ["1 mute"]),
    ("digest", "2: So green!", ["2: So green! with 1 pictures"]),
    ("digest", "2: So green!\n1: Welcome", ["ask whosePictures"]),
    ("digest", "", ["ask which"]),
    ("digest", "post: So green!", ["post: So green! with 1 pictures"]),
    ("digest", "post:", ["post:  with 1 pictures"]),
  ]) func `a picture belongs to the words that it comes with`(letter: String, words: String, summary: [String]) throws {
    let mail = try answer(
      letter, "multipart/mixed; boundary=b",
      part("text/plain; charset=utf-8", words) + part("image/jpeg", "xxxx", "Content-Disposition: attachment; filename=a.jpg")
        + "--b--")
    #expect(letters.understood(mail).summary == summary)
  }

  @Test func `words around a picture are one comment`() throws {
    let mail = try answer(
      "item", "multipart/mixed; boundary=b",
      part("text/plain", "Look:") + part("image/jpeg", "xxxx", "Content-Disposition: inline; filename=IMG_1.jpeg")
        + part("text/plain", "Is he not big?") + "--b--")
    #expect(letters.understood(mail).summary == ["1: Look:\nIs he not big? with 1 pictures"])
  }

  @Test(arguments: [
    ("Content-ID: <logo@x>", 40, 0, "a logo within the words"),
    ("Content-ID: <photo@x>", 40_000, 1, "a photograph within the words"),
    ("Content-Disposition: attachment; filename=small.png", 40, 1, "a small picture that was attached"),
    ("Content-ID: <photo-1.57l22x5qqdozl6acbm4jydmtlq@example.org>", 40_000, 0, "our own thumbnail, sent back"),
  ]) func `logos, tracking pixels and our own thumbnails are no photographs`(header: String, size: Int, count: Int, what: String)
    throws
  {
    let mail = try answer(
      "item", "multipart/related; boundary=b",
      part("text/html", "<p>So green!</p><img src='cid:x'>") + part("image/png", String(repeating: "x", count: size), header)
        + "--b--")
    let expected = "1: So green!" + (count == 1 ? " with 1 pictures" : "")
    #expect(letters.understood(mail).summary == [expected], "\(what)")
  }

  @Test func `an attached text is not said`() throws {
    let mail = try answer(
      "item", "multipart/mixed; boundary=b",
      part("text/plain", "Thanks!") + part("text/plain", "secret", "Content-Disposition: attachment; filename=x.txt")
        + part("message/rfc822", "Subject: private\n\nsecret") + "--b--")
    #expect(letters.understood(mail).summary == ["1: Thanks!"])
  }

  @Test func `HTML is read only where there is no plain text`() throws {
    func mail(_ plain: String) throws -> Message {
      try answer(
        "item", "multipart/alternative; boundary=b",
        part("text/plain", plain) + part("text/html", "<p>from <b>HTML</b></p>") + "--b--")
    }
    #expect(letters.understood(try mail("from text")).summary == ["1: from text"])
    #expect(letters.understood(try mail("  \n")).summary == ["1: from HTML"])
  }

  @Test(arguments: [
    ("iso-8859-1", "quoted-printable", "gr=FCn", "grün"), ("utf-8", "base64", "Z3LDvG4g4p2k", "grün ❤"),
    ("windows-1252", "8bit", "plain", "plain"), ("utf-8; format=flowed", "7bit", "one \ntwo\nthree", "one two\nthree"),
    ("utf-8; format=flowed; delsp=yes", "7bit", "one \ntwo", "onetwo"),
  ]) func `words are decoded before they are read`(charset: String, encoding: String, body: String, words: String) throws {
    let mail = try Mails.mail(
      [
        "From: mona@example.org", "To: mona@example.org", "In-Reply-To: <\(try Letters.letter("item").messageID)>",
        "Content-Type: text/plain; charset=\(charset)", "Content-Transfer-Encoding: \(encoding)",
      ], body)
    #expect(letters.understood(mail).summary == ["1: \(words)"])
  }

  // MARK: Encryption

  func encrypted() throws -> Message {
    try answer(
      "item", "multipart/encrypted; boundary=b",
      part("application/pgp-encrypted", "Version: 1") + part("application/octet-stream", "x") + "--b--")
  }

  @Test func `what an encrypted answer quotes is never posted`() throws {
    let inner = try Mails.mail(
      ["Content-Type: text/plain; charset=utf-8"], "Thanks!\n\n> words that stand in no letter\n> and must not be seen")
    let evidence = Evidence(place: .sent, encryption: .opened(inner), now: Letters.now)
    let understood = Understanding.of(try encrypted(), evidence, letters: letters, Letters.settings)
    #expect(understood.summary == ["1: Thanks!"])
    #expect(letters.understood(try Mails.answer("item", "Thanks!\n\n> a poem")).summary == ["1: Thanks!\n\n> a poem"])
  }

  @Test func `an encrypted answer that cannot be opened is told so`() throws {
    #expect(letters.understood(try encrypted()).summary == ["ask sealed"])
    let sealed = Evidence(place: .sent, encryption: .sealed, now: Letters.now)
    #expect(Understanding.of(try encrypted(), sealed, letters: letters, Letters.settings).summary == ["ask sealed"])
  }

  // MARK: Things made to hurt

  @Test func `words longer than a post are refused with a sentence`() throws {
    #expect(letters.understood(try Mails.answer("item", String(repeating: "long ", count: 13_000))).summary == ["ask tooLong"])
    #expect(
      letters.understood(try Mails.answer("item", String(repeating: "x", count: (256 << 10) + 1))).summary == ["ask tooLong"])
    #expect(
      letters.understood(try Mails.answer("item", String(repeating: "long ", count: 11_000))).summary.first?.hasPrefix("1: long")
        == true)
  }

  @Test(arguments: [
    String(repeating: ">", count: 1_000), String(repeating: "> ", count: 1_000), String(repeating: "[#1] ", count: 1_000),
    String(repeating: "<mailto:", count: 1_000), String(repeating: "ref ", count: 1_000), String(repeating: "❤", count: 1_000),
    String(repeating: "\u{301}", count: 1_000), "2: " + String(repeating: "\u{200d}", count: 1_000), "999999999999999999999: x",
    "#\u{0662}: x", "2 mute 99999999999999999999d", "\u{feff}\u{202e}", String(repeating: "the ", count: 1_000),
    String(repeating: "On 1 socialnet\n", count: 1_000), String(repeating: "From: socialnet\n", count: 1_000),
    String(repeating: "post: x\n", count: 1_000),
  ]) func `no answer stops the reader`(body: String) throws {
    for letter in ["digest", "item", "receipts", "which", "nonce", "request"] {
      _ = letters.understood(try Mails.answer(letter, body, quoting: true))
    }
    _ = letters.understood(try Mails.new(body))
  }

  @Test func `no piece of an answer stops the reader`() throws {
    var random = SystemRandomNumberGenerator()
    let names = ProgramTests.programs.flatMap { ["\($0)-digest-top", "\($0)-digest-under", "\($0)-item-top"] }
    for name in names {
      var bytes = Array(try Data(contentsOf: Letters.folder.appending(path: "\(name).eml")))
      for _ in 0..<20 {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      _ = letters.understood(try Message(Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))))
    }
  }

  @Test func `scripts without spaces between words are compared by character`() throws {
    let quoted = """
      Thank you!

      > [#1] 佐藤, status, Sat 14:05
      > 今日は引っ越しま
      > した。いつでも遊
      > びに来てください。
      """
    var letter = try Letters.letter("digest")
    letter.passages = [
      .init(number: 1, text: "[#1] 佐藤, status, Sat 14:05"), .init(number: 1, text: "今日は引っ越しました。いつでも遊びに来てください。"),
      .init(number: nil, text: "ref \(letter.token.text)"),
    ]
    letter.targets = [1: try #require(letter.targets[1])]
    let mail = try Mails.answer("digest", quoted)
    let understood = Understanding.of(
      mail, Evidence(place: .sent, now: Letters.now), letters: One(only: letter), Letters.settings)
    #expect(understood.summary == ["1: Thank you!"])
  }

  private struct One: LetterLookup {
    let only: SentLetter
    func letter(_ token: LetterToken) -> SentLetter? { token == only.token ? only : nil }
  }
}
