internal import Feed
internal import FoundationEssentials
internal import GRDB
internal import Node
internal import Packets

/// The hand that changes the tables: one case of `Change`, one statement or two.
extension Ledger {
  mutating func apply(_ change: Change) throws {
    // While the view is made anew, only what can be seen is made; nothing is sent, asked, begun or journalled again.
    if rebuilding && change.acts { return }
    try enact(change)
    if !rebuilding, let record = JournalRecord(change) { records.append(record) }
  }

  /// Changes the tables, whatever is going on.
  mutating func enact(_ change: Change) throws {
    switch change {
    case .keep(let arrival, let verdict): try keep(arrival, verdict)
    case .refuse, .duplicate: break  // the bridge lists refusals: it knows the parcel
    case .membership(let author, let membership): try note(membership, of: author)
    case .head(let author, let head): try note(head, of: author)
    case .asked(let author, let missing): try note(asked: missing, of: author)
    case .close(let author, let missing): try close(missing, of: author)
    case .pin(let contact): try pin(contact)
    case .retire(let key): try retire(key)
    case .move(let move): try note(move)
    case .claim(let author, let profile, let sha256): try claim(profile, of: author, sha256: sha256)
    case .pend(let request): try pend(request)
    case .introduced(let introduction): try keep(introduction)
    case .decide(let request, let decision): try decide(request, decision)
    case .invite(let invitation): try keep(invitation)
    case .use(let id):
      try db.execute(query: "UPDATE invitation SET used = 1 WHERE id = ?", arguments: [Base64URL.encode(id)])
    case .describe(let myself):
      if !rebuilding { remembered.sealer = try remembered.sealer ?? self.myself().fingerprint }
      try db.execute(query: "UPDATE identity SET myself = ?", arguments: [try JSON.text(myself)])
      remembered.myself = myself
    case .show(let entry): try show(entry)
    case .react(let reactions): try react(reactions)
    case .amend(let amendment): try amend(amendment)
    case .tombstone(let name, let author):
      try db.execute(
        query: "INSERT OR REPLACE INTO tombstone (author, id, by) VALUES (?, ?, ?)",
        arguments: [name.author.text, name.id.text, author.text])
    case .mute(let name, let until):
      try db.execute(
        query: "INSERT OR REPLACE INTO mute (item, until) VALUES (?, ?)",
        arguments: [ItemID(name).text, until?.milliseconds ?? Int64.max])
    case .unmute(let name): try db.execute(query: "DELETE FROM mute WHERE item = ?", arguments: [ItemID(name).text])
    case .draft(let draft):
      try db.execute(
        query: "INSERT OR REPLACE INTO draft (id, content, said, release) VALUES (?, ?, ?, ?)",
        arguments: [draft.id.text, try JSON.text(draft), draft.said.milliseconds, draft.release.milliseconds])
    case .discard(let id): try db.execute(query: "DELETE FROM draft WHERE id = ?", arguments: [id.text])
    case .write(let action, let audience, let id): try write(action, to: audience, id: id)
    case .cannotRead(let author, let kind): try note(unreadable: kind, for: author)
    case .recall(let names, let author): try recall(names, for: author)
    case .deliver(let names, let author): try deliver(names, to: author)
    case .begin(let stream, let circle, let members): try begin(stream, circle: circle, members: members)
    case .admit(let author, let stream, let first): try admit(author, to: stream, first: first)
    case .dismiss(let author, let stream, let last): try dismiss(author, from: stream, last: last)
    case .leaveStreams: try db.execute(query: "UPDATE stream SET begun_here = 0 WHERE begun_here = 1")
    case .wake(let alarm, let due):
      try db.execute(
        query: "INSERT OR REPLACE INTO timer (alarm, due) VALUES (?, ?)", arguments: [try JSON.text(alarm), due.milliseconds])
    case .cancel(let alarm): try cancel(alarm)
    case .tell(let mail):
      try db.execute(
        query: "INSERT INTO at_once (content, asked) VALUES (?, ?)", arguments: [try JSON.text(mail), now.milliseconds])
    case .notice(let kind, let said): try notice(kind: kind, said: said)
    case .set(let setting, let value):
      try db.execute(query: "DELETE FROM setting WHERE name = ?", arguments: [setting.rawValue])
      if let value {
        try db.execute(query: "INSERT INTO setting (name, value) VALUES (?, ?)", arguments: [setting.rawValue, value])
      }
    }
  }

