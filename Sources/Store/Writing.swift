internal import Feed
internal import FoundationEssentials
internal import GRDB
internal import Node
internal import Packets

/// Numbering, signing and queueing of what we write ourselves (Architecture, "Three commits on the way out", b).
extension Ledger {
  /// Gives an action its number and signature, keeps it, shows it, and queues it for its audience.
  mutating func write(_ action: Action, to audience: Audience, id: PacketID) throws {
    let myself = try myself()
    let stream = try place(audience)
    let packet = Packet(
      id: id, author: myself.author, created: now, stream: stream, action: action,
      fallback: Fallback.text(for: action, authorName: myself.name))
    let signed = try sign(packet)
    let sha256 = try record(signed, packet, myself)
    switch audience {
    case .circle: if let stream { try queue([sha256], form: .circle, to: members(of: stream.id)) }
    case .open(let author) where author == myself.author: break  // travels only inside its relay
    case .open(let author), .direct(let author), .request(let author), .unnumbered(let author):
      try queue([sha256], form: .one, to: [author])
    case .reached(let author, let endpoint):
      try queue([sha256], form: .one, to: [author])
      try db.execute(
        query: "UPDATE outpacket SET endpoint = ? WHERE recipient = ? AND body = (SELECT body FROM body_packet WHERE packet = ?)",
        arguments: [endpoint, author.text, sha256.text])
    }
    try handle(.published(signed, packet))
  }

  private func sign(_ packet: Packet) throws -> SignedPacket {
    guard let seed = try Data.fetchOne(db, query: "SELECT seed FROM identity"), let key = SecretKey(seed: [UInt8](seed)) else {
      throw StoreFailure.noIdentity
    }
    do {
      return try SignedPacket.sign(packet, with: key)
    } catch .tooLarge, .tooMuchText {
      throw WishFailure.tooLong
    }
  }

  /// The next place in the stream for an audience. A contact-request has number 0 and is not counted.
  private mutating func place(_ audience: Audience) throws -> Packet.Stream? {
    let stream: (id: StreamID, next: UInt64)
    var to: Author?
    switch audience {
    case .circle(let circle):
      guard let own = try ownStream(toCircle: circle) else { throw StoreFailure.failed("no stream to the circle \(circle)") }
      stream = own
    case .unnumbered: return nil
    case .open(let author):
      to = author
      stream = try ownStream(kind: .open, peer: author.text) ?? begin(.open, peer: author.text)
    case .direct(let author), .request(let author), .reached(let author, _):
      to = author
      stream = try ownStream(kind: .private, peer: author.text) ?? begin(.private, peer: author.text)
    }
    if case .request = audience { return Packet.Stream(id: stream.id, sequence: 0, to: to) }
    try advance(stream.id)
    return Packet.Stream(id: stream.id, sequence: stream.next, to: to)
  }

  private func advance(_ stream: StreamID) throws {
    try db.execute(
      query: "UPDATE stream SET next = next + 1 WHERE author = ? AND id = ?", arguments: [try myself().author.text, stream.text])
  }

  private mutating func begin(_ kind: StreamKind, circle: String = "", peer: String) throws -> (id: StreamID, next: UInt64) {
    guard let id = StreamID(bytes: randomBytes(16)) else { throw StoreFailure.failed("no randomness") }
    try insertStream(id, kind: kind, circle: circle, peer: peer)
    return (id, 1)
  }

  private func insertStream(_ id: StreamID, kind: StreamKind, circle: String, peer: String) throws {
    try db.execute(
      query: "INSERT OR IGNORE INTO stream (author, id, kind, circle, peer, begun_here) VALUES (?, ?, ?, ?, ?, ?)",
      arguments: [try myself().author.text, id.text, kind.rawValue, circle, peer, !rebuilding])
  }

