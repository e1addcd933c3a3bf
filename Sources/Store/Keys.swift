internal import Feed
internal import FoundationEssentials
internal import GRDB
internal import Node
public import Packets

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

  func formerKeys(of author: Author) throws -> [FormerKey] {
    try Row.fetchAll(db, query: "SELECT * FROM former_key WHERE author = ? ORDER BY since, fingerprint", arguments: [author.text])
      .map(Self.formerKey)
  }

  func people(in state: Contact.State) throws -> [Contact] {
    try Row.fetchAll(db, query: "SELECT * FROM contact WHERE state = ?", arguments: [state.rawValue]).map(Self.contact)
      .sorted { $0.author.key.lexicographicallyPrecedes($1.author.key) }
  }

  /// The key of ours that was the present one at a moment.
  func ownKey(at moment: Instant) throws -> Fingerprint {
    let myself = try myself()
    return try formerKeys(of: myself.author).first { $0.successor != nil && $0.since >= moment }?.fingerprint
      ?? myself.fingerprint
  }

  /// What a packet is sealed by: the key that was the present one when this transaction began; a word about a new key by the one before,
  /// which its readers know.
  func sealer(of packet: Hash, _ kind: String) throws -> Fingerprint {
    guard kind == "key-change" else { return try remembered.sealer ?? myself().fingerprint }
    let signer = try String.fetchOne(db, query: "SELECT signer FROM packet WHERE sha256 = ?", arguments: [packet.text])
    return try signer.flatMap { Fingerprint(text: $0) } ?? myself().fingerprint
  }

  private static func formerKey(_ row: Row) throws -> FormerKey {
    FormerKey(
      author: try row.author("author"), fingerprint: try row.fingerprint("fingerprint"), certificate: row.bytes("certificate"),
      successor: Fingerprint(text: row["successor"] as String), revision: UInt64(clamping: row["revision"] as Int64),
      since: row.instant("since"), isRevoked: row["revoked"])
  }
}

extension Store {
  /// The account's own keys, the present one first; none before there is an account.
  public func ownKeys() async throws(StoreFailure) -> [Fingerprint] {
    try await read { ledger in
      guard try Bool.fetchOne(ledger.db, query: "SELECT EXISTS (SELECT 1 FROM identity)") ?? false else { return [] }
      let myself = try ledger.myself()
      return [myself.fingerprint] + (try ledger.formerKeys(of: myself.author).filter { $0.successor != nil }.map(\.fingerprint))
    }
  }

  /// The highest revision of a change of the own key.
  public func newestKeyRevision() async throws(StoreFailure) -> UInt64 {
    try await read { ledger in try ledger.formerKeys(of: ledger.myself().author).map(\.revision).max() ?? 0 }
  }

  /// Whether the newest profile is bound to another key than the present one.
  public func isProfileBoundToAFormerKey() async throws(StoreFailure) -> Bool {
    try await read { ledger in
      let myself = try ledger.myself()
      guard let newest = try ledger.newestProfile(of: myself.author),
        case .profile(let profile)? = try ledger.packet(newest)?.action
      else { return false }
      return profile.binding.fingerprint != myself.fingerprint
    }
  }
}
