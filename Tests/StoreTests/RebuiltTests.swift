import Drivers
import Feed
import Node
import Packets
import Store
import Synchronization
import TestNodes
import Testing

/// A conversation by chance, and the same view of it out of the mailbox alone.
@Suite struct RebuiltTests {
  @Test(arguments: 1...8 as ClosedRange<UInt64>)
  func `whatever was said, a view that is made anew reads the same`(seed: UInt64) async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    try await carol.accept(try await ben.invite())
    try await world.carry()
    var dice = Dice(state: seed)
    var waiting: [Parcel] = []
    for number in 1...60 {
      let person = [anna, ben, carol][Int.random(in: 0..<3, using: &dice)]
      // What is not theirs to do is refused.
      if let wish = try await Self.wish(of: person, number, using: &dice) {
        do { try await person.wish(wish) } catch is WishFailure {}
      }
      waiting += try await world.collect()
      for _ in 0..<Int.random(in: 0...4, using: &dice) where !waiting.isEmpty {
        try await world.deliver(waiting.remove(at: Int.random(in: 0..<waiting.count, using: &dice)))
      }
    }
    for parcel in waiting { try await world.deliver(parcel) }
    try await world.carry()
    for person in [anna, ben, carol] {
      let before = try await Self.view(of: person)
      #expect(before.count > 3)
      #expect(try await Self.view(of: person.rebuilt()) == before, "\(person.name), in the order of arrival")
      // An answer that came too late may show where its order is another; nothing is missing.
      person.mailbox.withLock { $0.received.shuffle(using: &dice) }
      let after = try await Self.view(of: person.rebuilt())
      #expect(before.filter { !after.contains($0) } == [], "\(person.name), in another order")
    }
  }

  @Test func `what came while the view was lost is answered when it is made anew, and nothing else is answered again`()
    async throws
  {
    let (world, anna, ben, carol, dora) = try await Cast.friends(of: "anna")
    let post = try await anna.post("hello")
    try await world.carry()
    try await carol.comment("before", on: post)
    let before = try await world.collect()
    for parcel in before { try await world.deliver(parcel) }
    try await world.carry()
    let erik = try await world.join("Erik")
    try await anna.accept(try await erik.invite())
    try await world.carry()
    try await anna.accept(try await dora.invite())
    for parcel in try await world.collect() { try await world.deliver(parcel) }
    let accept = try await world.collect()
    try await ben.comment("meanwhile", on: post)
    let comment = try await ben.send()
    let fresh = try await anna.rebuilt()
    for parcel in before + comment + accept where parcel.to == anna.author {
      try await fresh.receive(parcel, rebuilding: true, from: .inbox)
    }
    #expect(fresh.refused.isEmpty)
    #expect(try await fresh.reads() == ["Anna: hello", "Carol: before", "Ben: meanwhile"])
    let said = try await fresh.send()
    #expect(Set(said.filter { $0.kinds.contains("relay") }.map(\.to)) == [ben.author, carol.author, erik.author])
    #expect(said.flatMap(\.kinds).filter { $0 == "relay" }.count == 3)
    #expect(said.contains { $0.to == dora.author && $0.kinds.contains("membership") })
  }

  private static func wish(of person: Person, _ number: Int, using dice: inout Dice) async throws -> Wish? {
    let feed = try await person.store.feed(limit: 1000)
    guard let item = feed.randomElement(using: &dice), Int.random(in: 0..<5, using: &dice) > 0 else {
      return .post(text: "post \(number)", pictures: [], circle: nil, share: false)
    }
    switch Int.random(in: 0..<10, using: &dice) {
    case 0..<5: return .comment(on: item.id, text: "comment \(number)", pictures: [])
    case 5..<7: return .react(to: item.id, emoji: Bool.random(using: &dice) ? ["❤"] : ["👍", "🎉"])
    case 7: return .edit(item.id, text: "other words \(number)")
    default: return .retract(item.id)
    }
  }

  /// Everything that is read, in the order of its names.
  private static func view(of person: Person) async throws -> [String] {
    try await person.store.feed(limit: 1000).map { item in
      let reactions = item.reactions.map { "\($0.emoji) \($0.by.sorted())" }.sorted()
      return "\(item.id.text) \(item.author.name): \(item.text) \(item.edited) \(item.comments) \(reactions)"
    }.sorted()
  }
}
