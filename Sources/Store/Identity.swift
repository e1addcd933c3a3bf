public import Feed
internal import FoundationEssentials
internal import GRDB
internal import Node
public import Packets

extension Store {
  /// Whether an account was set up here.
  public func hasIdentity() async throws(StoreFailure) -> Bool {
    try await read { try Bool.fetchOne($0.db, sql: "SELECT EXISTS (SELECT 1 FROM identity)") ?? false }
  }

  /// Begins an account: the author key, the stream to everyone, and the first profile.
  ///
  /// - Parameters:
  ///   - key: the author's secret key, which the journal keeps from now on.
  ///   - myself: the user.
  public func begin(_ key: SecretKey, _ myself: Myself, at now: Instant) async throws {
    try await write(at: now) { ledger in
      try ledger.insertIdentity(key, myself)
      ledger.records.append(.authorKey(seed: key.seed))
      ledger.records.append(.myself(myself))
      let id = ledger.newPacketID()
      try ledger.handle(.wish(.setProfile(field: "name", value: myself.name), id: id, through: .command))
    }
  }
}

extension Ledger {
  func insertIdentity(_ key: SecretKey, _ myself: Myself) throws {
    try db.execute(
      sql: "INSERT INTO identity (only, author, seed, myself) VALUES (1, ?, ?, ?)",
      arguments: [myself.author.text, key.seed.data, try JSON.text(myself)])
  }
}
