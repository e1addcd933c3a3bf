import Testing

@testable import Mailbox

/// All that a parser makes of these bytes.
func parse(_ text: String, limits: GrammarLimits = GrammarLimits(), piece: Int = .max) throws -> [ResponseParser.Output] {
  var parser = ResponseParser(limits: limits)
  var outputs: [ResponseParser.Output] = []
  var rest = Array(text.utf8)[...]
  while !rest.isEmpty {
    let count = min(piece, rest.count)
    parser.receive(rest.prefix(count))
    rest = rest.dropFirst(count)
    while let output = try parser.next() { outputs.append(output) }
  }
  return outputs
}

/// The one response in these bytes.
private func read(_ text: String) throws -> Response? {
  let outputs = try parse(text)
  guard outputs.count == 1, case .response(let response) = outputs[0] else { return nil }
  return response
}

@Suite struct GrammarTests {
  @Test(arguments: [
    ("* 1 FETCH (UID 99999999999999999999)\r\n", "UID beyond its range"),
    ("* 1 FETCH (UID 4294967296)\r\n", "UID beyond its range"),
    ("* 1 FETCH (UID 0)\r\n", "no UID at byte 15"),
    ("* 1 FETCH (RFC822.SIZE 99999999999999999999)\r\n", "size beyond its range"),
    ("* 4294967296 EXISTS\r\n", "message number beyond its range"),
    ("* 1 FETCH (UID 7\r\n", "no attribute at byte 16"),
    ("* 1 FETCH UID 7\r\n", "no opening parenthesis at byte 10"),
    ("* 1 FETCH (UID 7) x\r\n", "no end of response at byte 18"),
    ("* 1 FETCH (BODY[HEADER \"x\")\r\n", "no closing bracket at byte 27"),
    ("* 1 FETCH (BODY[TEXT] \"x)\r\n", "no closing quote at byte 25"),
    ("* 1 FETCH (BODY[TEXT] \"x\\y\")\r\n", "no quote or backslash after a backslash at byte 25"),
    ("* 1 FETCH (FLAGS (\\Seen) INTERNALDATE \"31-Foo-2026 10:00:00 +0000\")\r\n", "no date at byte 38"),
    ("* 1 FETCH (FLAGS (\\Seen) INTERNALDATE \"32-Jan-2026 10:00:00 +0000\")\r\n", "no date at byte 38"),
    ("* 1 FETCH (X " + String(repeating: "(", count: 40) + "\r\n", "more than 32 parentheses within each other"),
    ("* 1 FETCH (BODY[TEXT] {99999999999}\r\n", "literal length beyond its range"),
    ("* 1 FETCH (BODY[TEXT] {99999999999999999999999}\r\n", "literal length beyond its range"),
    ("* SEARCH 1 2 x\r\n", "no UID at byte 13"),
    ("* SEARCH 1 0\r\n", "no UID at byte 11"),
    ("* LIST \\Sent \"/\" Sent\r\n", "no opening parenthesis at byte 7"),
    ("* LIST (\\Sent) \"//\" Sent\r\n", "no hierarchy separator at byte 19"),
    ("* LIST (\\Sent) \"/\" \"\"\r\n", "no folder name at byte 19"),
    ("* STATUS INBOX (UIDNEXT 99999999999)\r\n", "UIDNEXT beyond its range"),
    ("* OK [UIDVALIDITY 0] x\r\n", "no UIDVALIDITY at byte 18"),
    ("s1 OK [COPYUID 1 1:4294967295 1] x\r\n", "UID set beyond its range"),
    ("s1 OK [APPENDUID 1] x\r\n", "no space at byte 18"),
    ("s1 MAYBE done\r\n", "no OK, NO or BAD at byte 8"),
    ("s1\r\n", "no space at byte 2"),
    ("\r\n", "no tag at byte 0"),
    ("* OK fi\0ne\r\n", "a NUL outside a literal"),
  ])
  func `a malformed response is refused with its reason`(bytes: String, reason: String) {
    #expect(throws: (any Error).self, "\(reason)") { try parse(bytes) }
    do { _ = try parse(bytes) } catch { #expect("\(error)" == reason) }
  }

  @Test func `a response is the same however its bytes are cut`() throws {
    let text = """
      * 3 EXISTS\r
      * 2 FETCH (UID 7 FLAGS (\\Seen $x[y]) INTERNALDATE "17-Jul-1996 02:44:25 -0700" RFC822.SIZE 12 BODY[] {12}\r
      Hello\r
      you\r
      )\r
      * LIST (\\HasNoChildren \\Sent) "." {5}\r
      a"\\ b\r
      s1 OK [COPYUID 9 1:2,5 7,9:10] done {5}\r

      """
    let whole = try parse(text)
    for piece in [1, 2, 3, 7, 50] {
      var joined: [ResponseParser.Output] = []
      for output in try parse(text, piece: piece) {
        if case .body(.bytes(let more)) = output, case .body(.bytes(let before)) = joined.last {
          joined[joined.count - 1] = .body(.bytes(before + more))
        } else {
          joined.append(output)
        }
      }
      #expect(joined == whole)
    }
    var fetched = Fetched(number: 2)
    fetched.uid = 7
    fetched.flags = ["\\Seen", "$x[y]"]
    fetched.arrived = 837_596_665
    fetched.size = 12
    fetched.sections = ["": .streamed(12)]
    #expect(
      whole == [
        .response(.exists(3)),
        .body(.began(size: 12)), .body(.bytes(Array("Hello\r\nyou\r\n".utf8))), .body(.ended),
        .response(.fetch(fetched)),
        .response(
          .list(
            ListedFolder(
              attributes: ["\\hasnochildren", "\\sent"], separator: ".", name: try #require(FolderName("a\"\\ b"))))),
        .response(
          .status(Status(.ok, code: .copyUID(validity: 9, from: [1, 2, 5], to: [7, 9, 10]), text: "done {5}"), tag: "s1")),
      ])
  }

  @Test func `a body that looks like responses is passed through`() throws {
    let body = "* 1 EXISTS\r\ns1 OK done\r\n{5}\r\n)\r\n"
    let outputs = try parse("* 1 FETCH (BODY[] {\(body.utf8.count)}\r\n\(body) UID 4)\r\ns1 OK\r\n")
    #expect(outputs.count == 5)
    #expect(outputs[1] == .body(.bytes(Array(body.utf8))))
  }

  @Test func `a literal longer than the limit is read past and named`() throws {
    var limits = GrammarLimits()
    limits.literal = 10
    let outputs = try parse("* 1 FETCH (UID 4 BODY[HEADER] {12}\r\n123456789012)\r\n* 5 EXISTS\r\n", limits: limits, piece: 5)
    var fetched = Fetched(number: 1)
    fetched.uid = 4
    fetched.sections = ["HEADER": .dropped(12)]
    #expect(outputs == [.response(.fetch(fetched)), .response(.exists(5))])
  }

  @Test func `a line longer than the limit ends the conversation before it is whole`() {
    var limits = GrammarLimits()
    limits.text = 100
    #expect(throws: GrammarFailure.tooLong(limit: 100)) {
      try parse("* SEARCH" + String(repeating: " 1", count: 60), limits: limits)
    }
  }

  @Test(arguments: [
    ("* FETCH", Response.other("FETCH")),
    ("* 1 FETCH (UID 5 ENVELOPE (NIL \"a\" ((\"b\" {1}\r\nc NIL))) BODY[] \"\" BODYSTRUCTURE (\"text\" NIL))", nil),
    ("* NAMESPACE ((\"INBOX.\" \".\")) NIL NIL", .namespace(Namespace(prefix: Array("INBOX.".utf8), separator: "."))),
    ("* NAMESPACE NIL NIL ((\"x\" NIL))", .namespace(nil)),
    ("* CAPABILITY IMAP4rev1 move", .capability(["IMAP4REV1", "MOVE"])),
    ("* SEARCH 5 3 (MODSEQ 917)", .search([5, 3])),
    ("* SEARCH ", .search([])),
    ("* BYE [UNAVAILABLE] bye \u{1b}[2J\u{202e}", .status(Status(.bye, code: .word("UNAVAILABLE"), text: "bye [2J"), tag: nil)),
    ("* VANISHED (EARLIER) 1:5", .vanished(UIDRanges(ranges: [1...5]), earlier: true)),
    ("* VANISHED 7,4294967295:3", .vanished(UIDRanges(ranges: [7...7, 3...4_294_967_295]), earlier: false)),
    ("* ENABLED QResync", .enabled(["QRESYNC"])),
    ("+ go on {3}", .continuation),
    ("* list () NIL inbox", .list(ListedFolder(attributes: [], separator: nil, name: .inbox))),
    ("* OK [BADCHARSET (\"]\" x)] hm", .status(Status(.ok, code: .word("BADCHARSET"), text: "hm"), tag: nil)),
  ])
  func `what servers say besides is understood or skipped`(line: String, expected: Response?) throws {
    let response = try #require(try read(line + "\r\n"))
    if let expected {
      #expect(response == expected)
    } else {
      guard case .fetch(let fetched) = response else { throw GrammarFailure.nul }
      #expect(fetched.uid == 5 && fetched.sections == ["": .bytes([])])
    }
  }

  @Test(arguments: [
    ("17-Jul-1996 02:44:25 -0700", 837_596_665), (" 1-Jan-1970 00:00:00 +0000", 0), ("29-Feb-2024 23:59:59 +0130", 1_709_245_799),
    ("31-Dec-9999 23:59:60 +0000", 253_402_300_800), ("01-Jan-0001 00:00:00 +0000", -62_135_596_800),
  ])
  func `INTERNALDATE is a moment`(text: String, seconds: Int64) {
    #expect(InternalDate.read(Array(text.utf8)) == seconds)
  }

  @Test func `UID sets are as short as they can be`() {
    #expect(UIDSet([5, 1, 2, 3, 9, 8, 4_294_967_295]).text == "1:3,5,8:9,4294967295")
    #expect(UIDSet([7, 7, 7]).text == "7")
    #expect(UIDSet([UInt32]()).text == "")
  }
}
