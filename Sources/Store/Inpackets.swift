public import Drivers
internal import Feed
internal import FoundationEssentials
internal import GRDB
public import Packets

/// The queue of what came in: files under `inpackets/`, and a row for what became of each.
extension Store {
  /// Where reading of a folder stands.
  public func position(of folder: String, at driver: String) async throws(StoreFailure) -> Position? {
    try await read { ledger in
      try Row.fetchOne(
        ledger.db, query: "SELECT * FROM mailbox WHERE driver = ? AND folder = ?", arguments: [driver, folder]
      ).map { row in
        Position(
          driver: driver, folder: folder, validity: row["validity"], uid: row["uid"],
          pending: try JSON.read([UInt32].self, row["pending"]))
      }
    }
  }

  /// Makes a durable batch known and moves the position, in one commit.
  ///
  /// - Returns: those that were here before and are done with: their files are not needed.
  @discardableResult
  public func take(_ batch: [Received], position: Position?, at now: Instant) async throws -> [Hash] {
    try await write(at: now) { ledger in
      for received in batch { try ledger.take(received) }
      if let position {
        try ledger.db.execute(
          query: "INSERT OR REPLACE INTO mailbox (driver, folder, validity, uid, pending) VALUES (?, ?, ?, ?, ?)",
          arguments: [
            position.driver, position.folder, position.validity, position.uid, try JSON.text(position.pending),
          ])
      }
      return try batch.map(\.sha256).filter { sha256 in
        try Bool.fetchOne(
          ledger.db, query: "SELECT EXISTS (SELECT 1 FROM inpacket WHERE sha256 = ? AND state = 'done')", arguments: [sha256.text]
        )
          ?? false
      }
    }
  }

  /// Gate 0 for parcels of people unknown: how many of so many that are asked for may be fetched now. They count from now on, for an
  /// hour and whichever process asks.
  public func admitStrangers(_ wanted: Int, perHour: Int, at now: Instant) async throws -> Int {
    guard wanted > 0 else { return 0 }
    return try await write(at: now) { ledger in
      let text = try String.fetchOne(ledger.db, query: "SELECT value FROM setting WHERE name = 'strangers-admitted'")
      let hour = now.adding(seconds: -3600).milliseconds..<now.adding(seconds: 1).milliseconds
      let lately = try text.map { try JSON.read([Int64].self, $0) }?.filter { hour.contains($0) } ?? []
      let admitted = max(0, min(wanted, perHour - lately.count))
      try ledger.db.execute(
        query: "INSERT OR REPLACE INTO setting (name, value) VALUES ('strangers-admitted', ?)",
        arguments: [try JSON.text(lately + Array(repeating: now.milliseconds, count: admitted))])
      return admitted
    }
  }

  /// What waits to be opened, oldest first.
  public func waitingInpackets(limit: Int, at now: Instant) async throws(StoreFailure) -> [Inpacket] {
    try await read { ledger in
      try Row.fetchAll(
        ledger.db,
        query: """
          SELECT * FROM inpacket WHERE state = 'waiting' AND again <= ?1
            AND \(Ledger.isUntroubled(.inpacket, "inpacket.sha256", now: "?1")) ORDER BY arrived, sha256 LIMIT ?2
          """, arguments: [now.milliseconds, limit]
      ).compactMap(Inpacket.init)
    }
  }

  /// When the next inpacket is to be tried again, if one waits for its time.
  public func nextInpacket() async throws(StoreFailure) -> Instant? {
    try await read { ledger in
      try Int64.fetchOne(
        ledger.db,
        query: """
          SELECT MIN(MAX(inpacket.again, COALESCE(trouble.again, 0))) FROM inpacket
          LEFT JOIN trouble ON trouble.stage = 'inpacket' AND trouble.subject = inpacket.sha256
          WHERE state = 'waiting' AND COALESCE(aside, 0) = 0
          """
      ).map(Instant.init(milliseconds:))
    }
  }

  /// Everything that was received and is not done, and how many are.
  public func inpackets() async throws(StoreFailure) -> (waiting: [Inpacket], processed: Int) {
    try await read { ledger in
      // What was decided about and still lies where it came from is not done either.
      let waiting = try Row.fetchAll(
        ledger.db,
        query: """
          SELECT inpacket.*, trouble.attempts AS failures, trouble.said AS failure, trouble.aside FROM inpacket
          LEFT JOIN trouble ON trouble.stage = 'inpacket' AND trouble.subject = inpacket.sha256
          WHERE state <> 'done'
            OR sha256 IN (SELECT sha256 FROM origin WHERE placement <> '' AND settled = 0) ORDER BY arrived
          """)
      let done = try Int.fetchOne(ledger.db, query: "SELECT COUNT(*) FROM inpacket WHERE state = 'done'") ?? 0
      let forgotten = try String.fetchOne(ledger.db, query: "SELECT value FROM setting WHERE name = 'inpackets-forgotten'")
      return (waiting.compactMap(Inpacket.init), done + (forgotten.flatMap(Int.init) ?? 0))
    }
  }