  /// A stream to a circle, with those who are in it from its first number.
  func begin(_ stream: StreamID, circle: String, members: [Author]) throws {
    try db.execute(query: "INSERT OR IGNORE INTO circle (name) VALUES (?)", arguments: [circle])
    try insertStream(stream, kind: .circle, circle: circle, peer: "")
    for member in members { try admit(member, to: stream, first: 1) }
  }

  func admit(_ author: Author, to stream: StreamID, first: UInt64) throws {
    try db.execute(
      query: "INSERT OR REPLACE INTO membership (author, stream, member, first) VALUES (?, ?, ?, ?)",
      arguments: [try myself().author.text, stream.text, author.text, Int64(clamping: first)])
  }

  func dismiss(_ author: Author, from stream: StreamID, last: UInt64) throws {
    try db.execute(
      query: "UPDATE membership SET last = ? WHERE author = ? AND member = ? AND stream = ?",
      arguments: [Int64(clamping: last), try myself().author.text, author.text, stream.text])
  }

  private func members(of stream: StreamID) throws -> [Author] {
    try String.fetchAll(
      db,
      query: """
        SELECT contact.author FROM membership JOIN contact ON contact.author = membership.member
        WHERE membership.author = ? AND membership.stream = ? AND membership.last = ? AND contact.state = 'contact'
        """, arguments: [try myself().author.text, stream.text, Self.withoutEnd]
    ).compactMap(Author.init(text:)).sorted { $0.key.lexicographicallyPrecedes($1.key) }
  }

  /// Keeps a packet of our own. Returns its hash.
  @discardableResult
  func record(_ signed: SignedPacket, _ packet: Packet, _ myself: Myself) throws -> Hash {
    let sha256 = Hash.of(signed.bytes)
    try db.execute(
      query: """
        INSERT OR IGNORE INTO packet (author, id, sha256, bytes, signature, kind, stream, sequence, recipient, sender, signer,
          created, received, verdict)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'done')
        """,
      arguments: [
        packet.author.text, packet.id.text, sha256.text, signed.bytes.data, signed.signature.data, packet.action.elementName,
        packet.stream?.id.text ?? "", Int64(clamping: packet.stream?.sequence ?? 0), packet.stream?.to?.text ?? "",
        myself.author.text, try ownKey(at: packet.created).text, packet.created.milliseconds, packet.created.milliseconds,
      ])
    try index(packet, sha256: sha256)
    if let embedded = packet.embedded {
      // The relayed packet is here, as a packet of its own: its bytes travel with the relay.
      try db.execute(
        query: """
          INSERT OR IGNORE INTO part (sha256, bytes, signature) SELECT sha256, bytes, signature FROM packet WHERE sha256 = ?
          """, arguments: [embedded.sha256.text])
      try db.execute(
        query: "INSERT OR IGNORE INTO packet_embedded (carrier, sha256) VALUES (?, ?)",
        arguments: [sha256.text, embedded.sha256.text])
      if case .share = packet.action {
        try db.execute(
          query: "INSERT OR IGNORE INTO packet_blob (packet, sha256) SELECT ?, sha256 FROM packet_blob WHERE packet = ?",
          arguments: [sha256.text, embedded.sha256.text])
      }
    }
    return sha256
  }

  // MARK: The journal

  /// Writes what this transaction decided as journal packets, as few as can hold it. Called at the end of each.
  mutating func writeJournal() throws {
    guard !records.isEmpty else { return }
    let packets = try JournalRecord.elements(of: records)
    records = []
    for elements in packets { try writeJournal(elements) }
  }

  private mutating func writeJournal(_ elements: [Action.Journal.Record]) throws {
    let myself = try myself()
    let stream = try ownStream(kind: .journal, peer: "") ?? begin(.journal, peer: "")
    try advance(stream.id)
    let previous = try String.fetchOne(db, query: "SELECT sha256 FROM journal WHERE number = (SELECT MAX(number) FROM journal)")
      .flatMap(Hash.init(text:))
    let packet = Packet(
      id: newPacketID(), author: myself.author, created: now, stream: Packet.Stream(id: stream.id, sequence: stream.next),
      action: .journal(Action.Journal(previous: previous, records: elements)), fallback: nil)
    let sha256 = try record(try sign(packet), packet, myself)
    try db.execute(
      query: "INSERT INTO journal (sha256, previous) VALUES (?, ?)", arguments: [sha256.text, previous?.text ?? ""])
    try queue([sha256], form: .own, to: [])
  }

