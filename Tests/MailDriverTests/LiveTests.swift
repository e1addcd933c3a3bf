import Drivers
import Foundation
import MailDriver
import Mailbox
import Packets
import TestMail
import Testing

/// Everything that needs the servers to answer in their own time.
@Suite struct LiveTests {
  let mail: TestMail

  init() throws { mail = try TestMail.shared.get() }

  @Test(arguments: [true, false]) func `new mail is handed over while the driver watches`(idle: Bool) async throws {
    let user = try mail.newUser()
    let intake = try MemoryIntake()
    var settings = try mail.settings(user)
    settings.usesIdle = idle
    let driver = try MailDriver(settings)
    let running = Task { try await driver.receive(into: intake, .forever) }
    await intake.wait { $0.conditions.contains(.working(driver: "mail")) }
    for number in 1...3 {
      try mail.outside(user, "append", "INBOX", input: Mail.parcel(number))
      await intake.wait { $0.received.count == number }
      let origin = try #require(await intake.received.last?.origin)
      #expect(try await driver.settle([origin: .keep]) == [origin])
    }
    try mail.outside(user, "append", "SocialNet/Post", input: Mail.letter(from: "\(user)@example.test", to: "x@y.example"))
    await intake.wait { $0.received.last?.place == .post }
    running.cancel()
    try await running.value
    #expect(try mail.heard(user).contains { $0.contains("IDLE") } == idle)
    #expect(await intake.conditions == [.working(driver: "mail")])
    let kept = try mail.outside(user, "snapshot", "SocialNet")
    #expect(kept.split(separator: "\n").count == 3, "\(kept)")
  }

  @Test func `a folder that was open all the time shows what came`() async throws {
    let user = try mail.newUser()
    let connection = try IMAPConnection(ConnectionSettings(try mail.imap(user)))
    try await connection.open(with: .password("secret"))
    let validity = try #require(try await connection.examine(.inbox).uidValidity)
    for number in 1...5 as ClosedRange<UInt32> {
      try mail.outside(user, "append", "INBOX", input: Mail.parcel(Int(number)))
      #expect(try await connection.status(of: [.inbox])[.inbox]?.uidNext == number + 1)
      let looks = try await connection.look(from: number, in: .inbox, validity: validity, fields: ["Message-ID"])
      #expect(looks.map(\.uid) == [number])
      #expect(try await connection.search(.uidFrom(number), in: .inbox) == [number])
    }
    await connection.close()
  }

  @Test func `what TLS holds back is read before the socket is waited for`() async throws {
    let user = try mail.newUser()
    var settings = try mail.settings(user)
    settings.imap = ConnectionSettings(try mail.imap(user, .tls), trust: mail.authority, patience: 10)
    // A piece of TLS is 16 KiB: most of it lies in the library while the socket has nothing to show.
    settings.imap.atOnce = 1000
    let (driver, intake) = (try MailDriver(settings), try MemoryIntake())
    try await driver.receive(into: intake, .once)
    let own = "\(user)@example.test"
    let long = Mail.letter(from: own, to: own) + String(repeating: "0123456789 and so on\n", count: 3000)
    try mail.outside(user, "append", "INBOX", input: Mail.joined([long, Mail.parcel(1), long]))
    try await driver.receive(into: intake, .once)
    #expect(await intake.received.map(\.kind) == [.letter, .parcel, .letter])
    await driver.close()
  }

  @Test func `a lost connection is made anew, and nothing is missed`() async throws {
    let user = try mail.newUser()
    let intake = try MemoryIntake()
    let driver = try MailDriver(try mail.settings(user))
    let running = Task { try await driver.receive(into: intake, .forever) }
    await intake.wait { $0.conditions.contains(.working(driver: "mail")) }
    try mail.breakConnections(of: user)
    try mail.outside(user, "append", "INBOX", input: Mail.parcel(1))
    await intake.wait { $0.received.count == 1 }
    #expect(await intake.conditions.contains { if case .troubled(_, .unreachable, _) = $0 { true } else { false } })
    running.cancel()
    try await running.value
  }

