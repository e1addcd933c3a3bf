public import Drivers
internal import FoundationEssentials
internal import GRDB
public import Packets

/// The queue of what goes out: bodies to be sealed, and a copy of each for every recipient.
extension Store {
  /// The oldest body that is to be sealed, with all that is needed for it. From now on nothing is added to it.
  public func nextSealing(at now: Instant) async throws -> Sealing? {
    try await write(at: now) { ledger in
      guard
        let row = try Row.fetchOne(
          ledger.db,
          query: """
            SELECT * FROM body WHERE state IN ('open', 'sealing') AND NOT \(Ledger.hasCompany)
              AND \(Ledger.isUntroubled(.body, "CAST(body.number AS TEXT)", now: "?1")) ORDER BY number LIMIT 1
            """, arguments: [now.milliseconds])
      else { return nil }
      try ledger.db.execute(query: "UPDATE body SET state = 'sealing' WHERE number = ?", arguments: [row["number"] as Int64])
      return try ledger.sealing(row)
    }
  }

  /// The sealed bytes are durable: the copies may go.
  public func sealed(_ body: Int64, at now: Instant) async throws {
    try await write(at: now) { ledger in
      try ledger.db.execute(query: "UPDATE body SET state = 'sealed' WHERE number = ?", arguments: [body])
      try ledger.overcome(.body, String(body))
      try ledger.db.execute(
        query: "UPDATE outpacket SET state = 'waiting' WHERE body = ? AND state = 'sealing'", arguments: [body])
    }
  }

  /// A body that can never be sealed (a recipient's key is gone): its copies fail, in words.
  public func unsealable(_ body: Int64, said: String, at now: Instant) async throws {
    try await write(at: now) { ledger in
      try ledger.db.execute(query: "UPDATE body SET state = 'gone' WHERE number = ?", arguments: [body])
      try ledger.overcome(.body, String(body))
      for copy in try ledger.copies(of: body, "state = 'sealing'") { try ledger.fail(copy, said) }
    }
  }

  /// Leaves people out of a body whose keys cannot be encrypted to; the others get it when it is sealed again.
  public func leaveOut(_ authors: Set<Author>, of body: Int64, at now: Instant) async throws {
    try await write(at: now) { ledger in
      let text = try String.fetchOne(ledger.db, query: "SELECT recipients FROM body WHERE number = ?", arguments: [body]) ?? "[]"
      let left = try JSON.read([String].self, text).filter { text in !authors.contains { $0.text == text } }
      try ledger.db.execute(query: "UPDATE body SET recipients = ? WHERE number = ?", arguments: [try JSON.text(left), body])
      for author in authors {
        for copy in try ledger.copies(of: body, "recipient = ?", [author.text]) {
          try ledger.fail(copy, "the key is expired or revoked")
        }
      }
    }
  }

  /// Copies that may go now, the most urgent first. None goes before the journal of its decision is sealed.
  public func dueOutpackets(limit: Int, at now: Instant) async throws(StoreFailure) -> [Outpacket] {
    try await read { ledger in
      try Row.fetchAll(
        ledger.db,
        query: """
          SELECT * FROM outpacket WHERE state = 'waiting' AND next_attempt <= ?1 AND \(Ledger.isJournalled)
          ORDER BY append DESC, priority, id LIMIT ?2
          """, arguments: [now.milliseconds, limit]
      ).map(Outpacket.init)
    }
  }

  /// When the next copy may go; nothing where all that waits waits for the journal to be sealed.
  public func nextOutpacket() async throws(StoreFailure) -> Instant? {
    try await read { ledger in
      try Int64.fetchOne(
        ledger.db, query: "SELECT MIN(next_attempt) FROM outpacket WHERE state = 'waiting' AND \(Ledger.isJournalled)"
      )
      .map(Instant.init(milliseconds:))
    }
  }

  /// How many mails were handed over since a moment, and when the first of them was: the budget's measure.
  public func sent(since: Instant, at now: Instant) async throws(StoreFailure) -> (count: Int, first: Instant?) {
    try await read { ledger in
      let row = try Row.fetchOne(
        ledger.db,
        query: """
          SELECT COUNT(*) AS n, MIN(sent) AS first FROM outpacket
          WHERE sent > 0 AND sent > ? AND sent <= ? AND append = '' AND endpoint LIKE 'mailto:%'
          """, arguments: [since.milliseconds, now.milliseconds])
      return (row?["n"] ?? 0, (row?["first"] as Int64?).map(Instant.init(milliseconds:)))
    }
  }

  /// Puts copies off that do not fit the budget.
  public func postpone(_ ids: [Int64], until: Instant, said: String, at now: Instant) async throws {
    try await write(at: now) { ledger in
      for id in ids {
        try ledger.db.execute(
          query: "UPDATE outpacket SET next_attempt = ?, last_reply = ? WHERE id = ?", arguments: [until.milliseconds, said, id])
      }
    }
  }

  /// Records what became of copies, in one commit. Returns those that are over and done with: their files may go. The file of a
  /// copy that failed stays, so that ``retry(_:drop:at:)`` sends the same bytes.
  public func record(_ outcomes: [(id: Int64, outcome: Outcome)], at now: Instant) async throws -> [Int64] {
    try await write(at: now) { ledger in
      try outcomes.compactMap { id, outcome in
        guard let row = try Row.fetchOne(ledger.db, query: "SELECT * FROM outpacket WHERE id = ?", arguments: [id]) else {
          return nil
        }
        return try ledger.record(outcome, of: Outpacket(row)) ? id : nil
      }
    }
  }

