internal import Feed
internal import FoundationEssentials
internal import GRDB
internal import Node
internal import Packets

/// What the node may know, read from the open transaction.
extension Ledger: NodeState {
  var rules: Rules { settings.rules }

  func myself() throws -> Myself {
    // Asked for several times by each decision, and the certificate makes it long.
    if let myself = remembered.myself { return myself }
    guard let text = try String.fetchOne(db, query: "SELECT myself FROM identity") else { throw StoreFailure.noIdentity }
    let myself = try JSON.read(Myself.self, text)
    remembered.myself = myself
    return myself
  }

  // MARK: People

  func contact(_ author: Author) throws -> Contact? {
    try contact(author.text, "SELECT * FROM contact WHERE author = ?")
  }

  func contact(_ fingerprint: Fingerprint) throws -> Contact? {
    try contact(fingerprint.text, "SELECT * FROM contact WHERE fingerprint = ?")
  }

  private func contact(_ key: String, _ query: String) throws -> Contact? {
    if let contact = remembered.contacts[key] { return contact }
    let contact = try Row.fetchOne(db, query: query, arguments: [key]).map(Self.contact)
    remembered.contacts[key] = contact
    return contact
  }

  func contacts() throws -> [Contact] {
    try Row.fetchAll(db, query: "SELECT * FROM contact WHERE state = 'contact'").map(Self.contact)
      .sorted { $0.author.key.lexicographicallyPrecedes($1.author.key) }
  }

  static func contact(_ row: Row) throws -> Contact {
    guard let state = Contact.State(rawValue: row["state"]), let mark = Contact.Mark(rawValue: row["mark"]) else {
      throw DamagedColumn(name: "contact.state")
    }
    return Contact(
      author: try row.author("author"), fingerprint: try row.fingerprint("fingerprint"), name: row["name"], state: state,
      mark: mark, since: row.instant("since"), certificate: row.bytes("certificate"), ourHalf: row.bytes("our_half"),
      theirHalf: row.bytes("their_half"), endpoints: try JSON.read([String].self, row["endpoints"]),
      request: PacketID(text: row["request"] as String), invitationSecret: row.bytes("invitation_secret"))
  }

  func invitation(_ id: [UInt8]) throws -> GivenInvitation? {
    try Row.fetchOne(db, query: "SELECT * FROM invitation WHERE id = ?", arguments: [Base64URL.encode(id)]).map { row in
      let (address, name): (String, String) = (row["address"], row["name"])
      return GivenInvitation(
        id: id, secret: row.bytes("secret"), expires: row.instant("expires"), address: address.isEmpty ? nil : address,
        name: name.isEmpty ? nil : name, used: row["used"])
    }
  }

  func pendingRequests() throws -> [PendingRequest] {
    try Row.fetchAll(db, query: "SELECT * FROM request ORDER BY received, id").map { row in
      PendingRequest(
        id: try row.packetID("id"), author: try row.author("author"), fingerprint: try row.fingerprint("fingerprint"),
        name: row["name"], endpoints: try JSON.read([String].self, row["endpoints"]), certificate: row.bytes("certificate"),
        half: row.bytes("half"), received: row.instant("received"), proof: row["proof"])
    }
  }

  func decision(on request: PacketID) throws -> Feed.Decision? {
    try String.fetchOne(db, query: "SELECT said FROM decision WHERE request = ?", arguments: [request.text])
      .flatMap(Feed.Decision.init)
  }

  // MARK: Packets

  func packet(_ name: PacketName) throws -> KnownPacket? {
    try known("SELECT * FROM packet WHERE author = ? AND id = ?", [name.author.text, name.id.text])
  }

  func packet(by author: Author, in stream: StreamID, at sequence: UInt64) throws -> KnownPacket? {
    // A packet that came embedded counts in no stream of ours: its sender is not its author.
    try known(
      "SELECT * FROM packet WHERE author = ? AND stream = ? AND sequence = ? AND sender = author",
      [author.text, stream.text, Int64(clamping: sequence)])
  }

