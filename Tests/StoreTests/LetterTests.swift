import Drivers
import Feed
import Node
import Packets
import Store
import TestNodes
import Testing

/// What is new for the user, and what a letter has shown.
@Suite struct LetterTests {
  private static func letter(_ number: UInt64, _ targets: [LetterTarget], kind: SentLetter.Kind = .digest, at now: Instant)
    -> SentLetter
  {
    var dice = Dice(state: number)
    let numbered = targets.enumerated().map { ($0.offset + 1, $0.element) }
    return SentLetter(
      token: LetterToken(using: &dice), messageID: "\(number)@anna.example", kind: kind, subject: "s",
      expires: now.adding(seconds: 60), targets: Dictionary(uniqueKeysWithValues: numbered), passages: [])
  }

  @Test func `a digest tells what others said, once, and nothing muted, taken back or one's own`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let own = try await anna.post("mine")
    let loud = try await ben.post("loud")
    let quiet = try await carol.post("gone soon")
    try await world.carry()
    try await ben.comment("on yours", on: own)
    try await carol.wish(.retract(quiet))
    try await world.carry()
    func unread() async throws -> [String] { try await anna.store.unread(at: world.now).map(\.text) }
    #expect(try await unread() == ["loud", "on yours"])
    try await anna.wish(.mute(loud, until: world.now.adding(seconds: 10)))
    #expect(try await unread() == ["on yours"])
    world.wait(seconds: 20)
    #expect(try await unread() == ["loud", "on yours"], "a mute ends")
    let shown = try #require(try await anna.store.unread(at: world.now).first)
    #expect(try await anna.show(Self.letter(1, [.item(shown.id)], at: world.now)))
    #expect(try await unread() == ["on yours"])
    #expect(try await anna.store.lastDigest() == world.now)
    #expect(try await anna.store.items(beginning: "#1") == [loud])
    #expect(try await anna.store.items(beginning: "#2").isEmpty)
    #expect(try await anna.store.items(beginning: String(own.text.prefix(9))) == [own])
  }

  @Test func `a mute holds for everything below the post`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("mine")
    try await world.carry()
    let comment = try await ben.comment("one", on: post)
    try await world.carry()
    try await anna.wish(.mute(comment, until: nil))
    try await ben.comment("two", on: comment)
    try await world.carry()
    #expect(try await anna.store.unread(at: world.now).isEmpty)
    try await anna.wish(.unmute(post))
    #expect(try await anna.store.unread(at: world.now).map(\.text) == ["one", "two"])
  }

  @Test func `a request is shown once`() async throws {
    let (world, anna, ben) = try await Cast.strangers()
    var (link, fingerprint) = try await anna.invite()
    link.secret = [UInt8](repeating: 9, count: 16)
    try await ben.accept((link, fingerprint))
    try await world.carry()
    let request = try await anna.store.requests()[0].id
    #expect(try await anna.store.requestsShown().isEmpty)
    let asked = try await anna.store.atOnce()
    let letter = Self.letter(1, [.request(request)], kind: .request, at: world.now)
    #expect(try await anna.show(letter, answering: asked.map(\.number)))
    #expect(try await anna.store.requestsShown() == [request])
    #expect(try await anna.store.atOnce().isEmpty)
    #expect(try await anna.store.letter(token: letter.token) == letter)
    #expect(anna.store.letterNow(token: letter.token) == letter)
    #expect(try await anna.store.letter(messageID: letter.messageID) == letter)
    #expect(try await anna.store.wrote(messageID: letter.messageID))
    #expect(try await anna.store.letters(kind: .request, since: world.now.adding(seconds: -1), at: world.now) == 1)
  }

  @Test func `a new profile is told once, and the first one is no news`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    func told() async throws -> [Author] { try await anna.store.newProfiles().map(\.person.author) }
    #expect(try await told().isEmpty)
    try await ben.wish(.setProfile(field: "about", value: "I bake."))
    try await world.carry()
    #expect(try await told() == [ben.author])
    let news = try #require(try await anna.store.newProfiles().first)
    let letter = Self.letter(1, [.profile(news.sha256)], at: world.now)
    #expect(try await anna.show(letter))
    #expect(try await told().isEmpty)
    try await ben.wish(.setProfile(field: "about", value: "I bake bread."))
    try await world.carry()
    #expect(try await told() == [ben.author])
  }

  @Test func `what needs a newer version is told once`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let stream = Packet.Stream(id: try #require(StreamID(bytes: Array(1...16))), sequence: 1)
    try await anna.receive(
      try ben.forge(.status(.init(share: false, text: "from tomorrow")), in: stream, to: anna, requires: ["hologram"]))
    let held = try #require(try await anna.store.unread(at: world.now).first)
    #expect(held.held)
    #expect(try await anna.show(Self.letter(1, [.held(held.id)], at: world.now)))
    #expect(try await anna.store.unread(at: world.now).isEmpty)
  }

  @Test func `a daemon and a command that write of the same thing send one letter`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("mine")
    let new = try await ben.post("new")
    try await world.carry()
    let comment = try await ben.comment("hi", on: post)
    try await world.carry()
    let name = try #require(try await anna.item(comment)).name
    let asked = try await anna.store.atOnce().compactMap { $0.mail == .comment(name) ? $0.number : nil }
    try #require(asked.count == 1)
    #expect(try await anna.show(Self.letter(1, [.item(new), .item(comment)], at: world.now)))
    #expect(try await !anna.show(Self.letter(2, [.item(comment), .item(new)], at: world.now)), "a digest shows what is new")
    #expect(try await !anna.show(Self.letter(3, [.item(comment)], kind: .item, at: world.now), answering: asked))
    #expect(try await anna.store.atOnce().allSatisfy { $0.number != asked[0] }, "it was shown by the digest")
    #expect(try await !anna.show(Self.letter(4, [], kind: .receipt, at: world.now), answering: asked), "asked for no more")
    #expect(try await anna.store.letters(kind: .digest, since: world.now.adding(seconds: -1), at: world.now) == 1)
  }

  @Test func `what is mailed at once is a setting`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna", rules: Rules(atOnce: []))
    let before = try await anna.told()
    let post = try await anna.post("hello")
    try await world.carry()
    try await ben.comment("hi", on: post)
    try await world.carry()
    #expect(try await anna.told() == before)
  }

  @Test func `whether a digest is due is looked at from the beginning of the account on`() async throws {
    let world = try World()
    let anna = try await world.join("Anna")
    let begun = world.now
    #expect(try await anna.store.digestLookedAt() == begun)
    world.wait(days: 1)
    try await anna.store.transact(at: world.now) { try $0.lookForDigest() }
    #expect(try await anna.store.digestLookedAt() == world.now)
  }

  @Test func `each mail of the user acts once`() async throws {
    let world = try World()
    let anna = try await world.join("Anna")
    let now = world.now
    let acts = try await anna.store.transact(at: now) { [try $0.actOnce("a"), try $0.actOnce("a"), try $0.actOnce("b")] }
    #expect(acts == [true, false, true])
  }

  @Test func `words are found, and parts of an item's conversation come in order`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("The Café has moved")
    try await world.carry()
    let comment = try await ben.comment("to the harbour", on: post)
    try await world.carry()
    try await anna.post("another")
    #expect(try await anna.store.feed(limit: 9, words: "cafe moved").map(\.id) == [post])
    #expect(try await anna.store.feed(limit: 9, words: "\" OR (").isEmpty)
    #expect(try await anna.store.feed(limit: 1).map(\.text) == ["another"])
    #expect(try await anna.store.feed(limit: 9, since: world.now).map(\.text) == ["another"])
    let (item, conversation) = try #require(try await anna.store.conversation(of: comment))
    #expect(item.text == "to the harbour")
    #expect(conversation.map(\.id) == [post, comment])
  }
}
