import Drivers
import Foundation
import MailDriver
import Mailbox
import Packets
import Synchronization
import TestMail
import Testing

/// What submission servers, and the lines to them, do wrong. Behind each fault stands a real Postfix.
@Suite struct SubmissionTests {
  let mail: TestMail
  let user: String
  let proxy: FaultProxy
  private let folder: MemoryIntake

  init() throws {
    mail = try TestMail.shared.get()
    user = try mail.newUser()
    proxy = try FaultProxy(.smtp, before: mail.port("SUBMISSION_PORT"))
    folder = try MemoryIntake()
  }

  /// A driver for which so much time has passed as the test says.
  private func driver(_ time: Time) throws -> MailDriver {
    var settings = try mail.settings(user)
    settings.smtp.server.port = proxy.port
    settings.now = { Instant(milliseconds: 1_800_000_000_000).adding(seconds: time.seconds.withLock { $0 }) }
    return try MailDriver(settings)
  }

  final class Time: Sendable { let seconds = Mutex<Int64>(0) }

  private func consignment(_ id: Int64, to friend: String) throws -> Consignment {
    let file = folder.directory.appending(path: "out-\(id)")
    try Data(Mail.parcel(Int(id)).replacing("\n", with: "\r\n").utf8).write(to: file)
    return Consignment(id: id, endpoint: "mailto:\(friend)@example.test", file: file, size: try Data(contentsOf: file).count)
  }

  private func send(_ driver: MailDriver, _ consignments: [Consignment]) async -> [Int64: Outcome] {
    var outcomes: [Int64: Outcome] = [:]
    for await (id, outcome) in driver.transmit(consignments) { outcomes[id] = outcome }
    return outcomes
  }

  enum Fate: String { case handedOver, deferred, refused, ambiguous, unreachable }

  /// A fault, what is made of it, and how often the mail has come to lie there by then.
  struct Trick: Sendable, CustomTestStringConvertible {
    var fault: Fault
    var fate: Fate
    var arrived = 0
    var said: String
    var testDescription: String { "\(fault.match) \(fault.answer ?? "")" }
  }

  private static let tricks: [Trick] = [
    Trick(fault: Fault(.connect, answer: "421 4.3.2 too busy"), fate: .unreachable, said: "421 4.3.2"),
    Trick(fault: Fault(.connect, answer: "554 5.3.2 not here"), fate: .unreachable, said: "554 5.3.2"),
    Trick(fault: Fault(.connect), fate: .unreachable, said: "127.0.0.1"),
    Trick(fault: Fault(.command, "^EHLO", answer: "421 4.3.2 closing", then: .cut), fate: .deferred, said: "421 4.3.2"),
    Trick(fault: Fault(.command, "^AUTH", answer: "454 4.7.0 later"), fate: .unreachable, said: "454 4.7.0"),
    Trick(fault: Fault(.command, "^MAIL", answer: "451 4.3.0 later"), fate: .deferred, said: "451 4.3.0"),
    Trick(fault: Fault(.command, "^MAIL", answer: "550 5.7.1 never"), fate: .refused, said: "550 5.7.1"),
    Trick(fault: Fault(.command, "^MAIL", then: .cut, drop: true), fate: .unreachable, said: "127.0.0.1"),
    Trick(fault: Fault(.command, "^RCPT", answer: "450 4.2.0 greylisted"), fate: .deferred, said: "450 4.2.0"),
    Trick(fault: Fault(.command, "^RCPT", answer: "550 5.1.1 nobody"), fate: .refused, said: "550 5.1.1"),
    Trick(fault: Fault(.command, "^RCPT", answer: "421 4.7.0 too many", then: .cut), fate: .deferred, said: "421 4.7.0"),
    Trick(fault: Fault(.command, "^DATA", answer: "452 4.3.1 full"), fate: .deferred, said: "452 4.3.1"),
    Trick(fault: Fault(.command, "^DATA", answer: "554 5.5.1 no"), fate: .refused, said: "554 5.5.1"),
    Trick(fault: Fault(.command, "^\\.$", answer: "451 4.3.0 later", then: .cut), fate: .deferred, said: "451 4.3.0"),
    Trick(fault: Fault(.command, "^\\.$", answer: "552 5.3.4 too big", then: .cut), fate: .refused, said: "552 5.3.4"),
    Trick(fault: Fault(.command, "^\\.$", then: .cut, drop: true), fate: .ambiguous, said: "127.0.0.1"),
    Trick(fault: Fault(.command, "^\\.$", then: .cutAfterReply), fate: .ambiguous, arrived: 1, said: "127.0.0.1"),
  ]

  @Test(arguments: tricks) func `each refusal is what it is, and the next try gets there`(trick: Trick) async throws {
    let friend = try mail.newUser()
    let driver = try driver(Time())
    try proxy.set([trick.fault])
    let mine = try consignment(1, to: friend)
    let outcome = try #require(await send(driver, [mine])[1])
    #expect(outcome.fate == trick.fate, "\(outcome)")
    #expect("\(outcome)".contains(trick.said), "\(outcome)")
    try await mail.delivered()
    #expect(try arrived(friend).count == trick.arrived)
    // The same bytes again; after a lost answer twice the same, which the reader recognises.
    let again = try #require(await send(driver, [mine])[1])
    #expect(again.fate == .handedOver, "\(again)")
    try await mail.delivered()
    #expect(try arrived(friend) == Array(repeating: "<1@example.test>", count: trick.arrived + 1))
    #expect(proxy.connections <= 3)
  }