  /// Keeps what is to be done at a driver's source with things that were never fetched.
  public func note(_ placements: [Origin: Placement], at now: Instant) async throws {
    try await write(at: now) { ledger in
      for (origin, placement) in placements {
        try ledger.db.execute(
          query: """
            INSERT OR IGNORE INTO origin (driver, folder, validity, uid, file, sha256, placement) VALUES (?, ?, ?, ?, ?, '', ?)
            """,
          arguments: [origin.driver, origin.folder, origin.validity, origin.uid, origin.file, placement.rawValue])
      }
    }
  }

  /// What is to be done at a driver's source and was not yet.
  public func unsettled(at driver: String) async throws(StoreFailure) -> [Origin: Placement] {
    try await read { ledger in
      let rows = try Row.fetchAll(
        ledger.db, query: "SELECT * FROM origin WHERE driver = ? AND placement <> '' AND settled = 0", arguments: [driver])
      var placements: [Origin: Placement] = [:]
      for row in rows { placements[Origin(row)] = Placement(rawValue: row["placement"]) }
      return placements
    }
  }

  /// Records that placements were carried out.
  public func settled(_ origins: Set<Origin>, at now: Instant) async throws {
    try await write(at: now) { ledger in
      for origin in origins {
        try ledger.db.execute(
          query: """
            UPDATE origin SET settled = 1 WHERE driver = ? AND folder = ? AND validity = ? AND uid = ? AND file = ?
            """, arguments: [origin.driver, origin.folder, origin.validity, origin.uid, origin.file])
      }
    }
  }

  /// Whether a Message-ID is one that this bridge gave out.
  public func wrote(messageID: String) async throws(StoreFailure) -> Bool {
    try await read { ledger in
      try Bool.fetchOne(
        ledger.db,
        query: """
          SELECT EXISTS (SELECT 1 FROM outpacket WHERE message_id = ?1) OR EXISTS (SELECT 1 FROM digest WHERE message_id = ?1)
          """, arguments: [messageID]) ?? false
    }
  }
}

/// A row of the queue of what came in.
public struct Inpacket: Hashable, Sendable {
  /// The file under `inpackets/` is this and `.eml`.
  public var sha256: Hash
  /// What it seemed to be.
  public var kind: ReceivedKind
  /// Where it was found.
  public var place: Received.Place
  /// Bytes.
  public var size: Int
  /// When it arrived at the source.
  public var arrived: Instant
  /// `waiting`, `held` (for somebody's accept) or `done`.
  public var state: String
  /// How often it was tried.
  public var attempts: Int
  /// What was said the last time.
  public var said: String

  init?(_ row: Row) {
    guard let sha256 = Hash(text: row["sha256"] as String), let kind = ReceivedKind(rawValue: row["kind"]),
      let place = Received.Place(rawValue: row["place"])
    else { return nil }
    self.sha256 = sha256
    self.kind = kind
    self.place = place
    size = row["size"]
    arrived = row.instant("arrived")
    state = row["state"]
    attempts = row["attempts"]
    said = row["said"]
    guard row.hasColumn("failures"), let failures: Int = row["failures"], let failure: String = row["failure"] else { return }
    attempts = failures
    said = row["aside"] == true ? "set aside: \(failure)" : failure
  }
}

extension Origin {
  fileprivate init(_ row: Row) {
    self.init(driver: row["driver"], folder: row["folder"], validity: row["validity"], uid: row["uid"], file: row["file"])
  }
}

extension Ledger {
  func take(_ received: Received) throws {
    // The same bytes at another place are the same parcel; what was decided about it holds there too.
    let placement =
      try String.fetchOne(
        db, query: "SELECT placement FROM origin WHERE sha256 = ? AND placement <> '' LIMIT 1", arguments: [received.sha256.text])
      ?? ""
    let isSettled = placement == Placement.keep.rawValue && received.place == .own
    try db.execute(
      query: """
        INSERT OR IGNORE INTO origin (driver, folder, validity, uid, file, sha256, placement, settled)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        received.origin.driver, received.origin.folder, received.origin.validity, received.origin.uid, received.origin.file,
        received.sha256.text, placement, isSettled,
      ])
    try db.execute(
      query: "INSERT OR IGNORE INTO inpacket (sha256, kind, place, size, arrived, state) VALUES (?, ?, ?, ?, ?, 'waiting')",
      arguments: [
        received.sha256.text, received.kind.rawValue, received.place.rawValue, received.size, received.arrived.milliseconds,
      ])
  }
}
