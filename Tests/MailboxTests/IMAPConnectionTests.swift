import Foundation
import Synchronization
import Testing

@testable import Mailbox

@Suite struct IMAPConnectionTests {
  /// What libcurl says and hears up to the login's OK, and our own first questions.
  private static func welcome(_ capabilities: String) -> [ScriptedServer.Line] {
    [
      .say("* OK [CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN] here"), .hear("A001 CAPABILITY"),
      .say("* CAPABILITY IMAP4rev1 SASL-IR AUTH=PLAIN"), .say("A001 OK"), .hear("A002 AUTHENTICATE PLAIN"),
      .say("A002 OK welcome"),
      .hear("s1 CAPABILITY"), .say("* CAPABILITY IMAP4rev1 \(capabilities)"), .say("s1 OK"),
    ]
  }

  private static func open(_ command: String, tag: Int) -> [ScriptedServer.Line] {
    [
      .hear("s\(tag) \(command)"), .say("* 3 EXISTS"), .say("* OK [UIDVALIDITY 9] ok"), .say("* OK [UIDNEXT 8] ok"),
      .say("s\(tag) OK [READ-ONLY] done"),
    ]
  }

  /// These messages are there, and are what they were.
  private static func parcels(_ uids: Int...) -> [ScriptedServer.Line] {
    let answers = uids.map { uid in
      "* \(uid) FETCH (UID \(uid) FLAGS () INTERNALDATE \" 1-Jan-1970 00:00:00 +0000\" RFC822.SIZE 9"
        + " BODY[HEADER.FIELDS (X)] {8}\r\nX: 1\r\n\r\n)\r\n"
    }
    return [.hear("s3 UID FETCH \(uids.map(String.init).joined(separator: ":")) ("), .raw(answers.joined() + "s3 OK\r\n")]
  }

  private func connect(_ script: [ScriptedServer.Line], patience: Int = 5) async throws -> (IMAPConnection, ScriptedServer) {
    let server = ScriptedServer([script])
    let settings = ConnectionSettings(
      try MailServer(.imap, .plain, host: "127.0.0.1", port: server.port, user: "anna"), patience: patience)
    let connection = try IMAPConnection(settings)
    try await connection.open(with: .password("x"))
    return (connection, server)
  }

  private let target = FolderName("SocialNet") ?? .inbox

  @Test func `with MOVE a parcel is marked read and moved in one round trip`() async throws {
    let (connection, server) = try await connect(
      Self.welcome("MOVE UIDPLUS") + Self.open("SELECT \"INBOX\"", tag: 2) + Self.parcels(4, 5) + [
        .hear("s4 UID STORE 4:5 +FLAGS.SILENT (\\Seen)"), .hear("s5 UID MOVE 4:5 \"SocialNet\""),
        .say("s4 OK"), .say("* OK [COPYUID 77 4:5 21:22] moved"), .say("* 1 EXPUNGE"), .say("s5 OK"),
      ])
    let outcome = try await connection.move([5, 4], bearing: ["X"], in: .inbox, validity: 9, to: target)
    #expect(outcome == .moved(validity: 77, uids: [4: 21, 5: 22]))
    #expect(server.complaints == [])
  }

