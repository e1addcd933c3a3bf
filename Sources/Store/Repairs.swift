internal import Feed
internal import GRDB
internal import Node
public import Packets

/// What has not come, and what was asked for again (Protocol, "Repair").
extension Ledger {
  func note(_ head: Action.Head, of author: Author) throws {
    try db.execute(
      query: """
        INSERT INTO head (author, stream, last) SELECT ?1, ?2, ?3
          WHERE \(Self.isKnown) OR (SELECT COUNT(*) FROM head WHERE author = ?1) < ?4
        ON CONFLICT (author, stream) DO UPDATE SET last = MAX(last, excluded.last)
        """, arguments: [author.text, head.stream.text, Int64(clamping: head.last), settings.rules.streamsOfAContact])
  }

  func note(asked missing: Action.Missing, of author: Author) throws {
    try db.execute(
      query: "INSERT OR REPLACE INTO asked (author, missing) VALUES (?, ?)", arguments: [author.text, try JSON.text(missing)])
  }

  func asked(of author: Author) throws -> Action.Missing {
    try String.fetchOne(db, query: "SELECT missing FROM asked WHERE author = ?", arguments: [author.text])
      .map { try JSON.read(Action.Missing.self, $0) } ?? Action.Missing()
  }

  func close(_ missing: Action.Missing, of author: Author) throws {
    for range in missing.ranges { try close(range.stream.text, range.first, range.last, of: author, if: Self.isKnown) }
    for blob in missing.blobs {
      try close(blob.text, 0, 0, of: author, if: "EXISTS (SELECT 1 FROM packet_blob WHERE sha256 = ?2)")
    }
  }

  /// A stream of somebody's that we have heard of: nobody fills our tables with others.
  private static let isKnown = """
    (EXISTS (SELECT 1 FROM stream WHERE author = ?1 AND id = ?2) OR EXISTS (SELECT 1 FROM head WHERE author = ?1 AND stream = ?2)
      OR EXISTS (SELECT 1 FROM membership WHERE author = ?1 AND stream = ?2))
    """

  private func close(
    _ stream: String, _ first: UInt64, _ last: UInt64, of author: Author, if condition: String
  ) throws {
    try db.execute(
      query: """
        INSERT INTO closed (author, stream, first, last) SELECT ?1, ?2, ?3, ?4 WHERE \(condition)
        ON CONFLICT (author, stream, first) DO UPDATE SET last = MAX(last, excluded.last)
        """, arguments: [author.text, stream, Int64(clamping: first), Int64(clamping: last)])
  }

  // MARK: Theirs

  func isMissing(before place: Packet.Stream, of author: Author) throws -> Bool {
    guard let first = try firstNumber(of: place, by: author), place.sequence > first else { return false }
    return try !isHere(place.sequence - 1, in: place.id, of: author)
  }

  private func isHere(_ sequence: UInt64, in stream: StreamID, of author: Author) throws -> Bool {
    try Bool.fetchOne(
      db,
      query: """
        SELECT EXISTS (SELECT 1 FROM packet WHERE author = ?1 AND stream = ?2 AND sequence = ?3 AND sender = author)
          OR EXISTS (SELECT 1 FROM closed WHERE author = ?1 AND stream = ?2 AND ?3 BETWEEN first AND last)
        """, arguments: [author.text, stream.text, Int64(clamping: sequence)]) ?? false
  }

  /// From which number on a stream is for us. Of a circle's, only a membership says so.
  private func firstNumber(of place: Packet.Stream, by author: Author) throws -> UInt64? {
    if place.to != nil { return 1 }
    return try Int64.fetchOne(
      db, query: "SELECT first FROM membership WHERE author = ? AND stream = ? AND member = ?",
      arguments: [author.text, place.id.text, try myself().author.text]
    ).map { UInt64(clamping: $0) }
  }

