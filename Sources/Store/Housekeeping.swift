internal import FoundationEssentials
internal import GRDB
public import Packets

/// What waited in vain, and what nobody will ask for again.
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

  /// Forgets copies that were over before a moment, and the sealings that have no copy left.
  ///
  /// - Returns: the Message-IDs of those that had failed, whose files may go.
  public func forgetCopies(queuedBefore moment: Instant, at now: Instant) async throws -> [String] {
    try await write(at: now) { ledger in
      let isOver = "state IN ('handed over', 'bounced', 'dropped', 'failed') AND queued < ?"
      let failed = try String.fetchAll(
        ledger.db, query: "SELECT message_id FROM outpacket WHERE \(isOver) AND state = 'failed'",
        arguments: [moment.milliseconds])
      try ledger.db.execute(query: "DELETE FROM outpacket WHERE \(isOver)", arguments: [moment.milliseconds])
      let isEmpty = """
        state IN ('sealed', 'gone') AND queued < ? AND NOT EXISTS (SELECT 1 FROM outpacket WHERE outpacket.body = body.number)
        """
      try ledger.db.execute(
        query: "DELETE FROM body_packet WHERE body IN (SELECT number FROM body WHERE \(isEmpty))",
        arguments: [moment.milliseconds])
      try ledger.db.execute(query: "DELETE FROM body WHERE \(isEmpty)", arguments: [moment.milliseconds])
      return failed
    }
  }
}
