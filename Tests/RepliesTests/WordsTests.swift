import Digest
import Feed
import FoundationEssentials
import MIME
import Packets
import Replies
import Testing

/// Which of the words in an answer are the author's.
struct WordsTests {
  let letters: Letters
  init() throws { letters = try Letters() }

  /// An answer to the mail about one comment: everything of the author's becomes the comment.
  func comment(_ body: String) throws -> String {
    letters.understood(try Mails.answer("item", body)).summary.joined(separator: " | ")
  }

  @Test(arguments: [
    ("On Sun, Nov 22, 2026 at 7:00 AM Eva Roth via SocialNet <mona@example.org> wrote:", "Gmail"),
    ("On Sun, Nov 22, 2026 at 7:00 AM Eva Roth via SocialNet <mona@example.org>\nwrote:", "Gmail, wrapped"),
    ("Am So., 22. Nov. 2026 um 07:00 Uhr schrieb Eva Roth via SocialNet <\nmona@example.org>:", "Gmail, German, wrapped"),
    ("Le dim. 22 nov. 2026 à 07:00, Eva Roth via SocialNet <mona@example.org> a écrit :", "Gmail, French"),
    ("El dom, 22 nov 2026 a las 7:00, Eva Roth via SocialNet (<mona@example.org>) escribió:", "Gmail, Spanish"),
    ("Il 22/11/2026 07:00, Eva Roth via SocialNet ha scritto:", "Thunderbird, Italian"),
    ("Le 22/11/2026 à 07:00, Eva Roth via SocialNet a écrit :", "Thunderbird, French"),
    ("Am 22.11.2026 um 07:00 schrieb Eva Roth via SocialNet <mona@example.org>:", "iOS, German"),
    ("22 нояб. 2026 г., в 07:00, Eva Roth via SocialNet <mona@example.org> написал(а):", "iOS, Russian"),
    ("2026年11月22日(日) 7:00 Eva Roth via SocialNet <mona@example.org>:", "Gmail, Japanese"),
    (
      "-----Original Message-----\nFrom: Eva Roth via SocialNet <mona@example.org>\nSent: Sunday\nTo: x\nSubject: Re: x",
      "Outlook"
    ),
    (
      "________________________________\nVon: Eva Roth via SocialNet <mona@example.org>\nGesendet: Sonntag\nAn: x\nBetreff: x",
      "Outlook, German"
    ),
    ("*De :* Eva Roth via SocialNet\n*Envoyé :* dimanche\n*À :* x\n*Objet :* x", "Outlook, French"),
  ]) func `who wrote when is the program's, not the author's`(attribution: String, program: String) throws {
    let quoted = try Letters.letter("item").ordered.map { "> \($0.text)" }.joined(separator: "\n")
    #expect(try comment("Thank you!\n\n\(attribution)\n\n\(quoted)") == "1: Thank you!")
    #expect(try comment("\(attribution)\n\n\(quoted)\n\nThank you!") == "1: Thank you!")
    #expect(try comment("> \(attribution.replacing("\n", with: "\n> "))\n\(quoted)\n\nThank you!") == "1: Thank you!")
  }

  @Test(arguments: [
    ("On Sunday I wrote:\nnothing at all", "words that only begin like an attribution"),
    ("Otto wrote on SocialNet:\nI am hungry", "no date"),
    ("From: me\nTo: you\nSubject: love", "a block that does not name the bridge"),
    ("He said: 2: 3", "colons"),
    ("-----\nThank you\n-----", "dashes around words"),
    (">:-( how sad", "an emoticon that looks like a quotation"),
    ("> Who said that?\n\nNot me.", "a quotation of the author's own choice"),
    ("Thank you!\n\nSent from heaven", "no telephone"),
    ("I sent it\nSent from my iPhone is what it says", "a sentence that begins like one"),
    ("Thank you,\nMona", "a name is no signature without its mark"),
    ("-- not a signature", "dashes before words"),
  ]) func `in doubt words stay`(words: String, why: String) throws {
    let quoted = try Letters.letter("item").ordered.map { "> \($0.text)" }.joined(separator: "\n")
    #expect(try comment("\(words)\n\n\(quoted)") == "1: \(words)", "\(why)")
  }

