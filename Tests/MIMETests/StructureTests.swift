import FoundationEssentials
import Testing

@testable import MIME

@Suite struct StructureTests {
  static let nested = """
    From: anna@example.org
    Content-Type: multipart/mixed; boundary="out er"

    preamble
    --out er
    Content-Type: multipart/alternative; boundary=in

    --in
    Content-Type: text/plain

    words
    --in
    Content-Type: text/html

    <p>words</p>
    --in--
    epilogue
    --in
    --out er
    Content-Type: message/rfc822

    Subject: inside

    inner body

    --out er--
    more

    """.crlf

  @Test func `parts are found where they lie`() throws {
    let message = try Message(Self.nested)
    #expect(
      message.root.flattened.map(\.contentType.mediaType) == [
        "multipart/mixed", "multipart/alternative", "text/plain", "text/html", "message/rfc822", "text/plain",
      ])
    let alternative = message.root.parts[0]
    #expect(try message.bytes(in: alternative.parts[0].body) == "words".bytes)
    #expect(try message.bytes(in: alternative.parts[0].entity) == "Content-Type: text/plain\r\n\r\nwords".bytes)
    #expect(try message.bytes(in: alternative.parts[1].body) == "<p>words</p>".bytes)
    let letter = message.root.parts[1].parts[0]
    #expect(letter.headers.only("Subject")?.unfolded == "inside")
    #expect(try message.bytes(in: letter.body) == "inner body\r\n".bytes)
  }

  @Test func `line feeds alone end lines as well`() throws {
    let message = try Message(Self.nested.filter { $0 != 13 })
    #expect(message.root.flattened.count == 6)
    #expect(try message.bytes(in: message.root.parts[0].parts[0].body) == "words".bytes)
  }

  @Test func `a file gives the same as memory, however its lines fall`() throws {
    // Long lines push boundaries over the edges of the pieces in which a file is read.
    for length in [1, 1000, 65_530, 65_535, 65_536, 65_537, 200_000] {
      let long = String(repeating: "x", count: length)
      let bytes = "Content-Type: multipart/mixed; boundary=b\n\n--b\n\n\(long)\n--b\n\nend\n--b--\n".crlf
      let file = try TemporaryFile(bytes)
      let message = try Message(file: file.url)
      #expect(message.root.parts.count == 2)
      #expect(try message.body(of: message.root.parts[0], limit: 1 << 20) == long.bytes)
      #expect(try message.body(of: message.root.parts[1], limit: 10) == "end".bytes)
    }
  }

  @Test func `a message may lie anywhere, and be cut short while it is read`() throws {
    let whole = try Message(size: Self.nested.count) { (range) in Array(Self.nested[range]) }
    #expect(try whole.bytes(in: whole.root.parts[0].parts[0].body) == "words".bytes)
    let end = try #require(Self.nested.firstRange(of: "words".bytes)).lowerBound + 2
    let cut = try Message(size: Self.nested.count) { (range) in Array(Self.nested[range].prefix(max(0, end - range.lowerBound))) }
    #expect(cut.root.flattened.count == 3)
    #expect(try cut.body(of: cut.root.parts[0].parts[0], limit: 100) == "wo".bytes)
    #expect(throws: MessageFailure.unreadable(reason: "gone")) {
      try Message(size: 9) { (_) throws(MessageFailure) in throw .unreadable(reason: "gone") }
    }
  }

  @Test(arguments: [
    ("--b\n\none\n--b\n\ntwo\n", ["one", "two\r\n"], "no closing boundary"),
    ("--b\n\none\n--b--\n--b\n\ntwo\n", ["one"], "a boundary behind the closing one"),
    ("--b\nSubject: x\n--b\n\ntwo\n--b--\n", ["", "two"], "headers that a boundary ends"),
    ("--b\n\n--b\n\n--b--\n", ["", ""], "empty parts"),
    ("--b \t\n\none\n--b-- \n", ["one"], "white space behind a boundary"),
    ("--bb\n\n--b\n\none--b\n --b\n--b--x\n--b--\n", ["one--b\r\n --b\r\n--b--x"], "lines that only look like boundaries"),
    ("nothing\n", [], "no boundary at all"),
    ("--b--\n", [], "only the closing one"),
  ]) func `a multipart that was cut or bent`(body: String, parts: [String], reason: String) throws {
    let message = try Message("Content-Type: multipart/mixed; boundary=b\n\n\(body)".crlf)
    #expect(try message.root.parts.map { try message.body(of: $0, limit: 100) } == parts.map(\.bytes))
  }

  @Test func `an outer boundary ends every part within`() throws {
    let message = try Message(
      """
      Content-Type: multipart/mixed; boundary=a

      --a
      Content-Type: multipart/mixed; boundary=b

      --b

      one
      --a

      two
      --a--
      """.crlf)
    #expect(message.root.parts.count == 2)
    #expect(try message.body(of: message.root.parts[0].parts[0], limit: 9) == "one".bytes)
    #expect(try message.body(of: message.root.parts[1], limit: 9) == "two".bytes)
  }

  @Test func `what is no header is skipped, and a message may be nothing at all`() throws {
    let message = try Message("From anna Mon Nov 22 10:00:00 2026\nSubject : a\n b\nnonsense\n more\nTo: c\n".crlf)
    #expect(message.headers.map(\.name) == ["Subject", "To"])
    #expect(message.headers.first("subject")?.unfolded == "a b")
    #expect(try Message([]).headers.isEmpty)
  }

  @Test(arguments: [
    (Message.Limits(size: 100), MessageFailure.tooLarge(limit: 100), Message.Limits(size: 365)),
    (Message.Limits(depth: 2), .tooDeep(limit: 2), Message.Limits(depth: 3)),
    (Message.Limits(parts: 5), .tooManyParts(limit: 5), Message.Limits(parts: 6)),
    (Message.Limits(headerBlock: 75), .headersTooLong(limit: 75), Message.Limits(headerBlock: 76)),
  ]) func `a limit refuses what is beyond it and takes what is not`(
    below: Message.Limits, failure: MessageFailure, enough: Message.Limits
  ) throws {
    #expect(throws: failure) { try Message(Self.nested, limits: below) }
    #expect(try Message(Self.nested, limits: enough).root.parts.count == 2)
  }

  @Test func `any number of empty parts is refused after a hundred`() throws {
    let bytes =
      "Content-Type: multipart/mixed; boundary=b\n\n".bytes + Array(repeatElement("--b\n\n".bytes, count: 200_000).joined())
    #expect(throws: MessageFailure.tooManyParts(limit: 100)) { try Message(bytes) }
  }

  @Test func `a missing file is unreadable, not a trap`() {
    #expect(throws: MessageFailure.unreadable(reason: "No such file or directory")) {
      try Message(file: URL(filePath: "/nonexistent/message.eml"))
    }
  }

  @Test func `no mutation of a message traps, and every part lies within it`() throws {
    var random = SplitMix(state: 7)
    for _ in 0..<3000 {
      var bytes = Self.nested
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let place = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<4, using: &random) {
        case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
        case 1: bytes.removeSubrange(place..<min(bytes.count, place + 9))
        case 2: bytes.insert(contentsOf: bytes[place..<min(bytes.count, place + 30)], at: place)
        default: bytes.insert(contentsOf: [10, 0, 45, 45], at: place)
        }
        if bytes.isEmpty { bytes = [0] }
      }
      guard let message = try? Message(bytes) else { continue }
      for part in message.root.flattened {
        #expect(part.entity.upperBound <= bytes.count && part.entity.contains(part.body))
        _ = try? message.text(of: part, limit: 1 << 20)
        _ = (part.disposition, part.contentID, part.headers.date, part.headers.onlyAddress("From"))
        _ = part.headers.map { ($0.decoded, AuthenticationResults($0.unfolded), MessageID.list($0.unfolded)) }
      }
    }
  }
}
