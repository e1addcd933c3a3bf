import Feed
import Foundation
import GRDB
import Node
import Packets
import Testing

@testable import Store

/// Many nodes in one process, on a network that loses, doubles, delays and reorders parcels: whatever it does, all who are meant to see
/// something see the same in the end, nobody else sees any of it, and then there is silence.
@Suite struct SimulationTests {
  /// So many seeds in the usual run, from one that is printed; `SOCIALNET_SEED` sets that one, `SOCIALNET_LONG` takes a hundred.
  static let seeds: [UInt64] = {
    let environment = ProcessInfo.processInfo.environment
    let first = environment["SOCIALNET_SEED"].flatMap { UInt64($0) } ?? UInt64.random(in: 0..<1_000_000)
    print("simulation: seeds from \(first) on")
    return (0..<(environment["SOCIALNET_LONG"] == nil ? 4 : 100)).map { first + UInt64($0) }
  }()

  @Test(arguments: seeds) func `on a bad network all see the same in the end, and nobody else anything`(seed: UInt64) async throws
  {
    let village = try await Village(seed: seed, people: 7)
    for _ in 0..<50 { try await village.act() }
    try await village.comeToRest()
    try await village.expectSameFeeds()
    try await village.expectSilence()
  }
}

/// Some people, who know each other or not, and the network between them.
final class Village {
  private let world: World
  private var people: [Person] = []
  private var dice: Dice
  private let seed: UInt64
  /// What is on its way, and after how many steps it arrives.
  private var flight: [(due: Int, parcel: Parcel)] = []
  private var step = 0
  private var items: [(author: Int, item: ItemID)] = []

  init(seed: UInt64, people count: Int) async throws {
    world = try World()
    dice = Dice(state: seed)
    self.seed = seed
    for number in 0..<count { people.append(try await world.join("P\(number)")) }
    // Everybody knows the next, and some others.
    for one in 0..<count {
      for other in (one + 1)..<count where other == one + 1 || roll(100) < 40 {
        try await people[other].accept(try await people[one].invite())
      }
    }
    try await world.carry()
    for person in people {
      try await person.wish(.createCircle("Some"))
      for friend in try await person.store.contacts() where roll(100) < 50 {
        try await person.wish(.addToCircle("Some", friend.author))
      }
    }
    try await world.carry()
  }

  private func roll(_ sides: Int) -> Int { Int.random(in: 0..<sides, using: &dice) }

  /// Somebody does something, and the network does what it likes.
  func act() async throws {
    let who = roll(people.count)
    let person = people[who]
    let seen = try await person.store.feed(limit: 40)
    let text = "words \(step) of \(person.name)"
    let wish: Wish? =
      switch (roll(10), seen.randomElement(using: &dice)) {
      case (0...2, _): .post(text: text, pictures: [], circle: roll(3) == 0 ? "Some" : nil, share: false)
      case (3...5, let item?): .comment(on: item.id, text: text, pictures: [])
      case (6, let item?): .react(to: item.id, emoji: ["❤", "👍", "🏠"].filter { _ in roll(2) == 0 })
      case (7, let item?): .edit(item.id, text: text)
      case (8, let item?) where roll(3) == 0: .retract(item.id)
      case (9, _):
        try await person.store.contacts().randomElement(using: &dice).map { .message(to: $0.author, text: text, pictures: []) }
      default: nil
      }
    // What the user may not do is refused, and changes nothing.
    if let wish { do { try await person.wish(wish) } catch is WishFailure {} }
    try await travel(isBad: true)
  }

  /// An hour or less: alarms ring, and parcels are lost, doubled, delayed and reordered.
  private func travel(isBad: Bool) async throws {
    step += 1
    world.wait(seconds: Int64(roll(3600)))
    for person in people { try await person.ring() }
    for parcel in try await world.collect() {
      if isBad, roll(100) < 15 { continue }
      for _ in 0..<(isBad && roll(100) < 10 ? 2 : 1) { flight.append((step + (isBad ? roll(6) : 0), parcel)) }
    }
    let arriving = flight.filter { $0.due <= step }.map(\.parcel).shuffled(using: &dice)
    flight.removeAll { $0.due <= step }
    for parcel in arriving { try await world.deliver(parcel) }
  }