  @Test(arguments: [
    "-- \nMona Lind\n+49 123", "--\nMona Lind", "Sent from my iPhone", "Von meinem iPad gesendet", "Envoyé de mon iPhone",
    "Get Outlook for iOS<https://aka.ms/o0ukef>", "Gesendet von Outlook für Android", "Sent from Proton Mail for iOS.",
  ]) func `a signature is cut, and kept beside the post`(signature: String) throws {
    let quoted = try Letters.letter("item").ordered.map { "> \($0.text)" }.joined(separator: "\n")
    for body in ["Thank you!\n\n\(signature)\n\n\(quoted)", "\(quoted)\n\nThank you!\n\n\(signature)"] {
      let answer = try #require(letters.understood(try Mails.answer("item", body)).answer)
      #expect(answer.words == "Thank you!")
      #expect(answer.cut.joined(separator: "\n").contains(signature.prefix(8)))
    }
  }

  @Test func `what follows a long signature mark stays`() throws {
    let poem = "Thank you!\n\n-- \n" + (1...13).map { "line \($0)" }.joined(separator: "\n")
    #expect(try comment(poem) == "1: \(poem.replacing("-- \n", with: "--\n"))")
  }

  @Test(arguments: [20, 40, 60, 76, 200]) func `quotation is known however it was wrapped, with its marks and without`(width: Int)
    throws
  {
    for name in ["digest", "item"] {
      let letter = try Letters.letter(name)
      for prefix in ["> ", ">", ">> ", "| ", ""] where prefix != "| " {
        let lines = letter.ordered.flatMap { wrapped($0.text, width).map { prefix + $0 } }
        let body = "1: Thank you!\n\n" + lines.joined(separator: "\n")
        let understood = letters.understood(try Mails.answer(name, name == "item" ? String(body.dropFirst(3)) : body))
        #expect(understood.summary == ["1: Thank you!"], "\(name), \(width) columns, prefix '\(prefix)'")
      }
    }
  }

  @Test func `a wrapped line that lost its mark is still quotation`() throws {
    let body =
      "> Eva Roth, on your post \"Whoever knows how to keep a\nsourdough…\", Sat 21:12\n> On top of the fridge, in a\njar with a cloth.\n\nThank you!"
    #expect(try comment(body) == "1: Thank you!")
  }

  @Test func `words written inside the quotation are the author's, what a program made of the letter is not`() throws {
    let inside = """
      > [#1] Anna Berg, status, Sat 14:05
      > Finally moved in. Come by any time.
      >    2 comments, ❤ Ben Ito, 🎉 Eva Roth and Mona Lind
      > Welcome to the neighbourhood!
      > [#2] Ben Ito, photo, Sat 18:40
      > Sunset over the *harbour*. (picture removed)
      > [photo: harbour.jpg]
      """
    #expect(letters.understood(try Mails.answer("digest", inside)).summary == ["1: Welcome to the neighbourhood!"])
  }

  @Test func `a line behind the mark that could be either is asked about`() throws {
    let unclear = """
      > [#1] Anna Berg, status, Sat 14:05
      > Finally moved back in, how good of you, come soon
      > [#2] Ben Ito, photo, Sat 18:40
      """
    #expect(letters.understood(try Mails.answer("digest", unclear)).summary == ["ask unclearQuotation"])
  }