  // MARK: Packets

  private func keep(_ arrival: Arrival, _ verdict: Verdict) throws {
    let (word, reason, awaited) = verdict.columns
    let name = arrival.read.name
    let stream = arrival.read.stream
    try db.execute(
      query: """
        INSERT INTO packet (author, id, sha256, bytes, signature, kind, stream, sequence, recipient, sender, signer,
          created, received, taken, verdict, reason, awaits_author, awaits_id)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (author, id) DO UPDATE SET verdict = excluded.verdict, reason = excluded.reason, awaits_author = '',
          awaits_id = '' WHERE packet.verdict = 'waiting'
        """,
      arguments: [
        name.author.text, name.id.text, arrival.sha256.text, arrival.signed.bytes.data, arrival.signed.signature.data,
        arrival.read.kind, stream?.id.text ?? "", Int64(clamping: stream?.sequence ?? 0), stream?.to?.text ?? "",
        arrival.sender.text, arrival.signer.text, arrival.read.created.milliseconds, arrival.arrived.milliseconds,
        now.milliseconds, word, reason,
        awaited?.author.text ?? "", awaited?.id.text ?? "",
      ])
    if let stream, stream.sequence > 0, arrival.sender == name.author {
      let kinds = arrival.read.streamKinds.map(\.rawValue).sorted().joined(separator: ",")
      try db.execute(
        query: """
          INSERT INTO stream (author, id, kind, peer) VALUES (?, ?, ?, ?)
          ON CONFLICT (author, id) DO UPDATE SET kind = excluded.kind WHERE instr(kind, ',') > 0 AND instr(excluded.kind, ',') = 0
          """, arguments: [name.author.text, stream.id.text, kinds, stream.to?.text ?? ""])
    }
    if case .understood(let packet) = arrival.read {
      try index(packet, sha256: arrival.sha256)
      // What a share shows is no packet of its own here: its pictures are awaited as the share's.
      if case .share(let share) = packet.action, case .understood(let post) = arrival.embedded[share.embedded.sha256]?.read {
        try index(post, sha256: arrival.sha256)
      }
    }
    for (sha256, part) in arrival.embedded {
      try keepPart(part.signed, sha256: sha256, of: arrival.sha256)
    }
  }

  /// Makes room for a packet that waited and is now decided again.
  func forget(_ name: PacketName) throws {
    try db.execute(query: "DELETE FROM packet WHERE author = ? AND id = ?", arguments: [name.author.text, name.id.text])
  }

  /// Remembers which blobs a packet names.
  func index(_ packet: Packet, sha256: Hash) throws {
    for blob in packet.blobs {
      try db.execute(
        query: "INSERT OR IGNORE INTO packet_blob (packet, sha256) VALUES (?, ?)", arguments: [sha256.text, blob.sha256.text])
    }
  }

  /// Keeps an embedded packet's bytes with its carrier.
  func keepPart(_ part: SignedPacket, sha256: Hash, of carrier: Hash) throws {
    try db.execute(
      query: "INSERT OR IGNORE INTO part (sha256, bytes, signature) VALUES (?, ?, ?)",
      arguments: [sha256.text, part.bytes.data, part.signature.data])
    try db.execute(
      query: "INSERT OR IGNORE INTO packet_embedded (carrier, sha256) VALUES (?, ?)", arguments: [carrier.text, sha256.text])
  }

  /// Lists what was kept out, and counts it at its gate.
  func refuse(gate: String, reason: String, from: String, sha256: Hash) throws {
    try db.execute(
      query: "INSERT INTO refusal (received, sender, gate, reason, sha256) VALUES (?, ?, ?, ?, ?)",
      arguments: [now.milliseconds, from, gate, reason, sha256.text])
    try db.execute(
      query: "INSERT INTO gate (name, refused) VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET refused = refused + 1",
      arguments: [gate])
  }

