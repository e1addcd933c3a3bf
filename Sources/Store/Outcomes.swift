internal import Drivers
internal import Feed
internal import FoundationEssentials
internal import GRDB
internal import Packets

/// What becomes of copies on their way.
extension Ledger {
  /// Whether the copy is over and done with.
  mutating func record(_ outcome: Outcome, of outpacket: Outpacket) throws -> Bool {
    switch outcome {
    case .handedOver(let reply):
      try db.execute(
        query: "UPDATE outpacket SET state = 'handed over', last_reply = ?, sent = ?, attempts = attempts + 1 WHERE id = ?",
        arguments: [reply, now.milliseconds, outpacket.id])
      return true
    case .refused(let reason):
      // One's own pieces are the log, which must have no holes: a full or locked mailbox is waited for.
      if outpacket.append == .own { return try wait(outpacket, reason, after: nil) }
      if let next = try nextEndpoint(after: outpacket) {
        try db.execute(
          query:
            "UPDATE outpacket SET state = 'waiting', endpoint = ?, next_attempt = 0, attempts = 0, last_reply = ? WHERE id = ?",
          arguments: [next, reason, outpacket.id])
        return false
      }
      try fail(outpacket, reason)
      return false
    case .deferred(let reason, let after): return try wait(outpacket, reason, after: after)
    case .ambiguous(let reason): return try wait(outpacket, "sent, but the answer was lost: \(reason)", after: nil)
    case .unreachable(let reason): return try wait(outpacket, reason, after: nil)
    }
  }

  private func nextEndpoint(after outpacket: Outpacket) throws -> String? {
    // A move-check that came to another endpoint would prove the wrong one.
    guard outpacket.kind != "move-check", let author = Author(text: outpacket.recipient) else { return nil }
    let endpoints = try endpoints(of: author)
    guard let index = endpoints.firstIndex(of: outpacket.endpoint) else { return nil }
    return endpoints[(index + 1)...].first(where: settings.claims)
  }

  static let givenUp = "given up after 5 days"

  /// 1, 5, 15, 60 minutes, then hourly, for 5 days (Mailbox etiquette, "SMTP").
  private func wait(_ outpacket: Outpacket, _ reason: String, after: Instant?) throws -> Bool {
    // Not because of a clock that has gone wrong.
    let since = max(outpacket.queued, try moment("awake-since") ?? outpacket.queued)
    if outpacket.append != .own, since.adding(seconds: 5 * 86_400) < now {
      try fail(outpacket, outpacket.lastReply.hasPrefix(Self.givenUp) ? outpacket.lastReply : "\(Self.givenUp): \(reason)")
      return false
    }
    let minutes: [Int64] = [1, 5, 15, 60]
    let pause = minutes[min(outpacket.attempts, minutes.count - 1)]
    let next = max(now.adding(seconds: pause * 60), after ?? now)
    try db.execute(
      query: "UPDATE outpacket SET attempts = attempts + 1, next_attempt = ?, last_reply = ? WHERE id = ?",
      arguments: [next.milliseconds, reason, outpacket.id])
    return false
  }

  func fail(_ outpacket: Outpacket, _ reason: String) throws {
    try db.execute(
      query: "UPDATE outpacket SET state = 'failed', attempts = attempts + 1, last_reply = ? WHERE id = ?",
      arguments: [reason, outpacket.id])
    let whom = try Author(text: outpacket.recipient).flatMap { try contact($0)?.name } ?? outpacket.recipient
    try notice(kind: "not delivered", said: "A \(outpacket.kind) did not reach \(whom): \(reason)")
  }

  /// The copies of a body of which something holds.
  func copies(of body: Int64, _ condition: String, _ arguments: StatementArguments = []) throws -> [Outpacket] {
    try Row.fetchAll(db, query: "SELECT * FROM outpacket WHERE body = ? AND \(condition)", arguments: [body] + arguments)
      .map(Outpacket.init)
  }

  /// What was handed over came back. Its bytes are gone by now: the same packets are sealed once more for the next endpoint.
  mutating func bounce(_ outpacket: Outpacket, _ said: String) throws {
    try db.execute(query: "UPDATE outpacket SET state = 'bounced', last_reply = ? WHERE id = ?", arguments: [said, outpacket.id])
    guard outpacket.body > 0, let next = try nextEndpoint(after: outpacket) else {
      return try fail(outpacket, "bounced: \(said)")
    }
    try db.execute(
      query: """
        INSERT INTO body (form, recipients, state, priority, queued, parts, bytes, signer)
        SELECT 'one', ?, 'sealing', priority, ?, parts, bytes, signer FROM body WHERE number = ?
        """, arguments: [try JSON.text([outpacket.recipient]), now.milliseconds, outpacket.body])
    let body = db.lastInsertedRowID
    try db.execute(
      query: """
        INSERT INTO body_packet (body, position, packet, blobs) SELECT ?, position, packet, blobs FROM body_packet WHERE body = ?
        """, arguments: [body, outpacket.body])
    try insertCopy(of: body, outpacket.kind, to: outpacket.recipient, endpoint: next)
  }

  /// Nothing goes before the journal of its decision is sealed (Architecture, "Three commits on the way out").
  static let isJournalled = """
    queued < COALESCE((SELECT MIN(body.queued) FROM body WHERE body.state IN ('open', 'sealing') AND body.form = 'own'),
      9223372036854775807)
    """

  /// Queues a mail that lies ready under `outpackets/`, named by its Message-ID's local part.
  func queueLetter(
    messageID: String, kind: String, to endpoint: String, append: Consignment.AppendTarget?
  ) throws {
    try db.execute(
      query: """
        INSERT INTO outpacket (recipient, endpoint, append, message_id, kind, queued, state)
        VALUES (?, ?, ?, ?, ?, ?, 'waiting')
        """, arguments: [endpoint, endpoint, append?.rawValue ?? "", messageID, kind, now.milliseconds])
  }
}
