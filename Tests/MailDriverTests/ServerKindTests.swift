import Drivers
import Foundation
import MailDriver
import Packets
import TestMail
import Testing

/// Servers that can less than Dovecot, and what is made of what it can.
@Suite struct ServerKindTests {
  @Test(arguments: [
    ["IDLE"], ["NOTIFY"], ["MOVE"], ["CONDSTORE", "QRESYNC"], ["LITERAL+"], ["SPECIAL-USE"], ["NAMESPACE"],
    ["IDLE", "NOTIFY", "MOVE", "CONDSTORE", "QRESYNC", "LITERAL+", "NAMESPACE", "ENABLE", "ESEARCH", "LIST-EXTENDED", "SASL-IR"],
  ])
  func `without an extension all goes on`(missing: [String]) async throws {
    let trial = try await Trial(try TestMail.shared.get())
    try trial.sixArrive()
    let words = missing.map { $0.replacing("+", with: "\\+") }.joined(separator: "|")
    try trial.proxy.set([Fault(.reply, "CAPABILITY", times: -1, replace: [" (?:\(words))(?=[ \\]\r])", ""])])
    try await trial.run {
      await trial.come(6)
      try trial.mail.outside(trial.user, "append", "INBOX", input: Mail.parcel(7))
      await trial.come(7)
    }
    try trial.expect(moved: 1...7)
    for word in missing where ["IDLE", "NOTIFY", "NAMESPACE"].contains(word) { #expect(try trial.proxy.count("^\(word)") == 0) }
    if missing.contains("MOVE") { #expect(try trial.proxy.count("^UID MOVE") == 0 && trial.proxy.count("^UID EXPUNGE") > 0) }
    if missing.contains("QRESYNC") { #expect(try trial.proxy.count("QRESYNC|HIGHESTMODSEQ") == 0) }
  }

  @Test func `where nothing can be removed alone, parcels stay and are read once`() async throws {
    let trial = try await Trial(try TestMail.shared.get())
    try trial.sixArrive()
    try trial.proxy.set([Fault(.reply, "CAPABILITY", times: -1, replace: [" (?:MOVE|UIDPLUS)(?=[ \\]\r])", ""])])
    try await trial.run()
    try await trial.run { try await trial.clock.sleep(.seconds(1200)) }
    #expect(await trial.intake.received.count == 6)
    #expect(try trial.ids(in: "INBOX").filter { $0.hasSuffix("@example.test>") }.count == 5)
    #expect(try trial.proxy.count("^UID (STORE|COPY|EXPUNGE)|^SELECT") == 0)
    try trial.expectPrivacy()
  }

  @Test(arguments: [
    (["--prefix", "INBOX.", "--separator", "."], "INBOX.SocialNet", hidden: false),
    (["--prefix", "INBOX.", "--separator", "."], "INBOX.SocialNet", hidden: true),
    (["--prefix", "INBOX/", "--separator", "/"], "INBOX/SocialNet", hidden: true),
    (["--separator", "."], "SocialNet", hidden: false),
  ])
  func `folders hang where the server has them`(options: [String], folder: String, hidden: Bool) async throws {
    let trial = try await Trial(
      try TestMail(options: options), junk: hidden || options.count > 2 ? "INBOX\(options.last ?? "")Junk" : "Junk")
    try trial.sixArrive()
    if hidden { try trial.proxy.set([Fault(.reply, "CAPABILITY", times: -1, replace: [" NAMESPACE", ""])]) }
    try await trial.run()
    try trial.expect(moved: 1...6, in: folder)
    #expect(try trial.mail.outside(trial.user, "folders").contains("\(folder)\(options.last ?? "")Refused"))
  }

  // MARK: What it can

  @Test func `where the server tells of Sent, an answer is heard of at once and nothing is polled`() async throws {
    let mail = try TestMail.shared.get()
    let trial = try await Trial(mail)
    let own = "\(trial.user)@example.test"
    // On this clock a day would pass before the next look.
    trial.settings.longestWait = .seconds(900)
    try await trial.run {
      #expect(await trial.intake.holds { $0.conditions.contains(.working(driver: "mail")) })
      while try trial.proxy.count("^IDLE") == 0 { try await Task.sleep(for: .milliseconds(5)) }
      for number in 1...3 {
        try mail.outside(
          trial.user, "append", "Sent", input: Mail.letter(from: own, to: own).replacing("words", with: "\(number)"))
        #expect(await trial.intake.holds { $0.received.count == number })
      }
    }
    #expect(try trial.proxy.count("^NOTIFY") == 1)
    let polls = try trial.proxy.count("^STATUS \"Sent")
    // At the beginning, when the telling began, and for each.
    #expect(polls <= 8 && Double(polls) < 10 + trial.clock.hours * 60)
    try trial.expectPrivacy()
  }

  @Test func `a server that gives up telling is polled again`() async throws {
    let mail = try TestMail.shared.get()
    let trial = try await Trial(mail)
    let own = "\(trial.user)@example.test"
    trial.settings.longestWait = .seconds(900)
    try trial.proxy.set([Fault(.reply, "^\\+ idling", after: "* OK [NOTIFICATIONOVERFLOW] too much\r\n")])
    try await trial.run {
      while try trial.proxy.count("^IDLE") < 2 { try await Task.sleep(for: .milliseconds(5)) }
      try mail.outside(trial.user, "append", "Sent", input: Mail.letter(from: own, to: own))
      #expect(await trial.intake.holds { $0.received.count == 1 })
      let polls = try trial.proxy.count("^STATUS \"Sent")
      while try trial.proxy.count("^STATUS \"Sent") < polls + 3 { try await Task.sleep(for: .milliseconds(5)) }
    }
    #expect(try trial.proxy.count("^NOTIFY") == 1)
  }

  @Test(arguments: [true, false]) func `what waits is not looked at again and again`(resyncs: Bool) async throws {
    let mail = try TestMail.shared.get()
    let trial = try await Trial(mail)
    await trial.intake.set(admits: { _ in false })
    try mail.outside(trial.user, "append", "INBOX", input: Mail.joined((1...50).map(Mail.parcel)))
    if !resyncs { try trial.proxy.set([Fault(.reply, "CAPABILITY", times: -1, replace: [" QRESYNC", ""])]) }
    try await trial.run {
      #expect(await trial.intake.holds { $0.positions["INBOX"]?.pending.count == 50 })
      try await trial.clock.sleep(.seconds(7200))
      let looks = try trial.proxy.count("^UID FETCH .*HEADER")
      #expect(looks <= 6, "as long as nothing changes")
      // One is deleted: the server says which, or all are looked at once more.
      try mail.outside(trial.user, "delete", "INBOX", "20")
      #expect(await trial.intake.holds { $0.positions["INBOX"]?.pending.count == 49 })
      let asked = try trial.proxy.count("QRESYNC \\(")
      #expect((asked > 0) == resyncs)
      await trial.intake.set(admits: { _ in true })
      await trial.come(49)
    }
    #expect(await trial.intake.incidents == [.gone(folder: "INBOX", count: 1)])
    try trial.expectPrivacy()
  }
}
