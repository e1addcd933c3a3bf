import Feed
import Node
import Packets
import Store
import TestNodes
import Testing

/// Handing on: posts, people, and what was said before somebody came.
@Suite struct SharingTests {
  private static func items(_ person: Person) async throws -> [FeedItem] { try await person.store.feed(limit: 100) }

  /// Ben, Anna's friend, with a friend of his own whom Anna does not know.
  private static func village() async throws -> (World, Person, Person, Person) {
    let (world, anna, ben, _, dora) = try await Cast.friends(of: "anna")
    try await dora.accept(try await ben.invite())
    try await world.carry()
    return (world, anna, ben, dora)
  }

  // MARK: Shares

  @Test func `a share shows a post to people who do not know its author, and comments on it come to who shares it`() async throws
  {
    let (world, anna, ben, dora) = try await Self.village()
    let post = try await anna.wish(.post(text: "A ladder to lend", pictures: [], circle: nil, share: true))
    try await world.carry()
    let share = try await ben.wish(.share(post, text: "Who needs one?", circle: nil))
    try await world.carry()
    let seen = try #require(try await Self.items(dora).first)
    #expect(seen.id == share && seen.kind == .share && seen.text == "Who needs one?")
    #expect(seen.shared == FeedItem.Shared(author: .init(name: "", author: anna.author), text: "A ladder to lend"))
    #expect(seen.words == "Who needs one?\n\nSomebody wrote:\nA ladder to lend")
    // Who knows its author is told the name that they know.
    #expect(try await Self.items(anna).first { $0.kind == .share }?.shared?.author.name == "Anna")
    #expect(try await Self.items(ben).first { $0.kind == .share }?.shared?.author.name == "Anna")

    try await dora.comment("I do", on: share)
    try await world.carry()
    #expect(try await Self.items(ben).contains { $0.text == "I do" && $0.root == share })
    #expect(try await Self.items(anna).contains { $0.text == "I do" && $0.root == share })
    // The post itself is none of Dora's: there is nothing to answer.
    await #expect(throws: WishFailure.noSuchItem) { try await dora.comment("And you are?", on: post) }
  }

  @Test func `only a post whose author lets it be shared is shared`() async throws {
    let (world, anna, ben, _) = try await Self.village()
    let closed = try await anna.post("between us")
    let open = try await anna.wish(.post(text: "for all", pictures: [], circle: nil, share: true))
    try await world.carry()
    let comment = try await ben.comment("Nice", on: open)
    try await world.carry()
    for item in [closed, comment] {
      await #expect(throws: WishFailure.notShareable) { try await ben.wish(.share(item, text: "", circle: nil)) }
    }
    await #expect(throws: WishFailure.noSuchCircle("Nobody")) { try await ben.wish(.share(open, text: "", circle: "Nobody")) }
  }

  @Test func `a share is edited and taken back like other words of one's own, and what it shows stays its author's`() async throws
  {
    let (world, anna, ben, dora) = try await Self.village()
    let post = try await anna.wish(.post(text: "For all", pictures: [], circle: nil, share: true))
    try await world.carry()
    let share = try await ben.wish(.share(post, text: "Lok", circle: nil))
    try await ben.wish(.edit(share, text: "Look"))
    try await world.carry()
    let seen = try #require(try await Self.items(dora).first)
    #expect(seen.text == "Look" && seen.edited && seen.shared?.text == "For all")
    try await ben.wish(.retract(share))
    try await world.carry()
    #expect(try await Self.items(dora).isEmpty)
    #expect(try await Self.items(anna).map(\.text) == ["For all"])
  }

  @Test func `what its author takes back is no longer handed on, in no circle`() async throws {
    let (world, anna, ben, dora) = try await Self.village()
    let post = try await anna.wish(.post(text: "For all", pictures: [], circle: nil, share: true))
    let other = try await anna.wish(.post(text: "This stays", pictures: [], circle: nil, share: true))
    try await world.carry()
    try await ben.wish(.createCircle("Garden"))
    try await ben.wish(.addToCircle("Garden", dora.author))
    try await ben.wish(.share(post, text: "Look", circle: nil))
    try await ben.wish(.share(post, text: "Look again", circle: "Garden"))
    try await ben.wish(.share(other, text: "And this", circle: nil))
    try await world.carry()
    #expect(try await Self.items(dora).count == 3)
    try await anna.wish(.retract(post))
    try await world.carry()
    #expect(try await Self.items(dora).map(\.text) == ["And this"])
    #expect(try await Self.items(ben).map(\.text).sorted() == ["And this", "This stays"])
    #expect(try await Self.items(ben.rebuilt()).map(\.id) == Self.items(ben).map(\.id))
  }

