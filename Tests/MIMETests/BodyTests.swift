import Testing

@testable import MIME

@Suite struct BodyTests {
  private func text(_ headers: String, _ body: [UInt8]) throws -> String {
    let message = try Message("\(headers)\n\n".crlf + body)
    return try message.text(of: message.root, limit: 1 << 20)
  }

  @Test(arguments: [
    ("base64", "aGFs\nbG8=\n", "hallo"), ("BASE64", "aGFsbG8=", "hallo"), ("quoted-printable", "a=3Db=\nc =\n", "a=bc "),
    ("7bit", "as is\n", "as is\r\n"), ("x-unknown", "as is", "as is"), ("base64", "!!!!", ""),
    ("quoted-printable", "=zz=", "=zz"),
  ]) func `a transfer encoding is undone`(encoding: String, body: String, expected: String) throws {
    let message = try Message("Content-Transfer-Encoding: \(encoding)\n\n\(body)".crlf)
    #expect(try message.body(of: message.root, limit: 100).text == expected)
  }

  @Test func `a body is counted after decoding`() throws {
    let message = try Message("Content-Transfer-Encoding: base64\n\naGFsbG8=\n".crlf)
    #expect(try message.body(of: message.root, limit: 5).count == 5)
    #expect(throws: MessageFailure.bodyTooLong(limit: 4)) { try message.body(of: message.root, limit: 4) }
  }

  @Test func `an encoding is undone across the pieces of a large body`() throws {
    let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 31) }
    let message = try Message(Entity([], ContentType("image", "jpeg"), .bytes(bytes)).bytes())
    #expect(try message.body(of: message.root, limit: 300_000) == bytes)
  }

  @Test(arguments: [
    ("utf-8", "é".bytes, "é"), ("iso-8859-1", [0xe9], "é"), ("windows-1252", [0x80], "€"), ("us-ascii", [0x80], "€"),
    ("utf-8", [0xe9, 0x21], "é!"), ("iso-2022-jp", [0x1b, 0x24, 0x42, 0x24, 0x22, 0x1b, 0x28, 0x42], "あ"),
    ("no-such-charset", "é".bytes, "é"), ("shift_jis", [0x82, 0xa0, 0x82], "あ\u{FFFD}"), ("", [0x41], "A"),
    ("utf-16le", [0x41, 0], "A"),
  ]) func `a charset is decoded`(charset: String, bytes: [UInt8], expected: String) throws {
    #expect(try text("Content-Type: text/plain; charset=\"\(charset)\"", bytes) == expected)
  }

  @Test func `flowed lines are joined, others are not`() throws {
    let body = "one \ntwo\n> three \n> four\n".crlf
    #expect(try text("Content-Type: text/plain; format=flowed", body) == "one two\n> three four")
    #expect(try text("Content-Type: text/plain; format=flowed; delsp=yes", body) == "onetwo\n> threefour")
    #expect(try text("Content-Type: text/plain", body) == "one \ntwo\n> three \n> four")
  }
}

@Suite struct FormatFlowedTests {
  @Test(arguments: [
    ("a \nb\n\nc", "a b\n\nc", "a paragraph"),
    (" >no quote\n  two spaces", ">no quote\n two spaces", "stuffing"),
    (">> deep \n> less", "> > deep \n> less", "a soft break joins one level only"),
    ("end \n-- \nAnna \nBerg", "end \n-- \nAnna Berg", "a signature mark is never joined"),
    (">\n>x", ">\n> x", "an empty quoted line"),
  ]) func `is decoded`(flowed: String, plain: String, reason: String) {
    #expect(FormatFlowed.decode(flowed) == plain)
  }

  @Test(arguments: [
    "", "short", "> not quoted", " leading", "From here", "a\n\nb", String(repeating: "word ", count: 60) + "end",
    String(repeating: "x", count: 300), "x " + String(repeating: "y", count: 200) + " z",
    String(repeating: "a -- ", count: 40) + "b",
    "-- \nsignature", String(repeating: "ä€😀 ", count: 50) + ".", String(repeating: "a  b ", count: 40) + "c",
    "-- " + String(repeating: "y", count: 100) + " z",
  ]) func `gives back the text that it was made of`(text: String) {
    let flowed = FormatFlowed.encode(text)
    #expect(FormatFlowed.decode(flowed) == text)
    for line in flowed.split(separator: "\n") where line.contains(" ") && !line.contains("yyy") { #expect(line.count <= 72) }
  }

  @Test func `trailing spaces do not glue paragraphs`() {
    #expect(FormatFlowed.encode("one  \ntwo ") == "one\ntwo")
  }
}

@Suite struct HTMLTextTests {
  @Test(arguments: [
    ("<p>one</p><p>two<br>three</p>", "one\n\ntwo\nthree", "paragraphs and breaks"),
    ("<div>one</div><div><br></div><div>two</div>", "one\n\ntwo", "an empty line as programs write it"),
    ("a<blockquote>b<blockquote>c</blockquote></blockquote>d", "a\n\n> b\n>\n> > c\n\nd", "quotation"),
    ("<ul><li>a<li>b<ul><li>c</ul></ul><ol><li>x</li><li><p>y</p></li></ol>", "- a\n- b\n  - c\n\n1. x\n2. y", "lists"),
    ("<body>a<script>x</script><style>y</style><!-- z --><title>t</title>b", "ab", "what is not text"),
    ("&lt;b&gt; &amp;amp; &euro;&nbsp;&#x1F600; &unknown;", "<b> &amp; € 😀 &unknown;", "entities"),
    ("<pre>a\n  b</pre>c", "a\n  b\n\nc", "preformatted"),
    ("  many \n\t spaces <b> here</b>", "many spaces here", "white space"),
    ("<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc", "tables"),
    ("<body>a<div style=\"display: none\">hidden</div><span style='VISIBILITY:hidden'>x</span>b", "ab", "what hides itself"),
    ("nice <img alt=\"❤️\" src=x> <img alt=logo src='http://e/x'>", "nice ❤️", "emoji as pictures"),
    ("", "", "nothing"), ("a < b", "a < b", "a stray bracket"), ("<html><body></body></html>", "", "an empty body"),
    ("text", "text", "no markup"), ("a\0b", "a\u{FFFD}b", "NUL"),
    ("<meta charset=iso-8859-1><p>é", "é", "a charset that is wrong by now"),
    ("<!DOCTYPE x [<!ENTITY e SYSTEM 'file:///etc/passwd'>]><p>&e;", "]>\n\n&e;", "an external entity"),
  ]) func `is what a reader sees`(html: String, text: String, reason: String) {
    #expect(HTMLText.plain(html) == text)
  }

  @Test func `hostile nesting neither traps nor grows`() {
    let deep = String(repeating: "<blockquote>", count: 50_000) + "a" + String(repeating: "<ul><li>", count: 20_000) + "b"
    #expect(HTMLText.plain(deep).utf8.count < 1_000)
    #expect(HTMLText.plain(String(repeating: "</div><b><i>", count: 100_000)) == "")
  }

  @Test func `no mutation of HTML traps`() {
    var random = SplitMix(state: 11)
    let letter = "<html><body><p>a &amp; b<br><blockquote type=cite><ul><li>x</ul></blockquote><pre> y </pre><img alt='❤️'></html>"
      .bytes
    for _ in 0..<3000 {
      var bytes = letter
      for _ in 0..<5 { bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random) }
      _ = HTMLText.plain(bytes.text)
    }
  }
}