  func item(_ id: ItemID) throws -> KnownPacket? {
    try known(
      "SELECT packet.* FROM feed JOIN packet USING (author, id) WHERE feed.item = ?", [id.text])
  }

  private func known(_ query: String, _ arguments: StatementArguments) throws -> KnownPacket? {
    try Row.fetchOne(db, query: query, arguments: arguments).map(known)
  }

  func known(_ row: Row) throws -> KnownPacket {
    let name = PacketName(author: try row.author("author"), id: try row.packetID("id"))
    let read = try? SignedPacket(bytes: row.bytes("bytes"), signature: row.bytes("signature")).read()
    return KnownPacket(
      name: name, sha256: try row.hash("sha256"), action: read?.action, stream: read?.stream, created: row.instant("created"),
      effective: row["verdict"] == "done", waits: row["verdict"] == "waiting")
  }

  func waiting(for name: PacketName) throws -> [Arrival] {
    try Row.fetchAll(
      // The last term lets SQLite see that the index over what waits will do.
      db, query: "SELECT * FROM packet WHERE awaits_author = ? AND awaits_id = ? AND awaits_id <> '' ORDER BY number",
      arguments: [name.author.text, name.id.text]
    ).map(arrival)
  }

  /// A kept packet, as it arrived.
  func arrival(_ row: Row) throws -> Arrival {
    let signed = SignedPacket(bytes: row.bytes("bytes"), signature: row.bytes("signature"))
    let sha256 = try row.hash("sha256")
    var embedded: [Hash: (signed: SignedPacket, read: ReadPacket)] = [:]
    let parts = try Row.fetchAll(
      db,
      query: "SELECT part.* FROM packet_embedded JOIN part USING (sha256) WHERE carrier = ?", arguments: [sha256.text])
    for part in parts {
      let signed = SignedPacket(bytes: part.bytes("bytes"), signature: part.bytes("signature"))
      embedded[try part.hash("sha256")] = (signed, try signed.read())
    }
    return Arrival(
      signed: signed, sha256: sha256, read: try signed.read(), sender: try row.author("sender"),
      signer: try row.fingerprint("signer"), arrived: row.instant("received"), embedded: embedded)
  }

  func newestProfile(of author: Author) throws -> PacketName? {
    try name(
      "SELECT author, id FROM packet WHERE author = ? AND kind = 'profile' ORDER BY created DESC, number DESC LIMIT 1",
      [author.text])
  }

  func isNews(_ profile: Action.Profile, sha256: Hash, of author: Author) throws -> Bool {
    let revision = Int64(clamping: profile.revision)
    return try Bool.fetchOne(
      db, query: "SELECT revision < ? OR (revision = ? AND profile > ?) FROM contact WHERE author = ?",
      arguments: [revision, revision, sha256.text, author.text]) ?? false
  }

  func newest(_ kind: String, to author: Author) throws -> PacketName? {
    try name(
      "SELECT author, id FROM packet WHERE author = ? AND kind = ? AND recipient = ? ORDER BY created DESC, number DESC LIMIT 1",
      [myself().author.text, kind, author.text])
  }

  func isAnswered(_ request: PacketID, by author: Author) throws -> Bool {
    let accepts = try Row.fetchAll(
      db, query: "SELECT bytes, signature FROM packet WHERE author = ? AND kind = 'contact-accept' AND recipient = ?",
      arguments: [author.text, try myself().author.text])
    return accepts.contains { row in
      let signed = SignedPacket(bytes: row.bytes("bytes"), signature: row.bytes("signature"))
      guard case .contactAccept(let accept)? = (try? signed.read())?.action else { return false }
      return accept.request == request
    }
  }

  func held(of author: Author) throws -> (count: Int, bytes: Int) {
    let row = try Row.fetchOne(
      db,
      query: "SELECT COUNT(*) AS n, COALESCE(SUM(LENGTH(bytes)), 0) AS size FROM packet WHERE author = ? AND verdict = 'held'",
      arguments: [author.text])
    return (row?["n"] ?? 0, row?["size"] ?? 0)
  }

