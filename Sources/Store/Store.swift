public import Feed
internal import FoundationEssentials
package import GRDB
public import Node
public import Packets

/// The database of one account: a view of the mailbox, and the queues beside it.
///
/// Everything that changes it goes through ``transact(at:rebuilding:_:)`` (events, decided and applied in one transaction) or
/// through the queues' own functions. Writers wait for each other, readers see a snapshot and never wait.
public final class Store: Sendable {
  package let pool: any DatabaseWriter
  let settings: StoreSettings
  /// The file.
  public let path: String

  /// Opens or makes the database.
  ///
  /// - Parameters:
  ///   - path: the file; `-wal` and `-shm` files appear beside it. Made with mode 0600 by the caller's umask.
  ///   - settings: measures, domain and randomness.
  /// - Throws: ``StoreFailure``.
  public convenience init(path: String, settings: StoreSettings) throws(StoreFailure) {
    do {
      var configuration = Self.configuration
      configuration.busyMode = .timeout(5)
      configuration.maximumReaderCount = 3
      let pool = try DatabasePool(path: path, configuration: configuration)
      // DatabasePool.init sets NORMAL on the writer, after configuration.prepareDatabase: a commit must be on disk (never 2).
      try pool.writeWithoutTransaction { db in
        try db.execute(sql: "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 16777216")
      }
      try self.init(pool, path: path, settings: settings)
    } catch {
      throw StoreFailure(error)
    }
  }

  /// Takes a database that is open, as of tests in memory, whose ``configuration`` is ours.
  package init(_ database: any DatabaseWriter, path: String, settings: StoreSettings) throws(StoreFailure) {
    (pool, self.path, self.settings) = (database, path, settings)
    do {
      guard try pool.read({ db in try !Schema.migrator.hasBeenSuperseded(db) }) else { throw StoreFailure.newer }
      try Schema.migrator.migrate(pool)
    } catch {
      throw StoreFailure(error)
    }
  }

  /// What each connection keeps to.
  package static var configuration: Configuration {
    var configuration = Configuration()
    configuration.foreignKeysEnabled = true
    return configuration
  }

  /// Fulfils a wish that the command brought. Returns the id of the packet that is, or will be, written because of it.
  ///
  /// - Throws: `WishFailure` where it cannot be fulfilled; nothing has changed then. ``StoreFailure`` otherwise.
  public func perform(_ wish: Wish, at now: Instant) async throws -> PacketID {
    try await write(at: now) { ledger in
      let id = ledger.newPacketID()
      try ledger.handle(.wish(wish, id: id, through: .command))
      return id
    }
  }

  /// Fulfils a wish that the command brought. Returns what it changed.
  public func perform(wishing wish: Wish, at now: Instant) async throws -> [Change] {
    try await write(at: now) { ledger in
      let id = ledger.newPacketID()
      return try ledger.handle(.wish(wish, id: id, through: .command))
    }
  }

  /// Writes everything into the one file of the database, so that it can be moved.
  public func checkpoint() async throws {
    try await pool.writeWithoutTransaction { db in _ = try db.checkpoint(.truncate) }
    try pool.close()
  }

  /// Lets go of the file, where nothing more is to be read or written.
  public func close() throws { try pool.close() }

  /// Runs a body in one write transaction, and journals what it decided. While `rebuilding`, the view is being made anew, and
  /// nothing is sent, asked or journalled.
  public func transact<Result: Sendable>(
    at now: Instant, rebuilding: Bool = false, _ body: @escaping @Sendable (inout Transaction) throws -> Result
  ) async throws -> Result {
    try await write(at: now, rebuilding: rebuilding) { ledger in
      var transaction = Transaction(ledger: ledger)
      defer { ledger = transaction.ledger }
      return try body(&transaction)
    }
  }

  func write<Result: Sendable>(
    at now: Instant, rebuilding: Bool = false, _ body: @escaping @Sendable (inout Ledger) throws -> Result
  ) async throws -> Result {
    let settings = settings
    do {
      return try await pool.write { db in
        var ledger = Ledger(db: db, settings: settings, now: now)
        ledger.rebuilding = rebuilding
        let result = try body(&ledger)
        try ledger.writeJournal()
        return result
      }
    } catch let failure as WishFailure {
      throw failure
    } catch let stopped as CancellationError {
      throw stopped
    } catch {
      throw StoreFailure(error)
    }
  }

  /// Runs a body on a snapshot.
  func read<Result: Sendable>(_ body: @escaping @Sendable (Ledger) throws -> Result) async throws(StoreFailure) -> Result {
    let settings = settings
    do {
      let body = { @Sendable (db: Database) in try body(Ledger(db: db, settings: settings, now: Instant(milliseconds: 0))) }
      // A queue has one connection, so nobody writes beside a reader; and it would keep a reader from writing by a pragma, upon which
      // SQLite compiles all statements anew (https://www.sqlite.org/opcode.html#Expire).
      return try await pool is DatabaseQueue ? pool.unsafeRead(body) : pool.read(body)
    } catch {
      throw StoreFailure(error)
    }
  }

  /// The `synchronous` level of the writer: 2 is FULL.
  func synchronousLevel() throws -> Int {
    try pool.writeWithoutTransaction { db in try Int.fetchOne(db, sql: "PRAGMA synchronous") ?? -1 }
  }
}

