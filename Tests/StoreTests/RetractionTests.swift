import Feed
import Node
import Packets
import Store
import TestNodes
import Testing

@Suite struct RetractionTests {
  @Test func `a post taken back is gone for everyone, with what hangs below it`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("a mistake")
    try await world.carry()
    let comment = try await ben.comment("oh", on: post)
    try await world.carry()
    try await anna.wish(.retract(post))
    try await world.carry()
    for person in [anna, ben, carol] { #expect(try await person.reads().isEmpty) }
    await #expect(throws: WishFailure.noSuchItem) { try await carol.comment("late", on: comment) }
    await #expect(throws: WishFailure.noSuchItem) { try await anna.wish(.retract(post)) }
  }

  @Test func `one's own comment is taken back by way of the root's author`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("hello")
    try await world.carry()
    let comment = try await ben.comment("oops", on: post)
    try await world.carry()
    try await ben.wish(.retract(comment))
    let sent = try await world.collect()
    #expect(sent.map(\.to) == [anna.author])
    for parcel in sent { try await world.deliver(parcel) }
    try await world.carry()
    for person in [anna, ben, carol] { #expect(try await person.reads() == ["Anna: hello"]) }
    #expect(try await carol.item(post)?.comments == 0)
  }

  @Test func `an answer to a comment that was taken back later stands, also in a view that is made anew`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("hello")
    try await world.carry()
    let (rude, own) = (try await ben.comment("rude", on: post), try await anna.comment("my own", on: post))
    try await world.carry()
    try await carol.comment("not so rude", on: rude)
    try await carol.comment("well said", on: own)
    try await world.carry()
    for comment in [rude, own] { try await anna.wish(.retract(comment)) }
    try await world.carry()
    let stands = ["Anna: hello", "Carol: not so rude", "Carol: well said"]
    #expect(try await anna.reads().sorted() == stands)
    #expect(try await anna.rebuilt().reads().sorted() == stands)
    #expect(try await carol.rebuilt().reads() == carol.reads())
    #expect(try await ben.rebuilt().reads() == ben.reads())
  }

  @Test func `the root's author takes away a comment below the post`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("hello")
    try await world.carry()
    let comment = try await ben.comment("rude", on: post)
    try await world.carry()
    await #expect(throws: WishFailure.notYours) { try await carol.wish(.retract(comment)) }
    await #expect(throws: WishFailure.notYours) { try await ben.wish(.retract(post)) }
    try await anna.wish(.retract(comment))
    try await world.carry()
    for person in [anna, ben, carol] { #expect(try await person.reads() == ["Anna: hello"]) }
  }

  @Test func `a retraction that comes before what it takes back wins`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    try await anna.post("first")
    let post = try await anna.post("a mistake")
    let late = try await world.collect()
    try await anna.wish(.retract(post))
    for parcel in try await world.collect() { try await world.deliver(parcel) }
    for parcel in late { try await world.deliver(parcel) }
    #expect(try await ben.reads() == ["Anna: first"])

    let other = try await anna.post("hello")
    try await world.carry()
    let comment = try await ben.comment("oops", on: other)
    let lateComment = try await world.collect()
    try await ben.wish(.retract(comment))
    for parcel in try await world.collect() { try await world.deliver(parcel) }
    for parcel in lateComment { try await world.deliver(parcel) }
    #expect(try await world.collect().isEmpty, "neither is relayed: nobody saw the comment")
    #expect(try await anna.reads() == ["Anna: first", "Anna: hello"])
    #expect(try await carol.reads() == ["Anna: first", "Anna: hello"])
  }

  @Test func `a relay of a comment that comes after the relay of its retraction stays hidden`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("hello")
    try await world.carry()
    let comment = try await ben.comment("oops", on: post)
    for parcel in try await world.collect() { try await world.deliver(parcel) }
    let first = try await world.collect().filter { $0.to == carol.author }
    try await ben.wish(.retract(comment))
    for parcel in try await world.collect() { try await world.deliver(parcel) }
    let second = try await world.collect().filter { $0.to == carol.author }
    for parcel in second + first { try await world.deliver(parcel) }
    #expect(try await carol.reads() == ["Anna: hello"])
    #expect(carol.refused.isEmpty)
  }

  @Test func `a retraction without the right to it has no effect`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("hello")
    try await world.carry()
    let comment = try await ben.comment("mine", on: post)
    try await world.carry()
    // Carol takes back Ben's comment, Ben takes back Anna's post.
    let (root, target) = (try await anna.reference(to: post), try await anna.reference(to: comment))
    let open = Packet.Stream(id: try #require(StreamID(bytes: Array(1...16))), sequence: 1, to: anna.author)
    try await world.deliver(try carol.forge(.retract(.init(root: root, target: target)), in: open, to: anna))
    let circle = Packet.Stream(id: try #require(StreamID(bytes: Array(2...17))), sequence: 1)
    try await world.deliver(try ben.forge(.retract(.init(root: nil, target: root)), in: circle, to: anna))
    try await world.carry()
    for person in [anna, ben, carol] { #expect(try await person.item(post)?.comments == 1) }
  }

  @Test func `the root's author's retraction that comes before the comment waits for it`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("hello")
    try await world.carry()
    let comment = try await ben.comment("rude", on: post)
    for parcel in try await world.collect() { try await world.deliver(parcel) }
    let relay = try await world.collect().filter { $0.to == carol.author }
    try await anna.wish(.retract(comment))
    let retraction = try await world.collect().filter { $0.to == carol.author }
    for parcel in retraction + relay { try await world.deliver(parcel) }
    #expect(try await carol.reads() == ["Anna: hello"])
    #expect(try await carol.givesUp() == [], "nothing waits any more")
  }

  @Test func `a reaction taken back by retraction is gone`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("hello")
    try await world.carry()
    try await ben.react(["❤"], to: post)
    let sent = try #require(try await world.collect().first)
    try await world.deliver(sent)
    try await world.carry()
    guard case .understood(let reaction) = try sent.packets[0].read() else { throw Missing() }
    let root = try await anna.reference(to: post)
    let target = Reference(author: ben.author, id: reaction.id, sha256: sent.packets[0].sha256)
    let open = Packet.Stream(id: try #require(reaction.stream).id, sequence: 2, to: anna.author)
    try await world.deliver(try ben.forge(.retract(.init(root: root, target: target)), in: open, to: anna))
    try await world.carry()
    for person in [anna, carol] { #expect(try await person.item(post)?.reactions.isEmpty == true) }
  }

  @Test func `the root's author takes back an own comment by its relay alone`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("hello")
    let comment = try await anna.comment("typo", on: post)
    try await world.carry()
    #expect(try await ben.reads() == ["Anna: hello", "Anna: typo"])
    try await anna.wish(.retract(comment))
    try await world.carry()
    #expect(try await ben.reads() == ["Anna: hello"])
    #expect(try await anna.reads() == ["Anna: hello"])
  }
}