  @Test func `a share with its pictures is the same after the loss of the database`() async throws {
    let (world, anna, ben, dora) = try await Self.village()
    let picture = Picture(width: 2, height: 1, alternative: "red", blob: Blob(sha256: Hash.of([1]), size: 1, type: "image/png"))
    let post = try await anna.wish(.post(text: "Red", pictures: [picture], circle: nil, share: true))
    try await world.carry()
    try await ben.wish(.share(post, text: "Look", circle: nil))
    try await world.carry()
    for person in [ben, dora] {
      let again = try await person.rebuilt()
      #expect(try await Self.items(again).first == Self.items(person).first)
      #expect(try await Self.items(again).first?.photos.map(\.alternative) == ["red"])
    }
  }

  // MARK: Introductions

  @Test func `two contacts of one person become contacts by an introduction`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let link = try await ben.invite()
    try await anna.wish(.introduce(link.0, to: carol.author))
    try await world.carry()
    let introduction = try #require(try await carol.store.introductions().first)
    #expect(introduction.by == anna.author && introduction.invitation == link.0)
    #expect(try await carol.store.atOnce().contains { $0.mail == .request(introduction.id) })
    #expect(try await carol.rebuilt().store.introductions() == [introduction])

    try await carol.wish(.acceptInvitation(link.0, fingerprint: link.1, through: introduction.id))
    try await world.carry()
    #expect(try await carol.store.introductions().isEmpty)
    #expect(try await carol.store.contacts().first { $0.author == ben.author }?.state == .contact)
    #expect(try await carol.store.contacts().first { $0.author == ben.author }?.mark == .introduced)
    #expect(try await ben.store.contacts().first { $0.author == carol.author }?.state == .contact)
  }

  @Test func `an introduction that is declined, or not answered for 30 days, is gone`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    try await anna.wish(.introduce(try await ben.invite().0, to: carol.author))
    try await world.carry()
    try await carol.wish(.declineRequest(try #require(try await carol.store.introductions().first).id))
    #expect(try await carol.store.introductions().isEmpty)
    try await anna.wish(.introduce(try await ben.invite().0, to: carol.author))
    try await world.carry()
    #expect(try await carol.store.introductions().count == 1)
    world.wait(days: 31)
    try await carol.ring()
    #expect(try await carol.store.introductions().isEmpty)
  }

  @Test func `only a contact's invitation is handed on, and only to a contact`() async throws {
    let (_, anna, ben, carol, dora) = try await Cast.friends(of: "anna")
    await #expect(throws: WishFailure.noContact("Dora")) {
      try await anna.wish(.introduce(try await dora.invite().0, to: carol.author))
    }
    await #expect(throws: WishFailure.self) { try await anna.wish(.introduce(try await ben.invite().0, to: dora.author)) }
    await #expect(throws: WishFailure.noContact("Ben")) {
      try await anna.wish(.introduce(try await ben.invite().0, to: ben.author))
    }
  }

  // MARK: Fields

  @Test func `each field of a profile is seen by those it is for`() async throws {
    let (world, anna, ben, _, dora) = try await Cast.friends(of: "anna")
    try await anna.wish(.setProfile(field: "city", value: "Bergen", for: .anyone))
    try await anna.wish(.setProfile(field: "about", value: "I bake."))
    try await anna.wish(.setProfile(field: "diary", value: "Not for you.", for: .nobody))
    try await anna.accept(try await dora.invite())
    let parcels = try await world.collect()
    func fields(to person: Person) throws -> [[String]] {
      try parcels.filter { $0.to == person.author }.flatMap(\.packets).compactMap { signed in
        guard case .understood(let packet) = try signed.read() else { return nil }
        switch packet.action {
        case .profile(let profile): return profile.fields.map(\.name)
        case .contactRequest(let request): return request.profile.fields.map(\.name)
        default: return nil
        }
      }
    }
    #expect(try fields(to: ben).last == ["about", "city"])
    #expect(try fields(to: dora) == [["city"]])
    // What is only said anew stays for whom it was.
    try await anna.wish(.setProfile(field: "city", value: "Oslo"))
    let myself = try await anna.store.myself()
    #expect(myself.fields(for: .anyone).map(\.value) == ["Oslo"])
    #expect(myself.fields(for: .nobody).map(\.name) == ["about", "city", "diary"])
    #expect(try await anna.rebuilt().store.myself() == myself)
  }

  // MARK: Histories

  @Test func `a new contact gets the newest twenty posts a day later, with what hangs below them, and may answer`() async throws {
    let (world, anna, _, carol, dora) = try await Cast.friends(of: "anna")
    try await anna.wish(.createCircle("Family"))
    try await anna.wish(.post(text: "for the family", pictures: [], circle: "Family", share: false))
    var posts: [ItemID] = []
    for number in 1...23 { posts.append(try await anna.post("post \(number)")) }
    try await world.carry()
    try await anna.wish(.retract(posts[21]))
    try await carol.comment("below an old one", on: posts[0])
    try await carol.comment("below a new one", on: posts[22])
    let gone = try await carol.comment("taken back", on: posts[22])
    try await world.carry()
    try await carol.wish(.retract(gone))
    try await world.carry()

    try await dora.accept(try await anna.invite())
    try await world.carry()
    #expect(try await dora.reads().isEmpty)
    world.wait(seconds: 86_401)
    try await anna.ring()
    try await world.carry()
    let expected = (3...23).filter { $0 != 22 }.map { "Anna: post \($0)" } + ["Carol (says Anna): below a new one"]
    #expect(try await dora.reads() == expected)
    // What is not hers does not count as lost.
    #expect(try await dora.store.nextAlarm() != nil)
    world.wait(days: 3)
    try await dora.ring()
    #expect(try await world.collect().allSatisfy { !$0.kinds.contains("resend-request") })

    try await dora.comment("I am late", on: posts[22])
    try await world.carry()
    #expect(try await carol.reads().contains("Dora (says Anna): I am late"))
    // On the user's word what is older follows, and nothing twice.
    try await anna.wish(.sendHistory(to: dora.author))
    try await world.carry()
    #expect(try await dora.reads().prefix(2) == ["Anna: post 1", "Anna: post 2"])
    #expect(try await dora.reads().count == expected.count + 4)
    try await anna.wish(.sendHistory(to: dora.author))
    #expect(try await world.collect().allSatisfy { $0.to != dora.author })
  }

  @Test func `who was given a history may answer it after the loss of the database`() async throws {
    let (world, anna, _, _, dora) = try await Cast.friends(of: "anna")
    let post = try await anna.post("before")
    try await world.carry()
    try await dora.accept(try await anna.invite())
    try await world.carry()
    try await anna.wish(.sendHistory(to: dora.author))
    try await world.carry()
    try await dora.comment("I am late", on: post)
    try await world.carry()
    #expect(try await anna.reads().contains("Dora: I am late"))
    #expect(try await anna.rebuilt().reads() == anna.reads())
  }
}

