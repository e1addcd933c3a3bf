internal import Feed
internal import GRDB
internal import Node
internal import Packets

/// What is handed on: introductions, and packets from before somebody was a contact; and what somebody's node cannot read.
extension Ledger {
  static let sharing = """
    -- The post that a share shows, as JSON; empty for everything else.
    ALTER TABLE feed ADD COLUMN shared TEXT NOT NULL DEFAULT '';
    -- Invitations that contacts handed on; the user decides as about a request.
    CREATE TABLE introduction (id TEXT PRIMARY KEY, content TEXT NOT NULL, received INTEGER NOT NULL) STRICT;
    -- Packets of ours that somebody was given although their number lies before their membership.
    CREATE TABLE history (
      member TEXT NOT NULL,
      author TEXT NOT NULL,
      id TEXT NOT NULL,
      PRIMARY KEY (member, author, id)
    ) STRICT;
    -- Kinds of packets that somebody's node holds.
    CREATE TABLE unreadable (author TEXT NOT NULL, kind TEXT NOT NULL, PRIMARY KEY (author, kind)) STRICT;
    """

  // MARK: Introductions

  func introductions() throws -> [Introduction] {
    try String.fetchAll(db, query: "SELECT content FROM introduction ORDER BY received, id").map {
      try JSON.read(Introduction.self, $0)
    }
  }

  func keep(_ introduction: Introduction) throws {
    try db.execute(
      query: "INSERT OR REPLACE INTO introduction (id, content, received) VALUES (?, ?, ?)",
      arguments: [introduction.id.text, try JSON.text(introduction), introduction.received.milliseconds])
  }

  // MARK: What was said before

  func history(for author: Author, postsOfACircle count: Int) throws -> [PacketName] {
    try circles().filter { try members(of: $0).contains(author) }.flatMap { circle in
      let posts = try posts(to: circle, notFor: author, atMost: count)
      return try posts.map(\.name) + below(posts, in: circle, notFor: author)
    }
  }

  private static let withoutMembership = """
    NOT EXISTS (SELECT 1 FROM membership WHERE membership.author = packet.author AND membership.stream = packet.stream
      AND membership.member = ?2 AND packet.sequence BETWEEN membership.first AND membership.last)
    AND NOT EXISTS (SELECT 1 FROM history WHERE history.member = ?2 AND history.author = packet.author AND history.id = packet.id)
    AND NOT EXISTS (SELECT 1 FROM tombstone WHERE tombstone.author = packet.author AND tombstone.id = packet.id)
    """

  /// Oldest first, so that they arrive in the order of a conversation.
  private func posts(to circle: String, notFor author: Author, atMost count: Int) throws -> [KnownPacket] {
    try rows(
      """
      SELECT packet.* FROM packet JOIN stream ON stream.author = packet.author AND stream.id = packet.stream
      WHERE packet.author = (SELECT author FROM identity) AND stream.kind = 'circle' AND stream.circle = ?1
        AND packet.kind IN ('status', 'photo', 'share') AND \(Self.withoutMembership)
      ORDER BY packet.created DESC, packet.id DESC LIMIT ?3
      """, [circle, author.text, count]
    ).reversed()
  }

  /// What was relayed or changed below these posts and stands: the same carriers, in their order.
  private func below(_ posts: [KnownPacket], in circle: String, notFor author: Author) throws -> [PacketName] {
    guard let first = posts.map(\.created).min() else { return [] }
    let roots = Set(posts.map(\.name))
    let carriers = try rows(
      """
      SELECT packet.* FROM packet JOIN stream ON stream.author = packet.author AND stream.id = packet.stream
      WHERE packet.author = (SELECT author FROM identity) AND stream.kind = 'circle' AND stream.circle = ?1
        AND packet.kind IN ('relay', 'edit') AND packet.created >= ?3 AND \(Self.withoutMembership)
      ORDER BY packet.created, packet.id
      """, [circle, author.text, first.milliseconds])
    return try carriers.filter { carrier in
      switch carrier.action {
      case .edit(let edit): return roots.contains(edit.target.name)
      case .relay(let relay):
        guard let carried = try packet(ofBytes: relay.embedded.sha256), case .understood(let packet) = try carried.read(),
          let root = packet.root, try tombstone(packet.name) == nil
        else { return false }
        return roots.contains(root.name)
      default: return false
      }
    }.map(\.name)
  }

  private func rows(_ query: String, _ arguments: StatementArguments) throws -> [KnownPacket] {
    try Row.fetchAll(db, query: query, arguments: arguments).map(known)
  }

  func recall(_ names: [PacketName], for member: Author) throws {
    for name in names {
      try db.execute(
        query: "INSERT OR IGNORE INTO history (member, author, id) VALUES (?, ?, ?)",
        arguments: [member.text, name.author.text, name.id.text])
    }
  }

  // MARK: Packets

  func packet(ofBytes sha256: Hash) throws -> SignedPacket? {
    try Row.fetchOne(
      db,
      query:
        "SELECT bytes, signature FROM packet WHERE sha256 = ?1 UNION ALL SELECT bytes, signature FROM part WHERE sha256 = ?1",
      arguments: [sha256.text]
    ).map { SignedPacket(bytes: $0.bytes("bytes"), signature: $0.bytes("signature")) }
  }

  func shares(of sha256: Hash) throws -> [KnownPacket] {
    try rows(
      """
      SELECT packet.* FROM packet_embedded JOIN packet ON packet.sha256 = packet_embedded.carrier
      WHERE packet_embedded.sha256 = ?1 AND packet.kind = 'share' AND packet.author = (SELECT author FROM identity)
        AND NOT EXISTS (SELECT 1 FROM tombstone WHERE tombstone.author = packet.author AND tombstone.id = packet.id)
      ORDER BY packet.created, packet.id
      """, [sha256.text])
  }

  func size(of packet: PacketName) throws -> Int? {
    try Int.fetchOne(
      db, query: "SELECT LENGTH(bytes) FROM packet WHERE author = ? AND id = ?", arguments: [packet.author.text, packet.id.text])
  }

  // MARK: What others cannot read

  func cannotRead(_ author: Author, _ kind: String) throws -> Bool {
    try Bool.fetchOne(
      db, query: "SELECT EXISTS (SELECT 1 FROM unreadable WHERE author = ? AND kind = ?)", arguments: [author.text, kind])
      ?? false
  }

  func note(unreadable kind: String, for author: Author) throws {
    try db.execute(query: "INSERT OR IGNORE INTO unreadable (author, kind) VALUES (?, ?)", arguments: [author.text, kind])
  }
}