  // MARK: Queueing

  /// How a sealing names whom it is for.
  enum Form: String {
    /// `SocialNet-Audience: fingerprint=…`, one recipient.
    case one
    /// `SocialNet-Audience: salt=…; tags=…`.
    case circle
    /// To oneself alone: the journal, and what has no reader yet.
    case own
  }

  /// Queues packets that were written before, in their original bytes.
  mutating func deliver(_ names: [PacketName], to author: Author) throws {
    let hashes = try names.compactMap { try packet($0)?.sha256 }
    try queue(hashes, form: .one, to: [author])
  }

  /// Puts packets into the newest sealing for the same readers that is not begun yet, or into a new one with its copies.
  mutating func queue(_ packets: [Hash], form: Form, to recipients: [Author]) throws {
    if recipients.count > settings.membersOfABody {
      for first in stride(from: 0, to: recipients.count, by: settings.membersOfABody) {
        try queue(packets, form: form, to: Array(recipients[first..<min(first + settings.membersOfABody, recipients.count)]))
      }
      return
    }
    let form = recipients.isEmpty ? Form.own : form
    guard form != .own || settings.hasLog else { return }
    for packet in packets {
      for portion in try portions(of: packet) {
        let body = try openBody(form, recipients, adding: portion, packet)
        try db.execute(
          query: """
            INSERT INTO body_packet (body, position, packet, blobs)
            VALUES (?1, (SELECT COUNT(*) FROM body_packet WHERE body = ?1), ?2, ?3)
            """, arguments: [body, packet.text, try JSON.text(portion.blobs)])
        try db.execute(
          query: "UPDATE body SET parts = parts + ?, bytes = bytes + ? WHERE number = ?",
          arguments: [portion.parts, portion.bytes, body])
      }
    }
  }

  /// A packet with some of its blobs: what it adds to a parcel.
  private struct Portion {
    var blobs: [Hash] = []
    var parts: Int
    var bytes: Int
  }

  /// A parcel holds at most 98 packets and blobs (Protocol, "Parcel").
  private static let mostParts = 98

  /// The blobs of a packet in portions that fit one parcel; the packet travels with each (Protocol, "Parcel").
  private func portions(of packet: Hash) throws -> [Portion] {
    let carried = try Row.fetchOne(
      db,
      query: """
        SELECT COUNT(*) AS parts, SUM(size) AS bytes FROM (
          SELECT LENGTH(bytes) AS size FROM packet WHERE sha256 = ?1 UNION ALL
          SELECT LENGTH(part.bytes) FROM packet_embedded JOIN part USING (sha256) WHERE carrier = ?1)
        """, arguments: [packet.text])
    let empty = Portion(parts: carried?["parts"] ?? 0, bytes: carried?["bytes"] ?? 0)
    let rows = try Row.fetchAll(
      db,
      query: """
        SELECT DISTINCT blob.sha256, blob.size FROM packet_blob JOIN blob USING (sha256)
        WHERE packet_blob.packet = ?1 OR packet_blob.packet IN (SELECT sha256 FROM packet_embedded WHERE carrier = ?1)
        ORDER BY blob.rowid
        """, arguments: [packet.text])
    var portions = [empty]
    for row in rows {
      let bytes: Int = row["size"]
      var portion = portions[portions.count - 1]
      if !portion.blobs.isEmpty, portion.bytes + bytes > settings.bytesOfABody || portion.parts == Self.mostParts {
        portions.append(empty)
        portion = empty
      }
      portion.blobs.append(try row.hash("sha256"))
      portion.parts += 1
      portion.bytes += bytes
      portions[portions.count - 1] = portion
    }
    return portions
  }

