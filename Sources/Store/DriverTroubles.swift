internal import FoundationEssentials
internal import GRDB
public import Packets

/// What keeps a driver of the running daemon from its source at present, so that another process can say so.
public struct DriverTrouble: Hashable, Sendable, Codable {
  /// `mail`, `folder`.
  public var driver: String
  /// Since when it has been so, milliseconds since 1970.
  public var since: Int64
  /// One sentence.
  public var said: String
}

extension Store {
  private static let troubleName = "trouble-"

  /// What is wrong with a driver, or nothing. It goes on since the first was said.
  public func set(trouble said: String?, at driver: String, now: Instant) async throws {
    try await write(at: now) { ledger in
      let name = Self.troubleName + driver
      let before = try Self.trouble(named: name, ledger)
      try ledger.db.execute(query: "DELETE FROM setting WHERE name = ?", arguments: [name])
      guard let said else { return }
      let trouble = DriverTrouble(driver: driver, since: before?.since ?? now.milliseconds, said: said)
      try ledger.db.execute(
        query: "INSERT INTO setting (name, value) VALUES (?, ?)", arguments: [name, try JSON.text(trouble)])
    }
  }

  /// What is wrong at present.
  public func driverTroubles() async throws(StoreFailure) -> [DriverTrouble] {
    try await read { ledger in
      try String.fetchAll(ledger.db, query: "SELECT name FROM setting WHERE name LIKE 'trouble-%' ORDER BY name").compactMap {
        try Self.trouble(named: $0, ledger)
      }
    }
  }

  private static func trouble(named name: String, _ ledger: Ledger) throws -> DriverTrouble? {
    try String.fetchOne(ledger.db, query: "SELECT value FROM setting WHERE name = ?", arguments: [name])
      .map { try JSON.read(DriverTrouble.self, $0) }
  }
}
