internal import Feed
internal import FoundationEssentials
internal import GRDB
internal import Packets

/// Keys that are not what they were.
extension Ledger {
  func retire(_ key: FormerKey) throws {
    try db.execute(
      query: """
        INSERT OR REPLACE INTO former_key (fingerprint, author, certificate, successor, revision, since, revoked)
        VALUES (?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        key.fingerprint.text, key.author.text, key.certificate.data, key.successor?.text ?? "", Int64(clamping: key.revision),
        key.since.milliseconds, key.isRevoked,
      ])
  }

  func formerKey(_ fingerprint: Fingerprint) throws -> FormerKey? {
    try Row.fetchOne(db, query: "SELECT * FROM former_key WHERE fingerprint = ?", arguments: [fingerprint.text])
      .map(Self.formerKey)
  }

  private static func formerKey(_ row: Row) throws -> FormerKey {
    FormerKey(
      author: try row.author("author"), fingerprint: try row.fingerprint("fingerprint"), certificate: row.bytes("certificate"),
      successor: Fingerprint(text: row["successor"] as String), revision: UInt64(clamping: row["revision"] as Int64),
      since: row.instant("since"), isRevoked: row["revoked"])
  }
}
