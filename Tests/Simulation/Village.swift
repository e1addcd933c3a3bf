import Feed
import Foundation
import GRDB
import Packets
import Store
import TestNodes

/// People, who know each other or not, the network between them, and the time that passes there.
final class Village {
  let residents: [Resident]
  var rights: Rights
  var network: Network
  var dice: Dice
  var calendar = Calendar()
  private(set) var now: Instant
  /// What is done wrong on purpose, so that the checks show that they can fail.
  let sabotage: Sabotage?
  /// The circle, beside everyone, that each of them has.
  static let circle = "Some"
  /// When the first of all of them begins: 2026-11-22 12:00 UTC.
  static let beginning = Instant(milliseconds: 1_795_348_800_000)

  private let reader = Reader()
  /// Performs what a calendar's `act` stands for.
  var perform: (Village, Int) async throws -> Void = { _, _ in }
  /// Stops the machine, once, between handing over and noting it.
  var stumbles = false
  /// How often somebody did something.
  var said = 0
  /// Copies that this may take, reckoned from what was done and from who is whose contact.
  var allowance = Allowance()

  init(_ people: [Identity], on machines: Machines, seed: UInt64) {
    machines.free()
    residents = people.map { Resident($0, on: machines, seed: seed) }
    rights = Rights(numbers: Self.numbers(of: residents))
    (now, dice, sabotage) = (Self.beginning, Dice(state: seed), nil)
    network = Network(badUntil: now)
  }

  /// A village as the template's is, copied when it is needed, with a fate of its own.
  init(_ template: Template, on machines: Machines, seed: UInt64, sabotage: Sabotage? = nil) {
    machines.free()
    residents = zip(template.people, template.disks).map { Resident($0, on: machines, seed: seed &+ 1, disk: $1) }
    rights = template.rights
    rights.beginRun()
    (now, dice) = (template.now, Dice(state: seed))
    self.sabotage = sabotage
    network = Network(badUntil: now)
  }

  private static func numbers(of residents: [Resident]) -> [Author: Int] {
    Dictionary(residents.map { ($0.author, $0.number) }, uniquingKeysWith: { first, _ in first })
  }

  func roll(_ sides: Int) -> Int { Int.random(in: 0..<sides, using: &dice) }

  /// Lets time pass until nothing is to happen any more, or until a moment.
  func run(until end: Instant? = nil) async throws {
    while let due = calendar.first, end.map({ due <= $0 }) ?? true, let event = calendar.next()?.event {
      now = max(now, due)
      switch event {
      case .arrival(let parcel, let number): try await deliver(parcel, to: residents[number])
      case .act(let number): try await perform(self, number)
      case .alarm(let number):
        let resident = residents[number]
        guard resident.alarm == due else { continue }
        resident.alarm = nil
        for alarm in try await resident.store().dueAlarms(at: now) { try await resident.store().ring(alarm, at: now) }
        try await settle(resident)
      }
    }
    if let end { now = max(now, end) }
  }

  // MARK: One node

  /// A wish takes effect, and what follows from it leaves. Returns the name of what was said.
  @discardableResult
  func wish(_ wish: Wish, by number: Int) async throws -> PacketName {
    let resident = residents[number]
    let name = PacketName(author: resident.author, id: try await resident.store().perform(wish, at: now))
    if case .post(_, _, let circle, _) = wish { rights.posted(name, to: circle ?? Circle.everyone) }
    allowance.add(wish, by: number, rights)
    return name
  }

  /// After each transaction: what waits leaves, and the next alarm is known.
  func settle(_ resident: Resident) async throws {
    let (sends, alarm) = try await resident.agenda()
    if sends { try await send(resident) }
    guard alarm != resident.alarm else { return }
    resident.alarm = alarm
    if let alarm { calendar.put(.alarm(of: resident.number), at: max(alarm, now)) }
  }

  private func send(_ resident: Resident) async throws {
    let fresh = try await resident.store().seal(at: now)
    for sealing in fresh.values {
      var inner: [Hash: Packet] = [:]
      for part in sealing.embedded {
        if case (let hash, .understood(let packet)) = try reader.read(part) { inner[hash] = packet }
      }
      for (_, packet) in sealing.packets {
        allowance.writers.insert(resident.number)
        rights.written(packet, inner, for: sealing.recipients.map(\.author), at: resident.number)
      }
    }
    resident.sealed.merge(fresh) { _, new in new }
    if stumbles {
      stumbles = false
      try await dispatch(resident, remembers: false)
      try resident.restart()
    }
    try await dispatch(resident, remembers: true)
    resident.sealed = [:]
  }

