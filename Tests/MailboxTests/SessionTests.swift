import Testing

@testable import Mailbox

/// A conversation that reads as a dialogue: `C:` is what the session must write, `S:` what the server says, and `=` what the session
/// must report.
struct Dialogue {
  var session = Session()
  private var trouble: SessionFailure?
  private var written: [String] = []
  private var events: [String] = []
  private(set) var state = ""

  /// Runs until the session waits for the server or is done.
  mutating func settle() {
    while trouble == nil {
      do throws(SessionFailure) {
        switch try session.resume() {
        case .write(let bytes): written.append(String(decoding: bytes, as: UTF8.self))
        case .writeFile(let path, let size): written.append("<\(size) bytes of \(path)>")
        case .event(let event): events.append(describe(event))
        case .read:
          state = "waits"
          return
        case .finished:
          state = "finished"
          return
        }
      } catch {
        trouble = error
        state = "failed: \(error)"
      }
    }
  }

  mutating func client(_ text: String, sourceLocation: SourceLocation = #_sourceLocation) {
    settle()
    #expect(written.joined() == text, sourceLocation: sourceLocation)
    written = []
  }

  mutating func server(_ text: String) {
    settle()
    session.receive(Array(text.utf8))
    settle()
  }

  mutating func reports(_ expected: [String], sourceLocation: SourceLocation = #_sourceLocation) {
    settle()
    #expect(events == expected, sourceLocation: sourceLocation)
    events = []
  }

  private func describe(_ event: Session.Event) -> String {
    switch event {
    case .completed(let id, let status): "\(id.number) \(status.condition.rawValue)"
    case .response(.exists(let count)): "\(count) exist"
    case .response(.fetch(let fetched)): "fetched \(fetched.uid ?? 0)"
    case .response(.status(let status, _)): status.condition.rawValue
    case .response: "response"
    case .body(.began(let size)): "body \(size)"
    case .body(.bytes(let bytes)): String(decoding: bytes, as: UTF8.self)
    case .body(.ended): "end"
    case .idling: "idling"
    }
  }
}

@Suite struct SessionTests {
  @Test func `commands leave one behind the other without waiting`() throws {
    var talk = Dialogue()
    talk.session.submit(.noop)
    talk.session.submit(.fetch(UIDSet([4, 5])))
    talk.client("s1 NOOP\r\ns2 UID FETCH 4:5 (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])\r\n")
    talk.server("* 9 EXISTS\r\ns1 OK done\r\n* 4 FETCH (UID 4 BODY[] {3}\r\nab")
    talk.reports(["9 exist", "1 OK", "body 3", "ab"])
    talk.server("c)\r\ns2 NO [EXPUNGEISSUED] one is gone\r\n")
    talk.reports(["c", "end", "fetched 4", "2 NO"])
    #expect(talk.state == "finished")
  }

