internal import FoundationEssentials
internal import GRDB
public import Packets

/// What waited in vain, and what nobody will ask for again: so that no table grows but with what the user can read
/// (article "Data on disk", "What is forgotten").
extension Store {
  /// Parcels that were held before a moment and whose accept never came, and mails about which the user was asked before another one
  /// and never answered.
  public func waitedInVain(heldBefore: Instant, askedBefore: Instant) async throws(StoreFailure) -> [Inpacket] {
    try await read { ledger in
      try Row.fetchAll(
        ledger.db, query: "SELECT * FROM inpacket WHERE state = 'held' AND arrived < ? OR state = 'asked' AND arrived < ?",
        arguments: [heldBefore.milliseconds, askedBefore.milliseconds]
      ).compactMap(Inpacket.init)
    }
  }

  /// Received things that are set aside beside so many newer ones.
  public func asideBeyond(_ count: Int) async throws(StoreFailure) -> [Inpacket] {
    try await read { ledger in
      try Row.fetchAll(
        ledger.db,
        query: """
          SELECT inpacket.* FROM trouble JOIN inpacket ON inpacket.sha256 = trouble.subject
          WHERE trouble.stage = 'inpacket' AND aside = 1 ORDER BY since DESC, subject LIMIT -1 OFFSET ?
          """, arguments: [count]
      ).compactMap(Inpacket.init)
    }
  }

  /// Forgets what was over before a moment.
  ///
  /// - Parameters:
  ///   - moment: what was over then is forgotten.
  ///   - lettersBefore: letters made before are recognised no more.
  ///   - now: the present.
  /// - Returns: the Message-IDs of copies that had failed, and the pictures that nothing shows any more: their files may go.
  public func forget(
    before moment: Instant, lettersBefore: Instant, at now: Instant
  ) async throws -> (messageIDs: [String], blobs: [Hash]) {
    try await write(at: now) { ledger in
      let messageIDs = try ledger.forgetCopies(before: moment)
      try ledger.forgetReceived(before: moment)
      try ledger.forgetWords(before: moment, lettersBefore: lettersBefore)
      try ledger.forgetPackets(before: moment)
      try ledger.forgetTroubles(before: moment)
      return (messageIDs, try ledger.forgetBlobs())
    }
  }
}

extension Ledger {
  /// So many rows of what was refused and of what was noticed are kept; the command shows no more.
  static let keptRows = 1000
  /// So many links of the journal's chain: only the newest is ever continued.
  private static let keptLinks = 10_000

  /// Copies that are over, and sealings that have no copy left.
  fileprivate func forgetCopies(before moment: Instant) throws -> [String] {
    let isOver = "state IN ('handed over', 'bounced', 'dropped', 'failed') AND queued < ?"
    let failed = try String.fetchAll(
      db, query: "SELECT message_id FROM outpacket WHERE \(isOver) AND state = 'failed'", arguments: [moment.milliseconds])
    try db.execute(query: "DELETE FROM outpacket WHERE \(isOver)", arguments: [moment.milliseconds])
    let isEmpty = """
      state IN ('sealed', 'gone') AND queued < ? AND NOT EXISTS (SELECT 1 FROM outpacket WHERE outpacket.body = body.number)
      """
    try db.execute(
      query: "DELETE FROM body_packet WHERE body IN (SELECT number FROM body WHERE \(isEmpty))", arguments: [moment.milliseconds])
    try db.execute(query: "DELETE FROM body WHERE \(isEmpty)", arguments: [moment.milliseconds])
    return failed
  }

  /// What was received and is done with at its source. Should it come again, its packets are known.
  fileprivate func forgetReceived(before moment: Instant) throws {
    let yesterday = now.adding(seconds: -86_400)
    let isOver = "state = 'done' AND arrived < ?1 AND taken < ?2"
    let arguments: StatementArguments = [moment.milliseconds, yesterday.milliseconds]
    try db.execute(
      query: "DELETE FROM origin WHERE settled = 1 AND sha256 IN (SELECT sha256 FROM inpacket WHERE \(isOver))",
      arguments: arguments)
    try db.execute(
      query: "DELETE FROM inpacket WHERE \(isOver) AND NOT EXISTS (SELECT 1 FROM origin WHERE origin.sha256 = inpacket.sha256)",
      arguments: arguments)
    let gone = db.changesCount
    let before = try String.fetchOne(db, query: "SELECT value FROM setting WHERE name = 'inpackets-forgotten'")
    try db.execute(
      query: "INSERT OR REPLACE INTO setting (name, value) VALUES ('inpackets-forgotten', ?)",
      arguments: [String(gone + (before.flatMap(Int.init) ?? 0))])
  }