  private func dispatch(_ resident: Resident, remembers: Bool) async throws {
    let parcels = try await resident.store().handOver(
      resident.sealed, from: resident.author, signer: resident.identity.fingerprint, at: now, remembers: remembers
    ).parcels
    for parcel in try sabotage?.alter(parcels, of: resident, self) ?? parcels {
      guard let to = rights.numbers[parcel.to] else { continue }
      // What goes once more because the machine stopped is nobody's word.
      if remembers { network.count(try kind(of: parcel), parcel, at: now) }
      for arrival in network.arrivals(from: resident.number, to: to, at: now, using: &dice) {
        calendar.put(.arrival(parcel, at: to), at: arrival)
      }
    }
  }

  private func deliver(_ parcel: Parcel, to resident: Resident) async throws {
    let reception = try await resident.store().takeIn(parcel, at: now, with: reader)
    if case .held = reception { resident.held.append(parcel) }
    try await sabotage?.spoil(resident)
    let actions = try actions(of: parcel)
    if actions.contains(where: { $0.elementName.hasPrefix("contact-") }) { try await noteContacts(of: resident) }
    try await settle(resident)
    guard case .taken(_, joins: true) = reception else { return }
    let held = resident.held
    resident.held = []
    for parcel in held { try await deliver(parcel, to: resident) }
  }

  func noteContacts(of resident: Resident) async throws {
    let contacts = try await resident.store().contacts().filter { $0.state == .contact }
    rights.now(Set(contacts.compactMap { rights.numbers[$0.author] }), at: resident.number)
  }

  // MARK: Parcels

  func actions(of parcel: Parcel) throws -> [Action] {
    try parcel.packets.compactMap { if case .understood(let packet) = try reader.read($0).read { packet.action } else { nil } }
  }

  private func kind(of parcel: Parcel) throws -> Network.Kind {
    guard let first = parcel.packets.first, case .understood(let packet) = try reader.read(first).read else { return .words }
    switch packet.action {
    case .heads: return .heads
    case .resendRequest, .gone: return .repair
    default: return packet.created.adding(seconds: 60) < now ? .repair : .words
    }
  }
}

/// A village at rest, from which others are copied.
final class Template: Sendable {
  let people: [Identity]
  let disks: [Data]
  let rights: Rights
  let now: Instant

  /// People who begin, become friends along a graph, put some friends into a circle, and fall silent. That nothing was lost here is not
  /// said, which would take longer than a run.
  init(count: Int, friendships: [(Int, Int)], on machines: Machines, seed: UInt64) async throws {
    people = Array(try Identity.first(count))
    let village = Village(people, on: machines, seed: seed)
    for resident in village.residents { try await resident.begin(at: village.now) }
    for (one, other) in friendships { try await village.befriend(one, other) }
    try await village.run(until: village.now.adding(seconds: 3600))
    for resident in village.residents {
      try await village.wish(.createCircle(Village.circle), by: resident.number)
      village.rights.create(Village.circle, at: resident.number)
      for friend in village.rights.contacts[resident.number].sorted() where village.roll(2) == 0 {
        try await village.wish(.addToCircle(Village.circle, village.residents[friend].author), by: resident.number)
        village.rights.admit(friend, to: Village.circle, at: resident.number)
      }
      try await village.settle(resident)
    }
    try await village.run(until: village.now.adding(seconds: 3600))
    for resident in village.residents { try await resident.silence() }
    disks = try village.residents.map { try $0.bytes() }
    (rights, now) = (village.rights, village.now.adding(seconds: 30 * 86_400))
  }

  /// A small world: most know their neighbours, some know somebody far away.
  static func smallWorld(_ count: Int, degree: ClosedRange<Int>, reach: Int, seed: UInt64) -> [(Int, Int)] {
    var dice = Dice(state: seed)
    var known: Set<Rights.Pair> = []
    var pairs: [(Int, Int)] = []
    func meet(_ one: Int, _ other: Int) {
      guard one != other, known.insert(Rights.Pair(one: min(one, other), other: max(one, other))).inserted else { return }
      pairs.append((one, other))
    }
    for one in 0..<count {
      meet(one, (one + 1) % count)
      // Each friendship is one of two people's.
      for _ in 1..<max(2, Int.random(in: degree, using: &dice) / 2) {
        let isNear = Int.random(in: 0..<5, using: &dice) > 0
        meet(one, (one + (isNear ? Int.random(in: 2...reach, using: &dice) : Int.random(in: 1..<count, using: &dice))) % count)
      }
    }
    return pairs
  }
}
