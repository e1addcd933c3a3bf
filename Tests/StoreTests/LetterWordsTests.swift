import Feed
import Node
import Packets
import Store
import TestNodes
import Testing

/// Words to one person, words in place of others, and the end of an acquaintance.
@Suite struct LetterWordsTests {
  // MARK: Messages

  @Test func `a message reaches one person, and its answer the other`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let message = try await anna.wish(.message(to: ben.author, text: "only you", pictures: []))
    let sent = try await world.collect()
    #expect(sent.map(\.to) == [ben.author] && sent.first?.kinds == ["message"] && sent.first?.form == "one")
    for parcel in sent { try await world.deliver(parcel) }
    for person in [anna, ben] { #expect(try await person.reads() == ["Anna: only you"]) }
    #expect(try await ben.item(message)?.kind == .message)
    // A comment on a message is an answer to the other of the two, and nobody else.
    try await ben.comment("and you", on: message)
    try await world.carry()
    for person in [anna, ben] { #expect(try await person.reads() == ["Anna: only you", "Ben: and you"]) }
    #expect(try await carol.reads().isEmpty)
    await #expect(throws: WishFailure.noReaction) { try await ben.react(["❤"], to: message) }
  }

  @Test func `who is no contact cannot be written to`() async throws {
    let (_, anna, _, _, dora) = try await Cast.friends(of: "anna")
    await #expect(throws: WishFailure.noContact("Somebody you do not know")) {
      try await anna.wish(.message(to: dora.author, text: "hello", pictures: []))
    }
  }

  @Test func `a message taken back is gone on both sides`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let message = try await anna.wish(.message(to: ben.author, text: "a mistake", pictures: []))
    try await world.carry()
    await #expect(throws: WishFailure.notYours) { try await ben.wish(.retract(message)) }
    try await anna.wish(.retract(message))
    try await world.carry()
    for person in [anna, ben] { #expect(try await person.reads().isEmpty) }
  }

  // MARK: Edits

  @Test func `other words stand for everyone who got the first ones`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("helo")
    let message = try await anna.wish(.message(to: ben.author, text: "jsut you", pictures: []))
    try await world.carry()
    let comment = try await ben.comment("haha", on: post)
    try await world.carry()
    try await anna.wish(.edit(post, text: "hello"))
    try await anna.wish(.edit(message, text: "just you"))
    try await ben.wish(.edit(comment, text: "ha"))
    try await world.carry()
    for person in [anna, ben, carol] {
      let reads = try await person.reads()
      #expect(reads.contains("Anna: hello") && reads.contains { $0.hasSuffix(": ha") }, "\(reads)")
      #expect(reads.contains("Anna: just you") == (person.author != carol.author))
      for item in [post, comment] { #expect(try await person.item(item)?.edited == true) }
    }
    await #expect(throws: WishFailure.notYours) { try await ben.wish(.edit(post, text: "mine")) }
    // The new words are found, the old ones are not.
    #expect(try await ben.store.feed(limit: 10, words: "hello").count == 1)
    #expect(try await ben.store.feed(limit: 10, words: "helo").isEmpty)
  }

  @Test func `of edits that come in any order the last one stands, also before what it changes`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("one")
    var sent = try await world.collect()
    for words in ["two", "three"] {
      world.wait(seconds: 1)
      try await anna.wish(.edit(post, text: words))
      sent += try await world.collect()
    }
    for parcel in sent.filter({ $0.to == ben.author }).reversed() { try await world.deliver(parcel) }
    #expect(try await ben.reads() == ["Anna: three"])
  }

  @Test func `nobody changes another's words`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("mine")
    try await world.carry()
    // Ben's node is not ours: it says what it likes.
    let target = try await ben.reference(to: post)
    let edit = Action.Edit(root: nil, target: target, revision: .max >> 11, replacement: .words("Ben's"))
    let stream = Packet.Stream(id: try #require(StreamID(bytes: [UInt8](repeating: 9, count: 16))), sequence: 1)
    try await world.deliver(try ben.forge(.edit(edit), in: stream, to: anna))
    for person in [anna, ben] { #expect(try await person.reads() == ["Anna: mine"]) }
  }

  // MARK: Partings

  @Test func `who is removed hears of it, and of nothing behind it`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    try await anna.wish(.remove(ben.author))
    try await anna.post("without Ben")
    try await world.carry()
    #expect(try await ben.reads().isEmpty)
    #expect(try await carol.reads() == ["Anna: without Ben"])
    #expect(try await ben.store.contacts().map(\.state) == [.removed])
    #expect(try await ben.store.notices(limit: 5).contains { $0.said.contains("Anna is no longer a contact") })
    try await ben.post("without Anna")
    try await world.carry()
    #expect(try await !anna.reads().contains("Ben: without Anna"))
    // They may become contacts again, and then hear each other.
    try await ben.accept(try await anna.invite())
    try await world.carry()
    try await anna.post("with Ben")
    try await world.carry()
    #expect(try await ben.reads().contains("Anna: with Ben"))
  }

  @Test func `who is blocked hears nothing, and is not told`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    try await anna.wish(.block(ben.author))
    try await anna.post("without Ben")
    try await ben.post("to Anna")
    try await world.carry()
    #expect(try await ben.store.contacts().map(\.state) == [.contact])
    #expect(try await ben.reads() == ["Ben: to Anna"])
    try await anna.wish(.unblock(ben.author))
    #expect(try await anna.store.contacts().first { $0.author == ben.author }?.state == .removed)
  }
}