  /// Refusals, notices, letters, and what has ended by itself.
  fileprivate func forgetWords(before moment: Instant, lettersBefore: Instant) throws {
    for table in ["refusal", "notice"] {
      try db.execute(
        query: "DELETE FROM \(table) WHERE number <= (SELECT MAX(number) FROM \(table)) - ?", arguments: [Self.keptRows])
    }
    // The last digest is what `#3` counts in.
    try db.execute(
      query: """
        DELETE FROM digest WHERE made < ?
          AND token IS NOT (SELECT token FROM digest WHERE kind = 'digest' ORDER BY made DESC, rowid DESC LIMIT 1)
        """, arguments: [lettersBefore.milliseconds])
    for (table, column) in [("old_half", "until"), ("mute", "until"), ("invitation", "expires")] {
      try db.execute(query: "DELETE FROM \(table) WHERE \(column) < ?", arguments: [moment.milliseconds])
    }
    // A mail acts once for ever, since a mailbox is for ever; the file that another program dropped is gone.
    try db.execute(query: "DELETE FROM act WHERE fingerprint LIKE 'file:%' AND at < ?", arguments: [moment.milliseconds])
    try db.execute(
      query: """
        DELETE FROM shown WHERE (target LIKE 'request:%' AND substr(target, 9) NOT IN (SELECT id FROM request)
            OR target LIKE 'profile:%' AND substr(target, 9) NOT IN (SELECT profile FROM contact))
          AND NOT EXISTS (SELECT 1 FROM digest WHERE instr(content, target) > 0)
        """)
  }

  /// Requests that came to nothing, and the bytes of what the mailbox alone needs: the journal.
  fileprivate func forgetPackets(before moment: Instant) throws {
    try db.execute(
      query: """
        DELETE FROM packet WHERE kind = 'contact-request' AND taken < ?1 AND received < ?1
          AND author NOT IN (SELECT author FROM contact) AND author NOT IN (SELECT author FROM identity)
          AND id NOT IN (SELECT id FROM request)
        """, arguments: [moment.milliseconds])
    try db.execute(
      query: """
        DELETE FROM decision WHERE said = 'forgotten'
          AND request NOT IN (SELECT id FROM packet WHERE kind = 'contact-request')
        """)
    // Their names stay: so one that is met again is known as one's own.
    try db.execute(
      query: """
        UPDATE packet SET bytes = x'' WHERE kind = 'journal' AND author = (SELECT author FROM identity) AND created < ?
          AND bytes <> x'' AND NOT EXISTS (SELECT 1 FROM body_packet JOIN body ON body.number = body_packet.body
            WHERE body_packet.packet = packet.sha256 AND body.state IN ('open', 'sealing', 'aside'))
        """, arguments: [moment.milliseconds])
    try db.execute(
      query: "DELETE FROM journal WHERE number <= (SELECT MAX(number) FROM journal) - ?", arguments: [Self.keptLinks])
  }

  /// Troubles whose thing is gone.
  func forgetTroubles(before moment: Instant) throws {
    try db.execute(
      query: """
        DELETE FROM trouble WHERE
          stage = 'inpacket' AND subject NOT IN (SELECT sha256 FROM inpacket WHERE state <> 'done')
          OR stage = 'body' AND subject NOT IN (SELECT CAST(number AS TEXT) FROM body)
          OR stage = 'alarm' AND subject NOT IN (SELECT alarm FROM timer)
          OR stage = 'letter' AND subject NOT IN (SELECT CAST(number AS TEXT) FROM at_once)
          OR stage = 'item' AND subject IN (SELECT target FROM shown)
          OR stage = 'file' AND since < ?
        """, arguments: [moment.milliseconds])
  }

  /// Pictures of what was taken back or had no effect, and such as no packet names, a day after they came.
  fileprivate func forgetBlobs() throws -> [Hash] {
    let gone = try String.fetchAll(
      db,
      query: """
        SELECT sha256 FROM blob WHERE received < ?
          AND NOT EXISTS (SELECT 1 FROM packet_blob JOIN packet ON packet.sha256 = packet_blob.packet
            WHERE packet_blob.sha256 = blob.sha256 AND packet.verdict <> 'silent'
              AND NOT EXISTS (SELECT 1 FROM tombstone WHERE tombstone.author = packet.author AND tombstone.id = packet.id))
          AND NOT EXISTS (SELECT 1 FROM draft WHERE instr(content, blob.sha256) > 0)
          AND NOT EXISTS (SELECT 1 FROM body JOIN body_packet ON body_packet.body = body.number
            WHERE body.state IN ('open', 'sealing', 'aside') AND instr(body_packet.blobs, blob.sha256) > 0)
        """, arguments: [now.adding(seconds: -86_400).milliseconds])
    for sha256 in gone { try db.execute(query: "DELETE FROM blob WHERE sha256 = ?", arguments: [sha256]) }
    return gone.compactMap(Hash.init(text:))
  }
}
