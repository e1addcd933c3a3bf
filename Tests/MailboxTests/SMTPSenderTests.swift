import Foundation
import Testing

@testable import Mailbox

@Suite struct SMTPSenderTests {
  private static let greeting: [ScriptedServer.Line] = [
    .say("220 here"), .hear("EHLO [127.0.0.1]"), .say("250-here"), .say("250-SIZE"), .say("250 AUTH PLAIN"), .hear("AUTH PLAIN"),
    .say("235 welcome"),
  ]
  private static let envelope: [ScriptedServer.Line] = [
    .hear("MAIL FROM:<anna@example.org>"), .say("250 ok"), .hear("RCPT TO:<ben@example.org>"), .say("250 ok"), .hear("DATA"),
    .say("354 go on"), .hearMail,
  ]

  private func send(_ conversations: [[ScriptedServer.Line]], mails: Int = 1, to: String = "ben@example.org") async throws -> (
    [Submission], ScriptedServer
  ) {
    let server = ScriptedServer(conversations)
    let file = NSTemporaryDirectory() + "sn-mail-\(UInt64.random(in: 0 ... .max))"
    try Data("Subject: x\r\n\r\n.dot\r\nend\r\n".utf8).write(to: URL(filePath: file))
    defer { try? FileManager.default.removeItem(atPath: file) }
    let settings = ConnectionSettings(
      try MailServer(.smtp, .plain, host: "127.0.0.1", port: server.port, user: "anna"), patience: 2)
    let sender = try SMTPSender(settings)
    var outcomes: [Submission] = []
    for _ in 0..<mails {
      outcomes.append(
        await sender.send(OutgoingMail(from: "anna@example.org", to: to, file: file, size: 25), with: .password("x")))
    }
    await sender.close()
    return (outcomes, server)
  }

  @Test func `two mails go over one connection, byte for byte`() async throws {
    let one = Self.envelope + [.say("250 2.0.0 queued as 1")]
    let (outcomes, server) = try await send([Self.greeting + one + one + [.hear("QUIT"), .say("221 bye")]], mails: 2)
    #expect(outcomes == [.accepted(reply: "250 2.0.0 queued as 1"), .accepted(reply: "250 2.0.0 queued as 1")])
    #expect(server.mails == Array(repeating: "Subject: x\r\n\r\n..dot\r\nend\r\n", count: 2))
    #expect(server.complaints == [])
  }

  @Test(
    arguments: [
      ([.hear("MAIL"), .say("451 4.3.0 later")], Submission.deferred(reply: "451 4.3.0 later")),
      (
        [.hear("MAIL"), .say("550-5.7.1 no"), .say("550 5.7.1 never"), .hear("QUIT"), .say("221 bye")],
        .refused(reply: "550-5.7.1 no 550 5.7.1 never")
      ),
      ([.hear("MAIL"), .say("250 ok"), .hear("RCPT"), .say("450 4.2.0 greylisted")], .deferred(reply: "450 4.2.0 greylisted")),
      ([.hear("MAIL"), .say("250 ok"), .hear("RCPT"), .say("550 5.1.1 nobody")], .refused(reply: "550 5.1.1 nobody")),
      ([.hear("MAIL"), .say("250 ok"), .hear("RCPT"), .say("421 4.7.0 too many")], .deferred(reply: "421 4.7.0 too many")),
      (
        [.hear("MAIL"), .say("250 ok"), .hear("RCPT"), .say("250 ok"), .hear("DATA"), .say("452 4.3.1 full")],
        .deferred(reply: "452 4.3.1 full")
      ),
      (
        [.hear("MAIL"), .say("250 ok"), .hear("RCPT"), .say("250 ok"), .hear("DATA"), .say("554 5.5.1 no")],
        .refused(reply: "554 5.5.1 no")
      ),
      (envelope + [.say("451 4.3.0 try again")], .deferred(reply: "451 4.3.0 try again")),
      (envelope + [.say("552 5.3.4 too big")], .refused(reply: "552 5.3.4 too big")),
    ] as [([ScriptedServer.Line], Submission)])
  func `a refusal is told apart from a delay`(script: [ScriptedServer.Line], outcome: Submission) async throws {
    let (outcomes, server) = try await send([Self.greeting + script])
    #expect(outcomes == [outcome])
    #expect(server.complaints == [])
  }

  @Test(arguments: [[], [.fallSilent]] as [[ScriptedServer.Line]])
  func `all sent and no answer is a state of its own`(end: [ScriptedServer.Line]) async throws {
    let (outcomes, _) = try await send([Self.greeting + Self.envelope + end])
    guard case .ambiguous = outcomes[0] else { throw SessionFailure.closed("\(outcomes)") }
  }

