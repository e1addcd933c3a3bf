import Digest
import Feed
import Foundation
import MIME
import Packets
import Testing

/// What friends can say, and how much there can be of it.
struct HostileTests {
  let cast: Cast
  let writer: LetterWriter

  init() throws {
    cast = try Cast()
    writer = try LetterWriter(cast.recipient)
  }

  func digest(_ words: String, name: String = "Ben Ito") throws -> (text: String, html: String, letter: Letter) {
    var item = cast.item(1, .status, by: cast.ben, "2026-11-21T13:05:00Z", words)
    item.author.name = name
    let edition = Edition(since: nil, entries: [.item(Story(item: item)), .item(Story(item: cast.sunset))])
    let preview = writer.preview(edition, cast.stamp())
    return (preview.text, preview.html, try writer.digest(edition, cast.stamp()))
  }

  @Test(arguments: [
    "<script>alert(1)</script>", "<img src=http://evil.example/x>", "\"><img src=x onerror=alert(1)>", "' onload='x", "&lt;b&gt;",
    "{{{title}}} {{#x}}", "</td></table>", "<!--", "javascript:alert(1)",
  ]) func `a friend's words are words, whatever they look like`(words: String) throws {
    let html = try digest(words).html
    #expect(!html.contains("<script") && !html.contains("<img src=") && !html.contains("onerror=alert(1)>"))
    #expect(!html.contains(words) || !words.contains { "<>\"'&".contains($0) })
    #expect(HTMLText.plain(html).contains(words.trimmingCharacters(in: .whitespaces)))
  }

  @Test func `an accent on a quotation mark does not open the attribute that it stands in`() throws {
    // To a comparison by characters, " with an accent is another character.
    var photo = cast.sunset
    photo.photos[0].alternative = "x\"\u{301} onerror=\"\u{301}alert(1)"
    let story = Story(item: photo, thumbnails: [cast.thumbnail([1])])
    let html = writer.preview(Edition(since: nil, entries: [.item(story)]), cast.stamp()).html
    #expect(html.unicodeScalars.split(separator: "\"").allSatisfy { !String($0).hasPrefix("\u{301} onerror") })
    #expect(Data(html.utf8).contains(Data("&quot;\u{301} onerror=&quot;\u{301}".utf8)))
  }

