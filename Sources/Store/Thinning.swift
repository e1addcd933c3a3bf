internal import Feed
internal import FoundationEssentials
internal import GRDB
public import Packets

/// How far the own folder was thinned.
public struct Thinness: Hashable, Sendable, Codable {
  /// When it was last done.
  public var at: Instant
  /// The folder's UIDVALIDITY.
  public var validity: UInt32
  /// Up to this UID, what a snapshot holds lies there in no other mail.
  public var uid: UInt32
}

extension Store {
  /// How far the own folder was thinned, if ever by this database.
  public func thinned() async throws(StoreFailure) -> Thinness? {
    try await read { ledger in try ledger.thinness() }
  }

  /// The own folder was thinned, and is done with up to a snapshot; with no new one, as far as before.
  public func thinned(through uid: UInt32?, validity: UInt32, at now: Instant) async throws {
    try await write(at: now) { ledger in
      let before = try ledger.thinness()
      let thinness =
        uid.map { Thinness(at: now, validity: validity, uid: $0) }
        ?? Thinness(at: now, validity: before?.validity ?? 0, uid: before?.uid ?? 0)
      try ledger.db.execute(
        query: "INSERT OR REPLACE INTO setting (name, value) VALUES ('thinned', ?)", arguments: [try JSON.text(thinness)])
    }
  }

  /// A Message-ID for a mail of our own that is put into the own folder at once; from now on it is known as ours.
  public func nameForOwnMail(kind: String, at now: Instant) async throws -> String {
    try await write(at: now) { ledger in
      let messageID = ledger.newMessageID()
      try ledger.db.execute(
        query: """
          INSERT INTO outpacket (recipient, endpoint, append, message_id, kind, queued, state)
          VALUES (?, '', 'own', ?, ?, ?, 'handed over')
          """, arguments: [try ledger.myself().author.text, messageID, kind, now.milliseconds])
      return messageID
    }
  }
}

extension Ledger {
  fileprivate func thinness() throws -> Thinness? {
    try String.fetchOne(db, query: "SELECT value FROM setting WHERE name = 'thinned'").map { try JSON.read(Thinness.self, $0) }
  }
}
