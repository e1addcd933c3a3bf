import Feed
import Node
import Packets
import Store
import Testing

@Suite struct DraftTests {
  @Test func `what is said by mail is held for its time, and the user gets a receipt`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let told = try await anna.told().count
    let item = try await anna.mail(.post(text: "later", pictures: [], circle: nil, share: false))
    let draft = try #require(try await anna.store.drafts().first)
    #expect(draft.release == world.now.adding(seconds: 600))
    #expect(try await anna.told().dropFirst(told) == [.receipt(draft.id)])
    #expect(try await anna.store.nextAlarm() == draft.release)
    try await world.carry()
    world.wait(seconds: 599)
    try await anna.ring()
    try await world.carry()
    for person in [anna, ben] { #expect(try await person.reads().isEmpty) }
    world.wait(seconds: 1)
    try await anna.ring()
    try await world.carry()
    #expect(try await ben.reads() == ["Anna: later"])
    #expect(try await anna.item(item)?.text == "later", "under the id that was given when it was said")
    #expect(try await anna.store.drafts().isEmpty)
  }

  @Test func `the command posts at once and asks for no receipt`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let told = try await anna.told().count
    try await anna.post("now")
    #expect(try await anna.store.drafts().isEmpty)
    #expect(try await anna.told().count == told)
    try await world.carry()
    #expect(try await ben.reads() == ["Anna: now"])
  }

  @Test func `undo throws away the newest, stop the one that is named`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    var items: [ItemID] = []
    for text in ["one", "two", "three"] {
      world.wait(seconds: 1)
      items.append(try await anna.mail(.post(text: text, pictures: [], circle: nil, share: false)))
    }
    try await anna.mail(.undo)
    try await anna.wish(.stop(items[0]))
    await #expect(throws: WishFailure.nothingToStop) { try await anna.wish(.stop(items[2])) }
    world.wait(seconds: 700)
    try await anna.ring()
    try await world.carry()
    #expect(try await ben.reads() == ["Anna: two"])
    await #expect(throws: WishFailure.nothingToStop) { try await anna.wish(.undo) }
  }

  @Test func `what lost its target while it was held is not posted, and the user is told`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("hello")
    try await world.carry()
    try await ben.mail(.comment(on: post, text: "hi", pictures: []))
    try await anna.wish(.retract(post))
    try await world.carry()
    world.wait(seconds: 601)
    try await ben.ring()
    #expect(try await world.collect().isEmpty)
    #expect(try await ben.notices() == ["not posted"])
    #expect(try await ben.store.drafts().isEmpty)
  }

  @Test func `mutes, pauses and answers to requests take effect at once also by mail`() async throws {
    let (world, anna, _, _, _) = try await Cast.friends(of: "anna")
    try await anna.mail(.pause(until: world.now.adding(seconds: 5)))
    #expect(try await anna.store.setting(.pausedUntil) == String(world.now.adding(seconds: 5).milliseconds))
    try await anna.mail(.resume)
    #expect(try await anna.store.setting(.pausedUntil) == nil)
    #expect(try await anna.store.drafts().isEmpty)
  }

  @Test(arguments: [
    (Wish.post(text: "", pictures: [], circle: nil, share: false), WishFailure.nothingSaid),
    (.post(text: String(repeating: "x", count: 60_001), pictures: [], circle: nil, share: false), .tooLong),
    (.post(text: "x", pictures: [], circle: "family", share: false), .noSuchCircle("family")),
    (.setProfile(field: "name", value: ""), .badName("")),
    (.setProfile(field: "Two Words", value: "x"), .badField("Two Words")),
  ]) func `a wish that cannot be is refused with its reason`(wish: Wish, reason: WishFailure) async throws {
    let world = try World()
    let anna = try await world.join("Anna")
    await #expect(throws: reason) { try await anna.wish(wish) }
  }
}
