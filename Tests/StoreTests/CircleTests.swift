import Feed
import Node
import Packets
import Store
import Testing

/// Circles other than everyone.
@Suite struct CircleTests {
  @Test func `a post to a circle reaches who is in it, and relays stay in it`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    try await anna.wish(.createCircle("Family"))
    try await anna.wish(.addToCircle("Family", ben.author))
    try await world.carry()
    let post = try await anna.wish(.post(text: "for the family", pictures: [], circle: "Family", share: false))
    try await anna.post("for everyone")
    try await world.carry()
    #expect(try await ben.reads() == ["Anna: for the family", "Anna: for everyone"])
    #expect(try await carol.reads() == ["Anna: for everyone"])
    try await ben.comment("family words", on: post)
    try await world.carry()
    #expect(try await anna.reads().contains("Ben: family words"))
    #expect(try await carol.reads() == ["Anna: for everyone"])
    #expect(
      try await anna.store.circles().map { "\($0.name): \($0.members.map(\.name))" } == [
        "Family: [\"Ben\"]", "everyone: [\"Ben\", \"Carol\"]",
      ])
  }

  @Test func `who leaves a circle gets nothing that is not sealed yet, and what goes to everyone all the same`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    try await anna.wish(.createCircle("Family"))
    for person in [ben, carol] { try await anna.wish(.addToCircle("Family", person.author)) }
    try await world.carry()
    try await anna.wish(.post(text: "before", pictures: [], circle: "Family", share: false))
    try await world.carry()
    try await anna.wish(.post(text: "numbered, not sealed", pictures: [], circle: "Family", share: false))
    try await anna.post("for everyone")
    try await anna.wish(.removeFromCircle("Family", ben.author))
    try await anna.wish(.post(text: "behind", pictures: [], circle: "Family", share: false))
    try await world.carry()
    #expect(try await ben.reads() == ["Anna: before", "Anna: for everyone"])
    #expect(
      try await carol.reads() == ["Anna: before", "Anna: numbered, not sealed", "Anna: for everyone", "Anna: behind"])
    await #expect(throws: WishFailure.notInCircle("Ben", "Family")) {
      try await anna.wish(.removeFromCircle("Family", ben.author))
    }
    // In again, from then on.
    try await anna.wish(.addToCircle("Family", ben.author))
    try await anna.wish(.post(text: "again", pictures: [], circle: "Family", share: false))
    try await world.carry()
    #expect(try await ben.reads().suffix(2) == ["Anna: for everyone", "Anna: again"])
  }

  @Test func `who is removed as a contact is in no circle when they come back`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    try await anna.wish(.createCircle("Family"))
    try await anna.wish(.addToCircle("Family", ben.author))
    try await anna.wish(.remove(ben.author))
    try await world.carry()
    try await ben.accept(try await anna.invite())
    try await world.carry()
    try await anna.wish(.post(text: "family", pictures: [], circle: "Family", share: false))
    try await anna.post("everyone")
    try await world.carry()
    #expect(try await ben.reads() == ["Anna: everyone"])
  }

  @Test func `circles have names of their own, and everyone is left alone`() async throws {
    let (_, anna, ben, _, dora) = try await Cast.friends(of: "anna")
    try await anna.wish(.createCircle("Family"))
    await #expect(throws: WishFailure.circleExists("family")) { try await anna.wish(.createCircle("family")) }
    await #expect(throws: WishFailure.circleExists("Everyone")) { try await anna.wish(.createCircle("Everyone")) }
    await #expect(throws: WishFailure.badCircle("")) { try await anna.wish(.createCircle("")) }
    await #expect(throws: WishFailure.noSuchCircle("everyone")) { try await anna.wish(.removeFromCircle("everyone", ben.author)) }
    await #expect(throws: WishFailure.noSuchCircle("Work")) { try await anna.wish(.addToCircle("Work", ben.author)) }
    await #expect(throws: WishFailure.noContact("Somebody you do not know")) {
      try await anna.wish(.addToCircle("Family", dora.author))
    }
  }
}
