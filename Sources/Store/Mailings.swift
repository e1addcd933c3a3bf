public import Drivers
public import Feed
internal import FoundationEssentials
internal import GRDB
internal import Node
public import Packets

/// Mails to the user: what is new for them, what was shown to them, and what is needed to read an answer.
extension Store {
  /// What no mail has shown yet, oldest first: neither one's own, nor taken back, nor in a muted conversation.
  public func unread(at now: Instant) async throws(StoreFailure) -> [FeedItem] {
    try await read { ledger in
      try ledger.items(
        where: """
          feed.digested = 0 AND NOT EXISTS (SELECT 1 FROM mute
            WHERE mute.until > ? AND mute.item = CASE feed.root WHEN '' THEN feed.item ELSE feed.root END)
          """, [now.milliseconds])
    }
  }

  /// Mails that the node wants to go to the user at once, oldest first.
  public func atOnce() async throws(StoreFailure) -> [(number: Int64, mail: AtOnce)] {
    try await read { ledger in
      try Row.fetchAll(ledger.db, sql: "SELECT * FROM at_once ORDER BY number").map { row in
        (row["number"], try JSON.read(AtOnce.self, row["content"]))
      }
    }
  }

  /// A mail to the user lies ready as a file: queue it, remember what it showed, and that it was wanted no more; and in the same
  /// commit what else comes of it.
  public func queue(
    _ letter: SentLetter, answering numbers: [Int64], to delivery: LetterDelivery, at now: Instant,
    with more: @escaping @Sendable (inout Transaction) throws -> Void = { _ in }
  ) async throws {
    try await transact(at: now) { transaction in
      try transaction.ledger.keep(letter, made: now)
      transaction.ledger.records.append(.letter(letter, made: now))
      try transaction.ledger.queueLetter(
        messageID: letter.messageID, kind: letter.kind.rawValue, to: delivery.endpoint, append: delivery.append)
      for number in numbers {
        try transaction.ledger.db.execute(sql: "DELETE FROM at_once WHERE number = ?", arguments: [number])
      }
      try more(&transaction)
    }
  }

  /// A mail to somebody else, or to the user without a way to answer it, lies ready as a file: queue it.
  public func queue(messageID: String, kind: String, to delivery: LetterDelivery, at now: Instant) async throws {
    try await write(at: now) { ledger in
      try ledger.queueLetter(messageID: messageID, kind: kind, to: delivery.endpoint, append: delivery.append)
    }
  }

  /// What was wanted at once is of no use any more (taken back, decided).
  public func drop(atOnce number: Int64, at now: Instant) async throws {
    try await write(at: now) { ledger in
      try ledger.db.execute(sql: "DELETE FROM at_once WHERE number = ?", arguments: [number])
    }
  }

  /// A mail to the user by its token.
  public func letter(token: LetterToken) async throws(StoreFailure) -> SentLetter? {
    try await read { ledger in
      try String.fetchOne(ledger.db, sql: "SELECT content FROM digest WHERE token = ?", arguments: [token.text])
        .map { try JSON.read(SentLetter.self, $0) }
    }
  }

  /// A mail to the user by its Message-ID.
  public func letter(messageID: String) async throws(StoreFailure) -> SentLetter? {
    try await read { ledger in
      try String.fetchOne(ledger.db, sql: "SELECT content FROM digest WHERE message_id = ?", arguments: [messageID])
        .map { try JSON.read(SentLetter.self, $0) }
    }
  }

  /// How many mails of a kind were made since a moment.
  public func letters(kind: SentLetter.Kind, since: Instant) async throws(StoreFailure) -> Int {
    try await read { ledger in
      try Int.fetchOne(
        ledger.db, sql: "SELECT COUNT(*) FROM digest WHERE kind = ? AND made > ?", arguments: [kind.rawValue, since.milliseconds])
        ?? 0
    }
  }

  /// When the last digest was made.
  public func lastDigest() async throws(StoreFailure) -> Instant? {
    try await read { ledger in
      try Int64.fetchOne(ledger.db, sql: "SELECT MAX(made) FROM digest WHERE kind = 'digest'").map(Instant.init(milliseconds:))
    }
  }

  /// When it was last looked whether a digest is due: at first, when the account began.
  public func digestLookedAt() async throws(StoreFailure) -> Instant {
    try await read { ledger in
      let looked = try String.fetchOne(ledger.db, sql: "SELECT value FROM setting WHERE name = 'digest-looked-at'")
      if let looked = looked.flatMap({ Int64($0) }) { return Instant(milliseconds: looked) }
      let last = try Int64.fetchOne(ledger.db, sql: "SELECT MAX(made) FROM digest WHERE kind = 'digest'")
      let begun = try Int64.fetchOne(ledger.db, sql: "SELECT created FROM packet WHERE number = (SELECT MIN(number) FROM packet)")
      return Instant(milliseconds: last ?? begun ?? 0)
    }
  }

