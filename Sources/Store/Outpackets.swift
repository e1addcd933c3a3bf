public import Drivers
public import Feed
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
          ledger.db, sql: "SELECT * FROM body WHERE state IN ('open', 'sealing') ORDER BY number LIMIT 1")
      else { return nil }
      try ledger.db.execute(sql: "UPDATE body SET state = 'sealing' WHERE number = ?", arguments: [row["number"] as Int64])
      return try ledger.sealing(row)
    }
  }

  /// The sealed bytes are durable: the copies may go.
  public func sealed(_ body: Int64, at now: Instant) async throws {
    try await write(at: now) { ledger in
      try ledger.db.execute(sql: "UPDATE body SET state = 'sealed' WHERE number = ?", arguments: [body])
      try ledger.db.execute(
        sql: "UPDATE outpacket SET state = 'waiting' WHERE body = ? AND state = 'sealing'", arguments: [body])
    }
  }

  /// A body that can never be sealed (a recipient's key is gone): its copies fail, in words.
  public func unsealable(_ body: Int64, said: String, at now: Instant) async throws {
    try await write(at: now) { ledger in
      try ledger.db.execute(sql: "UPDATE body SET state = 'gone' WHERE number = ?", arguments: [body])
      try ledger.db.execute(
        sql: "UPDATE outpacket SET state = 'failed', last_reply = ? WHERE body = ?", arguments: [said, body])
    }
  }

  /// Leaves people out of a body whose keys cannot be encrypted to; the others get it when it is sealed again.
  public func leaveOut(_ authors: Set<Author>, of body: Int64, at now: Instant) async throws {
    try await write(at: now) { ledger in
      let text = try String.fetchOne(ledger.db, sql: "SELECT recipients FROM body WHERE number = ?", arguments: [body]) ?? "[]"
      let left = try JSON.read([String].self, text).filter { text in !authors.contains { $0.text == text } }
      try ledger.db.execute(sql: "UPDATE body SET recipients = ? WHERE number = ?", arguments: [try JSON.text(left), body])
      for author in authors {
        let rows = try Row.fetchAll(
          ledger.db, sql: "SELECT * FROM outpacket WHERE body = ? AND recipient = ?", arguments: [body, author.text])
        for row in rows { try ledger.fail(Outpacket(row), "the key is expired or revoked") }
      }
    }
  }

  /// Copies that may go now, the most urgent first. None goes before the journal of its decision is sealed.
  public func dueOutpackets(limit: Int, at now: Instant) async throws(StoreFailure) -> [Outpacket] {
    try await read { ledger in
      try Row.fetchAll(
        ledger.db,
        sql: """
          SELECT * FROM outpacket WHERE state = 'waiting' AND next_attempt <= ?1
            AND NOT EXISTS (SELECT 1 FROM body WHERE body.form = 'own' AND body.state IN ('open', 'sealing')
              AND body.queued <= outpacket.queued)
          ORDER BY append DESC, priority, id LIMIT ?2
          """, arguments: [now.milliseconds, limit]
      ).map(Outpacket.init)
    }
  }

  /// When the next copy may go.
  public func nextOutpacket() async throws(StoreFailure) -> Instant? {
    try await read { ledger in
      try Int64.fetchOne(ledger.db, sql: "SELECT MIN(next_attempt) FROM outpacket WHERE state = 'waiting'")
        .map(Instant.init(milliseconds:))
    }
  }

  /// How many mails were handed over since a moment, and when the first of them was: the budget's measure.
  public func sent(since: Instant) async throws(StoreFailure) -> (count: Int, first: Instant?) {
    try await read { ledger in
      let row = try Row.fetchOne(
        ledger.db, sql: "SELECT COUNT(*) AS n, MIN(sent) AS first FROM outpacket WHERE sent > ? AND append = ''",
        arguments: [since.milliseconds])
      return (row?["n"] ?? 0, (row?["first"] as Int64?).map(Instant.init(milliseconds:)))
    }
  }

  /// Puts copies off that do not fit the budget.
  public func postpone(_ ids: [Int64], until: Instant, said: String, at now: Instant) async throws {
    try await write(at: now) { ledger in
      for id in ids {
        try ledger.db.execute(
          sql: "UPDATE outpacket SET next_attempt = ?, last_reply = ? WHERE id = ?", arguments: [until.milliseconds, said, id])
      }
    }
  }

  /// Records what became of copies, in one commit. Returns those that are over and done with: their files may go.
  public func record(_ outcomes: [(id: Int64, outcome: Outcome)], at now: Instant) async throws -> [Int64] {
    try await write(at: now) { ledger in
      try outcomes.compactMap { id, outcome in
        guard let row = try Row.fetchOne(ledger.db, sql: "SELECT * FROM outpacket WHERE id = ?", arguments: [id]) else { return nil }
        return try ledger.record(outcome, of: Outpacket(row)) ? id : nil
      }
    }
  }

  /// Everything that waits, and what failed.
  public func outpackets() async throws(StoreFailure) -> (waiting: [Outpacket], failed: [Outpacket]) {
    try await read { ledger in
      let rows = try Row.fetchAll(
        ledger.db,
        sql: """
          SELECT outpacket.*, contact.name AS person FROM outpacket LEFT JOIN contact ON contact.author = outpacket.recipient
          WHERE outpacket.state IN ('sealing', 'waiting', 'failed') ORDER BY id
          """
      ).map(Outpacket.init)
      return (rows.filter { $0.state != "failed" }, rows.filter { $0.state == "failed" })
    }
  }

  /// Tries a copy again at once, or drops it; false where no such copy waits or failed.
  public func retry(_ id: Int64, drop: Bool, at now: Instant) async throws -> Bool {
    try await write(at: now) { ledger in
      let sql =
        drop
        ? "UPDATE outpacket SET state = 'dropped' WHERE id = ? AND state IN ('waiting', 'failed')"
        : """
        UPDATE outpacket SET next_attempt = 0, attempts = 0, state = 'waiting' WHERE id = ? AND state IN ('waiting', 'failed')
        """
      try ledger.db.execute(sql: sql, arguments: [id])
      return ledger.db.changesCount > 0
    }
  }

  /// A bounce of a copy came back: that delivery failed, and the contact's next endpoint is tried.
  public func bounced(messageID: String, said: String, at now: Instant) async throws -> Bool {
    try await write(at: now) { ledger in
      guard
        let row = try Row.fetchOne(
          ledger.db, sql: "SELECT * FROM outpacket WHERE message_id = ? AND state = 'handed over'", arguments: [messageID])
      else { return false }
      _ = try ledger.record(.refused(reason: "bounced: \(said)"), of: Outpacket(row))
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
  }
}

