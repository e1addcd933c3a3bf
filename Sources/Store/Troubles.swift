internal import FoundationEssentials
internal import GRDB
public import Packets

/// Something that makes its stage fail: a poison message, or what may turn out to be one.
///
/// It is tried again after growing pauses while everything behind it goes on; after the last attempt it is set aside until another version
/// of the program tries it once more.
public struct Trouble: Hashable, Sendable {
  /// Where it fails.
  public var stage: Stage
  /// The thing, as its stage names it.
  public var subject: String
  /// How often it failed.
  public var attempts: Int
  /// When it failed for the first time.
  public var since: Instant
  /// When it is tried again.
  public var again: Instant
  /// Whether it is not tried any more.
  public var isAside: Bool
  /// The version of the program that failed last.
  public var version: String
  /// Why, the last time.
  public var said: String

  /// The steps on the way through the bridge behind receiving.
  public enum Stage: String, Sendable, CaseIterable {
    /// Something received is opened, decided about, or read: its SHA-256.
    case inpacket
    /// A body is sealed: its number.
    case body
    /// An alarm rings: its text.
    case alarm
    /// A letter is written at once: the number of what asks for it.
    case letter
    /// Something stands in a digest: what it is there.
    case item
    /// A digest is written, of things that each do no harm alone: `digest`.
    case digest
    /// A file that another program put into a queue is taken up: its name, and what tells its bytes from others.
    case file
  }

  /// Seconds of pause behind each failed attempt but the last. The first is none: most troubles are over the next moment.
  static let pauses: [Int64] = [0, 20, 60, 180, 540]

  init?(_ row: Row) {
    guard let stage = Stage(rawValue: row["stage"]) else { return nil }
    self.stage = stage
    subject = row["subject"]
    attempts = row["attempts"]
    since = row.instant("since")
    again = row.instant("again")
    isAside = row["aside"]
    version = row["version"]
    said = row["said"]
  }
}

extension Store {
  /// Counts a failed attempt: the thing rests for a while or, after the last one, is set aside and said.
  ///
  /// - Parameters:
  ///   - stage: where it failed.
  ///   - subject: the thing.
  ///   - words: what the user calls it.
  ///   - said: why.
  ///   - mayGiveUp: whether the thing itself is to blame; otherwise it only rests.
  ///   - now: when.
  public func failed(
    _ stage: Trouble.Stage, _ subject: String, words: String, said: String, mayGiveUp: Bool = true, at now: Instant
  ) async throws -> Trouble? {
    try await write(at: now) { ledger in
      try ledger.db.execute(
        query: """
          INSERT INTO trouble (stage, subject, attempts, since, again, version, said) VALUES (?1, ?2, 1, ?3, ?3, ?4, ?5)
          ON CONFLICT (stage, subject) DO UPDATE SET attempts = MIN(attempts + 1, ?6), version = ?4, said = ?5
          """,
        arguments: [
          stage.rawValue, subject, now.milliseconds, ledger.settings.version, said,
          mayGiveUp ? Int.max : Trouble.pauses.count,
        ])
      guard var trouble = try ledger.trouble(stage, subject) else { return nil }
      trouble.isAside = trouble.attempts > Trouble.pauses.count
      let pause = trouble.isAside ? 0 : Trouble.pauses[max(1, trouble.attempts) - 1]
      try ledger.db.execute(
        query: "UPDATE trouble SET again = ?, aside = ? WHERE stage = ? AND subject = ?",
        arguments: [now.adding(seconds: pause).milliseconds, trouble.isAside, stage.rawValue, subject])
      guard trouble.isAside else { return trouble }
      if stage == .body { try ledger.db.execute(query: "UPDATE body SET state = 'aside' WHERE number = ?", arguments: [subject]) }
      try ledger.notice(
        kind: "set aside",
        said: "\(words) failed \(trouble.attempts) times and was set aside until an upgrade of this program: \(said)")
      return trouble
    }
  }

  /// What is in trouble, oldest first.
  public func troubles() async throws(StoreFailure) -> [Trouble] {
    try await read { ledger in
      try Row.fetchAll(ledger.db, query: "SELECT * FROM trouble ORDER BY since, stage, subject").compactMap(Trouble.init)
    }
  }

  /// The trouble that something is in.
  public func trouble(_ stage: Trouble.Stage, _ subject: String) async throws(StoreFailure) -> Trouble? {
    try await read { try $0.trouble(stage, subject) }
  }

  /// Whether something is not to be tried now.
  public func rests(_ stage: Trouble.Stage, _ subject: String, at now: Instant) async throws(StoreFailure) -> Bool {
    try await read { ledger in
      try Bool.fetchOne(
        ledger.db, query: "SELECT EXISTS (SELECT 1 FROM trouble WHERE stage = ?1 AND subject = ?2 AND \(Ledger.isResting("?3")))",
        arguments: [stage.rawValue, subject, now.milliseconds]) ?? false
    }
  }