  private func kind(of packet: Hash) throws -> String {
    try String.fetchOne(db, query: "SELECT kind FROM packet WHERE sha256 = ?", arguments: [packet.text]) ?? "packet"
  }

  /// Own posts and messages first, then answers to others, then what is relayed or repairs (Mailbox etiquette, "Budget").
  private func priority(_ kind: String) -> Int {
    switch kind {
    case "relay", "heads", "resend-request", "gone": 2
    case "comment", "reaction", "retract": 1
    default: 0
    }
  }

  private mutating func openBody(_ form: Form, _ recipients: [Author], adding portion: Portion, _ packet: Hash) throws -> Int64 {
    let kind = try kind(of: packet)
    let key = try JSON.text(recipients.map(\.text))
    // A contact-request is alone in its parcel (Gates, "signer"); a move-check goes where nothing else goes.
    let isAlone = ["contact-request", "move-check"].contains(kind)
    let signer = try sealer(of: packet, kind).text
    let open = try Int64.fetchOne(
      db,
      query: """
        SELECT number FROM body WHERE state = 'open' AND form = ? AND recipients = ? AND priority = ? AND signer = ?
          AND parts + ? <= ? AND bytes + ? <= ?
          -- Who leaves one circle before the sealing still gets what went to another with the same people in it.
          AND (form <> 'circle' OR NOT EXISTS (SELECT 1 FROM body_packet JOIN packet ON packet.sha256 = body_packet.packet
            WHERE body_packet.body = body.number AND packet.stream <> (SELECT stream FROM packet WHERE sha256 = ?)))
        ORDER BY number DESC LIMIT 1
        """,
      arguments: [
        form.rawValue, key, priority(kind), signer, portion.parts, Self.mostParts, portion.bytes, settings.bytesOfABody,
        packet.text,
      ])
    if let open, !isAlone { return open }
    try db.execute(
      query: "INSERT INTO body (form, recipients, state, priority, queued, signer) VALUES (?, ?, ?, ?, ?, ?)",
      arguments: [form.rawValue, key, isAlone ? "sealing" : "open", priority(kind), now.milliseconds, signer])
    let body = db.lastInsertedRowID
    for recipient in recipients {
      try insertCopy(of: body, kind, to: recipient.text, endpoint: endpoints(of: recipient).first(where: settings.claims) ?? "")
    }
    if settings.hasLog { try insertCopy(of: body, kind, to: try myself().author.text, endpoint: "", append: "own") }
    return body
  }

  /// Where somebody is reached, in their order.
  func endpoints(of author: Author) throws -> [String] {
    try String.fetchOne(db, query: "SELECT endpoints FROM contact WHERE author = ?", arguments: [author.text])
      .map { try JSON.read([String].self, $0) } ?? []
  }

  mutating func insertCopy(
    of body: Int64, _ kind: String, to recipient: String, endpoint: String, append: String = ""
  ) throws {
    try db.execute(
      query: """
        INSERT INTO outpacket (body, recipient, endpoint, append, message_id, kind, priority, queued, state)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'sealing')
        """,
      arguments: [
        body, recipient, endpoint, append, newMessageID(), append == "own" ? "journal" : kind, priority(kind), now.milliseconds,
      ])
  }

  // MARK: Names by chance

  mutating func randomBytes(_ count: Int) -> [UInt8] {
    func bytes(using random: inout some RandomNumberGenerator) -> [UInt8] { Random.bytes(count, using: &random) }
    var generator = random
    defer { random = generator }
    return bytes(using: &generator)
  }

  mutating func newMessageID() -> String { "\(Hex.encode(randomBytes(16)))@\(settings.domain)" }

  mutating func newPacketID() -> PacketID {
    func id(using random: inout some RandomNumberGenerator) -> PacketID { PacketID(at: now, using: &random) }
    var generator = random
    defer { random = generator }
    return id(using: &generator)
  }
}