  @Test func `what is refused for one recipient reaches the others`() async throws {
    let (one, two, three) = (try mail.newUser(), try mail.newUser(), try mail.newUser())
    try proxy.set([
      Fault(.command, "^RCPT TO:<\(one)@", answer: "550 5.7.1 not you"),
      Fault(.command, "^RCPT TO:<\(two)@", answer: "450 4.7.1 wait"),
    ])
    let outcomes = try await send(driver(Time()), [consignment(1, to: one), consignment(2, to: two), consignment(3, to: three)])
    #expect(outcomes[1]?.fate == .refused && outcomes[2]?.fate == .deferred && outcomes[3]?.fate == .handedOver, "\(outcomes)")
    try await mail.delivered()
    #expect(try [one, two, three].map { try arrived($0).count } == [0, 0, 1])
  }

  @Test(arguments: [
    "550 5.4.5 Daily user sending limit exceeded", "452 4.4.5 try tomorrow", "554 5.2.0 SubmissionQuotaExceededException",
  ])
  func `at the provider's limit nothing more is tried for an hour, and nothing given up`(reply: String) async throws {
    let friend = try mail.newUser()
    let time = Time()
    let driver = try driver(time)
    try proxy.set([Fault(.command, "^RCPT", skip: 2, times: -1, answer: reply)])
    let mails = try (1...10).map { try consignment($0, to: friend) }
    let outcomes = await send(driver, mails)
    #expect(
      (1...10).map { outcomes[$0]?.fate } == Array(repeating: .handedOver, count: 2) + Array(repeating: .deferred, count: 8))
    guard case .deferred(let reason, let after?) = outcomes[10] else { throw ProgramFailed(program: "SMTP", said: "\(outcomes)") }
    #expect(reason.contains("limit") && reason.contains(reply.prefix(9)))
    #expect(after == Instant(milliseconds: 1_800_003_600_000))
    #expect(try proxy.count("^MAIL") == 3)
    time.seconds.withLock { $0 = 3590 }
    #expect(await send(driver, Array(mails[5...])).values.allSatisfy { $0.fate == .deferred })
    #expect(try proxy.count("^MAIL") == 3)
    time.seconds.withLock { $0 = 3600 }
    try proxy.set([])
    #expect(await send(driver, Array(mails[2...])).values.allSatisfy { $0.fate == .handedOver })
    try await mail.delivered()
    #expect(try arrived(friend).sorted() == (1...10).map { "<\($0)@example.test>" }.sorted())
  }

  @Test(arguments: [
    Fault(.connect, times: -1), Fault(.connect, times: -1, answer: "421 4.3.2 too busy"),
    Fault(.command, "^EHLO", times: -1, answer: "421 4.3.2 closing", then: .cut),
    Fault(.command, "^RCPT", times: -1, answer: "421 4.7.0 too many", then: .cut),
  ])
  func `a server that is away is not asked for each of many mails`(fault: Fault) async throws {
    let friend = try mail.newUser()
    let time = Time()
    let driver = try driver(time)
    try proxy.set([fault])
    let mails = try (1...20).map { try consignment($0, to: friend) }
    #expect(await send(driver, mails).values.allSatisfy { $0.fate == .unreachable || $0.fate == .deferred })
    #expect(proxy.connections <= 4)
    try proxy.set([])
    time.seconds.withLock { $0 = 30 }
    #expect(await send(driver, mails).values.allSatisfy { $0.fate == .handedOver })
    #expect(proxy.connections == 1)
  }

  @Test func `a mail on which the server breaks off does not hold up those behind it`() async throws {
    let friend = try mail.newUser()
    try proxy.set([Fault(.data, "Message-ID: <[12]@", times: -1, then: .cut, drop: true)])
    let outcomes = try await send(driver(Time()), (1...4).map { try consignment($0, to: friend) })
    #expect(outcomes[3]?.fate == .handedOver && outcomes[4]?.fate == .handedOver, "\(outcomes)")
    #expect(outcomes[1]?.fate == .ambiguous && outcomes[2]?.fate == .ambiguous, "\(outcomes)")
  }

  @Test func `a refused login is not tried again for each mail`() async throws {
    let friend = try mail.newUser()
    let time = Time()
    let driver = try driver(time)
    try proxy.set([Fault(.command, "^AUTH", times: -1, answer: "535 5.7.8 wrong")])
    let mails = try (1...5).map { try consignment($0, to: friend) }
    for minute in 0..<60 as Range<Int64> {
      time.seconds.withLock { $0 = minute * 60 }
      #expect(await send(driver, mails).values.allSatisfy { $0.fate == .unreachable && "\($0)".contains("refuses the login") })
    }
    // At once, and after a quarter of an hour.
    #expect(try proxy.count("^AUTH") == 2)
    try proxy.set([])
    time.seconds.withLock { $0 = 4500 }
    #expect(await send(driver, mails).values.allSatisfy { $0.fate == .handedOver })
  }

  private func arrived(_ friend: String) throws -> [String] {
    struct Found: Decodable { var headers: [String: String] }
    return try mail.outside(friend, "mails", "INBOX").split(separator: "\n").compactMap {
      try JSONDecoder().decode(Found.self, from: Data($0.utf8)).headers["message-id"]
    }
  }
}

extension Outcome {
  fileprivate var fate: SubmissionTests.Fate {
    switch self {
    case .handedOver: .handedOver
    case .deferred: .deferred
    case .refused: .refused
    case .ambiguous: .ambiguous
    case .unreachable: .unreachable
    }
  }
}