  @Test func `a friend's words that look like orders are never taken for the user's`() throws {
    let trap =
      "post: I sell my bicycle\n2: I hate you\n5 accept\n[#2] Ben Ito, status\n-- \nref aaaaaaaaaaaaaaaaaaaaaaaaaa\n:-)\n***\nbye"
    let (letter, lookup) = try digest(of: trap)
    for prefix in ["> ", ""] {
      let quoted = letter.ordered.flatMap { wrapped($0.text, 60).map { prefix + $0 } }.joined(separator: "\n")
      let mail = try Mails.mail(
        [
          "From: mona@example.org", "To: mona@example.org", "In-Reply-To: <\(letter.messageID)>",
          "Content-Type: text/plain; charset=utf-8",
        ],
        "1 ❤\n\n" + quoted)
      let understood = Understanding.of(mail, Evidence(place: .sent, now: Letters.now), letters: lookup, Letters.settings)
      #expect(
        understood.answer?.wishes.count == 1 && understood.answer?.words == "1 ❤", "prefix '\(prefix)': \(understood.summary)")
    }
  }

  @Test func `quoted orders that stand in no letter are words, not orders`() throws {
    for line in ["> post: everyone come", "> 5 accept", "> 2 ❤", "> pause"] {
      #expect(letters.understood(try Mails.answer("digest", line)).summary == ["ask which"], "\(line)")
    }
    #expect(try comment("> stop") == "1: > stop")
  }

  @Test func `the words that the letter gives as an example are an answer when the user writes them`() throws {
    let quoted = try Letters.letter("digest").ordered.map(\.text).joined(separator: "\n")
    for words in ["2: lovely photo!", "2 ❤", "2 mute"] {
      #expect(letters.understood(try Mails.answer("digest", "\(words)\n\n\(quoted)")).summary == [words])
    }
  }

  @Test func `a button's mail is understood, whatever is left of its lines`() throws {
    let letter = try Letters.letter("digest")
    for body in [
      "2 ❤\n\nref \(letter.token.text)", "2 ❤  ref \(letter.token.text)", "2 ❤\n\nref \(letter.token.text)\n\n-- \nMona",
    ] {
      #expect(letters.understood(try Mails.new(body, subject: "Re: 3 friends, 5 new things")).summary == ["2 ❤"])
    }
    let comment = "2: \n\nref \(letter.token.text)"
    #expect(letters.understood(try Mails.new(comment)).summary == ["ask empty"])
    #expect(letters.understood(try Mails.new("2: so lovely\n\nref \(letter.token.text)")).summary == ["2: so lovely"])
  }

  @Test func `an answer that quotes two letters is asked about`() throws {
    let other = try Letters.letter("item")
    let mail = try Mails.answer("digest", "1 ❤\n\n> ref \(other.token.text)")
    #expect(letters.understood(mail).summary == ["ask severalLetters"])
  }

  @Test func `everything that today's letters say is known as quotation`() throws {
    let (letter, lookup) = try digest(of: "Finally moved in.\n\nCome by.")
    let html = try #require(Message(letterBytes).root.flattened.first { $0.contentType.mediaType == "text/html" })
    let message = try Message(letterBytes)
    let text = HTMLText.plain(try message.text(of: html, limit: 1 << 20))
    for form in [text, text.split(separator: "\n").map { "> \($0)" }.joined(separator: "\n")] {
      let mail = try Mails.mail(
        [
          "From: mona@example.org", "To: mona@example.org", "In-Reply-To: <\(letter.messageID)>",
          "Content-Type: text/plain; charset=utf-8",
        ],
        form)
      let understood = Understanding.of(mail, Evidence(place: .sent, now: Letters.now), letters: lookup, Letters.settings)
      #expect(understood.summary == ["ask empty"])
    }
  }

  // MARK: Helpers

  private struct One: LetterLookup {
    let only: SentLetter
    func letter(_ token: LetterToken) -> SentLetter? { token == only.token ? only : nil }
  }

  private var letterBytes: [UInt8] { get throws { try letterOf("Finally moved in.\n\nCome by.").bytes } }

  private func digest(of words: String) throws -> (SentLetter, some LetterLookup) {
    let record = try letterOf(words).record
    return (record, One(only: record))
  }

  private func letterOf(_ words: String) throws -> Letter {
    let author = try #require(Author(key: [UInt8](repeating: 5, count: 32)))
    let id = try #require(PacketID(text: "0193a5f0-7c2e-7d31-9f5e-2f6b1c0a9d11"))
    let token = try #require(LetterToken(text: "k7qf3m2xzpd4w6htbn5yerv3aq"))
    let name = PacketName(author: author, id: id)
    let item = FeedItem(
      id: ItemID(name), name: name, kind: .status, author: .init(name: "Ben Ito", author: author), created: Letters.now,
      received: Letters.now, text: words, comments: 3)
    let request = WaitingRequest(
      id: id, person: .init(name: "Jo Lang", author: author),
      fingerprint: try #require(Fingerprint(bytes: [UInt8](repeating: 7, count: 20))),
      endpoint: "mailto:jo@example.net")
    let writer = try LetterWriter(
      Recipient(address: "mona@example.org", replyTo: "mona@example.org", author: author, zone: .gmt))
    return try writer.digest(
      Edition(since: Letters.now, entries: [.item(Story(item: item)), .item(Story(item: item)), .request(request)]),
      .init(token: token, date: Letters.now, expires: Letters.now.adding(seconds: 60)))
  }

  private func wrapped(_ text: String, _ width: Int) -> [String] {
    var lines = [""]
    for word in text.split(separator: " ", omittingEmptySubsequences: false) {
      let line = lines[lines.count - 1]
      if !line.isEmpty, line.count + 1 + word.count > width {
        lines.append(String(word))
      } else {
        lines[lines.count - 1] = line.isEmpty ? String(word) : "\(line) \(word)"
      }
    }
    return lines
  }
}