  /// Everything that waits, and what failed.
  public func outpackets() async throws(StoreFailure) -> (waiting: [Outpacket], failed: [Outpacket]) {
    try await read { ledger in
      let rows = try Row.fetchAll(
        ledger.db,
        query: """
          SELECT outpacket.*, contact.name AS person, trouble.said AS failure FROM outpacket
          LEFT JOIN contact ON contact.author = outpacket.recipient
          LEFT JOIN trouble ON trouble.stage = 'body' AND trouble.subject = outpacket.body AND aside = 1
            AND outpacket.state = 'sealing'
          WHERE outpacket.state IN ('sealing', 'waiting', 'failed') ORDER BY outpacket.id
          """
      ).map(Outpacket.init)
      return (rows.filter { $0.state != "failed" }, rows.filter { $0.state == "failed" })
    }
  }

  /// The Message-IDs of everything whose bytes are still needed.
  public func unsentMessageIDs() async throws(StoreFailure) -> [String] {
    try await read { ledger in
      try String.fetchAll(ledger.db, query: "SELECT message_id FROM outpacket WHERE state IN ('sealing', 'waiting', 'failed')")
    }
  }

  /// Tries a copy again at once, or drops it. Returns its Message-ID; nothing where no such copy waits or failed.
  public func retry(_ id: Int64, drop: Bool, at now: Instant) async throws -> String? {
    try await write(at: now) { ledger in
      if let body = try ledger.bodySetAside(of: id) {
        if drop {
          try ledger.db.execute(query: "UPDATE outpacket SET state = 'waiting' WHERE id = ?", arguments: [id])
        } else {
          try ledger.trouble(.body, String(body)).map(ledger.tryAgain)
          return try String.fetchOne(ledger.db, query: "SELECT message_id FROM outpacket WHERE id = ?", arguments: [id])
        }
      }
      let sql =
        drop
        ? "UPDATE outpacket SET state = 'dropped' WHERE id = ? AND state IN ('waiting', 'failed')"
        : """
        UPDATE outpacket SET next_attempt = 0, attempts = 0, state = 'waiting' WHERE id = ? AND state IN ('waiting', 'failed')
        """
      try ledger.db.execute(query: sql, arguments: [id])
      guard ledger.db.changesCount > 0 else { return nil }
      return try String.fetchOne(ledger.db, query: "SELECT message_id FROM outpacket WHERE id = ?", arguments: [id])
    }
  }

  /// A bounce of a copy came back: that delivery failed, and the contact's next endpoint is tried.
  public func bounced(messageID: String, said: String, at now: Instant) async throws -> Bool {
    try await write(at: now) { ledger in
      guard
        let row = try Row.fetchOne(
          ledger.db, query: "SELECT * FROM outpacket WHERE message_id = ? AND state = 'handed over'", arguments: [messageID])
      else { return false }
      try ledger.bounce(Outpacket(row), said)
      return true
    }
  }
}

/// A row of the queue of what goes out.
public struct Outpacket: Hashable, Sendable {
  /// The row.
  public var id: Int64
  /// The body it is a copy of; 0 for a mail that lies ready in a file of its own.
  public var body: Int64
  /// The recipient's author; for a mail to an address, that.
  public var recipient: String
  /// The recipient's name, where it was asked for.
  public var name: String
  /// Where it goes.
  public var endpoint: String
  /// Into which folder of the own mailbox it is appended, if it is.
  public var append: Consignment.AppendTarget?
  /// Without angle brackets; never changes.
  public var messageID: String
  /// The first packet's action, or the kind of mail.
  public var kind: String
  /// When it was queued: its Date.
  public var queued: Instant
  /// `sealing`, `waiting`, `handed over`, `failed` or `dropped`.
  public var state: String
  /// How often it was tried.
  public var attempts: Int
  /// Not before then.
  public var nextAttempt: Instant
  /// What the next hop said last.
  public var lastReply: String

  init(_ row: Row) {
    id = row["id"]
    body = row["body"]
    recipient = row["recipient"]
    name = row.hasColumn("person") ? row["person"] ?? "" : ""
    endpoint = row["endpoint"]
    append = Consignment.AppendTarget(rawValue: row["append"])
    messageID = row["message_id"]
    kind = row["kind"]
    queued = row.instant("queued")
    state = row["state"]
    attempts = row["attempts"]
    nextAttempt = row.instant("next_attempt")
    lastReply = row["last_reply"]
    if row.hasColumn("failure"), let failure: String = row["failure"] { lastReply = "set aside: \(failure)" }
  }
}

extension Ledger {
  /// Relays for people to whom earlier ones have not gone yet, since the budget holds them back: more may join them meanwhile. What a server
  /// would not take keeps nobody else waiting.
  fileprivate static let hasCompany = """
    (body.state = 'open' AND body.form = 'circle' AND body.priority = 2 AND EXISTS (
      SELECT 1 FROM outpacket JOIN body AS earlier ON earlier.number = outpacket.body
      WHERE outpacket.state = 'waiting' AND outpacket.attempts = 0 AND earlier.number < body.number AND earlier.form = 'circle'
        AND earlier.priority = 2 AND earlier.recipients = body.recipients))
    """
}
