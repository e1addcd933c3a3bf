import Drivers
import Foundation
import MailDriver
import Mailbox
import Packets
import TestMail
import Testing

/// A clock on which an hour takes one and a half seconds, so that pauses are kept and nobody waits for them.
final class FastClock: Sendable {
  private let begun = ContinuousClock.now
  private let beginning = Date().timeIntervalSince1970
  static let speed = 2400.0

  var now: Instant {
    Instant(milliseconds: Int64((beginning + hours * 3600) * 1000))
  }

  /// How much time has passed.
  var hours: Double { begun.duration(to: .now) / .seconds(1) * Self.speed / 3600 }

  func sleep(_ duration: Duration) async throws { try await Task.sleep(for: duration / Self.speed) }
}

/// A mailbox with private mail, to which parcels come, and a server that misbehaves on its way to the driver. What must hold whatever
/// it does: nothing lost, nothing doubled, private mail untouched, no running in circles.
final class Trial {
  let mail: TestMail
  let user: String
  let intake: MemoryIntake
  let proxy: FaultProxy
  let clock = FastClock()
  var settings: MailSettings
  private let before: [String]
  private let junk: String

  init(_ mail: TestMail, patience: Int = 30, junk: String = "Junk") async throws {
    self.mail = mail
    self.junk = junk
    user = try mail.newUser()
    intake = try MemoryIntake()
    proxy = try FaultProxy(.imap, before: mail.port("IMAP_PORT"))
    settings = try mail.settings(user)
    settings.poll = 60
    // This one is waited for on the connection itself.
    settings.longestWait = .seconds(900) / FastClock.speed
    settings.now = { [clock] in clock.now }
    settings.sleep = { [clock] in try await clock.sleep($0) }
    try mail.outside(user, "private", "INBOX", "12")
    before = try mail.outside(user, "snapshot", "INBOX").split(separator: "\n").map(String.init)
    try await MailDriver(settings).begin(into: intake)
    settings.imap.server.port = proxy.port
    settings.imap.patience = patience
    await intake.keep()
  }

  /// Five parcels, with private mail between them, and one that the provider has taken for junk.
  func sixArrive() throws {
    try mail.outside(user, "append", "INBOX", input: Mail.joined((1...5).map(Mail.parcel)))
    try mail.outside(
      user, "append", junk, input: Mail.joined([Mail.letter(from: "spam@x.example", to: "a@b.c"), Mail.parcel(6)]))
  }

  /// Runs the driver until so many parcels are here and moved, or half a minute is over.
  func run(until count: Int = 6, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    try await run { await come(count, sourceLocation: sourceLocation) }
  }

  /// So many parcels come, and are moved.
  func come(_ count: Int, sourceLocation: SourceLocation = #_sourceLocation) async {
    guard await !intake.holds({ $0.hashes.count == count && $0.left.isEmpty }) else { return }
    let state = await
      "\(intake.hashes.count) of \(count) came, \(intake.left.count) not moved, \(intake.positions): \(intake.said)"
    Issue.record("\(state)", sourceLocation: sourceLocation)
  }

  /// Runs the driver while something else goes on.
  func run(_ body: () async throws -> Void) async throws {
    let driver = try MailDriver(settings)
    let running = Task { [intake] in try await driver.receive(into: intake, .forever) }
    do { try await body() } catch {
      running.cancel()
      throw error
    }
    running.cancel()
    try await running.value
    await driver.close()
  }

  /// - Parameters:
  ///   - numbers: these lie in the bridge's folder now, each once.
  ///   - folder: where that is.
  func expect(
    moved numbers: some Sequence<Int>, in folder: String = "SocialNet", sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let found = try ids(in: folder)
    #expect(found.sorted() == numbers.map { "<\($0)@example.test>" }.sorted(), sourceLocation: sourceLocation)
    try expectPrivacy(sourceLocation: sourceLocation)
    try expectPatience(sourceLocation: sourceLocation)
  }

  func ids(in folder: String) throws -> [String] {
    struct Found: Decodable { var headers: [String: String] }
    return try mail.outside(user, "mails", folder).split(separator: "\n").compactMap {
      try JSONDecoder().decode(Found.self, from: Data($0.utf8)).headers["message-id"]
    }
  }

  /// Every private mail is byte for byte and flag for flag what it was.
  func expectPrivacy(sourceLocation: SourceLocation = #_sourceLocation) throws {
    let after = try mail.outside(user, "snapshot", "INBOX").split(separator: "\n").map(String.init)
    #expect(before.allSatisfy(after.contains), sourceLocation: sourceLocation)
  }

  /// Servers are asked at a measured pace, whatever they answer: of connections two dozen at first and so many an hour.
  func expectPatience(sourceLocation: SourceLocation = #_sourceLocation) throws {
    let (connections, commands) = (proxy.connections, try proxy.count(""))
    #expect(connections <= 30 + Int(clock.hours * 40), "in \(clock.hours) hours", sourceLocation: sourceLocation)
    #expect(commands <= 400 + Int(clock.hours * 1500), "in \(clock.hours) hours", sourceLocation: sourceLocation)
  }
}
