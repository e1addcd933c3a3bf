public import Feed
internal import FoundationEssentials
internal import GRDB
public import Packets

/// What the user reads.
extension Store {
  /// The feed, newest first.
  ///
  /// - Parameters:
  ///   - limit: at most so many items.
  ///   - since: only what was shown at or after this moment.
  ///   - words: only items with all of these words in them.
  public func feed(limit: Int, since: Instant? = nil, words: String? = nil) async throws(StoreFailure) -> [FeedItem] {
    try await read { ledger in
      var conditions = ["feed.shown_at >= ?"]
      var arguments: StatementArguments = [since?.milliseconds ?? Int64.min]
      if let words {
        guard let pattern = FTS5Pattern(matchingAllTokensIn: words) else { return [] }
        conditions.append("feed.number IN (SELECT rowid FROM feed_words WHERE feed_words MATCH ?)")
        arguments += [pattern]
      }
      return try ledger.items(
        where: conditions.joined(separator: " AND "), arguments, order: "feed.shown_at DESC, feed.id DESC", limit: limit)
    }
  }

  /// An item with everything below its root, in the order of the conversation; empty where there is none of that name.
  public func conversation(of item: ItemID) async throws(StoreFailure) -> (item: FeedItem, conversation: [FeedItem])? {
    try await read { ledger in
      guard let found = try ledger.items(where: "feed.item = ?", [item.text]).first else { return nil }
      let root = found.root ?? item
      let all = try ledger.items(where: "(feed.item = ?1 OR feed.root = ?1)", [root.text], order: "feed.shown_at, feed.id")
      return (found, all)
    }
  }

  /// The items whose id begins so; `#N` is the N-th of the last digest.
  public func items(beginning text: String) async throws(StoreFailure) -> [ItemID] {
    try await read { ledger in
      if text.hasPrefix("#") {
        guard let number = Int(text.dropFirst()), let digest = try ledger.letters(kind: "digest", limit: 1).first else {
          return []
        }
        guard case .item(let item) = digest.targets[number] else { return [] }
        return [item]
      }
      let prefix = text.lowercased()
      guard !prefix.isEmpty, prefix.utf8.count <= 16, prefix.allSatisfy(\.isHexDigit) else { return [] }
      let found = try String.fetchAll(
        ledger.db,
        query: """
          SELECT item FROM feed WHERE item >= ?1 AND item < ?1 || 'g'
            AND NOT EXISTS (SELECT 1 FROM tombstone WHERE tombstone.author = feed.author AND tombstone.id = feed.id) LIMIT 3
          """, arguments: [prefix])
      return found.compactMap(ItemID.init(text:))
    }
  }

  /// A packet's exact bytes and its author's signature.
  public func signedBytes(of item: ItemID) async throws(StoreFailure) -> SignedPacket? {
    try await read { ledger in
      try Row.fetchOne(
        ledger.db,
        query: "SELECT packet.bytes, packet.signature FROM packet JOIN feed USING (author, id) WHERE feed.item = ?",
        arguments: [item.text]
      ).map { SignedPacket(bytes: $0.bytes("bytes"), signature: $0.bytes("signature")) }
    }
  }

  /// Contacts in every state, by name.
  public func contacts() async throws(StoreFailure) -> [Contact] {
    try await read { ledger in
      try Row.fetchAll(ledger.db, query: "SELECT * FROM contact ORDER BY name, author").map(Ledger.contact)
    }
  }

  /// The circles that the user posts to, by name, each with who is in it now.
  public func circles() async throws(StoreFailure) -> [CircleView] {
    try await read { ledger in
      try ledger.circles().map { name in
        let members = try ledger.members(of: name).compactMap { try ledger.contact($0) }
        return CircleView(name: name, members: members.sorted { ($0.name, $0.author.text) < ($1.name, $1.author.text) })
      }
    }
  }

  /// Requests that wait for the user, oldest first.
  public func requests() async throws(StoreFailure) -> [PendingRequest] { try await read { try $0.pendingRequests() } }

  /// Introductions that wait for the user, oldest first.
  public func introductions() async throws(StoreFailure) -> [Introduction] { try await read { try $0.introductions() } }

  /// The user of this node.
  public func myself() async throws(StoreFailure) -> Myself { try await read { try $0.myself() } }

  /// What was kept out, newest first.
  public func refusals(limit: Int) async throws(StoreFailure) -> [KeptOut] {
    try await read { ledger in
      try Row.fetchAll(ledger.db, query: "SELECT * FROM refusal ORDER BY number DESC LIMIT ?", arguments: [limit]).map { row in
        KeptOut(received: row.instant("received"), from: row["sender"], gate: row["gate"], reason: row["reason"])
      }
    }
  }

  /// What the user should know, newest first.
  public func notices(limit: Int) async throws(StoreFailure) -> [Notice] {
    try await read { ledger in
      try Row.fetchAll(ledger.db, query: "SELECT * FROM notice ORDER BY number DESC LIMIT ?", arguments: [limit]).map { row in
        Notice(when: row.instant("at"), kind: row["kind"], said: row["said"])
      }
    }
  }

  /// Adds to what the user should know, unless the same was said within a day.
  public func notice(kind: String, said: String, at now: Instant) async throws {
    try await write(at: now) { ledger in
      try ledger.notice(kind: kind, said: said)
    }
  }

  /// Packets that need a newer version, oldest first.
  public func heldPackets() async throws(StoreFailure) -> [(item: FeedItem, kind: String)] {
    try await read { ledger in
      try ledger.items(where: "feed.kind = 'held'", [], order: "feed.received, feed.item").map { item in
        let kind = try String.fetchOne(
          ledger.db, query: "SELECT kind FROM packet WHERE author = ? AND id = ?",
          arguments: [item.name.author.text, item.name.id.text])
        return (item, kind ?? "")
      }
    }
  }

