import Drivers
import Foundation
import MailDriver
import Packets
import TestMail
import Testing

/// What IMAP servers, and the lines to them, do wrong.
@Suite struct FaultTests {
  let mail: TestMail

  init() throws { mail = try TestMail.shared.get() }

  private static let look = "^UID FETCH .*HEADER\\.FIELDS \\(SocialNet-Parcel Message"
  private static let fetch = "BODY\\.PEEK\\[\\]"

  /// Those whose refusal must be told by the driver. Others it gives up for another way, or asks again in the same breath; and what was
  /// to be moved and was not is the bridge's to tell.
  private static let told = ["^CAPABILITY", "^LIST", "^EXAMINE", "^UID SEARCH", look, fetch]
  private static let commands =
    told + ["^NAMESPACE", "^ENABLE", "^STATUS", "^SELECT", "^UID STORE", "^UID MOVE", "^IDLE", "^NOTIFY"]

  @Test(arguments: commands, ["NO", "BAD"])
  func `a command that is refused three times delays, and no more`(command: String, answer: String) async throws {
    let trial = try await Trial(mail)
    try trial.sixArrive()
    try await run(trial, command, answer)
    let said = await trial.intake.said
    #expect(said.contains("not now") || !Self.told.contains(command), "\(said)")
  }

  /// Those that Dovecot is spared.
  @Test(arguments: ["^NOOP", "^UID COPY", "^UID STORE .*Seen", "^UID STORE .*Deleted", "^UID EXPUNGE"], ["NO", "BAD"])
  func `a refused command only delays where the server can do less, too`(command: String, answer: String) async throws {
    let trial = try await Trial(mail)
    try trial.sixArrive()
    try await run(
      trial, command, answer, [Fault(.reply, "CAPABILITY", times: -1, replace: [" (?:MOVE|NOTIFY)(?=[ \\]\r])", ""])])
  }

  @Test(arguments: ["^CREATE", "^SUBSCRIBE"], ["NO", "BAD"])
  func `a refused command only delays where the bridge's folders are gone, too`(command: String, answer: String) async throws {
    let trial = try await Trial(mail)
    try trial.sixArrive()
    try mail.outside(trial.user, "remove", "SocialNet")
    try await run(trial, command, answer)
  }

  /// A seventh comes when six have been moved.
  private func run(_ trial: Trial, _ command: String, _ answer: String, _ more: [Fault] = []) async throws {
    try trial.proxy.set(more + [Fault(.command, command, times: 3, answer: "%s \(answer) not now")])
    try await trial.run {
      await trial.come(6)
      while try trial.proxy.count(command) == 0 { try await Task.sleep(for: .milliseconds(5)) }
      try mail.outside(trial.user, "append", "INBOX", input: Mail.parcel(7))
      await trial.come(7)
    }
    try trial.expect(moved: 1...7)
  }

  @Test(arguments: commands) func `a server that says BYE is asked again`(command: String) async throws {
    let trial = try await Trial(mail)
    try trial.sixArrive()
    try trial.proxy.set([Fault(.command, command, times: 2, answer: "* BYE going down", then: .cut)])
    // Of what libcurl hears, the words are lost; what was to be moved and was not is the bridge's to tell.
    let isTold = !["^CAPABILITY", "^SELECT", "^UID STORE", "^UID MOVE"].contains(command)
    try await trial.run {
      await trial.come(6)
      let isSaid = await trial.intake.holds { !isTold || $0.said.contains("going down") }
      #expect(isSaid)
    }
    try trial.expect(moved: 1...6)
  }

  @Test(arguments: ["^AUTHENTICATE", "^STATUS", look, fetch, "^UID MOVE"])
  func `a server that falls silent is given up, and asked again`(command: String) async throws {
    let trial = try await Trial(mail, patience: 1)
    try trial.sixArrive()
    try trial.proxy.set([Fault(.command, command, then: .stall)])
    try await trial.run()
    try trial.expect(moved: 1...6)
    let said = await trial.intake.said
    #expect(said.contains("in time") || command == "^UID MOVE", "\(said)")
  }

  /// What is wrong, how, and a word of what is said about it.
  struct Trick: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var faults: [Fault]
    var slow = false
    var said: String?

