import Account
import Feed
import Foundation
import Logging
import OpenPGP
import Packets
import Synchronization
import TestMail
import Testing

@testable import Bridge

/// Where a test plays: a folder that goes when the test ends, and a clock that goes as the test says.
final class Stage: Sendable {
  /// Short, because GnuPG's sockets lie below it.
  let folder = URL(filePath: "/tmp/bridge-\(UUID().uuidString.prefix(8))", directoryHint: .isDirectory)
  private let ahead = Mutex<Int64>(0)
  /// Kept open from setup on, so that not every operation has to start and to end an agent.
  private let homes = Mutex<[KeyHome]>([])

  private init() throws { try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true) }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// Plays a test, and clears away what it made.
  static func play(_ body: (Stage) async throws -> Void) async throws {
    let stage = try Stage()
    let played: Result<Void, any Error>
    do { played = .success(try await body(stage)) } catch { played = .failure(error) }
    for home in stage.homes.withLock({ $0 }) { await home.stop() }
    try played.get()
  }

  fileprivate func keepOpen(_ home: KeyHome) { homes.withLock { $0.append(home) } }

  /// The machine's time, from which files and mails have theirs, and as much later as the test says.
  var now: Instant {
    Clock.system.now().adding(seconds: ahead.withLock { $0 })
  }

  var clock: Clock { Clock(zone: .gmt) { [self] in now } }

  func pass(days: Int64 = 0, minutes: Int64 = 0, seconds: Int64 = 0) {
    ahead.withLock { $0 += days * 86_400 + minutes * 60 + seconds }
  }

  func path(_ name: String) -> URL { folder.appending(path: name) }

  /// A small photograph, made on the spot.
  func photo(_ name: String = "photo.jpg", width: Int = 64, height: Int = 48) throws -> URL {
    try runProgram("/usr/bin/vips", ["black", path(name).path, "\(width)", "\(height)", "--bands", "3"])
    return path(name)
  }

  /// Waits for something, less long than the daemon sleeps when nobody rings.
  func wait(_ what: String, until holds: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(40)
    while !(try await holds()) {
      guard ContinuousClock.now < deadline else { throw ProgramFailed(program: "daemon", said: "not yet: \(what)") }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  // MARK: People

  /// Somebody whose parcels come in by a directory.
  func neighbour(_ name: String, _ change: (inout SetupPlan) -> Void = { _ in }) async throws -> Person {
    let directory = path(name.lowercased() + "-in")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    let person = Person(name, on: self, directory: directory, user: nil)
    var plan = SetupPlan(name: name, transport: .folder(directory))
    change(&plan)
    try await person.setUp(plan) { _ in }
    return person
  }

  /// Somebody with a mailbox. No digest comes unless it is asked for.
  func correspondent(
    _ name: String, _ mail: TestMail, _ configure: (inout Configuration) -> Void = { _ in }
  ) async throws -> Person {
    let user = try mail.newUser()
    let person = Person(name, on: self, directory: nil, user: user)
    let address = try #require(EmailAddress("\(user)@example.test"))
    var plan = SetupPlan(
      name: name,
      transport: .mail(
        .init(
          address: address, imap: try ServerURL("imap+plain://127.0.0.1:\(mail.port("IMAP_PORT"))"),
          smtp: try ServerURL("smtp+plain://127.0.0.1:\(mail.port("SUBMISSION_PORT"))"),
          password: .typed(Secret(TestMail.password)), tls: .init())))
    plan.digest.schedule = .off
    try await person.setUp(plan, configure)
    return person
  }
}

/// A user of a test, with an account of their own.
final class Person: Sendable {
  let name: String
  let stage: Stage
  let layout: Layout
  /// The directory that parcels come in by, for who has one.
  let directory: URL?
  /// The mailbox's user, for who has one.
  let user: String?
  /// How many refusals a test has looked at.
  let seen = Mutex(0)
  /// How far this person's own clock is off, in days.
  let daysOff = Mutex<Int64>(0)
  var clock: Clock { Clock(zone: .gmt) { [self] in stage.now.adding(seconds: daysOff.withLock { $0 } * 86_400) } }

  init(_ name: String, on stage: Stage, directory: URL?, user: String?, home: String? = nil) {
    self.name = name
    self.stage = stage
    self.directory = directory
    self.user = user
    layout = Layout(home: stage.path(home ?? name.lowercased()))
  }

  /// What the command can ask of the account.
  var node: any Operations { node(log: Self.log) }

  func node(log: Logger) -> any Operations { LocalAccount.operations(layout: layout, clock: clock, log: log) }

  private static let log: Logger = {
    var log = Logger(label: "test") { StreamLogHandler.standardError(label: $0) }
    log.logLevel = .debug
    return log
  }()

  fileprivate func setUp(_ plan: SetupPlan, _ configure: (inout Configuration) -> Void) async throws {
    _ = try await node.setUp(plan, progress: .none)
    var home = Bridge.keyHome(layout, scratch: layout.stateDirectory.appending(path: "scratch"))
    home.threads = 1
    stage.keepOpen(try await KeyHome(home))
    try change(configure)
  }

  /// Changes the settings, as the user would with an editor.
  func change(_ change: (inout Configuration) -> Void) throws {
    var configuration = try configuration
    let before = configuration
    change(&configuration)
    guard configuration != before else { return }
    try FileManager.default.removeItem(at: layout.configuration)
    try configuration.write(to: layout.configuration)
  }

  var configuration: Configuration {
    get throws { try Configuration(from: layout.configuration, userHome: nil) }
  }

  /// Receives, decides, seals and sends all that waits.
  func run() async throws { try await node.run(once: true, takingOver: false, progress: .none) }

  /// Opens the account as the running program does.
  func with<Result>(_ body: (Bridge) async throws -> Result) async throws -> Result {
    let bridge = try Bridge(layout: layout, configuration: configuration, clock: clock, log: Self.log)
    do {
      let result = try await body(bridge)
      await bridge.close()
      return result
    } catch {
      await bridge.close()
      throw error
    }
  }

  // MARK: Friends

  /// Invites a friend by link, who accepts; each runs until both are contacts.
  func befriend(_ friend: Person) async throws {
    let link = try await node.invite(address: nil, name: nil).link
    _ = try await friend.node.accept(try InvitationLink.read(link))
    try await friend.exchange(with: self)
  }

  /// Two and a half rounds: a request, its accept, what the accept leads to, and what waited for that.
  func exchange(with other: Person, rounds: Int = 2) async throws {
    for _ in 0..<rounds {
      try await speak()
      try await other.speak()
    }
    try await speak()
  }

  /// Runs, and waits until what was sent lies where it goes.
  func speak() async throws {
    try await run()
    if user != nil { try await TestMail.shared.get().delivered() }
  }

  // MARK: From outside

  /// Puts a file into one of the account's folders, as another program should: written beside, and renamed.
  func drop(_ text: String, into folder: KeyPath<Layout, URL>, as name: String) throws {
    let partial = stage.path("partial-\(UUID().uuidString)")
    try Data(text.utf8).write(to: partial)
    try FileManager.default.moveItem(at: partial, to: layout[keyPath: folder].appending(path: name))
  }

  /// Parcels that lie in the own directory and were not taken in yet.
  func parcels() throws -> [URL] {
    try directory.map { directory in
      try FileManager.default.contentsOfDirectory(at: directory, includingPropertiesForKeys: nil).sorted { $0.path < $1.path }
    } ?? []
  }

  /// What the sqlite3 program finds, a line for each row, columns parted by bars.
  func rows(_ query: String) throws -> [String] {
    try runProgram("/usr/bin/sqlite3", ["-readonly", layout.database.path, query]).split(separator: "\n").map(String.init)
  }

  /// Changes the database as no command can yet.
  func alter(_ statement: String) throws { try runProgram("/usr/bin/sqlite3", [layout.database.path, statement]) }

  /// The names of the files in one of the account's folders.
  func files(_ folder: KeyPath<Layout, URL>) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: layout[keyPath: folder].path).sorted()
  }
}