/// All that one sealing needs.
public struct Sealing: Sendable {
  /// The body's row; its file is named by it.
  public var body: Int64
  /// `one`, `circle` or `own`: how it names whom it is for.
  public var form: String
  /// When it was queued: the inner Date.
  public var queued: Instant
  /// Carriers in order.
  public var packets: [(signed: SignedPacket, packet: Packet)]
  /// Embedded packets, by hash.
  public var embedded: [SignedPacket]
  /// Blobs that travel along.
  public var blobs: [Blob]
  /// Who it is for, in the order of their author bytes.
  public var recipients: [Contact]
  /// The pair keys of the recipients, in their order.
  public var pairKeys: [[UInt8]]
  /// The copies that are to be made: who gets them (an author's text form), and their Message-IDs.
  public var copies: [(recipient: String, messageID: String)]
  /// The names of contacts by author, for the readable part.
  public var names: [Author: String]
}

extension Ledger {
  func sealing(_ row: Row) throws -> Sealing {
    let body: Int64 = row["number"]
    let parts = try Row.fetchAll(
      db,
      sql: """
        SELECT body_packet.blobs, packet.* FROM body_packet JOIN packet ON packet.sha256 = body_packet.packet
        WHERE body_packet.body = ? ORDER BY position
        """, arguments: [body])
    var sealing = Sealing(
      body: body, form: row["form"], queued: row.instant("queued"), packets: [], embedded: [], blobs: [], recipients: [], pairKeys: [],
      copies: [], names: [:])
    var seen: Set<Hash> = []
    for part in parts {
      let signed = SignedPacket(bytes: part.bytes("bytes"), signature: part.bytes("signature"))
      guard seen.insert(try part.hash("sha256")).inserted, case .understood(let packet) = try signed.read() else { continue }
      sealing.packets.append((signed, packet))
      for embedded in try Row.fetchAll(
        db, sql: "SELECT part.* FROM packet_embedded JOIN part USING (sha256) WHERE carrier = ?",
        arguments: [part["sha256"] as String])
      {
        sealing.embedded.append(SignedPacket(bytes: embedded.bytes("bytes"), signature: embedded.bytes("signature")))
      }
      for sha256 in try JSON.read([Hash].self, part["blobs"]) {
        guard let blob = try Row.fetchOne(db, sql: "SELECT * FROM blob WHERE sha256 = ?", arguments: [sha256.text]) else { continue }
        sealing.blobs.append(Blob(sha256: sha256, size: UInt64(clamping: blob["size"] as Int64), type: blob["type"]))
      }
    }
    sealing.recipients = try JSON.read([String].self, row["recipients"]).compactMap { text in
      try Author(text: text).flatMap { try contact($0) }
    }
    sealing.pairKeys = try sealing.recipients.compactMap { try signer($0.fingerprint, at: now)?.pairKeys.first }
    sealing.copies = try Row.fetchAll(
      db, sql: "SELECT recipient, message_id FROM outpacket WHERE body = ? AND state = 'sealing' ORDER BY id", arguments: [body]
    ).map { ($0["recipient"], $0["message_id"]) }
    sealing.names = Dictionary(try contacts().map { ($0.author, $0.name) }, uniquingKeysWith: { first, _ in first })
    sealing.names[try myself().author] = try myself().name
    return sealing
  }

