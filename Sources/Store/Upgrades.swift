internal import Feed
internal import GRDB
internal import Node
internal import Packets

/// What a version that is newer than the one before can do with what waited for it.
extension Ledger {
  /// Packets that were held because they needed a newer version are decided now, as far as this one reads them. They take their place
  /// among what came when they came, and the user is shown them anew.
  mutating func readHeldAgain() throws {
    for row in try Row.fetchAll(db, query: "SELECT * FROM packet WHERE verdict = 'held' ORDER BY number") {
      let arrival = try arrival(row)
      guard case .understood = arrival.read else { continue }
      let name = arrival.read.name
      try forget(name)
      try db.execute(
        query: "DELETE FROM feed WHERE author = ? AND id = ? AND kind = 'held'", arguments: [name.author.text, name.id.text])
      for case .refuse(_, let reason) in try handle(.packet(arrival)) { try enact(.keep(arrival, .silent(reason: reason))) }
    }
  }
}
