import Drivers
import Foundation
import MailDriver
import Mailbox
import Packets
import TestMail
import Testing

/// The line breaks, at any byte of a conversation.
@Suite struct CutTests {
  let mail: TestMail

  init() throws { mail = try TestMail.shared.get() }

  /// So many bytes are tried in the usual run; `SOCIALNET_LONG` in the environment has every one tried.
  private static let samples = 30

  @Test(arguments: ["client", "server"])
  func `cut at any byte of what is said, the next conversation finishes the work`(end: String) async throws {
    let trial = try await Trial(mail)
    let whole = try await session(trial, cut: nil, end)
    #expect(whole > 800)
    let isLong = ProcessInfo.processInfo.environment["SOCIALNET_LONG"] != nil
    // The same ones in every run, spread over all of it: the golden section leaves no stretch out.
    let points =
      isLong
      ? Array(1...whole)
      : (0..<Self.samples).map { Int(Double(whole) * (Double($0) * 0.618_034).truncatingRemainder(dividingBy: 1)) + 1 }
    for point in points { _ = try await session(trial, cut: point, end) }
  }

  /// Three parcels among private mails are received and moved, and the line breaks once. Gives how many bytes went to the `end`.
  private func session(_ trial: Trial, cut: Int?, _ end: String) async throws -> Int {
    let arriving = Mail.joined([
      Mail.letter(from: "x@y.example", to: "z@y.example"), Mail.parcel(1), Mail.parcel(2), Mail.answer(to: "no@where.example"),
      Mail.parcel(3),
    ])
    let before = try mail.outside(trial.user, "restage", input: arriving).split(separator: "\n")
    let intake = try MemoryIntake()
    await intake.keep()
    await intake.set(position: try await beginning(trial, before: before.count))
    try trial.proxy.set([], cut: cut.map { (end, $0) })
    var attempts = 0
    var isWhole = false
    repeat {
      attempts += 1
      // Each attempt is a process of its own, which knows what the one before made durable.
      let driver = try MailDriver(trial.settings)
      try? await driver.receive(into: intake, .once)
      if let done = try? await driver.settle(intake.left) { await intake.settled(done) }
      await driver.close()
      isWhole = await intake.holds(within: .zero) { $0.hashes.count == 3 && $0.left.isEmpty }
    } while !isWhole && attempts < 4
    let bytes = trial.proxy.bytes(to: end)
    #expect(attempts <= 3, "cut at \(cut ?? 0) of what the \(end) hears")
    // Private mail is what it was, and the parcels are in their folder, marked read, each once.
    let after = try mail.outside(trial.user, "snapshot", "INBOX", "SocialNet").split(separator: "\n")
    let moved = after.dropFirst(2).compactMap { $0.split(separator: " ").last.map(String.init) }
    #expect(after.prefix(2).allSatisfy(before.contains), "cut at \(cut ?? 0) of what the \(end) hears")
    #expect(await moved.sorted() == intake.hashes.map(\.text).sorted(), "cut at \(cut ?? 0) of what the \(end) hears")
    #expect(after.dropFirst(2).allSatisfy { $0.contains("(\\Seen)") }, "cut at \(cut ?? 0) of what the \(end) hears")
    return bytes
  }

  /// INBOX was read up to what has just arrived.
  private func beginning(_ trial: Trial, before count: Int) async throws -> Position {
    let intake = try MemoryIntake()
    var settings = trial.settings
    settings.imap.server.port = mail.port("IMAP_PORT")
    try await MailDriver(settings).begin(into: intake)
    var position = try #require(await intake.positions["INBOX"])
    position.uid -= UInt32(count)
    return position
  }
}
