internal import Feed
internal import FoundationEssentials
internal import GRDB
internal import Packets

/// Where people say to be reached.
extension Ledger {
  func note(_ move: Move) throws {
    try db.execute(
      query: "INSERT OR REPLACE INTO move (author, revision, endpoints, nonce, asked) VALUES (?, ?, ?, ?, ?)",
      arguments: [
        move.author.text, Int64(clamping: move.revision), try JSON.text(move.endpoints), move.nonce.data, move.asked.milliseconds,
      ])
  }

  func move(of author: Author) throws -> Move? {
    try Row.fetchOne(db, query: "SELECT * FROM move WHERE author = ?", arguments: [author.text]).map { row in
      Move(
        author: author, revision: UInt64(clamping: row["revision"] as Int64),
        endpoints: try JSON.read([String].self, row["endpoints"]),
        nonce: row.bytes("nonce"), asked: row.instant("asked"))
    }
  }

  func isReachable(_ endpoint: String) -> Bool { settings.claims(endpoint) }

  func written(_ kind: String, to author: Author, since: Instant) throws -> Int {
    try Int.fetchOne(
      db, query: "SELECT COUNT(*) FROM packet WHERE author = ? AND kind = ? AND recipient = ? AND created > ?",
      arguments: [try myself().author.text, kind, author.text, since.milliseconds]) ?? 0
  }
}
