public import Feed
internal import FoundationEssentials
internal import GRDB
internal import Node
public import Packets

extension Store {
  /// Whether an account was set up here.
  public func hasIdentity() async throws(StoreFailure) -> Bool {
    try await read { try Bool.fetchOne($0.db, query: "SELECT EXISTS (SELECT 1 FROM identity)") ?? false }
  }

  /// Whether nothing was ever said here, and nobody was met: what a set-up leaves that was cut off.
  public func isUntouched() async throws(StoreFailure) -> Bool {
    try await read { ledger in
      try Bool.fetchOne(
        ledger.db,
        query: """
          SELECT NOT EXISTS (SELECT 1 FROM contact) AND NOT EXISTS (SELECT 1 FROM invitation) AND NOT EXISTS (SELECT 1 FROM draft)
            AND NOT EXISTS (SELECT 1 FROM outpacket WHERE state = 'handed over')
            AND NOT EXISTS (SELECT 1 FROM packet WHERE kind NOT IN ('profile', 'journal'))
          """) ?? false
    }
  }

  /// The author's signature over a text that is no packet: its label says what it is.
  public func sign(_ text: [UInt8]) async throws(StoreFailure) -> [UInt8] {
    try await read { ledger in
      guard let seed = try Data.fetchOne(ledger.db, query: "SELECT seed FROM identity"), let key = SecretKey(seed: [UInt8](seed))
      else { throw StoreFailure.noIdentity }
      return key.sign(text)
    }
  }

  /// Begins an account: the author key, the stream to everyone, and the first profile.
  ///
  /// - Parameters:
  ///   - key: the author's secret key, which the journal keeps from now on.
  ///   - myself: the user.
  ///   - now: when the account begins.
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
      query: "INSERT INTO identity (only, author, seed, myself) VALUES (1, ?, ?, ?)",
      arguments: [myself.author.text, key.seed.data, try JSON.text(myself)])
  }
}

/// Somebody whose key is known, as the gates need them.
public struct Signer: Sendable {
  /// In any state.
  public var contact: Contact
  /// The current pair key first, then those replaced less than 30 days ago.
  public var pairKeys: [[UInt8]]
  /// The certificate of the key that was asked for.
  public var certificate: [UInt8]
  /// Another key took its place.
  public var isFormer = false
  /// Its owner took it back.
  public var isRevoked = false
}

extension Ledger {
  func signer(_ fingerprint: Fingerprint, at now: Instant) throws -> Signer? {
    let former = try formerKey(fingerprint)
    if let contact = try contact(fingerprint) {
      return Signer(
        contact: contact, pairKeys: try pairKeys(with: contact, at: now), certificate: contact.certificate,
        isRevoked: former?.isRevoked ?? false)
    }
    guard let former, let contact = try contact(former.author) else { return nil }
    return Signer(
      contact: contact, pairKeys: try pairKeys(with: contact, at: now), certificate: former.certificate, isFormer: true,
      isRevoked: former.isRevoked)
  }

  /// The current pair key first, then those replaced less than 30 days ago.
  func pairKeys(with contact: Contact, at now: Instant) throws -> [[UInt8]] {
    let me = try myself().author
    func pairKey(_ ours: [UInt8], _ theirs: [UInt8]) -> [UInt8] {
      Derivation.pairKey(mine: me, theirs: contact.author, myHalf: ours, theirHalf: theirs)
    }
    let old = try Row.fetchAll(
      db, query: "SELECT our_half, their_half FROM old_half WHERE author = ? AND until > ?",
      arguments: [contact.author.text, now.milliseconds])
    return (contact.theirHalf.isEmpty ? [] : [pairKey(contact.ourHalf, contact.theirHalf)])
      + old.map { pairKey($0.bytes("our_half"), $0.bytes("their_half")) }
  }
}

extension Store {
  /// Who has this key, with the pair keys whose tags are accepted.
  public func signer(_ fingerprint: Fingerprint, at now: Instant) async throws(StoreFailure) -> Signer? {
    try await read { try $0.signer(fingerprint, at: now) }
  }

  /// Certificates of people whose parcels are opened or sealed, but for those that the caller has already.
  public func certificates(notIn known: Set<Fingerprint>) async throws(StoreFailure) -> [(
    fingerprint: Fingerprint, bytes: [UInt8]
  )] {
    try await read { ledger in
      // Fingerprints first: certificates are long, and nearly always all of them are known.
      let fingerprints = try String.fetchAll(
        ledger.db,
        query: """
          SELECT fingerprint FROM contact WHERE state IN ('contact', 'requested', 'frozen', 'blocked', 'removed')
          UNION SELECT fingerprint FROM former_key WHERE author NOT IN (SELECT author FROM identity)
          """)
      return try fingerprints.compactMap(Fingerprint.init(text:)).filter { !known.contains($0) }.compactMap { fingerprint in
        try Row.fetchOne(
          ledger.db,
          query: """
            SELECT certificate FROM contact WHERE fingerprint = ?1 UNION ALL
            SELECT certificate FROM former_key WHERE fingerprint = ?1 LIMIT 1
            """, arguments: [fingerprint.text]
        ).map { (fingerprint, $0.bytes("certificate")) }
      }
    }
  }

  /// A blob that a packet of this signer, kept before, waits for.
  public func awaited(_ blob: Hash, from signer: Fingerprint) async throws(StoreFailure) -> Blob? {
    try await read { ledger in
      let rows = try Row.fetchAll(
        ledger.db,
        query: """
          SELECT packet.bytes, packet.signature FROM packet_blob JOIN packet ON packet.sha256 = packet_blob.packet
          WHERE packet_blob.sha256 = ? AND packet.signer = ?
          """, arguments: [blob.text, signer.text])
      for row in rows {
        let signed = SignedPacket(bytes: row.bytes("bytes"), signature: row.bytes("signature"))
        guard case .understood(let packet) = try signed.read() else { continue }
        if let found = packet.blobs.first(where: { $0.sha256 == blob }) { return found }
      }
      return nil
    }
  }
}

extension Store {
  /// What SQLite finds wrong with the file; nothing where it is whole.
  public func flaws() async throws(StoreFailure) -> [String] {
    try await read { try String.fetchAll($0.db, query: "PRAGMA quick_check(5)").filter { $0 != "ok" } }
  }

  /// Whether a failure means that the file is damaged, and not only something in one of its rows.
  public func isDamaged(_ failure: any Error) async -> Bool {
    guard case StoreFailure.damaged = failure else { return false }
    do throws(StoreFailure) { return try await !flaws().isEmpty } catch {
      if case .damaged = error { return true }
      return false
    }
  }
}