  @Test func `a message that breaks the conversation neither blocks what follows nor is forgotten`() async throws {
    let user = try mail.newUser()
    let intake = try MemoryIntake()
    // The server's answer about a message with this flag is spoiled on its way.
    let proxy = try FaultProxy(.imap, before: mail.port("IMAP_PORT"))
    try proxy.set([Fault(.reply, "\\$poison", times: -1, replace: ["\\$poison", "$poi(son"])])
    var settings = try mail.settings(user)
    settings.imap.server.port = proxy.port
    try await MailDriver(settings).receive(into: intake, .once)
    try mail.outside(user, "append", "INBOX", input: Mail.joined([Mail.parcel(1), Mail.parcel(2)]))
    try mail.outside(user, "append", "INBOX", "$poison", input: Mail.parcel(3))
    try mail.outside(
      user, "append", "INBOX", input: Mail.joined([Mail.parcel(4), Mail.letter(from: "a@b.example", to: "c@d.example")]))

    let driver = try MailDriver(settings)
    let running = Task { try await driver.receive(into: intake, .forever) }
    await intake.wait { $0.received.count == 3 }
    #expect(await intake.received.map(\.origin.uid) == [1, 2, 4])
    await intake.wait { $0.positions["INBOX"]?.uid == 5 }
    #expect(await intake.positions["INBOX"]?.pending == [3])
    running.cancel()
    try await running.value

    let fresh = try MemoryIntake()
    try await MailDriver(settings).rescan(into: fresh)
    #expect(await fresh.received.map(\.origin.uid) == [1, 2, 4])
    #expect(await fresh.positions["INBOX"]?.pending == [3])

    // Once the server has come to its senses, it is read.
    settings.imap.server.port = mail.port("IMAP_PORT")
    try await MailDriver(settings).receive(into: intake, .once)
    #expect(await intake.received.map(\.origin.uid) == [1, 2, 4, 3])
    #expect(await intake.positions["INBOX"]?.pending == [])
  }

  @Test func `mails are sent and appended, and each outcome is told`() async throws {
    let user = try mail.newUser()
    let friend = try mail.newUser()
    let driver = try MailDriver(try mail.settings(user))
    let intake = try MemoryIntake()
    try await driver.receive(into: intake, .once)
    let folder = intake.directory
    func consignment(_ id: Int64, _ endpoint: String, _ append: Consignment.AppendTarget? = nil) throws -> Consignment {
      let data = Data(Mail.parcel(Int(id)).replacing("\n", with: "\r\n").utf8)
      let file = folder.appending(path: "out-\(id)")
      try data.write(to: file)
      return Consignment(id: id, endpoint: endpoint, file: file, size: data.count, append: append)
    }
    var outcomes: [Int64: Outcome] = [:]
    let all = try [
      consignment(1, "mailto:\(friend)@example.test"), consignment(2, "mailto:nobody@example.test"),
      consignment(3, "mailto:\(friend)%2Bsocialnet@example.test"), consignment(4, "mailto:x", .own),
      consignment(5, "mailto:x", .inbox),
      consignment(6, "mailto:a@b%0d%0aRCPT TO:<c@d>"), consignment(7, "https://example.test"),
    ]
    for await (id, outcome) in driver.transmit(all) { outcomes[id] = outcome }
    #expect(outcomes.count == 7)
    for id in [1, 3] as [Int64] {
      guard case .handedOver(let reply) = outcomes[id] else { throw ProgramFailed(program: "\(id)", said: "\(outcomes)") }
      #expect(reply.contains("queued"))
    }
    for id in [4, 5] as [Int64] {
      guard case .handedOver = outcomes[id] else { throw ProgramFailed(program: "\(id)", said: "\(outcomes)") }
    }
    for id in [2, 6, 7] as [Int64] {
      guard case .refused = outcomes[id] else { throw ProgramFailed(program: "\(id)", said: "\(outcomes)") }
    }
    #expect(try mail.outside(user, "search", "SocialNet", "SEEN") == "1\n")
    #expect(try mail.outside(user, "search", "INBOX", "UNSEEN") == "1\n")

    // What was appended to the own folder is known, and not fetched; what lies in INBOX is.
    try await driver.receive(into: intake, .once)
    #expect(await intake.received.map(\.place) == [.inbox])

    let other = try MemoryIntake()
    let receiver = try MailDriver(try mail.settings(friend))
    await other.set(position: Position(driver: "mail", folder: "INBOX", validity: 1, uid: 0))
    let running = Task { try await receiver.receive(into: other, .forever) }
    await other.wait { $0.received.count == 2 }
    running.cancel()
    try await running.value
  }

  @Test func `a mailbox that is full defers what is appended`() async throws {
    let small = try TestMail(options: ["--quota", "20k"])
    let driver = try MailDriver(try small.settings("user1"))
    let file = URL(filePath: NSTemporaryDirectory() + "sn-big-\(getpid())")
    defer { try? FileManager.default.removeItem(at: file) }
    try Data(("Subject: x\r\n\r\n" + String(repeating: "0123456789\r\n", count: 5000)).utf8).write(to: file)
    let size = try Data(contentsOf: file).count
    for await (_, outcome) in driver.transmit([Consignment(id: 1, endpoint: "mailto:x", file: file, size: size, append: .own)]) {
      guard case .deferred(let reason, _) = outcome else { throw ProgramFailed(program: "append", said: "\(outcome)") }
      #expect(reason.contains("full"))
    }
  }