  /// Adds to what the user should know, unless the same was said within a day.
  func notice(kind: String, said: String) throws {
    try db.execute(
      query: """
        INSERT INTO notice (at, kind, said) SELECT ?1, ?2, ?3
        WHERE NOT EXISTS (SELECT 1 FROM notice WHERE kind = ?2 AND said = ?3 AND at > ?1 - 86400000 AND at <= ?1)
        """, arguments: [now.milliseconds, kind, said])
  }

  private func note(_ membership: Action.Membership, of author: Author) throws {
    let (sql, number) =
      switch membership.span {
      case .first(let first):
        ("INSERT OR REPLACE INTO membership (author, stream, member, first) VALUES (?, ?, ?, ?)", first)
      case .last(let last):
        (
          """
          INSERT INTO membership (author, stream, member, last) VALUES (?, ?, ?, ?)
          ON CONFLICT (author, stream, member) DO UPDATE SET last = excluded.last
          """, last
        )
      }
    try db.execute(
      query: sql, arguments: [author.text, membership.stream.text, try myself().author.text, Int64(clamping: number)])
  }

  // MARK: People

  private func pin(_ contact: Contact) throws {
    if let old = try self.contact(contact.author), !old.theirHalf.isEmpty,
      old.theirHalf != contact.theirHalf || old.ourHalf != contact.ourHalf
    {
      // What was tagged with the key before may still be on its way (Protocol, "Pair key").
      try db.execute(
        query: "INSERT INTO old_half (author, our_half, their_half, until) VALUES (?, ?, ?, ?)",
        arguments: [contact.author.text, old.ourHalf.data, old.theirHalf.data, now.adding(seconds: 30 * 86_400).milliseconds])
    }
    remembered.contacts = [:]
    try db.execute(
      query: """
        INSERT INTO contact (author, fingerprint, name, state, mark, since, certificate, our_half, their_half, endpoints, request,
          invitation_secret)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (author) DO UPDATE SET fingerprint = excluded.fingerprint, name = excluded.name, state = excluded.state,
          mark = excluded.mark, since = excluded.since, certificate = excluded.certificate, our_half = excluded.our_half,
          their_half = excluded.their_half, endpoints = excluded.endpoints, request = excluded.request,
          invitation_secret = excluded.invitation_secret
        """,
      arguments: [
        contact.author.text, contact.fingerprint.text, contact.name, contact.state.rawValue, contact.mark.rawValue,
        contact.since.milliseconds, contact.certificate.data, contact.ourHalf.data, contact.theirHalf.data,
        try JSON.text(contact.endpoints), contact.request?.text ?? "", contact.invitationSecret.data,
      ])
  }

