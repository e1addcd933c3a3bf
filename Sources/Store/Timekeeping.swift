internal import GRDB
public import Packets

/// The machine's clock may be wrong, by years: a battery is empty, or somebody mistypes a date. Nothing is lost by it, and nothing comes in
/// a storm: what waits goes on waiting as long as it had left.
extension Store {
  /// A clock does not go back by more than this without being set: seconds.
  private static let backwards: Int64 = 3600
  /// Who leapt further was wrong, before or now, or slept very long: seconds.
  private static let forwards: Int64 = 100 * 86_400

  /// What has no end has none in any year.
  private static let never: Int64 = 1 << 62

  /// What lies ahead in time, and is to stay as far ahead.
  private static let waiting = [
    ("timer", "due"), ("mute", "until"), ("invitation", "expires"), ("old_half", "until"), ("outpacket", "next_attempt"),
    ("inpacket", "again"), ("trouble", "again"),
  ]

  /// Compares the clock with where it stood the last time. To be called at each start, and now and then.
  ///
  /// - Returns: how many seconds it leapt, where that is more than a clock does by itself.
  @discardableResult
  public func heed(clock now: Instant) async throws -> Int64? {
    try await write(at: now) { ledger in
      let seen = try ledger.moment("clock-seen") ?? now
      try ledger.remember("clock-seen", now)
      let (leap, over) = now.milliseconds.subtractingReportingOverflow(seen.milliseconds)
      guard !over, leap < -Self.backwards * 1000 || leap > Self.forwards * 1000 else { return nil }
      for (table, column) in Self.waiting {
        try ledger.db.execute(
          query: "UPDATE \(table) SET \(column) = MAX(0, \(column) + ?1) WHERE \(column) > ?2 AND \(column) < ?3",
          arguments: [leap, seen.milliseconds, Self.never])
      }
      if let paused = try ledger.moment("paused-until"), paused > seen {
        try ledger.remember("paused-until", Instant(milliseconds: max(0, paused.milliseconds + leap)))
      }
      if let looked = try ledger.moment("digest-looked-at"), looked > now { try ledger.remember("digest-looked-at", now) }
      try ledger.remember("awake-since", now)
      let days = leap / 86_400_000
      try ledger.notice(
        kind: "clock",
        said: "The clock of this machine leapt by \(days) days, to \(now.text). Nothing is lost; see that it is right.")
      return leap / 1000
    }
  }

  /// Since when the clock has run evenly; nothing where it always has.
  public func awakeSince() async throws(StoreFailure) -> Instant? { try await read { try $0.moment("awake-since") } }
}

extension Ledger {
  /// A moment that is kept among the settings.
  func moment(_ name: String) throws -> Instant? {
    try String.fetchOne(db, query: "SELECT value FROM setting WHERE name = ?", arguments: [name])
      .flatMap { Int64($0) }.map(Instant.init(milliseconds:))
  }

  func remember(_ name: String, _ moment: Instant) throws {
    try db.execute(
      query: "INSERT OR REPLACE INTO setting (name, value) VALUES (?, ?)", arguments: [name, String(moment.milliseconds)])
  }
}
