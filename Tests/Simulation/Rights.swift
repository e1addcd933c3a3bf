import Feed
import Packets
import Store

/// Who may know what, reckoned beside the nodes from what people did: never from what was sent.
struct Rights {
  struct Pair: Hashable, Sendable {
    var one: Int
    var other: Int
  }
  struct Place: Hashable, Sendable {
    var author: Int
    var circle: String
    var reader: Int
  }

  let numbers: [Author: Int]
  /// Whom somebody takes for a contact now.
  private(set) var contacts: [Set<Int>]
  /// Whose name and address somebody got by right: contacts of any time, whom they asked, and who asked them.
  private(set) var met: [Set<Int>]
  private var circles: [[String: Set<Int>]]
  /// Acquaintances that ended in this run: what was on its way then may be lost for good.
  private(set) var parted: Set<Pair> = []
  /// Acquaintances that began in this run: a day later, what was said before may be handed to them.
  private var joined: Set<Pair> = []
  /// Who left a circle, or came into it, in this run: what is below older posts may be without them.
  private(set) var moved: Set<Place> = []
  /// Which circle a post went to.
  private(set) var circleOf: [PacketName: String] = [:]
  /// Below which post something hangs.
  private(set) var rootOf: [PacketName: PacketName] = [:]
  /// Who may have a packet.
  private(set) var holders: [PacketName: Set<Int>] = [:]

  init(numbers: [Author: Int]) {
    self.numbers = numbers
    contacts = Array(repeating: [], count: numbers.count)
    met = contacts
    circles = Array(repeating: [:], count: numbers.count)
  }

  /// Who is in a circle of somebody's now.
  func members(of circle: String, at author: Int) -> Set<Int> {
    circle == Circle.everyone ? contacts[author] : (circles[author][circle] ?? []).intersection(contacts[author])
  }

  // MARK: What people did

  mutating func posted(_ name: PacketName, to circle: String) { circleOf[name] = circle }

  mutating func meets(_ one: Int, _ other: Int) {
    met[one].insert(other)
    met[other].insert(one)
  }

  mutating func create(_ circle: String, at author: Int) { circles[author][circle] = [] }

  mutating func admit(_ member: Int, to circle: String, at author: Int) {
    if circles[author][circle, default: []].insert(member).inserted {
      moved.insert(Place(author: author, circle: circle, reader: member))
    }
  }

  mutating func dismiss(_ member: Int, from circle: String, at author: Int) {
    circles[author][circle]?.remove(member)
    moved.insert(Place(author: author, circle: circle, reader: member))
  }

  mutating func now(_ contacts: Set<Int>, at person: Int) {
    for other in self.contacts[person].subtracting(contacts) {
      parted.formUnion([Pair(one: person, other: other), Pair(one: other, other: person)])
      for circle in circles[person].keys { circles[person][circle]?.remove(other) }
    }
    for other in contacts.subtracting(self.contacts[person]) { joined.insert(Pair(one: person, other: other)) }
    self.contacts[person] = contacts
    met[person].formUnion(contacts)
  }

  /// A template's people begin a run: nothing has changed yet.
  mutating func beginRun() { (parted, moved, joined) = ([], [], []) }

  // MARK: What they may have

  /// Something was written: whoever may have it follows from what it is, and from who is where at this moment.
  mutating func written(_ packet: Packet, _ embedded: [Hash: Packet], for recipients: [Author], at author: Int) {
    let name = packet.name
    if case .relay(let relay) = packet.action {
      guard let inner = embedded[relay.embedded.sha256], let root = inner.root else { return }
      note(inner)
      let circle = members(of: circleOf[root.name] ?? "", at: author).union([author])
      if holders[name] == nil {
        holders[name] = circle
        holders[inner.name, default: numbers[inner.author].map { [$0] } ?? []].formUnion(circle)
      }
      if let newcomer = newcomer(recipients, to: circleOf[root.name], of: author) {
        holders[name]?.insert(newcomer)
        holders[inner.name]?.insert(newcomer)
      }
      return
    }
    guard holders[name] == nil else {
      if let newcomer = newcomer(recipients, to: circleOf[root(of: packet)], of: author) { holders[name]?.insert(newcomer) }
      return
    }
    note(packet)
    switch packet.action {
    // Handed to whoever becomes a contact, at any time.
    case .profile: return
    case .heads, .resendRequest, .gone: holders[name] = Set(recipients.compactMap { numbers[$0] } + [author])
    default:
      if let to = packet.stream?.to {
        holders[name] = Set([author] + (numbers[to].map { [$0] } ?? []))
      } else {
        holders[name] = members(of: circleOf[root(of: packet)] ?? "", at: author).union([author])
      }
    }
  }

  /// Who became a contact in this run and is alone handed something of a circle that they are in now: what was said before they came.
  private func newcomer(_ recipients: [Author], to circle: String?, of author: Int) -> Int? {
    guard recipients.count == 1, let circle, let reader = recipients.first.flatMap({ numbers[$0] }),
      joined.contains(Pair(one: author, other: reader)), members(of: circle, at: author).contains(reader)
    else { return nil }
    return reader
  }

  /// The post that something belongs to.
  private func root(of packet: Packet) -> PacketName {
    switch packet.action {
    case .edit(let edit): rootOf[edit.target.name] ?? edit.target.name
    case .retract(let retract): rootOf[retract.target.name] ?? retract.target.name
    default: packet.name
    }
  }

  private mutating func note(_ packet: Packet) {
    if let root = packet.root { rootOf[packet.name] = root.name }
  }

  /// Whether two have always been in a circle together since the run began.
  func isSteady(_ reader: Int, in circle: String, of author: Int) -> Bool {
    !parted.contains(Pair(one: author, other: reader)) && !moved.contains(Place(author: author, circle: circle, reader: reader))
  }
}