  private func claim(_ profile: Action.Profile, of author: Author, sha256: Hash) throws {
    let fields = Dictionary(profile.fields.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
    // Another profile may be another program's.
    try db.execute(
      query: """
        DELETE FROM unreadable WHERE author = ?1 AND EXISTS (SELECT 1 FROM contact WHERE author = ?1 AND revision < ?2)
        """, arguments: [author.text, Int64(clamping: profile.revision)])
    // What comes with a request or an accept, and the first profile after it, make no news.
    try db.execute(
      query: """
        INSERT OR IGNORE INTO shown (target) SELECT ? FROM contact WHERE author = ?
          AND NOT EXISTS (SELECT 1 FROM packet WHERE packet.sha256 = contact.profile AND kind = 'profile')
        """, arguments: [LetterTarget.profile(sha256).text, author.text])
    remembered.contacts = [:]
    // The highest revision wins, ties go to the lower SHA-256 of the packet (Protocol, "Packet").
    try db.execute(
      query: """
        UPDATE contact SET claimed = ?, fields = ?, revision = ?, profile = ?
        WHERE author = ? AND (revision < ? OR (revision = ? AND profile > ?))
        """,
      arguments: [
        profile.name, try JSON.text(fields), Int64(clamping: profile.revision), sha256.text, author.text,
        Int64(clamping: profile.revision),
        Int64(clamping: profile.revision), sha256.text,
      ])
  }

  private func pend(_ request: PendingRequest) throws {
    try db.execute(
      query: """
        INSERT OR REPLACE INTO request (id, author, fingerprint, name, endpoints, certificate, half, received, proof)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        request.id.text, request.author.text, request.fingerprint.text, request.name, try JSON.text(request.endpoints),
        request.certificate.data, request.half.data, request.received.milliseconds, request.proof,
      ])
  }

  private func decide(_ request: PacketID, _ decision: Feed.Decision) throws {
    for table in ["request", "introduction"] {
      try db.execute(query: "DELETE FROM \(table) WHERE id = ?", arguments: [request.text])
    }
    try db.execute(
      query: "INSERT OR REPLACE INTO decision (request, said) VALUES (?, ?)", arguments: [request.text, decision.rawValue])
    try cancel(.forget(request: request))
  }

  private func keep(_ invitation: GivenInvitation) throws {
    try db.execute(
      query: "INSERT OR REPLACE INTO invitation (id, secret, expires, address, name, used) VALUES (?, ?, ?, ?, ?, ?)",
      arguments: [
        Base64URL.encode(invitation.id), invitation.secret.data, invitation.expires.milliseconds, invitation.address ?? "",
        invitation.name ?? "", invitation.used,
      ])
  }

  /// What is said several times is cancelled whichever time comes next.
  func cancel(_ alarm: Alarm) throws {
    let alarms: [Alarm] =
      switch alarm {
      case .askAgain(let author, _): (1...3).map { .askAgain(author, attempt: $0) }
      case .lookAgain(let author, _): (1...3).map { .lookAgain(author, attempt: $0) }
      default: [alarm]
      }
    for alarm in alarms { try db.execute(query: "DELETE FROM timer WHERE alarm = ?", arguments: [try JSON.text(alarm)]) }
  }

  // MARK: Reading

  private func show(_ entry: FeedEntry) throws {
    let isOwn = try myself().author == entry.name.author
    let item = ItemID(entry.name)
    let target = (entry.kind == .held ? LetterTarget.held(item) : .item(item)).text
    let wasShown =
      try Bool.fetchOne(db, query: "SELECT EXISTS (SELECT 1 FROM shown WHERE target = ?)", arguments: [target]) ?? false
    try db.execute(
      query: """
        INSERT OR IGNORE INTO feed (item, author, id, kind, created, received, shown_at, text, pictures, root, parent,
          introduced_by, card_name, digested, recipient, shared)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        item.text, entry.name.author.text, entry.name.id.text, entry.kind.rawValue, entry.created.milliseconds,
        entry.received.milliseconds, min(entry.created, entry.received).milliseconds, entry.text, try JSON.text(entry.pictures),
        entry.root.map { ItemID($0).text } ?? "", entry.parent.map { ItemID($0).text } ?? "", entry.introducedBy?.text ?? "",
        entry.cardName, isOwn || wasShown, entry.recipient?.text ?? "",
        try entry.shared.map(JSON.text) ?? "",
      ])
    try amend(entry.name)
  }

  private func react(_ reactions: Reactions) throws {
    try db.execute(
      query: """
        INSERT OR REPLACE INTO reaction (target, author, card_name, emoji, revision, received, id, sha256)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)
        """,
      arguments: [
        ItemID(reactions.target).text, reactions.author.text, reactions.cardName, try JSON.text(reactions.emoji),
        Int64(clamping: reactions.revision), reactions.received.milliseconds, reactions.id.text, reactions.sha256.text,
      ])
  }
}

extension Change {
  /// Whether it reaches out (writes, sends, asks or tells) or begins what the journal tells of. Such things are not done again
  /// when the view is made anew.
  var acts: Bool {
    switch self {
    case .write, .deliver, .recall, .tell, .notice, .begin, .admit, .dismiss, .leaveStreams: true
    default: false
    }
  }

  /// The packet that it decides for good: what waited for it can be decided now.
  var settled: PacketName? {
    if case .keep(_, .waiting) = self { return nil }
    if case .keep(let arrival, _) = self { return arrival.read.name }
    return nil
  }
}

extension Verdict {
  /// As it stands in the table of packets.
  fileprivate var columns: (word: String, reason: String, awaited: PacketName?) {
    switch self {
    case .done: ("done", "", nil)
    case .held: ("held", "", nil)
    case .waiting(let name): ("waiting", "", name)
    case .silent(let reason): ("silent", reason, nil)
    }
  }
}

extension ReadPacket {
  /// The action's element name.
  var kind: String {
    switch self {
    case .understood(let packet): packet.action.elementName
    case .newer(let newer): newer.kind
    }
  }
}