/// What a node does not know, and what it hears that others do not.
@Suite struct UnsupportedTests {
  @Test func `a contact is told once a day and cause that something is held`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let stream = Packet.Stream(id: try #require(StreamID(bytes: Array(1...16))), sequence: 1)
    func newer(_ number: UInt64) throws -> Parcel {
      var stream = stream
      stream.sequence = number
      return try anna.forge(.status(.init(share: false, text: "from tomorrow")), in: stream, to: ben, requires: ["hologram"])
    }
    for number in 1...3 as ClosedRange<UInt64> {
      world.wait(seconds: 1)
      try await ben.receive(try newer(number))
    }
    let told = try await world.collect().filter { $0.kinds == ["unsupported"] }
    #expect(told.map(\.to) == [anna.author])
    world.wait(seconds: 86_401)
    try await ben.ring()
    try await ben.receive(try newer(4))
    #expect(try await world.collect().filter { $0.kinds == ["unsupported"] }.count == 1)
  }

  @Test func `what a contact cannot read is not sent to them alone, until they have another profile`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    try await anna.wish(.message(to: ben.author, text: "Hello", pictures: []))
    try await world.carry()
    let message = try await anna.reference(to: try #require(try await anna.store.feed(limit: 1).first).id)
    try await anna.receive(try ben.forge(.unsupported(.init(target: message, reason: .action)), in: nil, to: anna))
    await #expect(throws: WishFailure.unreadable("Ben", "message")) {
      try await anna.wish(.message(to: ben.author, text: "Again", pictures: []))
    }
    try await anna.wish(.message(to: carol.author, text: "To another", pictures: []))
    #expect(try await anna.store.notices(limit: 1).map(\.kind) == ["unsupported"])
    try await ben.wish(.setProfile(field: "about", value: "A new program"))
    try await world.carry()
    try await anna.wish(.message(to: ben.author, text: "Again", pictures: []))
  }
}
