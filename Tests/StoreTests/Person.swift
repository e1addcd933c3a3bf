import Drivers
import Feed
import Foundation
import GRDB
import Node
import Packets
@testable import Store
import Synchronization
import TestNodes
import Testing

struct Missing: Error {}

extension Store {
  /// What is to be mailed at once, oldest first.
  func atOnce() async throws -> [(number: Int64, mail: AtOnce)] {
    var all: [(number: Int64, mail: AtOnce)] = []
    for number in try await wantedAtOnce(at: Instant(milliseconds: 0)) {
      if let mail = try await atOnce(number) { all.append((number, mail)) }
    }
    return all
  }
}

/// One account: its store, and what its mailbox would hold.
final class Person: Sendable {
  let name: String
  let key: SecretKey
  let fingerprint: Fingerprint
  let settings: StoreSettings
  let path: String
  let store: Store
  let world: Ground
  var author: Author { key.author }

  /// What lies in this person's mailbox: all that is needed to make the view anew.
  struct Mailbox: Sendable {
    var journal: [(SignedPacket, Packet)] = []
    var own: [OwnPacket] = []
    var received: [Parcel] = []
    var held: [Parcel] = []
    var refused: [String] = []
  }
  let mailbox = Mutex(Mailbox())
  let seenRecords = Mutex(0)

  /// An empty database for the same account.
  init(again other: Person) throws {
    (name, key, fingerprint, settings, world) = (other.name, other.key, other.fingerprint, other.settings, other.world)
    path = other.path + "." + UUID().uuidString
    store = try Store(path: path, settings: settings)
  }

  init(
    _ name: String, number: Int, on world: Ground, rules: Rules, _ change: (inout StoreSettings) -> Void
  ) async throws {
    guard let key = SecretKey(seed: [UInt8](repeating: UInt8(number + 1), count: 32)),
      let fingerprint = Fingerprint(bytes: [UInt8](repeating: UInt8(0x11 * (number % 15 + 1)), count: 19) + [UInt8(number)])
    else { throw Missing() }
    self.name = name
    (self.key, self.fingerprint, self.world) = (key, fingerprint, world)
    let counter = Mutex(UInt64(number + 1) << 32)
    var settings = StoreSettings(
      rules: rules, domain: "\(name.lowercased()).example",
      random: {
        Dice(
          state: counter.withLock {
            $0 += 1_000_003; return $0
          })
      })
    change(&settings)
    self.settings = settings
    path = world.directory.appending(path: "\(name)-\(number).sqlite").path
    store = try Store(path: path, settings: settings)
    let address = "mailto:\(name.lowercased())@\(name.lowercased()).example"
    let myself = Myself(
      author: key.author, fingerprint: fingerprint, certificate: Array("certificate of \(name)".utf8),
      binding: Array("binding of \(name)".utf8), name: name, endpoints: [address])
    try await store.begin(key, myself, at: world.now)
    for _ in 0..<number { _ = try await store.perform(.setProfile(field: "number", value: "\(number)"), at: world.now) }
  }

  // MARK: Wishes

  @discardableResult
  func wish(_ wish: Wish) async throws -> ItemID {
    world.wait(seconds: 1)
    return ItemID(PacketName(author: author, id: try await store.perform(wish, at: world.now)))
  }

  @discardableResult
  func post(_ text: String) async throws -> ItemID { try await wish(.post(text: text, pictures: [], circle: nil, share: false)) }

  @discardableResult
  func comment(_ text: String, on item: ItemID) async throws -> ItemID {
    try await wish(.comment(on: item, text: text, pictures: []))
  }

  @discardableResult
  func react(_ emoji: [String], to item: ItemID) async throws -> ItemID { try await wish(.react(to: item, emoji: emoji)) }

  @discardableResult
  func mail(_ wish: Wish) async throws -> ItemID {
    let author = author
    return try await store.transact(at: world.now) { transaction in
      let id = transaction.newPacketID()
      try transaction.handle(.wish(wish, id: id, through: .mail))
      return ItemID(PacketName(author: author, id: id))
    }
  }

  /// An invitation of this person's, as its link would be read.
  func invite(address: String? = nil, name: String? = nil) async throws -> (Invitation, Fingerprint) {
    let link = try await store.invitation(address: address, name: name, at: world.now)
    return (link, fingerprint)
  }

  func accept(_ invitation: (Invitation, Fingerprint)) async throws {
    try await wish(.acceptInvitation(invitation.0, fingerprint: invitation.1, through: nil))
  }

  /// Rings what is due.
  func ring() async throws {
    for alarm in try await store.dueAlarms(at: world.now) { try await store.ring(alarm, at: world.now) }
  }