    init(_ name: String, _ faults: [Fault], slow: Bool = false, said: String? = nil) {
      (testDescription, self.faults, self.slow, self.said) = (name, faults, slow, said)
    }
  }

  private static let bodies = "BODY\\[\\] \\{"
  private static let tricks: [Trick] = [
    Trick("each byte alone", [], slow: true),
    Trick("no CR at the ends of lines, nor in mails", [Fault(.reply, times: -1, bare: true)]),
    Trick("too many connections", [Fault(.connect, times: 3, answer: "* BYE too many connections")], said: "127.0.0.1"),
    Trick("connections that end at once", [Fault(.connect, times: 4)], said: "127.0.0.1"),
    Trick(
      "flags and headers that nobody asked for",
      [
        Fault(
          .reply, "FETCH \\(", times: -1,
          before: "* 1 FETCH (FLAGS (\\Answered))\r\n* 2 FETCH (UID 9999 FLAGS () INTERNALDATE \"01-Jan-2026 00:00:00 +0000\" "
            + "RFC822.SIZE 99 BODY[HEADER.FIELDS (SOCIALNET-PARCEL)] {23}\r\nSocialNet-Parcel: 1\r\n\r\n)\r\n")
      ]),
    Trick(
      "private mail that nobody asked for",
      [Fault(.reply, bodies, times: -1, before: "* 2 FETCH (UID 2 BODY[] {7}\r\nprivate)\r\n")]),
    Trick("headers said to be of 4 GB", [Fault(.reply, "HEADER\\.FIELDS", times: 2, announce: 4_294_967_295)], said: "in time"),
    Trick("a mail said to be of 4 GB", [Fault(.reply, bodies, times: 2, announce: 4_294_967_295)], said: "4294967295 bytes"),
    Trick("a mail said to be shorter", [Fault(.reply, bodies, times: 2, announce: 30)], said: "cannot be right"),
    Trick("a mail said to be longer", [Fault(.reply, bodies, times: 2, announce: 200)], said: "cannot be right"),
    Trick(
      "a length that is no number", [Fault(.reply, bodies, times: 2, replace: ["\\{\\d+\\}", "{99999999999}"])], said: "literal"),
    Trick("mails that are not there", [Fault(.reply, bodies, times: 4, replace: ["\\{\\d+\\}.*\\)\r\n$", "NIL)\r\n"])]),
    Trick("mails left out of the answer", [Fault(.reply, bodies, times: 4, drop: true)]),
    Trick(
      "answers that do not say of which mail",
      [Fault(.reply, "FETCH \\(UID 1[34] .*HEADER\\.FIELDS", times: 2, replace: ["UID \\d+ ", ""])], said: "only half"),
    Trick(
      "an answer that lacks one mail", [Fault(.reply, "FETCH \\(UID 15 .*HEADER\\.FIELDS", drop: true)], said: "nothing of a mail"
    ),
    Trick("an answer that lacks all", [Fault(.reply, "FETCH \\(UID 1[3-7] .*HEADER\\.FIELDS", times: 5, drop: true)]),
    Trick("words that are no IMAP", [Fault(.reply, "FETCH", times: 2, before: "* 7 FETCH (UID\r\n")], said: "cannot be right"),
    Trick("an answer to nothing", [Fault(.reply, "^\\* STATUS", times: 2, before: "x9 OK done\r\n")], said: "never asked"),
    Trick(
      "UIDNEXT kept secret",
      [
        Fault(.reply, "^\\* OK \\[UIDNEXT", times: -1, replace: ["\\[UIDNEXT \\d+\\]", ""]),
        Fault(.reply, "^\\* STATUS", times: -1, replace: [" UIDNEXT \\d+", ""]),
      ]),
    Trick(
      "UIDVALIDITY kept secret by STATUS", [Fault(.reply, "^\\* STATUS", times: -1, replace: [" UIDVALIDITY \\d+", ""])]),
    Trick(
      "a UIDNEXT that is too high",
      [Fault(.reply, "^\\* STATUS \"?INBOX", times: 1, replace: ["UIDNEXT \\d+", "UIDNEXT 4294967295"])]),
    Trick(
      "a UIDNEXT that is too low", [Fault(.reply, "^\\* STATUS \"?INBOX", times: 2, replace: ["UIDNEXT \\d+", "UIDNEXT 3"])]),
    Trick("a full mailbox", [Fault(.command, "^UID MOVE", times: 3, answer: "%s NO [OVERQUOTA] full")]),
    Trick(
      "a mail left out of the answer when it is to be moved",
      [Fault(.reply, "FETCH \\(UID 15 .*HEADER\\.FIELDS \\((?i:SocialNet-Parcel SocialNet-Letter)\\)", drop: true)]),
    Trick(
      "a mail that is not copied, because it is left out of an answer, beside others that are copied and not removed",
      [
        Fault(.reply, "CAPABILITY", times: -1, replace: [" (?:MOVE|NOTIFY)(?=[ \\]\r])", ""]),
        Fault(.reply, "FETCH \\(UID 15 .*HEADER\\.FIELDS \\((?i:SocialNet-Parcel SocialNet-Letter)\\)", drop: true),
        Fault(.command, "^UID EXPUNGE", answer: "%s NO not now"),
      ]),
  ]

  @Test(arguments: tricks) func `whatever a server says, nothing is lost and nothing doubled`(trick: Trick) async throws {
    let trial = try await Trial(mail, patience: 1)
    try trial.sixArrive()
    try trial.proxy.set(trick.faults, slow: trick.slow)
    try await trial.run()
    try trial.expect(moved: 1...6)
    let said = await trial.intake.said
    #expect(trick.said.map { said.contains($0) } ?? true, "\(said)")
  }

  @Test(arguments: [
    Trick(
      "INBOX is refused", [Fault(.command, "^(STATUS|EXAMINE) \"INBOX", times: -1, answer: "%s NO never")], said: "STATUS INBOX"),
    Trick(
      "every look ends in BYE", [Fault(.command, look, times: -1, answer: "* BYE x", then: .cut)], said: "ended the connection"),
    Trick("every mail is refused", [Fault(.command, fetch, times: -1, answer: "%s NO [SERVERBUG] broken")], said: "broken"),
    Trick("every mail is garbage", [Fault(.reply, bodies, times: -1, before: "* 1 FETCH (\r\n")], said: "cannot be right"),
    Trick("every mail is left out", [Fault(.reply, bodies, times: -1, drop: true)], said: "setAside"),
    Trick("nothing can be moved", [Fault(.command, "^UID MOVE", times: -1, answer: "%s NO read-only")]),
    Trick("every connection ends at once", [Fault(.connect, times: -1)], said: "cannot be reached"),
    Trick(
      "IDLE ends at once", [Fault(.command, "^(IDLE|DONE)", times: -1, answer: "+ idling\r\n%s OK done")]),
    Trick(
      "a UIDVALIDITY that is never the same",
      (1...400).map { Fault(.reply, "^\\* STATUS \"?INBOX", skip: $0 - 1, replace: ["UIDVALIDITY \\d+", "UIDVALIDITY \($0)"]) }),
  ])
  func `a server that never comes to its senses is asked at a measured pace`(trick: Trick) async throws {
    let trial = try await Trial(mail)
    try trial.sixArrive()
    try trial.proxy.set(trick.faults)
    try await trial.run {
      try await trial.clock.sleep(.seconds(3600))
      try trial.expectPatience()
      let said = await trial.intake.said
      #expect(trick.said.map { said.contains($0) } ?? true, "\(said)")
      // At last it does.
      try trial.proxy.set([])
      await trial.come(6)
    }
    #expect(Set(try trial.ids(in: "SocialNet")).count == 6)
    #expect(try trial.ids(in: "SocialNet").count == 6)
    try trial.expectPrivacy()
  }

  @Test func `a login that is refused for an hour is tried rarely, and told once`() async throws {
    let trial = try await Trial(mail)
    try trial.sixArrive()
    try trial.proxy.set([Fault(.command, "^AUTHENTICATE", times: -1, answer: "%s NO [AUTHENTICATIONFAILED] wrong")])
    try await trial.run {
      try await trial.clock.sleep(.seconds(3600))
      // At once by both connections, and after a quarter of an hour; the next would be after an hour more.
      #expect(try (1...4).contains(trial.proxy.count("^AUTHENTICATE")))
      #expect(await trial.intake.said.contains("refuses the login"))
      try trial.proxy.set([])
      await trial.come(6)
    }
    try trial.expect(moved: 1...6)
  }
}
