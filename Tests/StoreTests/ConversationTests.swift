import Feed
import Node
import Packets
import Store
import TestNodes
import Testing

@Suite struct ConversationTests {
  @Test func `a post reaches everyone in the circle, and nobody else`() async throws {
    let (world, anna, ben, carol, dora) = try await Cast.friends(of: "anna")
    let picture = Picture(
      width: 640, height: 480, alternative: "a harbour", blob: Blob(sha256: Hash.of([1]), size: 9, type: "image/jpeg"))
    try await anna.post("Finally moved in.")
    try await anna.wish(.post(text: "Sunset", pictures: [picture], circle: nil, share: false))
    let parcels = try await world.collect()
    #expect(parcels.map(\.form) == ["circle", "circle"])
    #expect(Set(parcels.map(\.to)) == [ben.author, carol.author])
    for parcel in parcels { try await world.deliver(parcel) }
    for friend in [ben, carol] { #expect(try await friend.reads() == ["Anna: Finally moved in.", "Anna: Sunset"]) }
    let photo = try #require(try await ben.store.feed(limit: 1).first)
    #expect(photo.kind == .photo)
    #expect(photo.photos.map(\.alternative) == ["a harbour"])
    #expect(photo.photos.map(\.present) == [false])
    #expect(try await dora.reads().isEmpty)
    #expect(try await anna.reads() == ["Anna: Finally moved in.", "Anna: Sunset"])
  }

  @Test func `a comment reaches everyone who saw the post, and comes back to its author as the receipt`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("Finally moved in.")
    try await world.carry()
    let comment = try await ben.comment("Congratulations!", on: post)
    let sent = try await world.collect()
    #expect(sent.map(\.kinds) == [["comment"]], "to the root's author alone")
    #expect(sent.map(\.to) == [anna.author])
    for parcel in sent { try await world.deliver(parcel) }
    #expect(
      try await anna.told().last == .comment(PacketName(author: ben.author, id: try #require(await ben.item(comment)).name.id)))
    let relays = try await world.collect()
    #expect(relays.map(\.kinds) == [["relay"], ["relay"]])
    #expect(Set(relays.map(\.to)) == [ben.author, carol.author])
    for parcel in relays { try await world.deliver(parcel) }
    #expect(try await anna.reads() == ["Anna: Finally moved in.", "Ben: Congratulations!"])
    #expect(try await ben.reads() == ["Anna: Finally moved in.", "Ben: Congratulations!"])
    #expect(try await carol.reads() == ["Anna: Finally moved in.", "Ben (says Anna): Congratulations!"])
    for person in [anna, ben, carol] {
      #expect(try await person.item(post)?.comments == 1)
      #expect(person.refused.isEmpty)
    }
    // Carol answers Ben, whom she does not know, and it goes the same way.
    let answer = try await carol.comment("Yes!", on: comment)
    try await world.carry()
    let shown = try #require(try await ben.item(answer))
    #expect(shown.root == post && shown.parent == comment && shown.introducedBy == "Anna")
    #expect(try await ben.item(comment)?.comments == 1)
    #expect(try await ben.item(post)?.comments == 2)
  }

  @Test func `a relayed friend bears the pinned name, not the one on the card`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    try await carol.accept(try await ben.invite())
    try await world.carry()
    let post = try await anna.post("hello")
    try await world.carry()
    try await ben.comment("hi", on: post)
    try await world.carry()
    let reads = try await carol.reads()
    #expect(reads == ["Anna: hello", "Ben: hi"])
  }

  @Test func `the root's author comments in an open stream to themself, which travels only inside its relay`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("hello")
    try await world.carry()
    try await anna.comment("and welcome", on: post)
    let parcels = try await world.collect()
    #expect(parcels.map(\.kinds) == [["relay"], ["relay"]])
    for parcel in parcels { try await world.deliver(parcel) }
    #expect(try await ben.reads() == ["Anna: hello", "Anna: and welcome"])
    #expect(try await anna.reads() == ["Anna: hello", "Anna: and welcome"])
    #expect(try await anna.told().allSatisfy { if case .comment = $0 { false } else { true } })
  }