  /// All of a stage that is not to be tried now.
  public func resting(_ stage: Trouble.Stage, at now: Instant) async throws(StoreFailure) -> Set<String> {
    try await read { ledger in
      Set(
        try String.fetchAll(
          ledger.db, query: "SELECT subject FROM trouble WHERE stage = ?1 AND \(Ledger.isResting("?2"))",
          arguments: [stage.rawValue, now.milliseconds]))
    }
  }

  /// When the next thing that rests is to be tried.
  public func nextTrial(after now: Instant) async throws(StoreFailure) -> Instant? {
    try await read { ledger in
      try Int64.fetchOne(
        ledger.db, query: "SELECT MIN(again) FROM trouble WHERE aside = 0 AND again > ?", arguments: [now.milliseconds]
      ).map(Instant.init(milliseconds:))
    }
  }

  /// What had failed is done, or gone.
  public func overcome(_ stage: Trouble.Stage, _ subject: String, at now: Instant) async throws {
    guard try await trouble(stage, subject) != nil else { return }
    try await write(at: now) { try $0.overcome(stage, subject) }
  }

  /// Troubles of what is done, or gone, are forgotten.
  public func forgetTroublesThatAreOver(at now: Instant) async throws {
    try await write(at: now) { try $0.forgetTroubles(before: Instant(milliseconds: 0)) }
  }

  /// What another version of the program has set aside, could not read, or could not hand over in all its time, is tried once more.
  public func tryAgainAfterUpgrade(at now: Instant) async throws {
    let version = settings.version
    let ran = try await read { try String.fetchOne($0.db, query: "SELECT value FROM setting WHERE name = 'program'") }
    guard ran != version else { return }
    try await write(at: now) { ledger in
      try ledger.db.execute(query: "INSERT OR REPLACE INTO setting (name, value) VALUES ('program', ?)", arguments: [version])
      let rows = try Row.fetchAll(
        ledger.db, query: "SELECT * FROM trouble WHERE aside = 1 AND version <> ?", arguments: [version])
      for trouble in rows.compactMap(Trouble.init) { try ledger.tryAgain(trouble) }
      guard ran != nil else { return }
      try ledger.readHeldAgain()
      try ledger.db.execute(
        query: "UPDATE outpacket SET state = 'waiting', next_attempt = 0 WHERE state = 'failed' AND last_reply LIKE ?",
        arguments: [Ledger.givenUp + "%"])
    }
  }
}

extension Ledger {
  func trouble(_ stage: Trouble.Stage, _ subject: String) throws -> Trouble? {
    try Row.fetchOne(
      db, query: "SELECT * FROM trouble WHERE stage = ? AND subject = ?", arguments: [stage.rawValue, subject]
    ).flatMap(Trouble.init)
  }

  /// Called where a stage ends its work on something, in the transaction that says so.
  func overcome(_ stage: Trouble.Stage, _ subject: String) throws {
    try db.execute(query: "DELETE FROM trouble WHERE stage = ? AND subject = ?", arguments: [stage.rawValue, subject])
  }

  /// One attempt is left: the next failure sets it aside again.
  func tryAgain(_ trouble: Trouble) throws {
    try db.execute(
      query: "UPDATE trouble SET aside = 0, again = 0, attempts = ? WHERE stage = ? AND subject = ?",
      arguments: [Trouble.pauses.count, trouble.stage.rawValue, trouble.subject])
    guard trouble.stage == .body else { return }
    try db.execute(query: "UPDATE body SET state = 'sealing' WHERE number = ? AND state = 'aside'", arguments: [trouble.subject])
  }

  /// The body of a copy whose sealing was set aside.
  func bodySetAside(of outpacket: Int64) throws -> Int64? {
    try Int64.fetchOne(
      db,
      query: "SELECT number FROM body JOIN outpacket ON outpacket.body = body.number WHERE id = ? AND body.state = 'aside'",
      arguments: [outpacket])
  }

  /// The condition under which a row of `trouble` is left alone. A pause is never as long as a day: what lies further ahead was written
  /// by a clock that went wrong.
  static func isResting(_ now: String) -> String {
    "(trouble.aside = 1 OR trouble.again > \(now) AND trouble.again < \(now) + 86400000)"
  }

  /// The condition under which a thing may be tried: `subject` is an expression of SQL.
  static func isUntroubled(_ stage: Trouble.Stage, _ subject: String, now: String) -> String {
    """
    NOT EXISTS (SELECT 1 FROM trouble WHERE trouble.stage = '\(stage.rawValue)' AND trouble.subject = \(subject)
      AND \(isResting(now)))
    """
  }
}
