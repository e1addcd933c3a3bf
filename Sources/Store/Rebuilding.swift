internal import Feed
internal import FoundationEssentials
internal import GRDB
internal import Node
public import Packets

/// Making the view anew from the mailbox: journal first, then our own packets, then what others sent (Protocol, "The journal").
extension Store {
  /// Takes in one's own parcels. Nothing is sent, asked or journalled; streams begun before are never written to again.
  ///
  /// - Parameters:
  ///   - journal: journal packets with good author signatures, in any order.
  ///   - own: other packets of one's own, with those that they embed.
  ///   - now: when the view is made.
  /// - Returns: how many journal packets the chain lacks.
  /// - Throws: ``StoreFailure/noIdentity`` where no journal packet holds the author key.
  public func restore(journal: [(SignedPacket, Packet)], own: [OwnPacket], at now: Instant) async throws -> Int {
    let chain = JournalChain(journal)
    return try await write(at: now, rebuilding: true) { ledger in
      try ledger.restore(chain)
      for packet in own.sorted(by: { $0.packet.id < $1.packet.id }) { try ledger.restore(packet) }
      try ledger.wakeAgain()
      return chain.missing
    }
  }

  /// Takes in one's own parcels that a database wrote which is not here any more: a backup was put back. What they decided holds, what they
  /// said is shown, and nothing is sent, asked or told again.
  ///
  /// - Returns: how many packets were new. Where there were any, new streams are begun from now on.
  public func catchUp(journal: [(SignedPacket, Packet)], own: [OwnPacket], at now: Instant) async throws -> Int {
    let chain = JournalChain(journal)
    return try await write(at: now, rebuilding: true) { try $0.catchUp(chain, own) }
  }

  /// Remembers where this database lay when it knew all that the mailbox does.
  public func note(places: String, at now: Instant) async throws {
    try await write(at: now) { ledger in
      try ledger.db.execute(query: "INSERT OR REPLACE INTO setting (name, value) VALUES ('places', ?)", arguments: [places])
    }
  }

  /// Where it lay then.
  public func places() async throws(StoreFailure) -> String? {
    try await read { try String.fetchOne($0.db, query: "SELECT value FROM setting WHERE name = 'places'") }
  }

  /// Parcels from the bridge's own folder that were not looked at yet.
  public func waitingInOwnFolder() async throws(StoreFailure) -> [Inpacket] {
    try await read { ledger in
      try Row.fetchAll(
        ledger.db,
        query: "SELECT * FROM inpacket WHERE state = 'waiting' AND kind = 'parcel' AND place = 'own' ORDER BY arrived, sha256"
      ).compactMap(Inpacket.init)
    }
  }
}

extension Ledger {
  /// Whether a packet is one that is answered when it comes, and nothing that we said is the answer.
  func isUnanswered(_ arrival: Arrival) throws -> Bool {
    guard case .understood(let packet) = arrival.read else { return false }
    switch packet.action {
    case .comment, .reaction: return try !isHandedOn(arrival.sha256)
    case .contactRequest:
      guard let accept = try newest("contact-accept", to: packet.author),
        case .contactAccept(let said) = try self.packet(accept)?.action
      else { return true }
      return said.request != packet.id
    case .contactAccept: return try newest("membership", to: packet.author) == nil
    default: return false
    }
  }
}

/// A packet of one's own, as one's own piece of a parcel holds it.
public struct OwnPacket: Sendable {
  /// Bytes and signature.
  public var signed: SignedPacket
  /// What it says.
  public var packet: Packet
  /// Packets that travel with it.
  public var embedded: [SignedPacket]

  /// A packet of one's own.
  public init(signed: SignedPacket, packet: Packet, embedded: [SignedPacket]) {
    self.signed = signed
    self.packet = packet
    self.embedded = embedded
  }
}

/// Journal packets in the order of their hash chain.
private struct JournalChain {
  struct Link {
    let sha256: Hash
    let signed: SignedPacket
    let packet: Packet
    let journal: Action.Journal
  }

  /// From the first on; pieces of a broken chain follow each other by id.
  private(set) var links: [Link] = []
  /// How many packets are named as previous ones and are not there.
  private(set) var missing = 0

  init(_ packets: [(SignedPacket, Packet)]) {
    var byPrevious: [Hash?: [Link]] = [:]
    var all: [Hash: Link] = [:]
    for (signed, packet) in packets {
      guard case .journal(let journal) = packet.action else { continue }
      let link = Link(sha256: signed.sha256, signed: signed, packet: packet, journal: journal)
      guard all.updateValue(link, forKey: link.sha256) == nil else { continue }
      byPrevious[journal.previous, default: []].append(link)
    }
    let starts = all.values.filter { link in link.journal.previous.map { all[$0] == nil } ?? true }
      .sorted { $0.packet.id < $1.packet.id }
    missing = starts.count { $0.journal.previous != nil }
    for start in starts {
      var next: [Link] = [start]
      while let link = next.popLast() {
        links.append(link)
        next += (byPrevious[link.sha256] ?? []).sorted { $0.packet.id > $1.packet.id }
      }
    }
  }
}