  // MARK: Carrying

  /// Seals what waits and hands over what is due. Own pieces go into the own mailbox.
  func send() async throws -> [Parcel] {
    let (parcels, own) = try await store.handOver(
      store.seal(at: world.now), from: author, signer: fingerprint, at: world.now)
    for sealing in own { keepOwn(sealing) }
    return parcels
  }

  private func keepOwn(_ sealing: Sealing) {
    mailbox.withLock { mailbox in
      for (signed, packet) in sealing.packets {
        if case .journal = packet.action {
          mailbox.journal.append((signed, packet))
        } else {
          mailbox.own.append(OwnPacket(signed: signed, packet: packet, embedded: sealing.embedded))
        }
      }
    }
  }

  /// Takes a parcel in, as the bridge does behind its gates: packet by packet, on the state that the one before left.
  func receive(
    _ parcel: Parcel, rebuilding: Bool = false, from place: Received.Place = .own, with reader: Reader = Reader()
  ) async throws {
    let reception = try await store.takeIn(parcel, rebuilding: rebuilding, from: place, at: world.now, with: reader)
    if case .refused(let reason) = reception { return mailbox.withLock { $0.refused.append(reason) } }
    if !rebuilding { mailbox.withLock { $0.received.append(parcel) } }
    switch reception {
    case .refused: return
    case .held: mailbox.withLock { $0.held.append(parcel) }
    case .taken(let refused, let joins):
      mailbox.withLock { $0.refused += refused }
      guard joins else { return }
      let held = mailbox.withLock { mailbox in
        defer { mailbox.held = [] }
        return mailbox.held
      }
      for parcel in held { try await receive(parcel, rebuilding: rebuilding) }
    }
  }

  var refused: [String] { mailbox.withLock { $0.refused } }

  /// Signs something that this person's node would not write by itself, and puts it into a parcel.
  func forge(
    _ action: Action, in stream: Packet.Stream?, to other: Person, id: PacketID? = nil, requires: [String] = [],
    created: Instant? = nil
  ) throws -> Parcel {
    var dice = Dice(state: UInt64(bitPattern: Int64(world.now.milliseconds)) &+ UInt64(other.fingerprint.bytes[0]))
    let packet = Packet(
      id: id ?? PacketID(at: world.now, using: &dice), author: author, created: created ?? world.now, stream: stream,
      requires: requires, action: action, fallback: nil)
    return Parcel(
      from: author, signer: fingerprint, to: other.author, packets: [try SignedPacket.sign(packet, with: key)])
  }

  /// Points at something in this person's feed, with its bytes.
  func reference(to item: ItemID) async throws -> Reference {
    guard let shown = try await self.item(item), let signed = try await store.signedBytes(of: item) else { throw Missing() }
    return Reference(author: shown.author.author, id: shown.name.id, sha256: signed.sha256)
  }

  // MARK: Looking

  func standing(of other: Author) async throws -> Contact.State? {
    try await store.contacts().first { $0.author == other }?.state
  }

  func knows(_ other: Person) async throws -> Bool { try await standing(of: other.author) == .contact }

  /// Whether both know each other.
  func isFriend(of other: Person) async throws -> Bool {
    let (here, there) = (try await knows(other), try await other.knows(self))
    return here && there
  }

  /// The feed as it reads, oldest first: `Ben: hello`, and `Ben (says Anna): hello` where Ben is hearsay.
  func reads() async throws -> [String] {
    try await store.feed(limit: 1000).reversed().map { item in
      "\(item.author.name)\(item.introducedBy.map { " (says \($0))" } ?? ""): \(item.text)"
    }
  }

  /// When what waits for something else is given up.
  func givesUp() async throws -> [Instant] {
    try await store.pool.read { db in
      try Int64.fetchAll(db, sql: "SELECT due FROM timer WHERE alarm LIKE '%giveUp%' ORDER BY due").map(
        Instant.init(milliseconds:))
    }
  }

  func item(_ id: ItemID) async throws -> FeedItem? { try await store.items([id]).first }

  func notices() async throws -> [String] { try await store.notices(limit: 100).map(\.kind) }

  /// Queues a letter to the person, as the bridge does. Returns whether it is needed.
  @discardableResult
  func show(_ letter: SentLetter, answering numbers: [Int64] = []) async throws -> Bool {
    let way = LetterDelivery(endpoint: "mailto:someone@person.example")
    return try await store.transact(at: world.now) { try $0.queue(letter, answering: numbers, to: way) }
  }

  /// What the node wants mailed at once.
  func told() async throws -> [AtOnce] { try await store.atOnce().map(\.mail) }
}
