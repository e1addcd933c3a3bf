import Drivers
import Foundation
import MailDriver
import Mailbox
import Packets
import TestMail
import Testing

/// What happens in a mailbox while the bridge is at work in it: by the user, by other programs, by a server that loses its memory.
@Suite struct SurpriseTests {
  let mail: TestMail

  init() throws { mail = try TestMail.shared.get() }

  private func doveadm(_ trial: Trial, _ words: String...) -> [String] {
    ["/usr/bin/doveadm", "-c", mail.folder + "/dovecot.conf", "mailbox", words[0], "-u", "\(trial.user)@example.test"]
      + words.dropFirst()
  }

  private func outside(_ trial: Trial, _ words: String...) -> [String] {
    [
      "/usr/bin/python3", TestMail.repository + "/Tests/TestMail/mailbox.py", "\(mail.port("IMAP_PORT"))",
      "\(trial.user)@example.test",
    ]
      + [TestMail.password] + words
  }

  /// An LMTP delivery, as it happens at any time.
  private func delivery(_ trial: Trial, _ number: Int) throws -> String {
    let file = trial.intake.directory.appending(path: "delivery-\(number)").path
    try Data(Mail.parcel(number).utf8).write(to: URL(filePath: file))
    return "/usr/lib/dovecot/dovecot-lda -c '\(mail.folder)/dovecot.conf' -d \(trial.user) <'\(file)'"
  }

  @Test(arguments: ["^UID FETCH 13.*HEADER", "^UID FETCH 13.*BODY\\.PEEK\\[\\]", "^UID MOVE 13", "^IDLE"])
  func `INBOX is made anew in the middle, and mail comes into the gap`(command: String) async throws {
    let trial = try await Trial(mail)
    try trial.sixArrive()
    let anew = doveadm(trial, "update", "--uid-validity", "77", "INBOX").joined(separator: " ")
    try trial.proxy.set([Fault(.command, command, run: ["/bin/sh", "-c", "\(anew) && \(try delivery(trial, 7))"])])
    try await trial.run {
      await trial.come(7)
      try mail.outside(trial.user, "append", "INBOX", input: Mail.parcel(8))
      await trial.come(8)
      // What had been moved nowhere yet when its UID became void is found again.
      let deadline = ContinuousClock.now + .seconds(10)
      while try trial.ids(in: "SocialNet").count < 8, ContinuousClock.now < deadline { try await trial.clock.sleep(.seconds(60)) }
    }
    // A server that throws everybody out in the middle of a move may have copied and not removed: then there are two of the same bytes.
    #expect(Set(try trial.ids(in: "SocialNet")) == Set((1...8).map { "<\($0)@example.test>" }))
    try trial.expectPrivacy()
    try trial.expectPatience()
    #expect(await trial.intake.incidents == [.madeAnew(folder: "INBOX")])
  }

  @Test func `mail that comes between the look and the opening of INBOX is not slept through`() async throws {
    let trial = try await Trial(mail)
    try trial.sixArrive()
    try await trial.run()
    // There is nothing new when it starts again; it comes just before INBOX is opened to be watched.
    trial.settings.longestWait = .seconds(900)
    try trial.proxy.set([Fault(.command, "^EXAMINE \"?INBOX", run: ["/bin/sh", "-c", delivery(trial, 7)])])
    try await trial.run(until: 7)
    #expect(try trial.proxy.count("^EXAMINE \"?INBOX") > 0)
    // The server cuts off what is less than a second; nothing may seem to have come before it was written.
    #expect(await trial.intake.received.allSatisfy { $0.arrived.milliseconds % 1000 == 999 })
    try trial.expectPrivacy()
  }