  @Test func `without MOVE a parcel is copied, and exactly it is removed`() async throws {
    let (connection, server) = try await connect(
      Self.welcome("UIDPLUS") + Self.open("SELECT \"INBOX\"", tag: 2) + Self.parcels(4) + [
        .hear("s4 UID STORE 4 +FLAGS.SILENT (\\Seen)"), .hear("s5 UID COPY 4 \"SocialNet\""), .say("s4 OK"),
        .say("s5 OK [COPYUID 77 4 21] copied"), .hear("s6 UID STORE 4 +FLAGS.SILENT (\\Deleted)"), .hear("s7 UID EXPUNGE 4"),
        .say("s6 OK"), .say("s7 OK"),
      ])
    #expect(
      try await connection.move([4], bearing: ["X"], in: .inbox, validity: 9, to: target) == .moved(validity: 77, uids: [4: 21]))
    #expect(server.complaints == [])
  }

  @Test func `what could not be copied is not removed`() async throws {
    let (connection, server) = try await connect(
      Self.welcome("UIDPLUS") + Self.open("SELECT \"INBOX\"", tag: 2) + Self.parcels(4) + [
        .hear("s4 UID STORE"), .hear("s5 UID COPY"), .say("s4 OK"), .say("s5 NO [OVERQUOTA] full"), .hear("s6 LOGOUT"),
        .say("s6 OK"),
      ])
    #expect(try await connection.move([4], bearing: ["X"], in: .inbox, validity: 9, to: target) == .full(said: "full"))
    await connection.close()
    #expect(server.complaints == [])
  }

  @Test func `what another message has become is left alone`() async throws {
    let (connection, server) = try await connect(
      Self.welcome("MOVE") + Self.open("SELECT \"INBOX\"", tag: 2) + [
        .hear("s3 UID FETCH 4 ("),
        .say("* 1 FETCH (UID 4 FLAGS () INTERNALDATE \" 1-Jan-1970 00:00:00 +0000\" RFC822.SIZE 9 BODY[HEADER.FIELDS (X)] {2}"),
        .raw("\r\n)\r\ns3 OK\r\n"), .hear("s4 LOGOUT"), .say("s4 OK"),
      ])
    #expect(try await connection.move([4], bearing: ["X"], in: .inbox, validity: 9, to: target) == .moved(validity: 0, uids: [:]))
    await connection.close()
    #expect(server.complaints == [])
  }

  @Test func `what the server does not answer for is left alone, and not gone if it is there, and its neighbour is moved`()
    async throws
  {
    let (connection, server) = try await connect(
      Self.welcome("MOVE") + Self.open("SELECT \"INBOX\"", tag: 2) + [
        .hear("s3 UID FETCH 4:6 ("), .say("* 2 FETCH (UID 6 FLAGS ())"),
        .say("* 1 FETCH (UID 5 FLAGS () INTERNALDATE \" 1-Jan-1970 00:00:00 +0000\" RFC822.SIZE 9 BODY[HEADER.FIELDS (X)] {8}"),
        .raw("X: 1\r\n\r\n)\r\ns3 OK\r\n"), .hear("s4 UID SEARCH UID 4,6"), .say("* SEARCH 6"), .say("s4 OK"),
        .hear("s5 UID STORE 5 +FLAGS.SILENT (\\Seen)"), .hear("s6 UID MOVE 5 \"SocialNet\""), .say("s5 OK"), .say("s6 OK"),
        .hear("s7 LOGOUT"), .say("s7 OK"),
      ])
    #expect(
      try await connection.move([4, 5, 6], bearing: ["X"], in: .inbox, validity: 9, to: target)
        == .moved(validity: 0, uids: [:], unseen: [6]))
    await connection.close()
    #expect(server.complaints == [])
  }

  @Test func `without MOVE and UIDPLUS nothing is touched`() async throws {
    let (connection, server) = try await connect(Self.welcome("IDLE") + [.hear("s2 LOGOUT"), .say("s2 OK")])
    #expect(try await connection.move([4], bearing: ["X"], in: .inbox, validity: 9, to: target) == .impossible)
    await connection.close()
    #expect(server.complaints == [])
  }

  @Test func `a folder made anew voids what was known of it`() async throws {
    let (connection, _) = try await connect(Self.welcome("MOVE") + Self.open("SELECT \"INBOX\"", tag: 2) + [.fallSilent])
    await #expect(throws: ConnectionFailure.folderChanged(server: connection.server, folder: "INBOX")) {
      try await connection.move([4], bearing: ["X"], in: .inbox, validity: 8, to: target)
    }
  }

  @Test func `bodies reach their files by UID in whatever order the server answers`() async throws {
    let script: [ScriptedServer.Line] = [
      .hear("s3 UID FETCH 4:7 "),
      .raw("* 2 FETCH (BODY[] {3}\r\ntwo UID 5 RFC822.SIZE 3 INTERNALDATE \" 1-Jan-1970 00:00:10 +0000\")\r\n"),
      .raw("* 1 FETCH (UID 4 FLAGS () BODY[] \"one\")\r\n* 1 FETCH (FLAGS (\\Seen) UID 4)\r\n"),
      .raw("* 3 FETCH (UID 99 BODY[] {5}\r\nother)\r\n* 4 FETCH (UID 6 BODY[] NIL)\r\n"),
      .raw("* 5 FETCH (UID 7 BODY[] {9}\r\ntoo large)\r\ns3 OK\r\n"),
    ]
    let (connection, server) = try await connect(Self.welcome("") + Self.open("EXAMINE \"INBOX\"", tag: 2) + script)
    let folder = try TemporaryFolder()
    let directory = MessageDirectory(folder.path, purpose: "test", limit: 8)
    let stored = try await connection.fetch([4, 5, 6, 7], in: .inbox, validity: 9, into: directory)
    #expect(stored.map(\.uid) == [5, 4] && stored.map(\.size) == [3, 3] && stored.map(\.arrived) == [10, 0])
    // printf two | sha256sum
    #expect(
      try folder.names() == [
        "3fc4ccfe745870e2c0d99f71f30ff0656c8dedd41cc1d7d3d376b0dbe685e2f3.eml",
        "7692c3ad3540bb803c020b3aee66cd8887123234ea0c6e7143c0add73ff431ed.eml",
      ])
    #expect(server.complaints == [])
  }

  @Test func `a connection that breaks in the middle of a body leaves no file`() async throws {
    let (connection, _) = try await connect(
      Self.welcome("") + Self.open("EXAMINE \"INBOX\"", tag: 2) + [
        .hear("s3 UID FETCH"), .raw("* 1 FETCH (UID 4 BODY[] {3}\r\none)\r\n* 2 FETCH (UID 5 BODY[] {9}\r\nhal"),
      ])
    let folder = try TemporaryFolder()
    await #expect(throws: ConnectionFailure.self) {
      try await connection.fetch(
        [4, 5], in: .inbox, validity: 9, into: MessageDirectory(folder.path, purpose: "test", limit: 99))
    }
    #expect(try folder.names() == [])
    #expect(await connection.isOpen == false)
  }

  @Test func `unfinished files of an earlier process are removed, others not`() throws {
    let folder = try TemporaryFolder()
    for name in [".test-1-2.part", ".other-1.part", "x.eml"] { try Data().write(to: URL(filePath: folder.path + "/" + name)) }
    try MessageDirectory(folder.path, purpose: "test", limit: 9).sweep()
    #expect(try folder.names() == [".other-1.part", "x.eml"])
  }

  @Test func `mail that arrives while a look goes on is not slept through`() async throws {
    let (connection, server) = try await connect(
      Self.welcome("IDLE") + Self.open("EXAMINE \"INBOX\"", tag: 2) + [
        .hear("s3 UID FETCH 8:*"),
        .say(
          "* 3 FETCH (UID 7 FLAGS () INTERNALDATE \" 1-Jan-1970 00:00:00 +0000\" RFC822.SIZE 1 BODY[HEADER.FIELDS (FROM)] {2}"),
        .say(""), .raw(")\r\n* 4 EXISTS\r\ns3 OK\r\n"),
        .hear("s4 UID FETCH 8:*"), .say("s4 OK"),
        .hear("s5 IDLE"), .say("+ idling"), .say("* 5 EXISTS"), .hear("DONE"),
        .hear("s6 UID FETCH 9:*"), .say("s5 OK"), .say("s6 OK"),
      ])
    #expect(try await connection.look(from: 8, in: .inbox, validity: 9, fields: ["From"]).isEmpty)
    // The fourth came after the look had its answer: it is looked for without IDLE.
    #expect(try await connection.waitForNews(in: .inbox, validity: 9, after: 7, until: .now + .seconds(5)).here)
    #expect(try await connection.look(from: 8, in: .inbox, validity: 9, fields: ["From"], freshly: true).isEmpty)
    #expect(try await connection.waitForNews(in: .inbox, validity: 9, after: 7, until: .now + .seconds(5)).here)
    #expect(try await connection.look(from: 9, in: .inbox, validity: 9, fields: ["From"], freshly: true).isEmpty)
    #expect(server.complaints == [])
  }

  @Test func `mail that arrives between the last look and the opening of the folder is not slept through`() async throws {
    let (connection, server) = try await connect(
      Self.welcome("IDLE") + Self.open("EXAMINE \"INBOX\"", tag: 2) + [
        .hear("s3 UID FETCH 7:*"), .say("s3 OK"), .hear("s4 IDLE"), .say("+ idling"), .say("* 4 EXISTS"), .hear("DONE"),
        .say("s4 OK"), .hear("s5 LOGOUT"),
      ])
    // UIDNEXT is 8, and only 6 was read: the server will not tell of 7, which was there when the folder was opened.
    #expect(try await connection.waitForNews(in: .inbox, validity: 9, after: 6, until: .now + .seconds(5)).here)
    #expect(try await connection.look(from: 7, in: .inbox, validity: 9, fields: ["From"], freshly: true).isEmpty)
    // It is gone: what is not there is not told of again and again.
    #expect(try await connection.waitForNews(in: .inbox, validity: 9, after: 6, until: .now + .seconds(5)).here)
    await connection.close()
    #expect(server.complaints == [])
  }

  @Test func `a look that nobody announced opens the folder anew`() async throws {
    let (connection, server) = try await connect(
      Self.welcome("") + Self.open("EXAMINE \"INBOX\"", tag: 2) + Self.open("EXAMINE \"INBOX\"", tag: 3) + [
        .hear("s4 UID FETCH 8:*"), .say("s4 OK"),
      ] + Self.open("EXAMINE \"INBOX\"", tag: 5) + [.hear("s6 UID SEARCH ALL"), .say("* SEARCH 3 1 2"), .say("s6 OK")])
    _ = try await connection.examine(.inbox)
    #expect(try await connection.look(from: 8, in: .inbox, validity: 9, fields: ["From"]).isEmpty)
    #expect(try await connection.search(.all, in: .inbox) == [1, 2, 3])
    #expect(server.complaints == [])
  }

  @Test func `waiting ends when the connection is cancelled`() async throws {
    let (connection, _) = try await connect(
      Self.welcome("IDLE") + Self.open("EXAMINE \"INBOX\"", tag: 2) + [.hear("s3 IDLE"), .say("+ idling"), .fallSilent])
    let waiting = Task { try await connection.waitForNews(in: .inbox, validity: 9, after: 7, until: .now + .seconds(600)) }
    connection.cancel()
    await #expect(throws: ConnectionFailure.cancelled) { try await waiting.value }
  }

  @Test func `a server that falls silent is given up`() async throws {
    let (connection, _) = try await connect(Self.welcome("") + [.fallSilent], patience: 1)
    await #expect(throws: ConnectionFailure.timedOut(server: connection.server)) { try await connection.folders() }
    await #expect(throws: ConnectionFailure.self) { try await connection.folders() }
  }

  @Test(
    arguments: [
      [.say("HTTP/1.1 400 Bad Request"), .fallSilent],
      [.say("* PREAUTH welcome"), .say("* BYE too bad")],
      [.say("* BYE too many connections")],
      [],
      welcome("") + [.hear("s2 EXAMINE"), .say("* 3 EXISTS"), .say("s2 OK")],
      welcome("") + [.hear("s2 EXAMINE"), .say("s2 OK [UIDVALIDITY 0]")],
    ] as [[ScriptedServer.Line]])
  func `what is no mailbox is refused with a typed failure`(script: [ScriptedServer.Line]) async throws {
    await #expect(throws: ConnectionFailure.self) {
      let (connection, _) = try await connect(script, patience: 1)
      _ = try await connection.examine(.inbox)
    }
  }

  @Test func `a server in trouble is no refused login`() async throws {
    let script = Self.welcome("").prefix(5) + [.say("A002 NO [UNAVAILABLE] database is down")]
    do {
      _ = try await connect(Array(script))
      Issue.record("logged in")
    } catch let failure as ConnectionFailure {
      guard case .closed = failure else { throw failure }
    }
  }

  @Test func `the trace shows neither the login nor mail`() async throws {
    let lines = Lines()
    let server = ScriptedServer([
      Self.welcome("LITERAL+") + Self.open("EXAMINE \"INBOX\"", tag: 2) + [
        .hear("s3 UID FETCH"), .raw("* 3 FETCH (UID 9 FLAGS () RFC822.SIZE 1 INTERNALDATE "),
        .raw("\" 1-Jan-1970 00:00:00 +0000\" BODY[HEADER.FIELDS (FROM)] {13}\r\nFrom: private)\r\ns3 OK\r\n"),
        .hear("s4 APPEND \"INBOX\" (\\Seen) {13+}"), .hear("mail: private"), .say("s4 OK"),
      ]
    ])
    let settings = ConnectionSettings(
      try MailServer(.imap, .plain, host: "127.0.0.1", port: server.port, user: "anna"), patience: 5, trace: { lines.add($0) })
    let connection = try IMAPConnection(settings)
    try await connection.open(with: .password("hunter2"))
    #expect(try await connection.look(from: 9, in: .inbox, validity: 9, fields: ["From"]).count == 1)
    let folder = try TemporaryFolder()
    try Data("mail: private".utf8).write(to: URL(filePath: folder.path + "/x"))
    #expect(try await connection.append(file: folder.path + "/x", size: 13, to: .inbox, seen: true).condition == .ok)
    #expect(server.complaints == [])
    let trace = lines.all.joined(separator: "\n")
    #expect(trace.contains("APPEND \"INBOX\" (\\Seen) {13 bytes}") && trace.contains("3 FETCH UID 9"))
    #expect(!trace.contains("private") && !trace.contains("hunter2") && !trace.contains("AGFubmEAaHVudGVyMg"))
  }
}

private final class Lines: Sendable {
  private let lines = Mutex<[String]>([])
  var all: [String] { lines.withLock { $0 } }
  func add(_ line: String) { lines.withLock { $0.append(line) } }
}

final class TemporaryFolder {
  let path = NSTemporaryDirectory() + "sn-\(UInt64.random(in: 0 ... .max))"
  init() throws { try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true) }
  deinit { try? FileManager.default.removeItem(atPath: path) }
  func names() throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: path).sorted() }
}

extension IMAPConnection {
  fileprivate var server: String { settings.server.address }
}