  /// It was looked whether a digest is due.
  public func lookedForDigest(at now: Instant) async throws {
    try await write(at: now) { ledger in
      try ledger.db.execute(
        sql: "INSERT OR REPLACE INTO setting (name, value) VALUES ('digest-looked-at', ?)", arguments: [String(now.milliseconds)])
    }
  }

  /// Requests that a letter has shown.
  public func requestsShown() async throws(StoreFailure) -> Set<PacketID> {
    try await read { ledger in
      let shown = try String.fetchAll(
        ledger.db, sql: "SELECT request.id FROM request JOIN shown ON shown.target = 'request:' || request.id")
      return Set(shown.compactMap(PacketID.init(text:)))
    }
  }

  /// A letter by its token, at once: for a pure reader that cannot wait. A single look-up by key.
  public func letterNow(token: LetterToken) -> SentLetter? {
    let text = try? pool.read { db in
      try String.fetchOne(db, sql: "SELECT content FROM digest WHERE token = ?", arguments: [token.text])
    }
    return text.flatMap { try? JSON.read(SentLetter.self, $0) }
  }

  /// Items by their short names, in that order; those taken back are left out.
  public func items(_ ids: [ItemID]) async throws(StoreFailure) -> [FeedItem] {
    try await read { ledger in
      try ids.compactMap { try ledger.items(where: "feed.item = ?", [$0.text]).first }
    }
  }

  /// A setting that the user changed by mail.
  public func setting(_ setting: Setting) async throws(StoreFailure) -> String? {
    try await read { ledger in
      try String.fetchOne(ledger.db, sql: "SELECT value FROM setting WHERE name = ?", arguments: [setting.rawValue])
    }
  }

  /// What can still be stopped, oldest first.
  public func drafts() async throws(StoreFailure) -> [Draft] { try await read { try $0.drafts() } }

  // MARK: Time

  /// Alarms whose moment has come, each of which is to be performed as an event; they are taken out of the table by it.
  public func dueAlarms(at now: Instant) async throws(StoreFailure) -> [Alarm] {
    try await read { ledger in
      try String.fetchAll(ledger.db, sql: "SELECT alarm FROM timer WHERE due <= ? ORDER BY due", arguments: [now.milliseconds])
        .map { try JSON.read(Alarm.self, $0) }
    }
  }

  /// Rings an alarm: takes it out and performs it, in one transaction.
  public func ring(_ alarm: Alarm, at now: Instant) async throws {
    try await write(at: now) { ledger in
      try ledger.db.execute(sql: "DELETE FROM timer WHERE alarm = ?", arguments: [try JSON.text(alarm)])
      try ledger.handle(.due(alarm))
    }
  }

  /// When the next alarm rings.
  public func nextAlarm() async throws(StoreFailure) -> Instant? {
    try await read { ledger in
      try Int64.fetchOne(ledger.db, sql: "SELECT MIN(due) FROM timer").map(Instant.init(milliseconds:))
    }
  }
}

/// Which way a mail goes to the user.
public struct LetterDelivery: Hashable, Sendable {
  /// `mailto:…`
  public var endpoint: String
  /// In place of sending: append it to INBOX.
  public var append: Consignment.AppendTarget?

  /// A way to deliver.
  public init(endpoint: String, append: Consignment.AppendTarget? = nil) {
    self.endpoint = endpoint
    self.append = append
  }
}

extension Ledger {
  /// Remembers a mail to the user, and that its items were shown.
  func keep(_ letter: SentLetter, made: Instant) throws {
    try db.execute(
      sql: "INSERT OR IGNORE INTO digest (token, message_id, kind, content, made) VALUES (?, ?, ?, ?, ?)",
      arguments: [
        letter.token.text, letter.messageID, letter.kind.rawValue, try JSON.text(letter), made.milliseconds,
      ])
    try markShown(letter)
  }

  /// What a letter showed is not shown again. An item that comes later (when the view is made anew) is marked as it comes.
  func markShown(_ letter: SentLetter) throws {
    for target in letter.targets.values {
      try db.execute(sql: "INSERT OR IGNORE INTO shown (target) VALUES (?)", arguments: [target.text])
      guard case .item(let item) = target else { continue }
      try db.execute(sql: "UPDATE feed SET digested = 1 WHERE item = ?", arguments: [item.text])
    }
  }

  /// The newest mails of a kind.
  func letters(kind: String, limit: Int) throws -> [SentLetter] {
    try String.fetchAll(
      db, sql: "SELECT content FROM digest WHERE kind = ? ORDER BY made DESC, rowid DESC LIMIT ?", arguments: [kind, limit]
    ).map { try JSON.read(SentLetter.self, $0) }
  }
}