  func missing(of author: Author, atMost count: Int) throws -> Action.Missing {
    var missing = Action.Missing()
    let me = try myself().author.text
    let streams = try Row.fetchAll(
      db,
      query: """
        SELECT id, first, membership.last AS last FROM stream LEFT JOIN membership
          ON membership.author = stream.author AND membership.stream = stream.id AND membership.member = ?2
        WHERE stream.author = ?1 AND (first IS NOT NULL OR peer = ?2)
        UNION SELECT stream, first, last FROM membership WHERE author = ?1 AND member = ?2
        -- Of which nothing has come yet: its author knows best what of it is for us.
        UNION SELECT stream, 1, NULL FROM head WHERE author = ?1
          AND NOT EXISTS (SELECT 1 FROM stream WHERE stream.author = ?1 AND stream.id = head.stream)
          AND NOT EXISTS (SELECT 1 FROM membership WHERE membership.author = ?1 AND membership.stream = head.stream)
        """, arguments: [author.text, me])
    for row in streams {
      guard let stream = StreamID(text: row["id"] as String), missing.ranges.count < count else { continue }
      let (first, last): (Int64, Int64) = (row["first"] ?? 1, row["last"] ?? Self.withoutEnd)
      for gap in try gaps(in: stream, of: author, from: first, to: last).prefix(count - missing.ranges.count) {
        missing.ranges.append(gap)
      }
    }
    let blobs = try String.fetchAll(
      db,
      query: """
        SELECT DISTINCT packet_blob.sha256 FROM packet JOIN packet_blob ON packet_blob.packet = packet.sha256
        WHERE packet.sender = ?1 AND packet.verdict = 'done' AND packet.received < ?2
          AND NOT EXISTS (SELECT 1 FROM blob WHERE blob.sha256 = packet_blob.sha256)
          AND NOT EXISTS (SELECT 1 FROM closed WHERE author = ?1 AND stream = packet_blob.sha256)
          AND NOT EXISTS (SELECT 1 FROM tombstone WHERE tombstone.author = packet.author AND tombstone.id = packet.id)
        LIMIT ?3
        """, arguments: [author.text, now.adding(seconds: -settings.rules.patience).milliseconds, count])
    missing.blobs = blobs.compactMap { Hash(text: $0) }
    return missing
  }

  /// Between the first number that is for us, what is here, what is closed, and how far the stream is known to reach.
  private func gaps(in stream: StreamID, of author: Author, from first: Int64, to last: Int64) throws -> [Action.Missing.Range] {
    let here = try Row.fetchAll(
      db,
      query: """
        SELECT sequence AS first, sequence AS last FROM packet WHERE author = ?1 AND stream = ?2 AND sequence >= ?3 AND sender = author
        UNION ALL SELECT first, last FROM closed WHERE author = ?1 AND stream = ?2 ORDER BY 1
        """, arguments: [author.text, stream.text, first])
    let told =
      try Int64.fetchOne(
        db, query: "SELECT last FROM head WHERE author = ? AND stream = ?", arguments: [author.text, stream.text])
      ?? 0
    var gaps: [Action.Missing.Range] = []
    var next = first
    func close(at end: Int64) {
      guard next < end else { return }
      gaps.append(.init(stream: stream, first: UInt64(clamping: next), last: UInt64(clamping: end - 1)))
    }
    for row in here {
      let (begin, end): (Int64, Int64) = (row["first"], row["last"])
      close(at: min(begin, last &+ 1))
      next = max(next, min(end, Self.withoutEnd) + 1)
    }
    close(at: min(told, last) + 1)
    return gaps
  }

  func isHere(_ blob: Hash) throws -> Bool {
    try Bool.fetchOne(db, query: "SELECT EXISTS (SELECT 1 FROM blob WHERE sha256 = ?)", arguments: [blob.text]) ?? false
  }

  // MARK: Ours

  func span(of stream: StreamID, for author: Author) throws -> (first: UInt64, last: UInt64)? {
    let row = try Row.fetchOne(
      db,
      query: """
        SELECT membership.first AS first, MIN(COALESCE(membership.last, stream.next - 1), (SELECT COALESCE(MAX(sequence), 0)
          FROM packet WHERE packet.author = stream.author AND packet.stream = stream.id)) AS last
        FROM stream LEFT JOIN membership ON membership.author = stream.author AND membership.stream = stream.id
          AND membership.member = ?3
        WHERE stream.author = ?1 AND stream.id = ?2 AND (membership.first IS NOT NULL OR stream.peer = ?3)
        """, arguments: [try myself().author.text, stream.text, author.text])
    guard let row else { return nil }
    return (UInt64(clamping: row["first"] as Int64? ?? 1), UInt64(clamping: row["last"] as Int64? ?? 0))
  }