  private func name(_ query: String, _ arguments: StatementArguments) throws -> PacketName? {
    try Row.fetchOne(db, query: query, arguments: arguments).map { row in
      PacketName(author: try row.author("author"), id: try row.packetID("id"))
    }
  }

  func lastDelivery(of packet: PacketName, to author: Author) throws -> Instant? {
    try Int64.fetchOne(
      db,
      query: """
        SELECT MAX(body.queued) FROM body JOIN body_packet ON body_packet.body = body.number
        JOIN packet ON packet.sha256 = body_packet.packet
        WHERE packet.author = ? AND packet.id = ? AND body.recipients = ? AND body.queued <= ?
        """, arguments: [packet.author.text, packet.id.text, try JSON.text([author.text]), now.milliseconds]
    ).map(Instant.init(milliseconds:))
  }

  // MARK: Streams

  func stream(_ id: StreamID, of author: Author) throws -> KnownStream? {
    try String.fetchOne(db, query: "SELECT kind FROM stream WHERE author = ? AND id = ?", arguments: [author.text, id.text])
      .map { KnownStream(kinds: Set($0.split(separator: ",").compactMap { StreamKind(rawValue: String($0)) })) }
  }

  func streams(of author: Author) throws -> Int {
    try Int.fetchOne(db, query: "SELECT COUNT(*) FROM stream WHERE author = ?", arguments: [author.text]) ?? 0
  }

  func circles() throws -> [String] { try String.fetchAll(db, query: "SELECT name FROM circle ORDER BY name") }

  func members(of circle: String) throws -> [Author] {
    if circle == Circle.everyone { return try contacts().map(\.author) }
    return try String.fetchAll(
      db,
      query: """
        SELECT DISTINCT contact.author FROM stream JOIN membership ON membership.author = stream.author
          AND membership.stream = stream.id JOIN contact ON contact.author = membership.member
        WHERE stream.author = ? AND stream.circle = ? AND membership.last = ? AND contact.state = 'contact'
        """, arguments: [try myself().author.text, circle, Self.withoutEnd]
    ).compactMap(Author.init(text:)).sorted { $0.key.lexicographicallyPrecedes($1.key) }
  }

  func streams(to circle: String, with member: Author) throws -> [(id: StreamID, last: UInt64)] {
    try Row.fetchAll(
      db,
      query: """
        SELECT stream.id AS id, (SELECT COALESCE(MAX(sequence), 0) FROM packet
          WHERE packet.author = stream.author AND packet.stream = stream.id) AS last
        FROM stream JOIN membership ON membership.author = stream.author AND membership.stream = stream.id
        WHERE stream.author = ? AND stream.circle = ? AND membership.member = ? AND membership.last = ?
        """, arguments: [try myself().author.text, circle, member.text, Self.withoutEnd]
    ).compactMap { row in StreamID(text: row["id"] as String).map { ($0, UInt64(clamping: row["last"] as Int64)) } }
  }

  func ownStream(toCircle circle: String) throws -> (id: StreamID, next: UInt64)? {
    try ownStream(kind: .circle, circle: circle, peer: "")
  }

  func ownStream(kind: StreamKind, circle: String = "", peer: String) throws -> (id: StreamID, next: UInt64)? {
    guard
      let row = try Row.fetchOne(
        db,
        query: """
          SELECT id, next FROM stream WHERE author = (SELECT author FROM identity) AND kind = ? AND circle = ? AND peer = ?
            AND begun_here = 1 ORDER BY rowid DESC LIMIT 1
          """, arguments: [kind.rawValue, circle, peer]),
      let id = StreamID(text: row["id"] as String)
    else { return nil }
    return (id, UInt64(clamping: row["next"] as Int64))
  }

  func firstNumber(for member: Author, in stream: StreamID) throws -> UInt64? {
    try Int64.fetchOne(
      db, query: "SELECT first FROM membership WHERE author = ? AND stream = ? AND member = ? AND last = ?",
      arguments: [try myself().author.text, stream.text, member.text, Self.withoutEnd]
    ).map { UInt64(clamping: $0) }
  }