  /// The network is good again, and three weeks pass.
  func comeToRest() async throws {
    for _ in 0..<120 {
      try await travel(isBad: false)
      world.wait(seconds: 3600 * 3)
    }
  }

  // MARK: What must hold

  /// Everybody has exactly the posts that were for them, each with the same conversation as at its author's.
  func expectSameFeeds() async throws {
    for author in people {
      let posts = try await author.store.audiences()
      for reader in people where reader.author != author.author {
        let wanted = Set(posts.filter { $0.readers.contains(reader.author.text) }.map(\.item))
        let shown = try await reader.store.feed(limit: 1000).filter { $0.author.author == author.author && $0.root == nil }
        let found = Set(shown.filter { $0.kind != .message }.map(\.id.text))
        #expect(found == wanted, "seed \(seed): \(reader.name) has of \(author.name)")
        for item in found.intersection(wanted).compactMap({ ItemID(text: $0) }) {
          let (here, there) = (try await Self.thread(item, at: reader), try await Self.thread(item, at: author))
          let silent = here == there ? [] : try await author.store.silences()
          #expect(here == there, "seed \(seed): \(reader.name) reads below \(author.name)'s, who keeps in silence: \(silent)")
        }
        // Messages are between two.
        let letters = shown.filter { $0.kind == .message }.map(\.text)
        let sent = try await author.store.letters(to: reader.author)
        #expect(letters.sorted() == sent.sorted(), "seed \(seed): \(author.name) wrote to \(reader.name)")
      }
    }
  }

  private static func thread(_ item: ItemID, at person: Person) async throws -> [String] {
    try await person.store.conversation(of: item)?.conversation.map { item in
      let reactions = item.reactions.map { "\($0.emoji)\($0.by.count)" }.sorted().joined()
      return "\(item.author.author.text.suffix(6)) \(item.text) \(reactions)\(item.edited ? " edited" : "")"
    }.sorted() ?? []
  }

  /// Nothing is said any more but how far streams reach, once a week.
  func expectSilence() async throws {
    var said: [String] = []
    for _ in 0..<48 {
      world.wait(seconds: 3600)
      for person in people { try await person.ring() }
      for parcel in try await world.collect() {
        said += parcel.kinds.filter { $0 != "heads" }
        try await world.deliver(parcel)
      }
    }
    #expect(said == [], "seed \(seed)")
    for person in people {
      #expect(try await person.store.notices(limit: 9).filter { $0.kind == "missing" } == [], "seed \(seed)")
    }
  }
}

extension Store {
  /// Our posts that stand, each with those who are to have it: its number lies in their membership.
  fileprivate func audiences() async throws -> [(item: String, readers: Set<String>)] {
    try await pool.read { db in
      try Row.fetchAll(
        db,
        sql: """
          SELECT feed.item, packet.stream, packet.sequence FROM feed JOIN packet USING (author, id)
          WHERE feed.author = (SELECT author FROM identity) AND feed.kind IN ('status', 'photo')
            AND NOT EXISTS (SELECT 1 FROM tombstone WHERE tombstone.author = feed.author AND tombstone.id = feed.id)
          """
      ).map { row in
        let readers = try String.fetchSet(
          db, sql: "SELECT member FROM membership WHERE stream = ? AND ? BETWEEN first AND last",
          arguments: [row["stream"] as String, row["sequence"] as Int64])
        return (row["item"], readers)
      }
    }
  }

  /// What was kept without effect, and why.
  fileprivate func silences() async throws -> [String] {
    try await pool.read { db in
      try String.fetchAll(
        db,
        sql:
          "SELECT kind || ' of ' || substr(author, -6) || ', ' || verdict || ': ' || reason FROM packet WHERE verdict <> 'done'")
    }
  }

  fileprivate func letters(to author: Author) async throws -> [String] {
    try await pool.read { db in
      try String.fetchAll(
        db,
        sql: """
          SELECT text FROM feed WHERE kind = 'message' AND author = (SELECT author FROM identity) AND recipient = ?
            AND NOT EXISTS (SELECT 1 FROM tombstone WHERE tombstone.author = feed.author AND tombstone.id = feed.id)
          """, arguments: [author.text])
    }
  }
}