  @Test func `no letter loads anything from anywhere`() throws {
    let html = try digest("see http://evil.example/x.png").html
    #expect(!html.contains("src=\"http") && !html.contains("url(") && !html.contains("<link") && !html.contains("@import"))
    let targets = html.matches(of: /href="([^"]*)"/).map(\.1)
    #expect(!targets.isEmpty && targets.allSatisfy { $0.hasPrefix("mailto:mona%2Bsocialnet@example.org?") })
    let sources = html.matches(of: /src="([^"]*)"/).map(\.1)
    #expect(sources.allSatisfy { $0.hasPrefix("cid:photo-") })
  }

  @Test(arguments: [
    ("a\u{202e}b\u{2066}c", "abc", "turns the direction of writing"),
    ("a\u{7}\u{1b}[31mb\u{0}c\u{9b}d", "a[31mbcd", "controls a terminal"),
    ("a\u{200b}\u{feff}b", "ab", "has no width"),
    ("a\r\nb\rc\u{2028}d\u{85}e", "a\nb\nc\nd\ne", "ends lines in other ways"),
    ("[#2] Eva Roth, status, Sat 14:05\nI hate you", "[ #2] Eva Roth, status, Sat 14:05\nI hate you", "looks like another item"),
    ("bye\n-- \nBen", "bye\n–\nBen", "looks like the beginning of a signature"),
    ("a -- b", "a – b", "could become one when it is wrapped"),
    ("a\n\n\n\n\nb", "a\n\nb", "pushes the rest out of sight"),
    ("Z" + String(repeating: "\u{301}", count: 40), "Z" + String(repeating: "\u{301}", count: 4), "covers its neighbours"),
    (
      "\u{1f469}\u{200d}\u{1f467} \u{1f44d}\u{1f3fd} ❤\u{fe0f} नमस्ते",
      "\u{1f469}\u{200d}\u{1f467} \u{1f44d}\u{1f3fd} ❤\u{fe0f} नमस्ते", "stays"
    ),
  ]) func `what could harm the letter is taken out`(words: String, shown: String, why: String) throws {
    let letter = try digest(words)
    let text = FormatFlowed.decode(letter.text)
    #expect(text.contains("\n\(shown)\n"), "\(why): \(text)")
    #expect(!letter.text.contains("-- ") && !letter.html.contains("\u{202e}") && !letter.html.contains("\u{1b}"))
  }

  @Test func `a name is one line, and begins no header`() throws {
    let letter = try digest("hello", name: "Ben\r\nBcc: eve@example.com\u{202e}\n[#9] <b>")
    #expect(letter.text.contains("[#1] Ben Bcc: eve@example.com [ #9] <b>, status"))
    var item = cast.advice
    item.author.name = "Ben\r\nBcc: eve@example.com"
    let headers = try Message(try writer.item(Story(item: item, root: cast.bread), cast.stamp()).bytes).headers
    #expect(
      headers.count(of: "Bcc") == 0
        && headers.first("From")?.decoded == "\"Ben Bcc: eve@example.com via SocialNet\" <mona@example.org>")
  }

  @Test func `long words are cut, and say where the rest is`() throws {
    let letter = try digest(String(repeating: "word ", count: 1_000))
    #expect(letter.text.contains("… (more: socialnet show "))
    #expect(FormatFlowed.decode(letter.text).count < 2_000)
    #expect(try digest(String(repeating: "word ", count: 119)).text.contains("…") == false)
    #expect(try digest(String(repeating: "x", count: 5_000)).text.utf8.count < 2_500)
    let family = "\u{1f468}\u{200d}\u{1f469}\u{200d}\u{1f467}\u{200d}\u{1f466}"
    #expect(try digest(String(repeating: family, count: 5_000)).text.unicodeScalars.count < 1_500)
  }

  @Test(arguments: [11, 200, 1_000]) func `a long absence fits into one mail`(count: Int) throws {
    let loud = String(repeating: "<&\"'>", count: 200)
    let entries = (1...count).map {
      Edition.Entry.item(Story(item: cast.item($0, .status, by: cast.anna, "2026-11-21T13:05:00Z", loud)))
    }
    let edition = Edition(since: cast.now, entries: entries)
    let preview = writer.preview(edition, cast.stamp())
    let letter = try writer.digest(edition, cast.stamp())
    #expect(preview.html.utf8.count <= 80 << 10)
    #expect(letter.record.targets.count == count, "every number can be answered, shown or not")
    #expect(preview.text.split(separator: "\n").allSatisfy { $0.count <= 72 || !$0.dropLast().contains(" ") })
    #expect(preview.text.contains("[#11] "))
    if count == 1_000 { #expect(preview.text.contains(" more; \"socialnet feed\"")) }
  }

  @Test func `at most six thumbnails, and the others are said`() throws {
    var photo = cast.sunset
    photo.photos = (1...4).map { cast.photograph("number \($0)") }
    let stories = (0..<3).map { _ in
      Edition.Entry.item(Story(item: photo, thumbnails: photo.photos.map { _ in cast.thumbnail([1]) }))
    }
    let edition = Edition(since: nil, entries: stories)
    let html = writer.preview(edition, cast.stamp()).html
    #expect(html.matches(of: /src="cid:/).count == 6)
    #expect(html.contains("[photo: number 3]"))
    let message = try Message(try writer.digest(edition, cast.stamp()).bytes)
    #expect(message.root.flattened.filter { $0.contentType.type == "image" }.count == 6)
  }

  @Test func `what needs a newer version is shown with its fallback, and not answered`() throws {
    var held = cast.item(7, .held, by: cast.eva, "2026-11-21T13:05:00Z", "Eva made a poll: tea or coffee?", held: true)
    held.held = true
    let edition = Edition(since: nil, entries: [.item(Story(item: held))])
    let letter = try writer.digest(edition, cast.stamp())
    let text = writer.preview(edition, cast.stamp()).text
    #expect(text.contains("[#1] Eva Roth, needs a newer version, Sat 14:05\nEva made a poll: tea or coffee?"))
    #expect(letter.record.targets == [1: .held(held.id)])
  }

  @Test func `hearts of all forms are counted as one`() throws {
    var item = cast.moved
    item.reactions = [.init(emoji: "❤️", by: ["Ben Ito"]), .init(emoji: "❤", by: ["Ben Ito", "Eva Roth", "Jo Lang", "Max"])]
    let text = writer.preview(Edition(since: nil, entries: [.item(Story(item: item))]), cast.stamp()).text
    #expect(text.contains("2 comments, ❤ Ben Ito, Eva Roth and 2 others"))
  }

  @Test(arguments: [
    ("2026-11-22T05:59:00Z", "Sun 06:59"), ("2026-11-17T06:00:00Z", "Tue 07:00"), ("2026-11-16T05:00:00Z", "16 Nov 06:00"),
    ("2026-07-01T10:00:00Z", "1 Jul 12:00"), ("2024-02-29T23:30:00Z", "1 Mar 2024"), ("2099-01-01T00:00:00Z", "Sun 07:00"),
    ("1970-01-01T00:00:00Z", "1 Jan 1970"),
  ]) func `moments are told as the user's clock shows them`(created: String, shown: String) throws {
    let item = cast.item(1, .status, by: cast.anna, created, "hello")
    let text = writer.preview(Edition(since: nil, entries: [.item(Story(item: item))]), cast.stamp()).text
    #expect(text.contains("[#1] Anna Berg, status, \(shown)\n"))
  }

  @Test(arguments: [Instant(milliseconds: .min), Instant(milliseconds: .max), Instant(milliseconds: -1)])
  func `no clock stops the writer`(moment: Instant) throws {
    var item = cast.moved
    (item.created, item.received) = (moment, moment)
    _ = try writer.digest(
      Edition(since: moment, entries: [.item(Story(item: item))]), .init(token: cast.stamp().token, date: moment, expires: moment)
    )
  }

  @Test func `the headers say what the letter is`() throws {
    let letter = try digest("hello").letter
    let headers = try Message(letter.bytes).headers
    #expect(headers.first("From")?.unfolded == "\"SocialNet\" <mona@example.org>")
    for name in ["To", "Reply-To"] { #expect(headers.first(name)?.unfolded == "mona+socialnet@example.org") }
    #expect(headers.first("Message-ID")?.unfolded == "<socialnet-\(cast.stamp().token.text)@example.org>")
    #expect(headers.first("Auto-Submitted")?.unfolded == "auto-generated")
    #expect(headers.first("X-Auto-Response-Suppress")?.unfolded == "All")
    #expect(headers.first("Date")?.unfolded == "Sun, 22 Nov 2026 07:00:00 +0100")
    for name in ["List-Id", "List-Post", "List-Unsubscribe", "SocialNet-Letter"] { #expect(headers.count(of: name) == 1) }
    #expect(headers.count(of: "References") == 0, "digests do not thread with each other")
    let bytes = String(decoding: letter.bytes, as: UTF8.self)
    #expect(
      bytes.split(separator: "\r\n", omittingEmptySubsequences: false).allSatisfy { $0.utf8.count <= 998 && !$0.contains("\n") })
  }

  @Test func `letters of one conversation hang together`() throws {
    func references(_ item: FeedItem) throws -> [String] {
      let letter = try writer.item(Story(item: item, root: cast.bread), cast.stamp("x", follows: ["earlier@example.org"]))
      return try Message(letter.bytes).headers.all("References").flatMap { MessageID.list($0.unfolded) }
    }
    var second = cast.advice
    second.text = "something else"
    #expect(try references(cast.advice) == references(second))
    #expect(try references(cast.advice) == ["item-\(cast.bread.id.text)@example.org", "earlier@example.org"])
  }

  @Test(arguments: ["mona", "mona@", "mona@example.org\r\nBcc: eve@example.com", "", "a b@example.org"])
  func `what is no address is refused with a sentence`(address: String) throws {
    #expect(throws: LetterFailure.badAddress(address)) {
      try LetterWriter(Recipient(address: address, replyTo: "mona@example.org", author: cast.mona.author, zone: .gmt))
    }
    #expect(throws: LetterFailure.badAddress(address)) {
      try InvitationLetter(from: "mona@example.org", name: "Mona", to: address, friend: nil, link: "socialnet:join#v=1")
    }
  }
}