  @Test func `a comment of somebody outside the audience is kept in silence`() async throws {
    let (world, anna, ben, carol, dora) = try await Cast.friends(of: "anna")
    let post = try await anna.post("before Dora")
    try await world.carry()
    try await dora.accept(try await anna.invite())
    try await world.carry()
    let stream = Packet.Stream(id: try #require(StreamID(bytes: Array(1...16))), sequence: 1, to: anna.author)
    let root = try await anna.reference(to: post)
    try await world.deliver(try dora.forge(.comment(.init(root: root, target: root, text: "me too")), in: stream, to: anna))
    #expect(try await world.collect().isEmpty)
    for person in [anna, ben, carol] { #expect(try await person.reads() == ["Anna: before Dora"]) }
    #expect(anna.refused.isEmpty, "kept, not refused")
  }

  @Test func `an answer to a comment that was taken back is not lost, also where the view was made anew between`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("hello")
    try await world.carry()
    let comment = try await ben.comment("first", on: post)
    try await world.carry()
    try await ben.wish(.retract(comment))
    for parcel in try await world.collect() { try await world.deliver(parcel) }
    // Carol has not heard of it.
    let late = try await world.collect()
    try await carol.comment("well said", on: comment)
    let answer = try await carol.send()
    for parcel in late { try await world.deliver(parcel) }
    let fresh = try await anna.rebuilt()
    for parcel in answer { try await fresh.receive(parcel) }
    #expect(try await fresh.reads() == ["Anna: hello", "Carol: well said"])
    for parcel in answer { try await world.deliver(parcel) }
    try await world.carry()
    #expect(try await ben.reads() == ["Anna: hello", "Carol (says Anna): well said"])
    for person in [anna, carol] { #expect(try await person.reads() == ["Anna: hello", "Carol: well said"]) }
  }

  @Test func `a comment on somebody else's post, or on what hangs elsewhere, goes nowhere`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let (post, other) = (try await anna.post("one"), try await anna.post("two"))
    try await world.carry()
    let comment = try await ben.comment("under two", on: other)
    try await world.carry()
    let stream = Packet.Stream(id: try #require(StreamID(bytes: Array(1...16))), sequence: 1, to: anna.author)
    let wrong = Action.Comment(
      root: try await anna.reference(to: post), target: try await anna.reference(to: comment), text: "mixed up")
    try await world.deliver(try ben.forge(.comment(wrong), in: stream, to: anna))
    var foreign = wrong
    foreign.root.author = ben.author
    world.wait(seconds: 1)
    try await world.deliver(try ben.forge(.comment(foreign), in: stream, to: anna))
    #expect(try await world.collect().isEmpty)
    #expect(anna.refused == ["packet: the root is not ours"])
    #expect(try await anna.reads() == ["Anna: one", "Anna: two", "Ben: under two"])
  }

  @Test func `the twenty-first comment of a day stays unpublished, and the next day begins anew`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("hello")
    try await world.carry()
    for number in 1...21 {
      world.wait(seconds: 1)
      try await ben.comment("\(number)", on: post)
    }
    try await world.carry()
    #expect(try await anna.item(post)?.comments == 20)
    #expect(try await carol.item(post)?.comments == 20)
    #expect(anna.refused.isEmpty)
    try await carol.comment("mine", on: post)
    world.wait(days: 1)
    try await ben.comment("good morning", on: post)
    try await world.carry()
    #expect(try await carol.item(post)?.comments == 22)
  }

  @Test func `the newest set of emoji stands, in whatever order they come`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("hello")
    try await world.carry()
    try await ben.react(["❤"], to: post)
    let first = try await world.collect()
    world.wait(seconds: -5)  // his clock goes back
    try await ben.react(["🎉", "👍"], to: post)
    let second = try await world.collect()
    for parcel in second + first { try await world.deliver(parcel) }
    try await world.carry()
    for person in [anna, ben, carol] {
      #expect(try await person.item(post)?.reactions.map(\.emoji) == ["🎉", "👍"])
      #expect(try await person.item(post)?.reactions.map(\.by) == [["Ben"], ["Ben"]])
    }
    try await ben.react([], to: post)
    try await world.carry()
    #expect(try await carol.item(post)?.reactions.isEmpty == true)
  }

  @Test func `of two sets with one revision the lower hash stands on both sides`() async throws {
    var seen: [[String]] = []
    for order in [[0, 1], [1, 0]] {
      let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
      let post = try await anna.post("hello")
      try await world.carry()
      let root = try await anna.reference(to: post)
      let stream = try #require(StreamID(bytes: Array(1...16)))
      var parcels: [Parcel] = []
      for (number, emoji) in ["❤", "👍"].enumerated() {
        world.wait(seconds: 1)
        let reaction = Action.Reaction(root: root, target: root, revision: 5, emoji: [emoji])
        parcels.append(
          try ben.forge(.reaction(reaction), in: .init(id: stream, sequence: UInt64(number + 1), to: anna.author), to: anna))
      }
      for index in order { try await world.deliver(parcels[index]) }
      seen.append(try await anna.item(post)?.reactions.map(\.emoji) ?? [])
    }
    #expect(seen[0].count == 1)
    #expect(seen[0] == seen[1])
  }

  @Test(arguments: [["not an emoji at all, but a whole sentence of words that somebody sends as one"], [""]])
  func `words are no reaction`(emoji: [String]) async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("hello")
    try await world.carry()
    await #expect(throws: WishFailure.noEmoji) { try await ben.react(emoji, to: post) }
    let root = try await anna.reference(to: post)
    let stream = Packet.Stream(id: try #require(StreamID(bytes: Array(1...16))), sequence: 1, to: anna.author)
    try await world.deliver(
      try ben.forge(.reaction(.init(root: root, target: root, revision: 5, emoji: emoji)), in: stream, to: anna))
    #expect(try await anna.item(post)?.reactions.isEmpty == true)
  }
}