/// What the store is given from outside.
public struct StoreSettings: Sendable {
  /// Measures that the node keeps.
  public var rules: Rules
  /// The domain of Message-IDs that are given out.
  public var domain: String
  /// The version of the program: what an earlier one could not do is tried once more.
  public var version: String
  /// How many members one sealing may have.
  public var membersOfABody: Int
  /// How many bytes of packets and blobs may travel in one parcel: base64 twice (MIME's and the armor's) and padding make nearly
  /// twice as many of them, and 9 MB may go on the wire (Protocol, "Parcel").
  public var bytesOfABody: Int
  /// Whether a mailbox keeps our own pieces: the log.
  public var hasLog: Bool
  /// Which endpoints one of our drivers can reach.
  public var claims: @Sendable (String) -> Bool
  /// Randomness; each transaction takes a new generator.
  public var random: @Sendable () -> any RandomNumberGenerator

  /// Settings of a store.
  public init(
    rules: Rules = Rules(), domain: String, version: String = "", membersOfABody: Int = 500, bytesOfABody: Int = 4_500_000,
    hasLog: Bool = true,
    claims: @escaping @Sendable (String) -> Bool = { _ in true },
    random: @escaping @Sendable () -> any RandomNumberGenerator = { SystemRandomNumberGenerator() }
  ) {
    self.rules = rules
    self.domain = domain
    self.version = version
    self.membersOfABody = membersOfABody
    self.bytesOfABody = bytesOfABody
    self.hasLog = hasLog
    self.claims = claims
    self.random = random
  }
}

/// Why the database did not do what was asked.
public enum StoreFailure: Error, Hashable, Sendable {
  /// Made by a newer version of this program: install that one again.
  case newer
  /// Nobody has set up an account here yet.
  case noIdentity
  /// The disk is full: make room; nothing was changed.
  case full
  /// The disk failed, or the file may not be read or written: nothing was changed.
  case disk(String)
  /// The disk would not say whether it has what was written last: that may be done, or not. Whoever reads the file next finds out.
  case unsure(String)
  /// The file is damaged: `socialnet rebuild` makes it anew.
  case damaged(String)
  /// Another program holds the database for too long: try again.
  case busy
  /// Anything else that SQLite says.
  case failed(String)

  init(_ error: any Error) {
    switch error {
    case let failure as StoreFailure: self = failure
    case let error as DatabaseError:
      switch error.resultCode {
      // The commit stands in the log already, and is found there if the disk took it all the same.
      case .SQLITE_IOERR where error.extendedResultCode == .SQLITE_IOERR_FSYNC: self = .unsure(error.message ?? "")
      case .SQLITE_FULL: self = .full
      case .SQLITE_IOERR, .SQLITE_CANTOPEN, .SQLITE_READONLY, .SQLITE_PERM: self = .disk(error.message ?? "")
      case .SQLITE_CORRUPT, .SQLITE_NOTADB: self = .damaged(error.message ?? "")
      case .SQLITE_BUSY, .SQLITE_LOCKED: self = .busy
      default: self = .failed("\(error)")
      }
    case let column as DamagedColumn: self = .damaged("\(column.name) does not hold what it should")
    default: self = .failed("\(error)")
    }
  }
}

/// One transaction: the node's view of the state, and the hand that changes it.
struct Ledger {
  let db: Database
  let settings: StoreSettings
  let now: Instant
  var random: any RandomNumberGenerator
  /// Decisions of this transaction, which become one journal packet at its end.
  var records: [JournalRecord] = []
  /// Whether the view is being made anew from the mailbox: then nothing is sent, asked or journalled.
  var rebuilding = false
  /// What was read once in this transaction.
  let remembered = Remembered()

  /// Rows that are asked for again and again, for the length of a transaction.
  final class Remembered {
    var myself: Myself?
    /// By author and by fingerprint.
    var contacts: [String: Contact] = [:]
    /// The key of ours that seals what this transaction queues, where it is not the present one any more.
    var sealer: Fingerprint?
  }

  init(db: Database, settings: StoreSettings, now: Instant) {
    self.db = db
    self.settings = settings
    self.now = now
    random = settings.random()
  }

  /// Decides an event on the present state, applies the changes, and goes on with what waited for it.
  @discardableResult
  mutating func handle(_ event: Event) throws -> [Change] {
    let changes = try settle(event)
    var here = changes.compactMap(\.settled)[...]
    // One after the other, not each within the one before: a chain of answers is as long as a contact likes, and a stack is not.
    while let name = here.popFirst() { here += try goOn(name) }
    return changes
  }

  /// What waited for a packet is decided anew, now that it is here. Returns what is here because of it.
  private mutating func goOn(_ name: PacketName) throws -> [PacketName] {
    let waiting = try waiting(for: name)
    guard !waiting.isEmpty else { return [] }
    try cancel(.giveUp(name))
    var here: [PacketName] = []
    for arrival in waiting {
      try forget(arrival.read.name)
      let changes = try settle(.packet(arrival))
      here += changes.compactMap(\.settled)
      // Whatever is made of it now: it came, and is not asked for again.
      for case .refuse(_, let reason) in changes { try enact(.keep(arrival, .silent(reason: reason))) }
    }
    return here
  }

  private mutating func settle(_ event: Event) throws -> [Change] {
    let changes = try decide(event)
    for change in changes { try apply(change) }
    return changes
  }

  private mutating func decide(_ event: Event) throws -> [Change] {
    func decide(using random: inout some RandomNumberGenerator) throws -> [Change] {
      try Node(state: self, now: now).decide(event, using: &random)
    }
    var generator = random
    defer { random = generator }
    return try decide(using: &generator)
  }
}
