import Feed
import MIME
import Packets
import Replies
import Testing

/// Who wrote it. Each refused mail has a twin that differs only in what is guarded, and is taken.
struct AuthorshipTests {
  static let vouched = "Authentication-Results: mx.example.org; dmarc=pass header.from=example.org"
  let letters: Letters
  init() throws { letters = try Letters() }

  func understood(_ mail: Message, _ evidence: Evidence) -> Understanding {
    .of(mail, evidence, letters: letters, Letters.settings)
  }

  @Test(arguments: [
    "Authentication-Results: anything; spf=pass", "Received-SPF: pass", "Delivered-To: mona@example.org", "ARC-Seal: i=1",
    "ARC-Message-Signature: i=1", "ARC-Authentication-Results: i=1; x", "DELIVERED-TO: mona@example.org",
  ]) func `a mail in Sent that was delivered from outside proves nothing`(trace: String) throws {
    #expect(letters.understood(try Mails.answer("digest", "post: hello")).summary == ["post: hello"])
    #expect(
      letters.understood(try Mails.answer("digest", "post: hello", headers: [trace])).summary == ["needs proof", "post: hello"])
    var settings = Letters.settings
    settings.toleratedTraces = ["delivered-to"]
    let tolerated = letters.understood(
      try Mails.answer("digest", "post: hello", headers: ["Delivered-To: mona@example.org"]), settings)
    #expect(tolerated.summary == ["post: hello"])
  }

  @Test func `a copy in Sent is not believed when its twin failed the policy of its sender`() throws {
    let mail = try Mails.answer("digest", "1 ❤")
    func twin(_ result: String) throws -> Headers {
      try Mails.answer(
        "digest", "1 ❤", headers: ["Authentication-Results: mx.example.org; dmarc=\(result) header.from=example.org"]
      ).headers
    }
    let good = Evidence(place: .sent, twins: [try twin("pass")], now: Letters.now)
    let bad = Evidence(place: .sent, twins: [try twin("pass"), try twin("fail")], now: Letters.now)
    #expect(understood(mail, good).summary == ["1 ❤"])
    #expect(understood(mail, bad).summary == ["needs proof", "1 ❤"])
  }

  @Test(arguments: [
    ("1 ❤", "1 ❤"), ("1: hello", "1: hello"), ("1 mute", "1 mute"), ("help", "help"),
  ]) func `with a token the provider's word is enough for small things`(words: String, summary: String) throws {
    let mail = try Mails.answer("digest", words, headers: [Self.vouched])
    #expect(letters.understood(mail, place: .inbox).summary == [summary])
  }

  @Test(arguments: [
    "post: hello", "5 accept", "5 decline", "1 unmute", "pause", "resume", "undo",
  ]) func `for everything else the provider's word is not enough`(words: String) throws {
    let mail = try Mails.answer("digest", words, headers: [Self.vouched])
    #expect(letters.understood(mail, place: .inbox).summary.first == "needs proof")
    #expect(letters.understood(try Mails.answer("digest", words)).summary.first != "needs proof")
  }

  @Test(arguments: [
    ([], "no word at all"),
    (["Authentication-Results: evil.example.com; dmarc=pass header.from=example.org"], "another server's word"),
    (["Authentication-Results: mx.example.org; dmarc=none header.from=example.org"], "no policy"),
    (["Authentication-Results: mx.example.org; dmarc=fail header.from=example.org"], "a failure"),
    (["Authentication-Results: mx.example.org; spf=pass smtp.mailfrom=mona@example.org"], "another check"),
    (["Authentication-Results: mx.example.org; dmarc=pass header.from=evil.example.com"], "of another domain"),
    (["Authentication-Results: mx.example.org; dmarc=pass"], "of no domain"),
    (["Authentication-Results: mx.example.org; auth=pass smtp.auth=eve@example.org"], "another user's login"),
    (
      [
        "Authentication-Results: mx.example.org; dmarc=none header.from=example.org",
        "Authentication-Results: mx.example.org; dmarc=pass header.from=example.org",
      ], "a forged statement below the server's own"
    ),
    (
      [
        "Authentication-Results: mx.example.org; dmarc=pass header.from=example.org",
        "Authentication-Results: mx.example.org; dmarc=fail header.from=example.org",
      ], "two statements that differ"
    ),
    (
      ["Authentication-Results: mx.example.org; dmarc=pass header.from=example.org; \"", "X: y"],
      "a statement that cannot be read"
    ),
    (["Authentication-Results: mx.example.org.evil; dmarc=pass header.from=example.org"], "a server of a longer name"),
  ]) func `the provider's word must be the provider's, about this sender`(headers: [String], why: String) throws {
    let summary = letters.understood(try Mails.answer("digest", "1 ❤", headers: headers), place: .inbox).summary
    #expect(summary == ["needs proof", "1 ❤"], "\(why)")
  }

  @Test func `who logged in as the user is the user`() throws {
    let mail = try Mails.answer(
      "digest", "1 ❤", headers: ["Authentication-Results: mx.example.org; auth=pass smtp.auth=mona@example.org"])
    #expect(letters.understood(mail, place: .inbox).summary == ["1 ❤"])
  }

  @Test(arguments: [
    "Eve <eve@example.com>", "mona@example.org, eve@example.com", "\"mona@example.org\" <eve@example.com>",
    "<mona@example.org> eve@x.org", "",
  ]) func `somebody else's From is nobody's word`(from: String) throws {
    let mail = try Mails.answer("digest", "1 ❤", headers: [Self.vouched], from: from)
    #expect(letters.understood(mail, place: .inbox).summary == ["needs proof", "1 ❤"])
    #expect(letters.understood(mail, place: .sent).summary == ["needs proof", "1 ❤"])
  }

  @Test func `a second From is one too many`() throws {
    let mail = try Mails.answer("digest", "1 ❤", headers: ["From: mona@example.org"])
    #expect(letters.understood(mail).summary == ["needs proof", "1 ❤"])
  }

  @Test func `the user's yes to the nonce letter is proof`() throws {
    let mail = try Mails.answer("digest", "post: hello", from: "eve@example.com")
    let confirmed = Evidence(place: .inbox, isConfirmed: true, now: Letters.now)
    #expect(understood(mail, confirmed).summary == ["post: hello"])
    #expect(understood(mail, Evidence(place: .inbox, now: Letters.now)).summary == ["needs proof", "post: hello"])
  }

  @Test func `who chooses among things proves as much as is known of them`() throws {
    let asked = try Mails.answer("digest", "How lovely!", from: "eve@example.com")
    func chosen(_ words: String, headers: [String] = [], place: Evidence.Place) throws -> Understanding {
      letters.understood(try Mails.answer("which", words, headers: headers), place: place)
    }
    func settled(_ understanding: Understanding) throws -> [String] {
      guard case .settled(_, .choice(let choice)) = understanding else { return understanding.summary }
      return letters.understood(asked, place: .inbox, choice: choice).summary
    }
    #expect(try settled(chosen("2", place: .sent)) == ["2: How lovely!"])
    #expect(try settled(chosen("post", place: .sent)) == ["post: How lovely!"])
    #expect(try settled(chosen("2", headers: [Self.vouched], place: .inbox)) == ["2: How lovely!"])
    #expect(try settled(chosen("post", headers: [Self.vouched], place: .inbox)) == ["needs proof", "post: How lovely!"])
    #expect(try settled(chosen("2", place: .inbox)) == ["needs proof"], "a token alone chooses nothing")
  }

  @Test func `a token alone gets no help`() throws {
    #expect(letters.understood(try Mails.answer("digest", "help"), place: .inbox).summary == ["needs proof"])
  }

  @Test func `what the user files among the posts is posted, whoever it went to`() throws {
    let filed = try Mails.new("hello", to: "friend@example.com")
    #expect(letters.understood(filed, place: .post).summary == ["post: hello"])
    #expect(letters.understood(filed, place: .sent).summary == ["silent addressedToOthers"])
  }

  @Test func `a token that expired proves nothing, and who wrote it is told`() throws {
    let mail = try Mails.answer("digest", "1 ❤", headers: [Self.vouched])
    let late = try Letters.letter("digest").expires
    #expect(understood(mail, Evidence(place: .inbox, now: late)).summary == ["ask unknownLetter"])
    let before = Instant(milliseconds: late.milliseconds - 1)
    #expect(understood(mail, Evidence(place: .inbox, now: before)).summary == ["1 ❤"])
    let stranger = try Mails.answer("digest", "1 ❤")
    #expect(understood(stranger, Evidence(place: .inbox, now: late)).summary == ["silent unproved"])
  }

  @Test func `a stranger who writes to the bridge hears nothing`() throws {
    #expect(letters.understood(try Mails.new("hello"), place: .inbox).summary == ["silent unproved"])
    #expect(
      letters.understood(try Mails.new("hello", headers: [Self.vouched]), place: .inbox).summary == [
        "needs proof", "post: hello",
      ])
    #expect(letters.understood(try Mails.new("hello"), place: .sent).summary == ["post: hello"])
    #expect(letters.understood(try Mails.new("hello", to: "", headers: []), place: .post).summary == ["post: hello"])
    let filed = try Mails.new("hello", to: "", headers: ["Delivered-To: mona+socialnet@example.org"])
    #expect(letters.understood(filed, place: .post).summary == ["silent unproved"])
  }

  @Test(arguments: ["friend@example.com", "mona+socialnet@example.org, friend@example.com"])
  func `a digest that is forwarded to a friend is not an answer`(to: String) throws {
    let mail = try Mails.answer("digest", "1: look at this!", to: to, quoting: true)
    #expect(letters.understood(mail).summary == ["silent addressedToOthers"])
    #expect(letters.understood(try Mails.answer("digest", "1: look at this!", quoting: true)).summary == ["1: look at this!"])
  }

  @Test func `an unknown token makes no answer`() throws {
    let mail = try Mails.mail(
      ["From: mona@example.org", "To: mona@example.org", "In-Reply-To: <socialnet-aaaaaaaaaaaaaaaaaaaaaaaaaa@example.org>"], "1 ❤"
    )
    #expect(letters.understood(mail).summary == ["silent privateMail"])
  }

  // MARK: Signatures

  func signed(_ words: String, headers: [String] = []) throws -> Message {
    try Mails.mail(
      headers + [
        "From: mona@example.org", "To: mona+socialnet@example.org", "Message-ID: <s@example.org>",
        "Content-Type: multipart/signed; boundary=b",
      ], "--b\nContent-Type: text/plain; charset=utf-8\n\n\(words)\n--b\nContent-Type: application/pgp-signature\n\nx\n--b--\n")
  }

  @Test func `a signature counts for what it covers`() throws {
    let letter = try Letters.letter("digest")
    let evidence = Evidence(place: .inbox, signature: .own, now: Letters.now)
    let reference = "\n\nref \(letter.token.text)"
    #expect(understood(try signed("5 accept" + reference), evidence).summary == ["5 accept"])
    #expect(understood(try signed("post: hello"), evidence).summary == ["post: hello"])
    // The signed words name no letter: a friend could have put the headers around what was signed for them.
    let replayed = try signed("1: Yes, I love you.", headers: ["In-Reply-To: <\(letter.messageID)>"])
    #expect(understood(replayed, evidence).summary == ["needs proof", "1: Yes, I love you."])
    #expect(understood(try signed("Yes, I love you."), evidence).summary == ["silent unproved"])
    // Not signed at all.
    let bare = try Mails.answer("digest", "5 accept" + reference)
    #expect(understood(bare, evidence).summary == ["needs proof", "5 accept"])
  }

  @Test func `a signed mail acts once, whatever is put around it`() throws {
    let letter = try Letters.letter("digest")
    let evidence = Evidence(place: .inbox, signature: .own, now: Letters.now)
    let words = "1: hello\n\nref \(letter.token.text)"
    let first = try #require(understood(try signed(words, headers: ["Date: Sun, 22 Nov 2026 08:00:00 +0000"]), evidence).answer)
    let again = try #require(understood(try signed(words, headers: ["Date: Mon, 23 Nov 2026 08:00:00 +0000"]), evidence).answer)
    #expect(first.marks.last == again.marks.last)
    #expect(first.marks.last?.hasPrefix("signed:") == true)
  }

  @Test func `a copy in Sent and its delivery have a mark in common, another answer has none`() throws {
    func marks(_ words: String, _ id: String) throws -> Set<String> {
      let letter = try Letters.letter("digest")
      let mail = try Mails.mail(
        [
          "From: mona@example.org", "To: mona@example.org", "Date: Sun, 22 Nov 2026 08:31:12 +0100", "Message-ID: <\(id)>",
          "In-Reply-To: <\(letter.messageID)>",
        ], words)
      return Set(try #require(letters.understood(mail).answer).marks)
    }
    #expect(!(try marks("1 ❤", "a@x").isDisjoint(with: try marks("1 ❤", "rewritten@y"))))
    #expect(!(try marks("1 ❤", "a@x").isDisjoint(with: try marks("1 ❤\n\n-- \nfooter", "a@x"))))
    #expect(try marks("1 ❤", "a@x").isDisjoint(with: try marks("2 ❤", "b@x")))
  }
}
