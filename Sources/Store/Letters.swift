internal import FoundationEssentials
internal import GRDB
public import Packets

/// What is remembered of the user's own mails, so that copies of one are known as such.
extension Store {
  /// Remembers a mail's Message-ID and headers for as long as copies of it may turn up.
  public func remember(letter sha256: Hash, messageID: String, headers: [UInt8], at now: Instant) async throws {
    try await write(at: now) { ledger in
      try ledger.db.execute(
        query: "UPDATE inpacket SET message_id = ?, headers = ? WHERE sha256 = ?",
        arguments: [messageID, headers.data, sha256.text])
    }
  }

  /// The header blocks of other mails with the same Message-ID.
  public func twins(of sha256: Hash, messageID: String) async throws(StoreFailure) -> [[UInt8]] {
    guard !messageID.isEmpty else { return [] }
    return try await read { ledger in
      try Row.fetchAll(
        ledger.db, query: "SELECT headers FROM inpacket WHERE message_id = ? AND sha256 <> ?",
        arguments: [messageID, sha256.text]
      ).map { $0.bytes("headers") }
    }
  }

  /// The Message-ID of a mail of the user; empty where it had none.
  public func messageID(ofLetter sha256: Hash) async throws(StoreFailure) -> String {
    try await read { ledger in
      try String.fetchOne(ledger.db, query: "SELECT message_id FROM inpacket WHERE sha256 = ?", arguments: [sha256.text]) ?? ""
    }
  }

  /// Whether a mail acted under one of these marks.
  public func hasActed(on marks: [String]) async throws(StoreFailure) -> Bool {
    try await read { ledger in
      try marks.contains { mark in
        try Bool.fetchOne(ledger.db, query: "SELECT EXISTS (SELECT 1 FROM act WHERE fingerprint = ?)", arguments: [mark]) ?? false
      }
    }
  }

  /// A received thing by its hash.
  public func inpacket(_ sha256: Hash) async throws(StoreFailure) -> Inpacket? {
    try await read { ledger in
      try Row.fetchOne(ledger.db, query: "SELECT * FROM inpacket WHERE sha256 = ?", arguments: [sha256.text]).flatMap(
        Inpacket.init)
    }
  }
}

extension Ledger {
  /// Counts a mail as acted on; false where it was acted on before.
  func act(_ mark: String) throws -> Bool {
    try db.execute(query: "INSERT OR IGNORE INTO act (fingerprint, at) VALUES (?, ?)", arguments: [mark, now.milliseconds])
    return db.changesCount > 0
  }
}