  @Test(arguments: [MailServer.Protection.tls, .startTLS])
  func `a certificate is believed only from the authority that was named`(protection: MailServer.Protection) async throws {
    let user = try mail.newUser()
    let server = try mail.imap(user, protection)
    let known = try IMAPConnection(ConnectionSettings(server, trust: mail.authority))
    try await known.open(with: .password("secret"))
    #expect(await known.isOpen)
    await known.close()
    var pinned = ConnectionSettings(server, trust: mail.authority)
    pinned.pinnedKey = try mail.publicKeyPin()
    let sure = try IMAPConnection(pinned)
    try await sure.open(with: .password("secret"))
    await sure.close()
    pinned.pinnedKey = "sha256//" + String(repeating: "A", count: 43) + "="
    await refuses({ if case .certificate = $0 { true } else { false } }) {
      try await IMAPConnection(pinned).open(with: .password("secret"))
    }
    let smtp = try SMTPSender(ConnectionSettings(try mail.smtp(user, protection), trust: mail.authority))
    try await smtp.check(with: .password("secret"))

    await refuses({ if case .certificate = $0 { true } else { false } }) {
      try await IMAPConnection(ConnectionSettings(server)).open(with: .password("secret"))
    }
    await refuses({ if case .certificate = $0 { true } else { false } }) {
      try await SMTPSender(ConnectionSettings(mail.smtp(user, protection))).check(with: .password("secret"))
    }
    // The name counts too: the certificate is for localhost and 127.0.0.1.
    let elsewhere = try mail.imap(user, protection, host: "127.0.0.2")
    await refuses({ if case .unreachable = $0 { true } else if case .certificate = $0 { true } else { false } }) {
      try await IMAPConnection(ConnectionSettings(elsewhere, trust: mail.authority)).open(with: .password("secret"))
    }
  }

  @Test(arguments: [MailServer.Protection.plain, .tls, .startTLS])
  func `a wrong password is told as such, and rests before it is tried again`(protection: MailServer.Protection) async throws {
    let user = try mail.newUser()
    let imap = ConnectionSettings(try mail.imap(user, protection), trust: mail.authority)
    await refuses({ if case .loginRefused = $0 { true } else { false } }) {
      try await IMAPConnection(imap).open(with: .password("wrong"))
    }
    await refuses({ if case .loginRefused = $0 { true } else { false } }) {
      try await SMTPSender(ConnectionSettings(mail.smtp(user, protection), trust: mail.authority)).check(with: .password("wrong"))
    }
    var settings = try mail.settings(user)
    settings.imap = imap
    settings.secret = { .password("wrong") }
    let intake = try MemoryIntake()
    let driver = try MailDriver(settings)
    // The server writes a refused login down when its connection is gone.
    let before = try await logins(user, atLeast: 1)
    for _ in 1...5 {
      await #expect(throws: DriverFailure.self) { try await driver.receive(into: intake, .once) }
    }
    #expect(try await logins(user, atLeast: before + 1) == before + 1)
  }

  @Test func `a check says what is there, and what to do about what is not`() async throws {
    let user = try mail.newUser()
    var settings = try mail.settings(user)
    var findings = try await MailDriver(settings).check()
    #expect(findings.map(\.name) == ["imap", "move", "idle", "sent", "folders", "smtp"])
    #expect(findings.filter { $0.result != .ok }.map(\.name) == ["folders"])
    findings = try await MailDriver(settings).check(creatingFolders: true)
    #expect(findings.allSatisfy { $0.result == .ok && $0.remedy.isEmpty })
    #expect(try mail.outside(user, "subscribed").contains("SocialNet/Post"))
    settings.secret = { .password("wrong") }
    findings = try await MailDriver(settings).check()
    #expect(findings.map(\.result) == [.fail, .fail] && findings.allSatisfy { !$0.remedy.isEmpty })
    #expect(!"\(findings)".contains("wrong"))
  }

  /// Logins that the server wrote down; waits until there are so many, at most ten seconds.
  private func logins(_ user: String, atLeast count: Int) async throws -> Int {
    for _ in 1...100 where try logins(user) < count { try await Task.sleep(for: .milliseconds(100)) }
    return try logins(user)
  }

  private func logins(_ user: String) throws -> Int {
    // The log of all suites is long by now.
    let counts = "/imap-login/ && /user=<\(user)>/ { n += 1 } END { print n + 0 }"
    let said = try runProgram("/usr/bin/awk", [counts, mail.variables["IMAP_LOG"] ?? ""])
    return Int(said.trimmingCharacters(in: .whitespacesAndNewlines)) ?? 0
  }

  private func refuses(
    _ fits: (ConnectionFailure) -> Bool, sourceLocation: SourceLocation = #_sourceLocation, _ work: () async throws -> Void
  ) async {
    do {
      try await work()
      Issue.record("not refused", sourceLocation: sourceLocation)
    } catch {
      #expect((error as? ConnectionFailure).map(fits) == true, "\(error)", sourceLocation: sourceLocation)
    }
  }
}
