import Packets
import TestNodes

/// How parcels travel: lost, doubled, late and out of order while the network is bad, and within minutes when it is good.
struct Network {
  /// Percent of copies that never arrive, that arrive twice, and that take up to six hours.
  var loss = 10
  var doubling = 8
  var delay = 20
  /// Until then it is bad.
  var badUntil: Instant
  /// Groups that cannot reach each other for a while.
  var partitions: [Partition] = []
  /// Copies that met with something: each may be asked for.
  private(set) var disturbed = 0
  /// Copies that were handed over, by what they are for.
  private(set) var words = 0
  private(set) var heads = 0
  private(set) var repairs = 0
  /// Of packets, and of the mails they make.
  private(set) var bytes = 0
  private(set) var wire = 0
  private(set) var mails = 0
  private(set) var last: Instant?

  struct Partition {
    var from: Instant
    var until: Instant
    var group: Set<Int>
  }

  /// When copies of a parcel arrive.
  mutating func arrivals(from: Int, to: Int, at now: Instant, using dice: inout Dice) -> [Instant] {
    let soon = now.adding(seconds: Int64.random(in: 5...120, using: &dice))
    guard now < badUntil else { return [soon] }
    if let cut = partitions.first(where: { $0.from <= now && now < $0.until && $0.group.contains(from) != $0.group.contains(to) })
    {
      // Half of what cannot pass waits at a provider, the other half is given up there.
      disturbed += 1
      return Bool.random(using: &dice) ? [] : [cut.until.adding(seconds: Int64.random(in: 5...600, using: &dice))]
    }
    if chance(loss, &dice) {
      disturbed += 1
      return []
    }
    return (0..<(chance(doubling, &dice) ? 2 : 1)).map { _ in
      guard chance(delay, &dice) else { return soon }
      disturbed += 1
      return now.adding(seconds: Int64.random(in: 60...21_600, using: &dice))
    }
  }

  private func chance(_ percent: Int, _ dice: inout Dice) -> Bool { Int.random(in: 0..<100, using: &dice) < percent }

  /// Counts what was handed over.
  mutating func count(_ kind: Kind, _ parcel: Parcel, at now: Instant) {
    mails += 1
    bytes += (parcel.packets + parcel.embedded).reduce(0) { $0 + $1.bytes.count }
    wire += Self.size(of: parcel)
    last = now
    switch kind {
    case .words: words += 1
    case .heads: heads += 1
    case .repair: repairs += 1
    }
  }

  /// Bytes on the wire, by the protocol's measures: each packet and its signature are a part (some 300 bytes of headers, base64 in
  /// lines of 76), inner headers and readable words take some 900, the whole is padded, encrypted to one reader (some 900 bytes
  /// with the signature), armored, and has some 800 bytes of headers.
  static func size(of parcel: Parcel) -> Int {
    func base64(_ count: Int) -> Int { (count + 2) / 3 * 4 * 78 / 76 }
    let parts = (parcel.packets + parcel.embedded).reduce(0) { $0 + base64($1.bytes.count) + 300 }
    let padded = max(4096, Int(Derivation.padme(UInt64(900 + parts))))
    return base64(padded + 900) + 800
  }

  enum Kind {
    /// Something that somebody said, for the first time.
    case words
    /// How far streams reach.
    case heads
    /// Asking again, and the answers.
    case repair
  }
}

/// What happens when; of equal moments, what was put in first.
struct Calendar {
  enum Event {
    case arrival(Parcel, at: Int)
    case alarm(of: Int)
    case act(Int)
  }

  private struct Entry {
    var due: Instant
    var order: Int
    var event: Event
    static func < (one: Entry, other: Entry) -> Bool { (one.due, one.order) < (other.due, other.order) }
  }

  private var heap: [Entry] = []
  private var count = 0

  /// When the next of them happens.
  var first: Instant? { heap.first?.due }

  mutating func put(_ event: Event, at due: Instant) {
    count += 1
    heap.append(Entry(due: due, order: count, event: event))
    var child = heap.count - 1
    while child > 0, heap[child] < heap[(child - 1) / 2] {
      heap.swapAt(child, (child - 1) / 2)
      child = (child - 1) / 2
    }
  }

  mutating func next() -> (due: Instant, event: Event)? {
    guard let first = heap.first else { return nil }
    let last = heap.removeLast()
    if !heap.isEmpty {
      heap[0] = last
      sink()
    }
    return (first.due, first.event)
  }

  private mutating func sink() {
    var parent = 0
    while true {
      let children = [2 * parent + 1, 2 * parent + 2].filter { $0 < heap.count }
      guard let least = children.min(by: { heap[$0] < heap[$1] }), heap[least] < heap[parent] else { return }
      heap.swapAt(least, parent)
      parent = least
    }
  }
}