  @Test func `what vanishes before it was fetched is counted apart, and told`() async throws {
    let trial = try await Trial(mail)
    try trial.sixArrive()
    // The second of the parcels.
    try trial.proxy.set([Fault(.command, "^UID FETCH 13:17 .*BODY\\.PEEK\\[\\]", run: outside(trial, "delete", "INBOX", "14"))])
    try await trial.run {
      await trial.come(5)
      #expect(
        await trial.intake.holds { $0.incidents == [.gone(folder: "INBOX", count: 1)] && $0.positions["INBOX"]?.pending == [] })
    }
    try trial.expect(moved: [1, 3, 4, 5, 6])
  }

  @Test func `a UID that two mails share is touched for neither, and holds nothing up`() async throws {
    let trial = try await Trial(mail)
    try trial.sixArrive()
    // The server takes the UID of the first parcel for that of the second too.
    try trial.proxy.set([
      Fault(.reply, "FETCH \\(UID 14 ", times: -1, replace: ["UID 14 ", "UID 13 "]),
      Fault(.command, "^UID (FETCH|STORE|MOVE) 13 ", times: -1, replace: [" 13 ", " 13:14 "]),
      Fault(.reply, "^\\* SEARCH", times: -1, replace: [" 14(?=[ \r])", ""]),
    ])
    try await trial.run {
      await trial.come(4)
      let isRead = await trial.intake.holds { $0.positions["INBOX"]?.uid == 17 }
      #expect(isRead)
    }
    try trial.expect(moved: 3...6)
    #expect(await trial.intake.positions["INBOX"]?.pending == [13])
    #expect(await trial.intake.said.contains("two mails have the UID 13"))
    #expect(try trial.ids(in: "INBOX").filter { ["<1@example.test>", "<2@example.test>"].contains($0) }.count == 2)
  }

  @Test(arguments: ["remove", "rename"]) func `the bridge's folder goes away, and is there again`(how: String) async throws {
    let trial = try await Trial(mail)
    let arguments = how == "remove" ? ["SocialNet"] : ["SocialNet", "Elsewhere"]
    try trial.sixArrive()
    try await trial.run {
      await trial.come(6)
      _ = try mail.outside(trial.user, [how] + arguments)
      try mail.outside(trial.user, "append", "INBOX", input: Mail.joined([Mail.parcel(7), Mail.parcel(8)]))
      await trial.come(8)
      let isTold = await trial.intake.holds { $0.incidents.contains(.madeAnew(folder: "SocialNet")) }
      #expect(isTold)
    }
    try trial.expect(moved: 7...8)
    if how == "rename" { #expect(try trial.ids(in: "Elsewhere").count == 6) }
  }

  /// A server whose disk was put back to an earlier state, with the same UIDVALIDITY: the UIDs that follow have been given before.
  @Test func `of a mailbox that was restored from a backup nothing is lost, and private mail with an old UID is not moved`()
    async throws
  {
    let trial = try await Trial(mail)
    try mail.outside(trial.user, "append", "INBOX", input: Mail.joined([Mail.parcel(1), Mail.parcel(2)]))
    try await trial.run { await trial.come(2) }
    let folder = mail.folder + "/mail/\(trial.user)"
    try runProgram("/bin/cp", ["-a", folder, folder + ".backup"])
    // UIDs 15 to 17; the second is received, and not moved yet.
    try mail.outside(trial.user, "append", "INBOX", input: Mail.joined([Mail.parcel(3), Mail.parcel(4), Mail.parcel(5)]))
    let driver = try MailDriver(trial.settings)
    try await driver.receive(into: trial.intake, .once)
    let second = try #require(await trial.intake.received.last { $0.place == .inbox && $0.origin.uid == 16 }?.origin)
    await driver.close()
    try mail.breakConnections(of: trial.user)
    try runProgram("/bin/rm", ["-r", folder])
    try runProgram("/bin/mv", [folder + ".backup", folder])
    // Now 15 is another parcel, and 16 is private.
    let letter = Mail.letter(from: "aunt@example.org", to: "uncle@example.org")
    try mail.outside(trial.user, "append", "INBOX", input: Mail.joined([Mail.parcel(6), letter]))
    await trial.intake.set(left: [second: .keep])
    try await trial.run { await trial.come(6) }
    #expect(try trial.ids(in: "INBOX").filter { $0.contains("letter-aunt") }.count == 1)
    #expect(try trial.ids(in: "SocialNet").contains("<6@example.test>"))
    try trial.expectPrivacy()
    #expect(await trial.intake.incidents.contains(.madeAnew(folder: "INBOX")))
  }

  @Test func `an append whose answer was lost is not made twice`() async throws {
    let trial = try await Trial(mail)
    let file = trial.intake.directory.appending(path: "piece")
    try Data(Mail.parcel(1).replacing("\n", with: "\r\n").utf8).write(to: file)
    let size = try Data(contentsOf: file).count
    try trial.proxy.set([Fault(.reply, "APPENDUID", then: .cut, drop: true)])
    let driver = try MailDriver(trial.settings)
    var outcomes: [Outcome] = []
    for lookFor in [nil, "1@example.test"] {
      let piece = Consignment(id: 1, endpoint: "mailto:x", file: file, size: size, append: .own, lookFor: lookFor)
      for await (_, outcome) in driver.transmit([piece]) { outcomes.append(outcome) }
    }
    guard case .ambiguous = outcomes.first, case .handedOver = outcomes.last else {
      throw ProgramFailed(program: "append", said: "\(outcomes)")
    }
    #expect(try trial.ids(in: "SocialNet") == ["<1@example.test>"])
  }
}