  @Test func `a literal waits for the server's word, and what stands behind it too`() throws {
    var talk = Dialogue()
    talk.session.submit(.create(try #require(FolderName("gr\u{fc}n"))))
    talk.session.submit(.noop)
    talk.client("s1 CREATE {5}\r\n")
    talk.server("+ go on\r\n")
    talk.client("gr\u{fc}n\r\ns2 NOOP\r\n")
    talk.server("s1 OK\r\ns2 OK\r\n")
    talk.reports(["1 OK", "2 OK"])
  }

  @Test func `a refused literal is never sent`() throws {
    var talk = Dialogue()
    talk.session.submit(.append(file: "/x", size: 99, to: .inbox, seen: true))
    talk.session.submit(.noop)
    talk.client("s1 APPEND \"INBOX\" (\\Seen) {99}\r\n")
    talk.server("s1 NO [OVERQUOTA] full\r\n")
    talk.client("s2 NOOP\r\n")
    talk.server("s2 OK\r\n")
    talk.reports(["1 NO", "2 OK"])
  }

  @Test func `with LITERAL+ a file goes at once`() throws {
    var talk = Dialogue()
    talk.session.literals = .nonSynchronizing
    talk.session.submit(.append(file: "/x", size: 99, to: .inbox, seen: false))
    talk.session.submit(.noop)
    talk.client("s1 APPEND \"INBOX\" {99+}\r\n<99 bytes of /x>\r\ns2 NOOP\r\n")
  }

  @Test func `with LITERAL- a large file waits`() throws {
    var talk = Dialogue()
    talk.session.literals = .nonSynchronizingUpTo4096
    talk.session.submit(.append(file: "/x", size: 4096, to: .inbox, seen: false))
    talk.session.submit(.append(file: "/y", size: 4097, to: .inbox, seen: false))
    talk.client("s1 APPEND \"INBOX\" {4096+}\r\n<4096 bytes of /x>\r\ns2 APPEND \"INBOX\" {4097}\r\n")
    talk.server("s1 OK\r\n+\r\n")
    talk.client("<4097 bytes of /y>\r\n")
  }

  @Test func `IDLE goes on until it is ended, and the next command leaves with its end`() throws {
    var talk = Dialogue()
    talk.session.submit(.idle)
    talk.client("s1 IDLE\r\n")
    talk.server("+ idling\r\n* 4 EXISTS\r\n")
    talk.reports(["idling", "4 exist"])
    #expect(talk.state == "waits")
    talk.session.endIdle()
    talk.session.submit(.noop)
    talk.client("DONE\r\ns2 NOOP\r\n")
    talk.server("s1 OK\r\ns2 OK\r\n")
    talk.reports(["1 OK", "2 OK"])
    #expect(talk.state == "finished")
  }

  @Test func `the end of one IDLE is not taken for that of the next`() throws {
    var talk = Dialogue()
    talk.session.submit(.idle)
    talk.client("s1 IDLE\r\n")
    talk.server("+ idling\r\n")
    talk.session.endIdle()
    talk.session.submit(.idle)
    talk.client("DONE\r\ns2 IDLE\r\n")
    talk.server("s1 OK\r\n+ idling\r\n")
    talk.session.endIdle()
    talk.session.submit(.noop)
    talk.client("DONE\r\ns3 NOOP\r\n")
  }

  @Test func `IDLE that is ended before it began, or refused, leaves nothing behind`() throws {
    var talk = Dialogue()
    talk.session.submit(.idle)
    talk.client("s1 IDLE\r\n")
    talk.session.endIdle()
    talk.session.submit(.noop)
    talk.client("")
    talk.server("+ idling\r\n")
    talk.client("DONE\r\ns2 NOOP\r\n")
    talk.server("s1 OK\r\ns2 OK\r\n")
    talk.session.submit(.idle)
    talk.client("s3 IDLE\r\n")
    talk.server("s3 NO not now\r\n")
    talk.session.submit(.noop)
    talk.client("s4 NOOP\r\n")
  }

  @Test func `what waits behind several IDLEs leaves, though none of them had begun when it was ended`() throws {
    var talk = Dialogue()
    talk.session.submit(.idle)
    talk.client("s1 IDLE\r\n")
    // News in quick succession: each is taken, and IDLE asked for again, before the server has answered the one before.
    for _ in 1...2 {
      talk.session.endIdle()
      talk.session.submit(.idle)
    }
    talk.session.endIdle()
    talk.session.submit(.noop)
    talk.server("+ idling\r\n")
    talk.client("DONE\r\ns2 IDLE\r\n")
    talk.server("s1 OK\r\n+ idling\r\n")
    talk.client("DONE\r\ns3 IDLE\r\n")
    talk.server("s2 OK\r\n+ idling\r\n")
    talk.client("DONE\r\ns4 NOOP\r\n")
  }

  @Test(arguments: [
    ("s9 OK\r\n", SessionFailure.unknownTag("s9")),
    ("+ what\r\n", .unexpectedContinuation),
    ("* BYE too many connections\r\n", .closed("too many connections")),
    ("s1 OK\r\ns1 OK\r\n", .unknownTag("s1")),
    ("* 1 FETCH (UID 0)\r\n", .malformed(.expected("UID", at: 15))),
  ])
  func `a server that loses its place ends the conversation`(words: String, failure: SessionFailure) throws {
    var talk = Dialogue()
    talk.session.submit(.noop)
    talk.server(words)
    #expect(talk.state == "failed: \(failure)")
  }

  @Test func `goodbye after LOGOUT is no failure`() throws {
    var talk = Dialogue()
    talk.session.submit(.logout)
    talk.server("* BYE see you\r\ns1 OK\r\n")
    talk.reports(["BYE", "1 OK"])
    #expect(talk.state == "finished")
  }

  @Test(arguments: [
    ("INBOX", "\"INBOX\""), ("inBox", "\"INBOX\""), ("a \"b\" \\c", "\"a \\\"b\\\" \\\\c\""),
    ("x\r\ns2 LOGOUT", "{12+}\r\nx\r\ns2 LOGOUT"),
    ("&2D3eCg-", "\"&2D3eCg-\""), ("%*", "\"%*\""), ("tab\t", "{4+}\r\ntab\t"),
  ])
  func `a folder's name cannot break out of its command`(name: String, written: String) throws {
    var talk = Dialogue()
    talk.session.literals = .nonSynchronizing
    talk.session.submit(.select(try #require(FolderName(name))))
    talk.client("s1 SELECT \(written)\r\n")
  }

  @Test func `searches nest`() {
    let query = SearchQuery.either(.header("X-A", contains: ""), .both(.from("a\"b"), .uidFrom(7)))
    #expect(Command.search(query).summary == "UID SEARCH OR (HEADER \"X-A\" \"\") (FROM \"a\\\"b\" UID 7:*)")
  }

  @Test func `a name with a NUL, or none, is no name`() {
    #expect(FolderName("a\0b") == nil)
    #expect(FolderName("") == nil)
  }
}
