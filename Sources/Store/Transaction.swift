public import Drivers
public import Feed
internal import GRDB
internal import Node
public import Packets

/// One write transaction, for what the running bridge decides together: the packets of one parcel, a mail and its wishes.
public struct Transaction {
  var ledger: Ledger

  /// The moment that the transaction takes for now.
  public var now: Instant { ledger.now }

  /// Decides an event on the present state, applies the changes, and goes on with what waited for it.
  @discardableResult
  public mutating func handle(_ event: Event) throws -> [Change] { try ledger.handle(event) }

  /// Decides a packet of a parcel. While the view is made anew, one that still lies where it came in may have come since the view was
  /// lost: if it asks for an answer and one's own words hold none, it is decided as on any day.
  public mutating func receive(_ arrival: Arrival, from place: Received.Place) throws -> [Change] {
    let rebuilding = ledger.rebuilding
    defer { ledger.rebuilding = rebuilding }
    if rebuilding, place == .inbox || place == .junk, try ledger.isUnanswered(arrival) { ledger.rebuilding = false }
    return try ledger.handle(.packet(arrival))
  }

  /// A new packet id, for a wish.
  public mutating func newPacketID() -> PacketID { ledger.newPacketID() }

  /// The contact whose certificate has this primary fingerprint, in any state.
  public func contact(_ fingerprint: Fingerprint) throws -> Contact? { try ledger.contact(fingerprint) }

  /// The contact with this author key, in any state.
  public func contact(_ author: Author) throws -> Contact? { try ledger.contact(author) }

  /// Who has this key, with the pair keys whose tags are accepted.
  public func signer(_ fingerprint: Fingerprint) throws -> Signer? { try ledger.signer(fingerprint, at: now) }

  /// What an author's stream was begun as, where that is certain.
  public func kind(of stream: StreamID, by author: Author) throws -> StreamKind? {
    guard let kinds = try ledger.stream(stream, of: author)?.kinds, kinds.count == 1 else { return nil }
    return kinds.first
  }

  /// The user of this node.
  public func myself() throws -> Myself { try ledger.myself() }

  /// Ends the work on an inpacket, and says what is to become of it at its source.
  public func finish(_ sha256: Hash, placement: Placement, said: String = "") throws {
    try ledger.db.execute(
      query: "UPDATE inpacket SET state = 'done', said = ? WHERE sha256 = ?", arguments: [said, sha256.text])
    try ledger.overcome(.inpacket, sha256.text)
    // What lies in the bridge's own folder already lies where it belongs.
    try ledger.db.execute(
      query: """
        UPDATE origin SET placement = ?1,
          settled = settled OR ?1 = 'keep' AND (SELECT place FROM inpacket WHERE sha256 = ?2) = 'own'
        WHERE sha256 = ?2
        """, arguments: [placement.rawValue, sha256.text])
  }

  /// Puts an inpacket off: its time has not come.
  public func postpone(_ sha256: Hash, until again: Instant, said: String) throws {
    try ledger.db.execute(
      query: "UPDATE inpacket SET attempts = attempts + 1, again = ?, said = ? WHERE sha256 = ?",
      arguments: [again.milliseconds, said, sha256.text])
    try ledger.overcome(.inpacket, sha256.text)
  }

  /// Keeps a mail that the user was asked about until they answer.
  public func keepAsked(_ sha256: Hash) throws {
    try ledger.db.execute(
      query: "UPDATE inpacket SET state = 'asked', said = 'the user was asked' WHERE sha256 = ?", arguments: [sha256.text])
    try ledger.overcome(.inpacket, sha256.text)
  }

  /// Holds a parcel of somebody we asked until their accept came; at most 100 (Gates, "signer").
  public func hold(_ sha256: Hash, for signer: Fingerprint) throws {
    try ledger.db.execute(
      query: "UPDATE inpacket SET state = 'held', signer = ?, said = 'waits for the accept' WHERE sha256 = ?",
      arguments: [signer.text, sha256.text])
    try ledger.overcome(.inpacket, sha256.text)
  }

  /// How many parcels of a signer are held, and their bytes.
  public func held(for signer: Fingerprint) throws -> (count: Int, bytes: Int) {
    let row = try Row.fetchOne(
      ledger.db, query: "SELECT COUNT(*) AS n, COALESCE(SUM(size), 0) AS bytes FROM inpacket WHERE state = 'held' AND signer = ?",
      arguments: [signer.text])
    return (row?["n"] ?? 0, row?["bytes"] ?? 0)
  }

  /// The accept came: held parcels are judged now, oldest first.
  public func releaseHeld(for signer: Fingerprint) throws {
    try ledger.db.execute(
      query: "UPDATE inpacket SET state = 'waiting' WHERE state = 'held' AND signer = ?", arguments: [signer.text])
  }

  /// Keeps a refused parcel or packet out, and lists it for the user.
  public func refuse(gate: String, reason: String, from: String, parcel: Hash) throws {
    try ledger.refuse(gate: gate, reason: reason, from: from, sha256: parcel)
  }

  /// A blob is here, under `blobs/`.
  public func keep(blob: Blob) throws {
    try ledger.db.execute(
      query: "INSERT OR IGNORE INTO blob (sha256, size, type, received) VALUES (?, ?, ?, ?)",
      arguments: [blob.sha256.text, Int64(clamping: blob.size), blob.type, ledger.now.milliseconds])
  }

  /// How much of one sender took effect or was kept since a moment: packets, and bytes of the parcels that brought them.
  public func taken(from signer: Fingerprint, since: Instant) throws -> (packets: Int, bytes: Int) {
    let packets = try Int.fetchOne(
      ledger.db, query: "SELECT COUNT(*) FROM packet WHERE signer = ? AND taken > ? AND taken <= ?",
      arguments: [signer.text, since.milliseconds, now.milliseconds])
    let bytes = try Int.fetchOne(
      ledger.db, query: "SELECT SUM(size) FROM inpacket WHERE signer = ? AND taken > ? AND taken <= ?",
      arguments: [signer.text, since.milliseconds, now.milliseconds])
    return (packets ?? 0, bytes ?? 0)
  }

  /// Notes who sealed a parcel, and that its packets count from now on.
  public func count(_ sha256: Hash, of signer: Fingerprint) throws {
    try ledger.db.execute(
      query: "UPDATE inpacket SET signer = ?, taken = ? WHERE sha256 = ?",
      arguments: [signer.text, ledger.now.milliseconds, sha256.text])
  }

  /// Counts a mail of the user as acted on; false where it was acted on before. The journal tells of it, so that it acts once also for
  /// a database that is made anew, unless only this machine can meet it again.
  public mutating func actOnce(_ fingerprint: String, onlyHere: Bool = false) throws -> Bool {
    guard try ledger.act(fingerprint) else { return false }
    if !onlyHere { ledger.records.append(.acted(fingerprint)) }
    return true
  }
}