  /// Whether the copy is over and done with.
  func record(_ outcome: Outcome, of outpacket: Outpacket) throws -> Bool {
    switch outcome {
    case .handedOver(let reply):
      try db.execute(
        sql: "UPDATE outpacket SET state = 'handed over', last_reply = ?, sent = ?, attempts = attempts + 1 WHERE id = ?",
        arguments: [reply, now.milliseconds, outpacket.id])
      return true
    case .refused(let reason):
      if let next = try nextEndpoint(after: outpacket.endpoint, of: outpacket.recipient) {
        try db.execute(
          sql: "UPDATE outpacket SET state = 'waiting', endpoint = ?, next_attempt = 0, attempts = 0, last_reply = ? WHERE id = ?",
          arguments: [next, reason, outpacket.id])
        return false
      }
      try fail(outpacket, reason)
      return true
    case .deferred(let reason, let after): return try wait(outpacket, reason, after: after)
    case .ambiguous(let reason): return try wait(outpacket, "sent, but the answer was lost: \(reason)", after: nil)
    case .unreachable(let reason): return try wait(outpacket, reason, after: nil)
    }
  }

  private func nextEndpoint(after endpoint: String, of recipient: String) throws -> String? {
    guard let author = Author(text: recipient), let endpoints = try contact(author)?.endpoints,
      let index = endpoints.firstIndex(of: endpoint)
    else { return nil }
    return endpoints[(index + 1)...].first(where: settings.claims)
  }

  /// 1, 5, 15, 60 minutes, then hourly, for 5 days (Mailbox etiquette, "SMTP").
  private func wait(_ outpacket: Outpacket, _ reason: String, after: Instant?) throws -> Bool {
    if outpacket.queued.adding(seconds: 5 * 86_400) < now {
      try fail(outpacket, "given up after 5 days: \(reason)")
      return true
    }
    let minutes: [Int64] = [1, 5, 15, 60]
    let pause = minutes[min(outpacket.attempts, minutes.count - 1)]
    let next = max(now.adding(seconds: pause * 60), after ?? now)
    try db.execute(
      sql: "UPDATE outpacket SET attempts = attempts + 1, next_attempt = ?, last_reply = ? WHERE id = ?",
      arguments: [next.milliseconds, reason, outpacket.id])
    return false
  }

  func fail(_ outpacket: Outpacket, _ reason: String) throws {
    try db.execute(
      sql: "UPDATE outpacket SET state = 'failed', attempts = attempts + 1, last_reply = ? WHERE id = ?",
      arguments: [reason, outpacket.id])
    let whom = try Author(text: outpacket.recipient).flatMap { try contact($0)?.name } ?? outpacket.recipient
    try db.execute(
      sql: "INSERT INTO notice (at, kind, said) VALUES (?, 'not delivered', ?)",
      arguments: [now.milliseconds, "A \(outpacket.kind) did not reach \(whom): \(reason)"])
  }

  /// Queues a mail that lies ready under `outpackets/`, named by its Message-ID's local part.
  func queueLetter(
    messageID: String, kind: String, to endpoint: String, append: Consignment.AppendTarget?
  ) throws {
    try db.execute(
      sql: """
        INSERT INTO outpacket (recipient, endpoint, append, message_id, kind, queued, state)
        VALUES (?, ?, ?, ?, ?, ?, 'waiting')
        """, arguments: [endpoint, endpoint, append?.rawValue ?? "", messageID, kind, now.milliseconds])
  }
}
