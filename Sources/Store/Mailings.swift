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
        where: Self.isUnread, [now.milliseconds])
    }
  }

  /// The names of the same things, which can be told where one of them cannot be read.
  public func unreadNames(at now: Instant) async throws(StoreFailure) -> [ItemID] {
    try await read { ledger in
      try String.fetchAll(
        ledger.db, query: "SELECT item FROM feed WHERE \(Self.isUnread) ORDER BY shown_at, id",
        arguments: [now.milliseconds]
      ).compactMap(ItemID.init(text:))
    }
  }

  private static let isUnread = """
    feed.digested = 0 AND NOT EXISTS (SELECT 1 FROM mute
      WHERE mute.until > ? AND mute.item = CASE feed.root WHEN '' THEN feed.item ELSE feed.root END)
    """

  /// Mails that the node wants to go to the user at once, oldest first; but for those that rest.
  public func wantedAtOnce(at now: Instant) async throws(StoreFailure) -> [Int64] {
    try await read { ledger in
      try Int64.fetchAll(
        ledger.db,
        query: """
          SELECT number FROM at_once WHERE \(Ledger.isUntroubled(.letter, "CAST(number AS TEXT)", now: "?1")) ORDER BY number
          """, arguments: [now.milliseconds])
    }
  }

  /// What one of them is about; nothing where it is not wanted any more.
  public func atOnce(_ number: Int64) async throws(StoreFailure) -> AtOnce? {
    try await read { ledger in
      try String.fetchOne(ledger.db, query: "SELECT content FROM at_once WHERE number = ?", arguments: [number])
        .map { try JSON.read(AtOnce.self, $0) }
    }
  }

  /// A mail to somebody else, or to the user without a way to answer it, lies ready as a file: queue it.
  public func queue(messageID: String, kind: String, to delivery: LetterDelivery, at now: Instant) async throws {
    try await write(at: now) { ledger in
      try ledger.queueLetter(messageID: messageID, kind: kind, to: delivery.endpoint, append: delivery.append)
    }
  }

  /// A mail to the user by its token.
  public func letter(token: LetterToken) async throws(StoreFailure) -> SentLetter? {
    try await read { ledger in
      try String.fetchOne(ledger.db, query: "SELECT content FROM digest WHERE token = ?", arguments: [token.text])
        .map { try JSON.read(SentLetter.self, $0) }
    }
  }

  /// A mail to the user by its Message-ID.
  public func letter(messageID: String) async throws(StoreFailure) -> SentLetter? {
    try await read { ledger in
      try String.fetchOne(ledger.db, query: "SELECT content FROM digest WHERE message_id = ?", arguments: [messageID])
        .map { try JSON.read(SentLetter.self, $0) }
    }
  }

  /// How many mails of a kind were made since a moment.
  public func letters(kind: SentLetter.Kind, since: Instant, at now: Instant) async throws(StoreFailure) -> Int {
    try await read { ledger in
      try Int.fetchOne(
        ledger.db, query: "SELECT COUNT(*) FROM digest WHERE kind = ? AND made > ? AND made <= ?",
        arguments: [kind.rawValue, since.milliseconds, now.milliseconds])
        ?? 0
    }
  }

  /// When the last digest was made.
  public func lastDigest() async throws(StoreFailure) -> Instant? {
    try await read { ledger in
      try Int64.fetchOne(ledger.db, query: "SELECT MAX(made) FROM digest WHERE kind = 'digest'").map(Instant.init(milliseconds:))
    }
  }

  /// When it was last looked whether a digest is due: at first, when the account began.
  public func digestLookedAt() async throws(StoreFailure) -> Instant {
    try await read { ledger in
      let looked = try String.fetchOne(ledger.db, query: "SELECT value FROM setting WHERE name = 'digest-looked-at'")
      if let looked = looked.flatMap({ Int64($0) }) { return Instant(milliseconds: looked) }
      let last = try Int64.fetchOne(ledger.db, query: "SELECT MAX(made) FROM digest WHERE kind = 'digest'")
      let begun = try Int64.fetchOne(
        ledger.db, query: "SELECT created FROM packet WHERE number = (SELECT MIN(number) FROM packet)")
      return Instant(milliseconds: last ?? begun ?? 0)
    }
  }

  /// Requests that a letter has shown.
  public func requestsShown() async throws(StoreFailure) -> Set<PacketID> {
    try await read { ledger in
      let shown = try String.fetchAll(
        ledger.db, query: "SELECT request.id FROM request JOIN shown ON shown.target = 'request:' || request.id")
      return Set(shown.compactMap(PacketID.init(text:)))
    }
  }

  /// Contacts with a profile that no letter has told of, and the hash of its packet.
  public func newProfiles() async throws(StoreFailure) -> [(person: FeedItem.Person, sha256: Hash)] {
    try await read { ledger in
      try Row.fetchAll(
        ledger.db,
        query: """
          SELECT author, name, profile FROM contact WHERE state = 'contact' AND profile <> ''
            AND NOT EXISTS (SELECT 1 FROM shown WHERE target = 'profile:' || profile) ORDER BY name, author
          """
      ).map { (FeedItem.Person(name: $0["name"], author: try $0.author("author")), try $0.hash("profile")) }
    }
  }

  /// A letter by its token, at once: for a pure reader that cannot wait. A single look-up by key.
  public func letterNow(token: LetterToken) -> SentLetter? {
    let text = try? pool.read { db in
      try String.fetchOne(db, query: "SELECT content FROM digest WHERE token = ?", arguments: [token.text])
    }
    return text.flatMap { try? JSON.read(SentLetter.self, $0) }
  }

  /// Items by their short names, in that order; those taken back are left out.
  public func items(_ ids: [ItemID]) async throws(StoreFailure) -> [FeedItem] {
    try await read { ledger in
      try ids.compactMap { try ledger.items(where: "feed.item = ?", [$0.text]).first }
    }
  }

  /// What the user's reaction of this id was, and to what.
  public func reaction(_ id: PacketID) async throws(StoreFailure) -> (target: ItemID, emoji: [String])? {
    try await read { ledger in
      let known = try ledger.packet(PacketName(author: ledger.myself().author, id: id))
      guard case .reaction(let reaction)? = known?.action else { return nil }
      return (ItemID(reaction.target.name), reaction.emoji)
    }
  }

  /// A setting that the user changed by mail.
  public func setting(_ setting: Setting) async throws(StoreFailure) -> String? {
    try await read { ledger in
      try String.fetchOne(ledger.db, query: "SELECT value FROM setting WHERE name = ?", arguments: [setting.rawValue])
    }
  }

  /// What can still be stopped, oldest first.
  public func drafts() async throws(StoreFailure) -> [Draft] { try await read { try $0.drafts() } }

  // MARK: Time

  /// Alarms whose moment has come, each of which is to be performed as an event; they are taken out of the table by it.
  /// Each as the table has it, so that one which cannot be read holds up no other.
  public func dueAlarms(at now: Instant) async throws(StoreFailure) -> [String] {
    try await read { ledger in
      try String.fetchAll(
        ledger.db,
        query: "SELECT alarm FROM timer WHERE due <= ?1 AND \(Ledger.isUntroubled(.alarm, "alarm", now: "?1")) ORDER BY due",
        arguments: [now.milliseconds])
    }
  }

  /// Rings an alarm: takes it out and performs it, in one transaction.
  public func ring(_ alarm: String, at now: Instant) async throws {
    try await write(at: now) { ledger in
      try ledger.db.execute(query: "DELETE FROM timer WHERE alarm = ?", arguments: [alarm])
      try ledger.overcome(.alarm, alarm)
      try ledger.handle(.due(JSON.read(Alarm.self, alarm)))
    }
  }

  /// When the next alarm rings.
  public func nextAlarm() async throws(StoreFailure) -> Instant? {
    try await read { ledger in
      try Int64.fetchOne(
        ledger.db,
        query: """
          SELECT MAX(timer.due, COALESCE(trouble.again, 0)) FROM timer
          LEFT JOIN trouble ON trouble.stage = 'alarm' AND trouble.subject = timer.alarm
          WHERE COALESCE(trouble.aside, 0) = 0 ORDER BY timer.due LIMIT 1
          """
      ).map(Instant.init(milliseconds:))
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

extension Transaction {
  /// A mail to the user lies ready as a file: queues it, and remembers what it showed.
  ///
  /// - Parameters:
  ///   - letter: what is needed to read an answer to it.
  ///   - numbers: what was wanted at once, and is wanted no more. Without a letter that is all.
  ///   - delivery: the way it goes.
  /// - Returns: whether it was queued. The daemon and a command may write of the same thing at the same time, and the second
  ///   letter is not needed.
  @discardableResult
  public mutating func queue(
    _ letter: SentLetter?, answering numbers: [Int64], to delivery: LetterDelivery
  ) throws -> Bool {
    for number in numbers where try !ledger.isWanted(atOnce: number) { return false }
    let isNews = try letter.map { try ledger.isNews($0) } ?? false
    // A digest that is not news is written again; a single item was shown, and that is that.
    if !isNews, letter?.kind == .digest { return false }
    for number in numbers {
      try ledger.db.execute(query: "DELETE FROM at_once WHERE number = ?", arguments: [number])
      try ledger.overcome(.letter, String(number))
    }
    guard let letter, isNews else { return false }
    try ledger.keep(letter, made: now)
    ledger.records.append(.letter(letter, made: now))
    try ledger.queueLetter(
      messageID: letter.messageID, kind: letter.kind.rawValue, to: delivery.endpoint, append: delivery.append)
    return true
  }

  /// It was looked whether a digest is due.
  public func lookForDigest() throws {
    try ledger.db.execute(
      query: "INSERT OR REPLACE INTO setting (name, value) VALUES ('digest-looked-at', ?)",
      arguments: [String(now.milliseconds)])
  }
}

extension Ledger {
  fileprivate func isWanted(atOnce number: Int64) throws -> Bool {
    try Bool.fetchOne(db, query: "SELECT EXISTS (SELECT 1 FROM at_once WHERE number = ?)", arguments: [number]) ?? false
  }

  /// No item is shown twice (Mailbox etiquette, "Digest"): whether a letter that brings news shows only what none has shown.
  fileprivate func isNews(_ letter: SentLetter) throws -> Bool {
    guard [.digest, .item, .request].contains(letter.kind) else { return true }
    return try letter.targets.values.allSatisfy { target in
      try Bool.fetchOne(db, query: "SELECT NOT EXISTS (SELECT 1 FROM shown WHERE target = ?)", arguments: [target.text]) ?? true
    }
  }

  /// Remembers a mail to the user, and that its items were shown.
  func keep(_ letter: SentLetter, made: Instant) throws {
    try db.execute(
      query: "INSERT OR IGNORE INTO digest (token, message_id, kind, content, made) VALUES (?, ?, ?, ?, ?)",
      arguments: [
        letter.token.text, letter.messageID, letter.kind.rawValue, try JSON.text(letter), made.milliseconds,
      ])
    try markShown(letter)
  }

  /// What a letter showed is not shown again. An item that comes later (when the view is made anew) is marked as it comes.
  func markShown(_ letter: SentLetter) throws {
    for target in letter.targets.values {
      try db.execute(query: "INSERT OR IGNORE INTO shown (target) VALUES (?)", arguments: [target.text])
      try overcome(.item, target.text)
      switch target {
      case .item(let item):
        try db.execute(query: "UPDATE feed SET digested = 1 WHERE item = ? AND kind <> 'held'", arguments: [item.text])
      // Once it can be read it is new.
      case .held(let item):
        try db.execute(query: "UPDATE feed SET digested = 1 WHERE item = ? AND kind = 'held'", arguments: [item.text])
      case .request, .profile: break
      }
    }
  }

  /// The newest mails of a kind.
  func letters(kind: String, limit: Int) throws -> [SentLetter] {
    try String.fetchAll(
      db, query: "SELECT content FROM digest WHERE kind = ? ORDER BY made DESC, rowid DESC LIMIT ?", arguments: [kind, limit]
    ).map { try JSON.read(SentLetter.self, $0) }
  }
}