  @Test func `a connection that breaks before the mail was sent is no fault of the mail`() async throws {
    let (outcomes, _) = try await send([Self.greeting + [.hear("MAIL")]])
    guard case .failed(.unreachable) = outcomes[0] else { throw SessionFailure.closed("\(outcomes)") }
  }

  @Test func `a server that leaves in the middle of a mail may have done so because of it`() async throws {
    let server = ScriptedServer([Self.greeting + Self.envelope.dropLast()])
    let file = NSTemporaryDirectory() + "sn-mail-\(UInt64.random(in: 0 ... .max))"
    let mail = Data(String(repeating: "0123456789\r\n", count: 2_000_000).utf8)
    try mail.write(to: URL(filePath: file))
    defer { try? FileManager.default.removeItem(atPath: file) }
    let sender = try SMTPSender(
      ConnectionSettings(try MailServer(.smtp, .plain, host: "127.0.0.1", port: server.port, user: "anna"), patience: 2))
    let outcome = await sender.send(
      OutgoingMail(from: "anna@example.org", to: "ben@example.org", file: file, size: mail.count), with: .password("x"))
    guard case .cut = outcome else { throw SessionFailure.closed("\(outcome)") }
  }

  @Test func `a rested connection that the server has closed is made anew`() async throws {
    let one = Self.envelope + [.say("250 ok")]
    let (outcomes, server) = try await send([Self.greeting + one, Self.greeting + one], mails: 2)
    #expect(outcomes == [.accepted(reply: "250 ok"), .accepted(reply: "250 ok")])
    #expect(server.complaints == [])
  }

  @Test(arguments: [
    (["535 5.7.8 wrong"], ConnectionFailure.loginRefused(server: "", said: "535 5.7.8 wrong")),
    (["454 4.7.0 later"], .closed(server: "", said: "454 4.7.0 later")),
  ])
  func `a refused login is told apart from a server in trouble`(replies: [String], failure: ConnectionFailure) async throws {
    let script = Self.greeting.dropLast() + replies.map { .say($0) }
    let (outcomes, _) = try await send([Array(script)])
    guard case .failed(let found) = outcomes[0] else { throw SessionFailure.closed("\(outcomes)") }
    switch (found, failure) {
    case (.loginRefused(_, let one), .loginRefused(_, let other)): #expect(one == other)
    case (.closed(_, let one), .closed(_, let other)): #expect(one == other)
    default: Issue.record("\(found)")
    }
  }

  @Test func `a server that wants a login first is not the mail's fault`() async throws {
    let script: [ScriptedServer.Line] = [
      .say("220 here"), .hear("EHLO"), .say("250 here"), .hear("MAIL"), .say("530 5.7.0 log in"),
    ]
    let (outcomes, _) = try await send([script])
    guard case .failed(.loginRefused) = outcomes[0] else { throw SessionFailure.closed("\(outcomes)") }
  }

  @Test func `STARTTLS that is not offered ends it before anything is said in the clear`() async throws {
    let server = ScriptedServer([[.say("220 here"), .hear("EHLO"), .say("250-here"), .say("250 AUTH PLAIN"), .fallSilent]])
    let settings = ConnectionSettings(
      try MailServer(.smtp, .startTLS, host: "127.0.0.1", port: server.port, user: "anna"), patience: 2)
    let sender = try SMTPSender(settings)
    await #expect(throws: ConnectionFailure.noStartTLS(server: settings.server.address)) {
      try await sender.check(with: .password("x"))
    }
  }

  @Test func `a file that is shorter than it was is not sent`() async throws {
    let server = ScriptedServer([Self.greeting + Self.envelope.dropLast() + [.fallSilent]])
    let file = NSTemporaryDirectory() + "sn-mail-\(UInt64.random(in: 0 ... .max))"
    try Data("short".utf8).write(to: URL(filePath: file))
    defer { try? FileManager.default.removeItem(atPath: file) }
    let sender = try SMTPSender(
      ConnectionSettings(try MailServer(.smtp, .plain, host: "127.0.0.1", port: server.port, user: "anna"), patience: 2))
    let outcome = await sender.send(
      OutgoingMail(from: "anna@example.org", to: "ben@example.org", file: file, size: 99), with: .password("x"))
    guard case .failed(.files) = outcome else { throw SessionFailure.closed("\(outcome)") }
  }
}
