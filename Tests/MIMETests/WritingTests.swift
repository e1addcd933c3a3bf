import FoundationEssentials
import Testing

@testable import MIME

@Suite struct WritingTests {
  private func value(_ field: HeaderField) throws -> String {
    let header = try #require(try Message(field.bytes + "\r\n".bytes).headers.first(field.name))
    return header.decoded
  }

  @Test(arguments: [
    "SocialNet: Anna Berg", "Grüße aus Köln", "", "=?utf-8?q?x?=", " leading", "two  spaces",
    String(repeating: "long ", count: 60) + "end",
    String(repeating: "x", count: 3000), String(repeating: "日本語😀", count: 100),
  ]) func `a subject comes back as it was`(text: String) throws {
    let field = try HeaderField("Subject", text: text)
    #expect(try value(field) == text)
    for line in field.bytes.text.split(separator: "\r\n") { #expect(line.utf8.count <= 78) }
  }

  @Test(arguments: ["a\nBcc: b@c.d", "a\r\nBcc: b@c.d", "a\rb", "a\0b", "a\u{7f}"])
  func `a value cannot begin another header`(text: String) {
    #expect(throws: WritingFailure.self) { try HeaderField("Subject", text: text) }
    #expect(throws: WritingFailure.self) { try HeaderField("X", tokens: text) }
    #expect(throws: WritingFailure.self) { try HeaderField("References", ids: [text]) }
    #expect(throws: WritingFailure.self) { try HeaderField("Content-Type", "a/b", [.init("name", text)]) }
    let address = Address(name: text, "a@b.c")
    #expect(throws: WritingFailure.self) { try HeaderField("From", [#require(address)]) }
    #expect(throws: WritingFailure.self) { try HeaderField(text, text: "x") }
  }

  @Test(arguments: ["a@b.c, d@e.f", "a b@c.d", "<a@b.c>", "a@b.c\n", "a@", "@b", "a", "\"a b\"@c.d", "a@b.c\0"])
  func `an address is a plain one`(text: String) {
    #expect(Address(text) == nil)
  }

  @Test(arguments: ["Anna", "Berg, Anna", "A \"quoted\" \\ name", "Änne", "a@b.c", "x <d@e.f>"])
  func `a shown name stays a name`(name: String) throws {
    let field = try HeaderField("From", [#require(Address(name: name, "anna@example.org"))])
    let headers = try Message(field.bytes + "\r\n".bytes).headers
    let address = try #require(headers.onlyAddress("From"))
    #expect(address.text == "anna@example.org")
    #expect(address.name == name)
  }

  @Test func `tokens fold at their spaces`() throws {
    let tokens = (0..<80).map { "token\($0)" }.joined(separator: " ")
    let field = try HeaderField("X", tokens: tokens)
    #expect(field.bytes.text.split(separator: "\r\n").allSatisfy { $0.utf8.count <= 78 })
    #expect(try value(field) == tokens)
    #expect(throws: WritingFailure.self) { try HeaderField("X", tokens: String(repeating: "x", count: 990)) }
    #expect(throws: WritingFailure.self) { try HeaderField("X", tokens: "é") }
  }

  @Test(arguments: [
    "", "plain\n", "no end", "ä\n", "a=b\n\n\nc\n", "ends with space \n", "tab\t\n", ".\n", "From me\n", "..\n",
    String(repeating: "x", count: 2000) + "\n", String(repeating: "é ", count: 500), "a\r\nb\n",
  ]) func `text comes back with one line end at its end, in short lines`(text: String) throws {
    let bytes = try Entity([], ContentType("text", "plain", [.init("charset", "utf-8")]), .text(text)).bytes()
    let message = try Message(bytes)
    #expect(try message.text(of: message.root, limit: 1 << 20) == text.lines.joined(separator: "\n"))
    #expect(bytes.split(separator: 10, omittingEmptySubsequences: false).allSatisfy { $0.count <= 79 })
    #expect(bytes.text.replacing("\r\n", with: "").utf8.allSatisfy { $0 != 10 && $0 != 13 })
  }

  @Test func `a digest's tree comes back with all its parts`() throws {
    let picture = (0..<10_000).map { UInt8(truncatingIfNeeded: $0) }
    let file = try TemporaryFile(picture)
    let image = Entity(
      [try HeaderField("Content-ID", ids: ["p1@x"]), try HeaderField("Content-Disposition", tokens: "inline")],
      ContentType("image", "jpeg"),
      .file(file.url))
    let html = Entity([], ContentType("text", "html", [.init("charset", "utf-8")]), .text("<img src=cid:p1@x>"))
    let related = Entity([], ContentType("multipart", "related"), .parts([html, image], boundary: "=_r"))
    let plain = Entity(
      [], ContentType("text", "plain", [.init("charset", "utf-8"), .init("format", "flowed")]),
      .text(FormatFlowed.encode("Grüße")))
    let whole = Entity(
      [try HeaderField("Subject", text: "Neues"), try HeaderField("MIME-Version", tokens: "1.0")],
      ContentType("multipart", "alternative"), .parts([plain, related], boundary: "=_a b"))
    let message = try Message(whole.bytes())
    #expect(
      message.root.flattened.map(\.contentType.mediaType) == [
        "multipart/alternative", "text/plain", "multipart/related", "text/html", "image/jpeg",
      ])
    #expect(try message.text(of: message.root.parts[0], limit: 100) == "Grüße")
    let shown = message.root.parts[1].parts[1]
    #expect(shown.contentID == "p1@x")
    #expect(try message.body(of: shown, limit: 10_000) == picture)
  }

  @Test func `lines are handed on as they are, and a sink may refuse`() throws {
    let entity = Entity(
      [], ContentType("application", "octet-stream"),
      .lines { sink throws(WritingFailure) in
        try sink("one\r\n".bytes)
        try sink("two\r\n".bytes)
      })
    #expect(try entity.bytes().text.hasSuffix("\r\n\r\none\r\ntwo\r\n"))
    #expect(throws: WritingFailure.sink(reason: "full")) {
      try entity.write { _ throws(WritingFailure) in throw .sink(reason: "full") }
    }
    let missing = Entity([], ContentType("image", "png"), .file(URL(filePath: "/nonexistent/blob")))
    #expect(throws: WritingFailure.self) { try missing.bytes() }
  }
}