extension Ledger {
  fileprivate mutating func restore(_ chain: JournalChain) throws {
    // The very first packet holds the key and the profile that everything else needs.
    var key: SecretKey?
    var myself: Myself?
    for record in JournalRecord.read(chain.links.flatMap(\.journal.records)) where key == nil || myself == nil {
      if case .authorKey(let seed) = record { key = key ?? SecretKey(seed: seed) }
      if case .myself(let mine) = record { myself = myself ?? mine }
    }
    guard let key, let myself, key.author == myself.author else { throw StoreFailure.noIdentity }
    try insertIdentity(key, myself)
    let links = chain.links.filter { $0.packet.author == key.author && $0.signed.verifySignature(by: key.author) }
    try follow(links, myself)
  }

  /// Makes true what journal packets say, in their order, and goes on from the last.
  private mutating func follow(_ links: [JournalChain.Link], _ myself: Myself) throws {
    for record in JournalRecord.read(links.flatMap(\.journal.records)) {
      switch record {
      case .letter(let letter, let made): try keep(letter, made: made)
      case .acted(let mark): _ = try act(mark)
      default: if let change = record.change { try enact(change) }
      }
    }
    for link in links {
      try record(link.signed, link.packet, myself)
      try db.execute(
        query: "INSERT INTO journal (sha256, previous) VALUES (?, ?)",
        arguments: [link.sha256.text, link.journal.previous?.text ?? ""])
    }
  }

  /// Takes in what the mailbox knows and this database does not. Returns how many packets that were.
  fileprivate mutating func catchUp(_ chain: JournalChain, _ own: [OwnPacket]) throws -> Int {
    let myself = try myself()
    let links = try chain.links.filter { link in
      try link.packet.author == myself.author && packet(link.packet.name) == nil
        && link.signed.verifySignature(by: myself.author)
    }
    let new = try own.filter { try $0.packet.author == myself.author && packet($0.packet.name) == nil }
    guard let last = (links.map(\.packet) + new.map(\.packet)).map(\.created).max() else { return 0 }
    // A stream has one writer for life, and this database is another than the one that wrote last (Protocol, "Streams").
    try enact(.leaveStreams)
    let known = Set(try String.fetchAll(db, query: "SELECT author FROM contact WHERE state = 'requested'"))
    try follow(links, myself)
    for packet in new.sorted(by: { $0.packet.id < $1.packet.id }) { try restore(packet) }
    // What was to be told at once has long been told.
    try db.execute(query: "DELETE FROM at_once WHERE asked <= ?", arguments: [last.milliseconds])
    // Whoever wrote last may still be at it: a draft is given its time once more.
    try wakeAgain(draftsFrom: now.adding(seconds: rules.undoForMail)) { !known.contains($0.author.text) }
    try notice(
      kind: "another machine",
      said: "\(links.count + new.count) things were said in your name that this database did not know; it has learnt them.")
    return links.count + new.count
  }

  fileprivate mutating func restore(_ own: OwnPacket) throws {
    let myself = try myself()
    guard own.packet.author == myself.author, own.signed.verifySignature(by: myself.author),
      try packet(own.packet.name) == nil
    else { return }
    // What one writes below one's own post travels only inside its relay.
    for part in own.embedded where part.sha256 == own.packet.embedded?.sha256 {
      guard case .understood(let packet) = try part.read(), packet.author == myself.author else { continue }
      try restore(OwnPacket(signed: part, packet: packet, embedded: []))
    }
    let sha256 = try record(own.signed, own.packet, myself)
    for part in own.embedded where part.sha256 == own.packet.embedded?.sha256 {
      try keepPart(part, sha256: part.sha256, of: sha256)
    }
    if let stream = own.packet.stream, let kind = own.packet.streamKind {
      try db.execute(
        query: "INSERT OR IGNORE INTO stream (author, id, kind, peer) VALUES (?, ?, ?, ?)",
        arguments: [myself.author.text, stream.id.text, kind.rawValue, stream.to?.text ?? ""])
    }
    try handle(.published(own.signed, own.packet))
  }

  /// What waits for its time waits again.
  fileprivate mutating func wakeAgain(
    draftsFrom earliest: Instant = Instant(milliseconds: 0), _ isNew: (Contact) -> Bool = { _ in true }
  ) throws {
    for draft in try drafts() { try apply(.wake(.release(draft.id), at: max(draft.release, earliest))) }
    let asked = try Row.fetchAll(db, query: "SELECT * FROM contact WHERE state = 'requested'").map(Self.contact)
    for contact in asked where isNew(contact) && contact.since.adding(seconds: 6 * 86_400) > now {
      try apply(.wake(.askAgain(contact.author, attempt: 1), at: now.adding(seconds: 86_400)))
    }
    let moves = try Row.fetchAll(
      db, query: "SELECT author FROM move WHERE nonce <> x'' AND asked > ?",
      arguments: [now.adding(seconds: -6 * 86_400).milliseconds])
    for author in moves.compactMap({ Author(text: $0["author"] as String) }) {
      try apply(.cancel(.lookAgain(author, attempt: 0)))
      try apply(.wake(.lookAgain(author, attempt: 1), at: now.adding(seconds: 86_400)))
    }
  }
}
