public import Feed
internal import FoundationEssentials
internal import GRDB
public import Packets

/// All that one sealing needs.
public struct Sealing: Sendable {
  /// The body's row; its file is named by it.
  public var body: Int64
  /// `one`, `circle` or `own`: how it names whom it is for.
  public var form: String
  /// When it was queued: the inner Date.
  public var queued: Instant
  /// Carriers in order.
  public var packets: [(signed: SignedPacket, packet: Packet)]
  /// Embedded packets, by hash.
  public var embedded: [SignedPacket]
  /// Blobs that travel along.
  public var blobs: [Blob]
  /// Who it is for, in the order of their author bytes.
  public var recipients: [Contact]
  /// The pair keys of the recipients, in their order.
  public var pairKeys: [[UInt8]]
  /// The copies that are to be made: who gets them (an author's text form) and where, and their Message-IDs.
  public var copies: [(recipient: String, endpoint: String, messageID: String)]
  /// The key of ours that seals it; nothing where there has only been one.
  public var signer: Fingerprint?
  /// The names of contacts by author, for the readable part.
  public var names: [Author: String]
}

extension Ledger {
  func sealing(_ row: Row) throws -> Sealing {
    let body: Int64 = row["number"]
    let parts = try Row.fetchAll(
      db,
      query: """
        SELECT body_packet.blobs, packet.* FROM body_packet JOIN packet ON packet.sha256 = body_packet.packet
        WHERE body_packet.body = ? ORDER BY position
        """, arguments: [body])
    var sealing = Sealing(
      body: body, form: row["form"], queued: row.instant("queued"), packets: [], embedded: [], blobs: [], recipients: [],
      pairKeys: [],
      copies: [], names: [:])
    sealing.signer = Fingerprint(text: row["signer"] as String)
    var seen: Set<Hash> = []
    for part in parts {
      let signed = SignedPacket(bytes: part.bytes("bytes"), signature: part.bytes("signature"))
      guard seen.insert(try part.hash("sha256")).inserted, case .understood(let packet) = try signed.read() else { continue }
      sealing.packets.append((signed, packet))
      for embedded in try Row.fetchAll(
        db, query: "SELECT part.* FROM packet_embedded JOIN part USING (sha256) WHERE carrier = ?",
        arguments: [part["sha256"] as String])
      {
        sealing.embedded.append(SignedPacket(bytes: embedded.bytes("bytes"), signature: embedded.bytes("signature")))
      }
      for sha256 in try JSON.read([Hash].self, part["blobs"]) {
        guard let blob = try Row.fetchOne(db, query: "SELECT * FROM blob WHERE sha256 = ?", arguments: [sha256.text]) else {
          continue
        }
        guard !sealing.blobs.contains(where: { $0.sha256 == sha256 }) else { continue }
        sealing.blobs.append(Blob(sha256: sha256, size: UInt64(clamping: blob["size"] as Int64), type: blob["type"]))
      }
    }
    try addRecipients(to: &sealing, try JSON.read([String].self, row["recipients"]).compactMap(Author.init(text:)))
    sealing.copies = try Row.fetchAll(
      db, query: "SELECT recipient, endpoint, message_id FROM outpacket WHERE body = ? AND state = 'sealing' ORDER BY id",
      arguments: [body]
    ).map { ($0["recipient"], $0["endpoint"], $0["message_id"]) }
    let me = try myself()
    for person in try Row.fetchAll(db, query: "SELECT author, name FROM contact WHERE state = 'contact'") {
      sealing.names[try person.author("author")] = person["name"]
    }
    sealing.names[me.author] = me.name
    return sealing
  }

  /// Who was removed since the packets were numbered is left out (Protocol, "Streams").
  private func addRecipients(to sealing: inout Sealing, _ audience: [Author]) throws {
    for author in audience {
      // Who is removed hears of that, and of nothing behind it.
      let isFarewell = sealing.packets.contains { $0.packet.action == .contactRemove }
      guard let contact = try contact(author), try isStillIn(contact.author, sealing),
        contact.state == .contact || contact.state == .requested || (contact.state == .removed && isFarewell)
      else {
        try db.execute(
          query: "UPDATE outpacket SET state = 'dropped' WHERE body = ? AND recipient = ?",
          arguments: [sealing.body, author.text])
        continue
      }
      sealing.recipients.append(contact)
      if let key = try pairKeys(with: contact, at: now).first { sealing.pairKeys.append(key) }
    }
    if sealing.recipients.isEmpty { sealing.form = Form.own.rawValue }
  }

  /// Whether somebody is in every circle that something in a body for a circle was written to.
  private func isStillIn(_ author: Author, _ sealing: Sealing) throws -> Bool {
    guard sealing.form == Form.circle.rawValue else { return true }
    return try sealing.packets.allSatisfy { _, packet in
      guard let stream = packet.stream, stream.to == nil else { return true }
      return try Bool.fetchOne(
        db, query: "SELECT last = ? FROM membership WHERE author = ? AND stream = ? AND member = ?",
        arguments: [Self.withoutEnd, packet.author.text, stream.id.text, author.text]) ?? false
    }
  }
}