  /// How many packets and parcels each gate refused.
  public func gates() async throws(StoreFailure) -> [String: Int] {
    try await read { ledger in
      var counts: [String: Int] = [:]
      for row in try Row.fetchAll(ledger.db, query: "SELECT * FROM gate") { counts[row["name"]] = row["refused"] }
      return counts
    }
  }
}

/// Something that was kept out, and why.
public struct KeptOut: Hashable, Sendable {
  /// When it was refused.
  public var received: Instant
  /// The outer From, or the author; empty where neither is known.
  public var from: String
  /// Which gate.
  public var gate: String
  /// Why.
  public var reason: String
}

/// Something that the user should know.
public struct Notice: Hashable, Sendable {
  /// When it was noticed.
  public var when: Instant
  /// What sort of thing.
  public var kind: String
  /// One sentence.
  public var said: String
}

extension Ledger {
  /// Items that were not taken back, with names, counts and reactions.
  func items(
    where condition: String, _ arguments: StatementArguments, order: String = "feed.shown_at, feed.id", limit: Int = 10_000
  ) throws -> [FeedItem] {
    let rows = try Row.fetchAll(
      db,
      query: """
        SELECT feed.*, author.name AS known, introducer.name AS introducer,
          CASE feed.root
            WHEN '' THEN (SELECT COUNT(*) FROM feed AS below WHERE below.root = feed.item
              AND NOT EXISTS (SELECT 1 FROM tombstone WHERE tombstone.author = below.author AND tombstone.id = below.id))
            ELSE (SELECT COUNT(*) FROM feed AS below WHERE below.parent = feed.item
              AND NOT EXISTS (SELECT 1 FROM tombstone WHERE tombstone.author = below.author AND tombstone.id = below.id))
          END AS comments
        FROM feed
        LEFT JOIN contact AS author ON author.author = feed.author AND author.state <> 'requested'
        LEFT JOIN contact AS introducer ON introducer.author = feed.introduced_by
        WHERE \(condition)
          AND NOT EXISTS (SELECT 1 FROM tombstone WHERE tombstone.author = feed.author AND tombstone.id = feed.id)
          AND NOT EXISTS (SELECT 1 FROM feed AS top JOIN tombstone USING (author, id) WHERE top.item = feed.root)
        ORDER BY \(order) LIMIT \(limit)
        """, arguments: arguments)
    let me = try myself()
    return try rows.map { row in try item(row, me) }
  }

  private func item(_ row: Row, _ me: Myself) throws -> FeedItem {
    let name = PacketName(author: try row.author("author"), id: try row.packetID("id"))
    guard let kind = FeedItem.Kind(rawValue: row["kind"]) else { throw DamagedColumn(name: "feed.kind") }
    let id = ItemID(name)
    let known: String? = row["known"]
    let (introducedBy, card): (String, String) = (row["introduced_by"], row["card_name"])
    let pictures = try JSON.read([Picture].self, row["pictures"])
    return FeedItem(
      id: id, name: name, kind: kind,
      author: FeedItem.Person(name: name.author == me.author ? me.name : known ?? card, author: name.author),
      created: row.instant("created"), received: row.instant("received"), text: row["text"],
      photos: try pictures.map(photograph), shared: try shared(row["shared"], me), comments: row["comments"],
      reactions: try reactions(on: id, me),
      root: ItemID(text: row["root"] as String), parent: ItemID(text: row["parent"] as String),
      introducedBy: introducedBy.isEmpty || known != nil || name.author == me.author ? nil : row["introducer"] ?? card,
      edited: row["edited"], held: kind == .held)
  }

  /// A post that is shown under whose name the user knows; nobody else's is handed on with it.
  private func shared(_ text: String, _ me: Myself) throws -> FeedItem.Shared? {
    guard !text.isEmpty else { return nil }
    let post = try JSON.read(FeedEntry.Shared.self, text)
    let known = try contact(post.author).flatMap { $0.state == .requested ? nil : $0.name }
    let name = post.author == me.author ? me.name : known ?? ""
    return FeedItem.Shared(author: FeedItem.Person(name: name, author: post.author), text: post.text)
  }

  private func photograph(_ picture: Picture) throws -> FeedItem.Photograph {
    let present = try Bool.fetchOne(
      db, query: "SELECT EXISTS (SELECT 1 FROM blob WHERE sha256 = ?)", arguments: [picture.blob.sha256.text])
    return FeedItem.Photograph(
      blob: picture.blob, width: picture.width, height: picture.height, alternative: picture.alternative,
      present: present ?? false)
  }

  /// Emoji in the order of their first use, names in the order of arrival.
  private func reactions(on item: ItemID, _ me: Myself) throws -> [FeedItem.ReactionSum] {
    let rows = try Row.fetchAll(
      db,
      query: """
        SELECT reaction.*, contact.name AS known FROM reaction
        LEFT JOIN contact ON contact.author = reaction.author AND contact.state <> 'requested'
        WHERE target = ?
          AND NOT EXISTS (SELECT 1 FROM tombstone WHERE tombstone.author = reaction.author AND tombstone.id = reaction.id)
        ORDER BY received, reaction.author
        """, arguments: [item.text])
    var sums: [FeedItem.ReactionSum] = []
    for row in rows {
      let author: String = row["author"]
      let name = author == me.author.text ? me.name : row["known"] ?? row["card_name"]
      for emoji in try JSON.read([String].self, row["emoji"]) {
        if let index = sums.firstIndex(where: { $0.emoji == emoji }) {
          sums[index].by.append(name)
        } else {
          sums.append(FeedItem.ReactionSum(emoji: emoji, by: [name]))
        }
      }
    }
    return sums
  }
}