  func packet(with blob: Hash, for author: Author) throws -> KnownPacket? {
    let me = try myself().author
    let names = try Row.fetchAll(
      db,
      query: """
        SELECT packet.author, packet.id FROM packet_blob JOIN packet ON packet.sha256 = packet_blob.packet
        WHERE packet_blob.sha256 = ?1 AND packet.author = ?2
        UNION SELECT packet.author, packet.id FROM packet_blob
          JOIN packet_embedded ON packet_embedded.sha256 = packet_blob.packet
          JOIN packet ON packet.sha256 = packet_embedded.carrier
        WHERE packet_blob.sha256 = ?1 AND packet.author = ?2
        """, arguments: [blob.text, me.text]
    ).map { PacketName(author: try $0.author("author"), id: try $0.packetID("id")) }
    for name in names {
      guard let known = try packet(name), let stream = known.stream, let span = try span(of: stream.id, for: author),
        (span.first...max(span.first, span.last)).contains(stream.sequence)
      else { continue }
      return known
    }
    return nil
  }

  func isUnderWay(_ packet: PacketName, to author: Author) throws -> Bool {
    try Bool.fetchOne(
      db,
      query: """
        SELECT EXISTS (SELECT 1 FROM packet JOIN body_packet ON body_packet.packet = packet.sha256
          JOIN outpacket ON outpacket.body = body_packet.body
          WHERE packet.author = ? AND packet.id = ? AND outpacket.recipient = ? AND outpacket.state IN ('sealing', 'waiting'))
        """, arguments: [packet.author.text, packet.id.text, author.text]) ?? false
  }

  func resent(to author: Author, since: Instant) throws -> Int {
    // What was written a while before it was queued for one alone.
    try Int.fetchOne(
      db,
      query: """
        SELECT COUNT(*) FROM body JOIN body_packet ON body_packet.body = body.number
          JOIN packet ON packet.sha256 = body_packet.packet
        WHERE body.form = 'one' AND body.recipients = ? AND body.queued > ? AND packet.created < body.queued - 60000
        """, arguments: [try JSON.text([author.text]), since.milliseconds]) ?? 0
  }

  func heads(for author: Author, movedSince: Instant) throws -> [(head: Action.Head, moved: Instant)] {
    try Row.fetchAll(
      db,
      query: """
        SELECT id, reached, moved FROM (
          SELECT stream.rowid AS age, stream.id AS id, COALESCE(membership.first, 1) AS first,
            (SELECT MAX(sequence) FROM packet WHERE packet.author = stream.author AND packet.stream = stream.id) AS reached,
            (SELECT created FROM packet WHERE packet.author = stream.author AND packet.stream = stream.id
              ORDER BY sequence DESC LIMIT 1) AS moved
          FROM stream LEFT JOIN membership ON membership.author = stream.author AND membership.stream = stream.id
            AND membership.member = ?2
          WHERE stream.author = ?1 AND (stream.peer = ?2 OR membership.last = ?3))
        WHERE reached >= first AND moved > ?4 ORDER BY age DESC LIMIT 64
        """, arguments: [try myself().author.text, author.text, Self.withoutEnd, movedSince.milliseconds]
    ).compactMap { row in
      StreamID(text: row["id"] as String).map {
        (Action.Head(stream: $0, last: UInt64(clamping: row["reached"] as Int64)), row.instant("moved"))
      }
    }
  }

  func headsTold() throws -> Instant? {
    try Int64.fetchOne(
      db, query: "SELECT MAX(created) FROM packet WHERE author = ? AND kind = 'heads'", arguments: [try myself().author.text]
    ).map(Instant.init(milliseconds:))
  }

  func due(_ alarm: Alarm) throws -> Instant? {
    try Int64.fetchOne(db, query: "SELECT due FROM timer WHERE alarm = ?", arguments: [try JSON.text(alarm)])
      .map(Instant.init(milliseconds:))
  }
}

extension Transaction {
  /// A number that came and was refused for what stands in it: it is not asked for again.
  public func close(_ number: UInt64, of stream: StreamID, by author: Author) throws {
    try ledger.close(Action.Missing(ranges: [.init(stream: stream, first: number, last: number)]), of: author)
  }
}