  /// What stands for "no last number yet": 2^53-1.
  static let withoutEnd: Int64 = 9_007_199_254_740_991

  func isBegunHere(_ stream: StreamID) throws -> Bool {
    try Bool.fetchOne(
      db, query: "SELECT begun_here FROM stream WHERE author = ? AND id = ?", arguments: [try myself().author.text, stream.text])
      ?? false
  }

  func wasSent(_ packet: KnownPacket, to author: Author) throws -> Bool {
    guard let stream = packet.stream else { return false }
    return try Bool.fetchOne(
      db,
      query: """
        SELECT EXISTS (SELECT 1 FROM membership WHERE author = ?1 AND stream = ?2 AND member = ?3 AND ?4 BETWEEN first AND last)
          OR EXISTS (SELECT 1 FROM history WHERE member = ?3 AND author = ?1 AND id = ?5)
        """,
      arguments: [
        packet.name.author.text, stream.id.text, author.text, Int64(clamping: stream.sequence), packet.name.id.text,
      ]) ?? false
  }

  func isHandedOn(_ sha256: Hash) throws -> Bool {
    // CROSS JOIN keeps the order: left to itself, SQLite would go through all relays of one's own.
    try Bool.fetchOne(
      db,
      query: """
        SELECT EXISTS (
          SELECT 1 FROM packet_embedded CROSS JOIN packet ON packet.sha256 = packet_embedded.carrier
          WHERE packet_embedded.sha256 = ?1 AND packet.kind = 'relay' AND packet.author = (SELECT author FROM identity))
        """,
      arguments: [sha256.text]) ?? false
  }

  func circle(of packet: KnownPacket) throws -> String? {
    guard let stream = packet.stream else { return nil }
    let circle = try String.fetchOne(
      db, query: "SELECT circle FROM stream WHERE author = ? AND id = ?", arguments: [packet.name.author.text, stream.id.text])
    return circle.flatMap { $0.isEmpty ? nil : $0 }
  }

  // MARK: Conversations

  func comments(by author: Author, below root: PacketName, from: Instant, to: Instant) throws -> Int {
    try Int.fetchOne(
      db, query: "SELECT COUNT(*) FROM feed WHERE root = ? AND author = ? AND received >= ? AND received < ?",
      arguments: [ItemID(root).text, author.text, from.milliseconds, to.milliseconds]) ?? 0
  }

  func tombstone(_ name: PacketName) throws -> Author? {
    try String.fetchOne(
      db, query: "SELECT by FROM tombstone WHERE author = ? AND id = ?", arguments: [name.author.text, name.id.text]
    ).flatMap(Author.init(text:))
  }

  func revision(of name: PacketName) throws -> UInt64? {
    try Int64.fetchOne(
      db, query: "SELECT MAX(revision) FROM amendment WHERE author = ? AND id = ?", arguments: [name.author.text, name.id.text]
    ).map { UInt64(clamping: $0) }
  }

  func reactions(of author: Author, on target: PacketName) throws -> Reactions? {
    try Row.fetchOne(
      db, query: "SELECT * FROM reaction WHERE target = ? AND author = ?", arguments: [ItemID(target).text, author.text]
    ).map { row in
      Reactions(
        target: target, author: author, cardName: row["card_name"], emoji: try JSON.read([String].self, row["emoji"]),
        revision: UInt64(clamping: row["revision"] as Int64), received: row.instant("received"), id: try row.packetID("id"),
        sha256: try row.hash("sha256"))
    }
  }

  func drafts() throws -> [Draft] {
    try String.fetchAll(db, query: "SELECT content FROM draft ORDER BY said, id").map { try JSON.read(Draft.self, $0) }
  }
}

extension ReadPacket {
  /// The action, where this node understands it.
  var action: Action? {
    if case .understood(let packet) = self { packet.action } else { nil }
  }
}
