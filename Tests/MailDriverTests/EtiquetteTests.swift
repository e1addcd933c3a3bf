import Drivers
import Foundation
import MailDriver
import Packets
import TestMail
import Testing

/// What the bridge does in a mailbox, seen by another program and in the server's log of every byte.
@Suite struct EtiquetteTests {
  let mail: TestMail

  init() throws { mail = try TestMail.shared.get() }

  @Test func `a thousand private mails stay byte for byte and flag for flag what they were`() async throws {
    let user = try mail.newUser()
    let intake = try MemoryIntake()
    let driver = try MailDriver(try mail.settings(user))
    try await driver.receive(into: intake, .once)
    #expect(await intake.received.isEmpty)
    await intake.set(written: ["mine-bounced@example.test", "digest-1@example.test"])

    let own = "\(user)@example.test"
    try mail.outside(user, "private", "INBOX", "500")
    try mail.outside(
      user, "append", "INBOX",
      input: Mail.joined([
        Mail.parcel(1), Mail.answer(to: "digest-1@example.test"), Mail.bounce(of: "mine-bounced@example.test"),
        Mail.letter(from: own, to: own), Mail.letter(from: "friend@example.test", to: "\(user)+socialnet@example.test"),
      ]))
    try mail.outside(user, "private", "INBOX", "500")
    try mail.outside(user, "private", "Sent", "40")
    try mail.outside(user, "private", "Junk", "40")
    try mail.outside(user, "private", "SocialNet", "40")
    try mail.outside(user, "private", "Drafts", "40")
    let folders = ["INBOX", "Sent", "Junk", "SocialNet", "Drafts"]
    let before = try folders.map { try mail.outside(user, "snapshot", $0) }
    let heardBefore = try mail.heard(user).count

    try await driver.receive(into: intake, .once)
    let received = await intake.received
    #expect(received.map(\.kind) == [.parcel, .letter, .bounce, .letter, .letter])
    #expect(received.allSatisfy { $0.place == .inbox })
    #expect(try folders.map { try mail.outside(user, "snapshot", $0) } == before)
    try await driver.receive(into: intake, .once)
    #expect(await intake.received.count == 5)

    // The server's witness: exactly these were fetched whole, and nothing was changed.
    let heard = try mail.heard(user)[heardBefore...]
    let whole = heard.filter { $0.contains("BODY.PEEK[]") }
    #expect(whole.map { $0.split(separator: " ")[3] } == ["501:505"])
    #expect(
      !heard.contains { line in ["STORE", "MOVE", "COPY", "EXPUNGE", "SELECT", "BODY[", "RFC822 "].contains { line.contains($0) }
      })
    #expect(!heard.contains { $0.contains("Drafts") })
  }

  @Test func `what could not be kept stays where it is, and is asked for again`() async throws {
    let user = try mail.newUser()
    let intake = try MemoryIntake()
    let driver = try MailDriver(try mail.settings(user))
    try await driver.receive(into: intake, .once)
    let reached = await intake.positions["INBOX"]
    try mail.outside(user, "append", "INBOX", input: Mail.joined([Mail.parcel(1), Mail.parcel(2)]))
    let before = try mail.outside(user, "snapshot", "INBOX")
    await intake.set(keepsNothing: CocoaError(.fileWriteOutOfSpace))
    for _ in 1...2 {
      let failure = await #expect(throws: DriverFailure.self) { try await driver.receive(into: intake, .once) }
      guard case .intake = failure else { throw ProgramFailed(program: "receive", said: "\(String(describing: failure))") }
    }
    #expect(await intake.positions["INBOX"] == reached)
    #expect(try mail.outside(user, "snapshot", "INBOX") == before)
    await intake.set(keepsNothing: nil)
    // Another process, that knows only what was kept.
    try await MailDriver(mail.settings(user)).receive(into: intake, .once)
    #expect(await intake.received.count == 2)
    #expect(try mail.outside(user, "snapshot", "INBOX") == before)
  }

  @Test func `a parcel is moved to the bridge's folder and marked read, a refused one to its own place`() async throws {
    let user = try mail.newUser()
    let intake = try MemoryIntake()
    let driver = try MailDriver(try mail.settings(user))
    try await driver.receive(into: intake, .once)
    try mail.outside(user, "append", "INBOX", input: Mail.joined((1...3).map { Mail.parcel($0) }))
    try mail.outside(user, "append", "Junk", input: Mail.joined([Mail.parcel(4), Mail.parcel(5)]))
    try await driver.receive(into: intake, .once)

    let received = await intake.received
    #expect(received.map(\.place) == [.inbox, .inbox, .inbox, .junk, .junk])
    for message in received {
      let file = intake.directory.appending(path: "\(message.sha256.text).eml")
      #expect(try Data(contentsOf: file).count == message.size)
    }
    let placements: [Placement] = [.keep, .refuse, .leave, .keep, .refuse]
    let done = try await driver.settle(Dictionary(uniqueKeysWithValues: zip(received.map(\.origin), placements)))
    #expect(done == Set(received.map(\.origin)))
    let lines = try ["INBOX", "Junk", "SocialNet", "SocialNet/Refused"].map { folder in
      try mail.outside(user, "snapshot", folder).split(separator: "\n").map { $0.split(separator: " ").dropFirst().first ?? "" }
    }
    #expect(lines == [["()"], ["()"], ["(\\Seen)", "(\\Seen)"], ["(\\Seen)"]])

    // What lies in the own folder by our own doing is not fetched again.
    try await driver.receive(into: intake, .once)
    #expect(await intake.received.count == 5)
    let again = try MailDriver(try mail.settings(user))
    try await again.receive(into: intake, .once)
    #expect(await intake.received.count == 5)
  }

  @Test func `a parcel that a filter has filed in the own folder is fetched from there`() async throws {
    let user = try mail.newUser()
    let intake = try MemoryIntake()
    let driver = try MailDriver(try mail.settings(user))
    try await driver.receive(into: intake, .once)
    await intake.set(written: ["2@example.test"])
    try mail.outside(user, "append", "SocialNet", input: Mail.joined([Mail.parcel(1), Mail.parcel(2)]))
    try await driver.receive(into: intake, .once)
    let received = await intake.received
    #expect(received.map(\.place) == [.own])
    _ = try await driver.settle([received[0].origin: .keep])
    #expect(try mail.outside(user, "search", "SocialNet", "SEEN") == "1\n")
  }

  @Test func `sent mail and what was filed to be posted is read`() async throws {
    let user = try mail.newUser()
    let own = "\(user)@example.test"
    let intake = try MemoryIntake()
    let driver = try MailDriver(try mail.settings(user))
    try await driver.receive(into: intake, .once)
    await intake.set(written: ["digest@example.test"])
    try mail.outside(
      user, "append", "Sent", "\\Seen",
      input: Mail.joined([
        Mail.letter(from: own, to: own), Mail.letter(from: own, to: "aunt@example.test"), Mail.answer(to: "digest@example.test"),
        Mail.parcel(1),
      ]))
    try mail.outside(
      user, "append", "SocialNet/Post",
      input: Mail.joined([
        Mail.letter(from: own, to: "aunt@example.test"), Mail.letter(from: "aunt@example.test", to: own),
      ]))
    try await driver.receive(into: intake, .once)
    #expect(await intake.received.map(\.place) == [.sent, .sent, .post])
    #expect(await intake.received.allSatisfy { $0.kind == .letter })
  }

  @Test func `a folder made anew is gone through again`() async throws {
    let user = try mail.newUser()
    let intake = try MemoryIntake()
    try mail.outside(user, "private", "INBOX", "100")
    try mail.outside(
      user, "append", "INBOX", input: Mail.joined([Mail.parcel(1), Mail.letter(from: "x@y.example", to: "z@y.example")]))
    await intake.set(position: Position(driver: "mail", folder: "INBOX", validity: 7, uid: 5000, pending: [3]))
    let driver = try MailDriver(try mail.settings(user))
    try await driver.receive(into: intake, .once)
    #expect(await intake.received.map(\.origin.uid) == [101])
    let position = await intake.positions["INBOX"]
    #expect(position?.uid == 102)
    #expect(position?.validity != 7)
    #expect(position?.pending == [])
  }

  @Test func `what the budget keeps out stays, and is asked for again`() async throws {
    let user = try mail.newUser()
    let intake = try MemoryIntake()
    let driver = try MailDriver(try mail.settings(user))
    try await driver.receive(into: intake, .once)
    try mail.outside(user, "append", "INBOX", input: Mail.joined((1...4).map { Mail.parcel($0) }))
    await intake.set(admits: { $0.origin.uid == 3 })
    try await driver.receive(into: intake, .once)
    #expect(await intake.received.map(\.origin.uid) == [3])
    #expect(await intake.positions["INBOX"]?.pending == [1, 2, 4])
    #expect(await intake.positions["INBOX"]?.uid == 4)

    // Another process goes on; one of them was deleted by the user meanwhile.
    try mail.outside(user, "delete", "INBOX", "2")
    await intake.set(admits: { _ in true })
    try await MailDriver(try mail.settings(user)).receive(into: intake, .once)
    #expect(await intake.received.map(\.origin.uid) == [3, 1, 4])
    #expect(await intake.positions["INBOX"]?.pending == [])
  }

  @Test func `what could not be written down is fetched again, though other mail came since`() async throws {
    let user = try mail.newUser()
    let intake = try MemoryIntake()
    let driver = try MailDriver(try mail.settings(user))
    // Where reading begins was not written down either: the beginning is looked for again.
    await intake.refuse(batches: 1)
    await #expect(throws: DriverFailure.self) { try await driver.receive(into: intake, .once) }
    try await driver.receive(into: intake, .once)
    try mail.outside(user, "append", "INBOX", input: Mail.parcel(1))
    await intake.refuse(batches: 1)
    await #expect(throws: DriverFailure.self) { try await driver.receive(into: intake, .once) }
    try mail.outside(user, "append", "INBOX", input: Mail.parcel(2))
    try await driver.receive(into: intake, .once)
    #expect(await intake.received.map(\.origin.uid) == [1, 2])
    #expect(await intake.positions["INBOX"]?.uid == 2)
  }

  @Test func `a rescan brings back every parcel, and reads in proportion to the parcels`() async throws {
    let user = try mail.newUser()
    let intake = try MemoryIntake()
    let driver = try MailDriver(try mail.settings(user))
    try await driver.receive(into: intake, .once)
    try mail.outside(user, "private", "INBOX", "400")
    try mail.outside(user, "append", "INBOX", input: Mail.joined((1...5).map { Mail.parcel($0) }))
    try mail.outside(user, "append", "SocialNet", input: Mail.joined((6...10).map { Mail.parcel($0) }))
    try mail.outside(user, "append", "SocialNet/Refused", input: Mail.parcel(11))
    await intake.set(written: Set((1...11).map { "\($0)@example.test" }))

    let before = try mail.said(user)
    let fresh = try MailDriver(try mail.settings(user))
    try await fresh.rescan(into: intake)
    let places = await intake.received.map(\.place)
    #expect(places == Array(repeating: .own, count: 5) + [.refused] + Array(repeating: .inbox, count: 5))
    #expect(try mail.said(user) - before < 25_000)

    // Nothing new: nothing is read.
    let middle = try mail.said(user)
    try await fresh.receive(into: intake, .once)
    #expect(await intake.received.count == 11)
    #expect(try mail.said(user) - middle < 3_000)
  }
}
