import Feed
import Node
import Packets
import Store
import TestNodes
import Testing

/// Gate 6, and what comes late, twice, or from a newer node.
@Suite struct OrderTests {
  @Test func `a comment that comes before its post waits for it`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("hello")
    let late = try await world.collect()
    for parcel in late where parcel.to == ben.author { try await world.deliver(parcel) }
    try await ben.comment("first!", on: post)
    try await world.carry()
    #expect(try await carol.reads().isEmpty)
    #expect(try await carol.givesUp() == [world.now.adding(seconds: 30 * 86_400)])
    for parcel in late where parcel.to == carol.author { try await world.deliver(parcel) }
    #expect(try await carol.reads() == ["Anna: hello", "Ben (says Anna): first!"])
    #expect(try await carol.givesUp() == [])
    #expect(carol.refused.isEmpty)
  }

  @Test func `what waited thirty days for its post is let go in silence`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("hello")
    let late = try await world.collect()
    for parcel in late where parcel.to == ben.author { try await world.deliver(parcel) }
    try await ben.comment("first!", on: post)
    try await world.carry()
    world.wait(days: 31)
    try await carol.ring()
    #expect(try await carol.notices().isEmpty)
    for parcel in late where parcel.to == carol.author { try await world.deliver(parcel) }
    #expect(try await carol.reads() == ["Anna: hello"])
  }

  @Test func `what is said about something that waits itself waits too`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("hello")
    try await world.carry()
    let first = try await ben.comment("first", on: post)
    let late = try await world.collect()
    let second = try await ben.comment("second", on: first)
    try await world.carry()
    try await ben.comment("third", on: second)
    try await ben.react(["❤"], to: second)
    try await ben.wish(.edit(second, text: "another second"))
    try await world.carry()
    #expect(try await anna.reads() == ["Anna: hello"])
    for parcel in late { try await world.deliver(parcel) }
    try await world.carry()
    let expected = ["hello", "first", "another second", "third"]
    for person in [anna, ben, carol] {
      let feed = try await person.store.feed(limit: 100)
      #expect(Set(feed.map(\.text)) == Set(expected) && feed.count == expected.count)
      #expect(feed.first { $0.text == "another second" }?.reactions.map(\.emoji) == ["❤"])
      #expect(person.refused.isEmpty)
    }
    #expect(try await anna.givesUp() == [])
  }

  @Test func `a chain of two thousand answers that came backwards is decided when its beginning comes`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("hello")
    try await world.carry()
    let root = try await ben.reference(to: post)
    let stream = try #require(StreamID(bytes: Array(1...16)))
    var (chain, target) = ([Parcel](), root)
    for number in 1...2000 as ClosedRange<UInt64> {
      world.wait(seconds: 1)
      let parcel = try ben.forge(
        .comment(.init(root: root, target: target, text: "words \(number)")),
        in: .init(id: stream, sequence: number, to: anna.author), to: anna)
      let signed = try #require(parcel.packets.first)
      target = Reference(author: ben.author, id: try signed.read().name.id, sha256: signed.sha256)
      chain.append(parcel)
    }
    for parcel in chain.reversed() { try await world.deliver(parcel) }
    #expect(try await anna.reads().count == 1 + Rules().commentsADay)
    #expect(try await anna.givesUp() == [])
  }

  @Test func `a duplicate changes nothing and is not refused`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("hello")
    let parcels = try await world.collect()
    for parcel in parcels + parcels { try await world.deliver(parcel) }
    try await ben.comment("hi", on: post)
    let comments = try await world.collect()
    for parcel in comments + comments { try await world.deliver(parcel) }
    let relays = try await world.collect()
    #expect(relays.flatMap(\.packets).count == 2, "relayed once to each of two")
    for parcel in relays + relays.reversed() { try await world.deliver(parcel) }
    #expect(try await ben.reads() == ["Anna: hello", "Ben: hi"])
    #expect(ben.refused.isEmpty && anna.refused.isEmpty)
  }

  @Test func `two packets with one id: the first stands, the other is refused, and the user is told`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let stream = Packet.Stream(id: try #require(StreamID(bytes: Array(1...16))), sequence: 1)
    let first = try anna.forge(.status(.init(share: false, text: "yes")), in: stream, to: ben)
    let second = try anna.forge(.status(.init(share: false, text: "no")), in: stream, to: ben)
    for parcel in [first, second, second] { try await world.deliver(parcel) }
    #expect(try await ben.reads() == ["Anna: yes"])
    #expect(ben.refused == Array(repeating: "order: another packet with this id came before", count: 2))
    #expect(try await ben.notices() == ["equivocation"])
  }

  @Test func `two packets with one number are both shown, and the user is told once`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let stream = Packet.Stream(id: try #require(StreamID(bytes: Array(1...16))), sequence: 1)
    for text in ["one", "two", "three"] {
      world.wait(seconds: 1)
      try await world.deliver(try anna.forge(.status(.init(share: false, text: text)), in: stream, to: ben))
    }
    #expect(try await ben.reads() == ["Anna: one", "Anna: two", "Anna: three"])
    #expect(try await ben.notices() == ["doubled number"])
  }

  @Test func `a stream keeps the kind of its first packet`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let id = try #require(StreamID(bytes: Array(1...16)))
    try await world.deliver(try anna.forge(.status(.init(share: false, text: "one")), in: .init(id: id, sequence: 1), to: ben))
    world.wait(seconds: 1)
    let membership = Action.membership(.init(stream: id, span: .first(1)))
    try await world.deliver(try anna.forge(membership, in: .init(id: id, sequence: 2, to: ben.author), to: ben))
    #expect(ben.refused == ["packet: the stream is of another kind"])
  }

  @Test func `the sixty-fifth stream of a contact is refused`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    // Anna's circle and private stream are known already.
    for number in 1...63 {
      world.wait(seconds: 1)
      let id = try #require(StreamID(bytes: [UInt8](repeating: UInt8(number), count: 16)))
      try await world.deliver(
        try anna.forge(.status(.init(share: false, text: "\(number)")), in: .init(id: id, sequence: 1), to: ben))
    }
    #expect(try await ben.reads().count == 62)
    #expect(ben.refused == ["order: more than 64 streams of one contact"])
    try await anna.post("in a known one")
    try await world.carry()
    #expect(try await ben.reads().last == "Anna: in a known one")
  }

  @Test func `what needs a newer version is held, shown by its fallback, and bounded`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna", rules: Rules(heldPackets: 2))
    let id = try #require(StreamID(bytes: Array(1...16)))
    for number in 1...3 {
      world.wait(seconds: 1)
      let parcel = try anna.forge(
        .profile(
          .init(
            revision: UInt64(number), name: "Anna 2", endpoints: [],
            binding: .init(fingerprint: anna.fingerprint, signature: [1]))),
        in: .init(id: id, sequence: UInt64(number)), to: ben, requires: ["telepathy"])
      try await world.deliver(parcel)
    }
    #expect(try await ben.store.heldPackets().map(\.item.text) == Array(repeating: "Anna 2 has a new profile.", count: 2))
    #expect(ben.refused == ["order: too much of this contact is held until a newer version reads it"])
    #expect(try await ben.store.feed(limit: 5).allSatisfy(\.held))
    let held = try #require(try await ben.store.heldPackets().first)
    await #expect(throws: WishFailure.noSuchItem) { try await ben.comment("what?", on: held.item.id) }
  }

  @Test func `numbers have no gaps, and undo burns none`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("one")
    try await anna.mail(.post(text: "never", pictures: [], circle: nil, share: false))
    try await anna.wish(.undo)
    try await anna.post("two")
    try await anna.comment("three", on: post)
    var numbers: [StreamID: [UInt64]] = [:]
    for parcel in try await world.collect() where parcel.to == ben.author {
      for case .understood(let packet) in try parcel.packets.map({ try $0.read() }) {
        if let stream = packet.stream { numbers[stream.id, default: []].append(stream.sequence) }
      }
    }
    #expect(numbers.count == 1)
    let circle = try #require(numbers.values.first?.sorted())
    let first = try #require(circle.first)
    #expect(circle == [first, first + 1, first + 2])
  }

  @Test func `who was admitted after a post is numbered does not get it, and hears from which number on`() async throws {
    let (world, anna, _, _, dora) = try await Cast.friends(of: "anna")
    try await anna.post("before")
    try await dora.accept(try await anna.invite())
    let parcels = try await world.collect()
    #expect(!parcels.contains { $0.to == dora.author }, "the audience is fixed when the packet is numbered")
    for parcel in parcels { try await world.deliver(parcel) }
    let welcome = try #require(try await world.collect().first { $0.to == dora.author })
    guard case .understood(let packet) = try welcome.packets[1].read(), case .membership(let membership) = packet.action else {
      throw Missing()
    }
    try await world.deliver(welcome)
    try await anna.post("after")
    let after = try #require(try await world.collect().first { $0.to == dora.author })
    guard case .understood(let status) = try after.packets[0].read() else { throw Missing() }
    #expect(status.stream?.id == membership.stream)
    #expect(membership.span == .first(try #require(status.stream).sequence))
    try await world.deliver(after)
    #expect(try await dora.reads() == ["Anna: after"])
  }

  @Test func `one's own signature from another machine begins new streams, and friends hear of it`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    try await anna.post("here")
    let before = try #require(try await world.collect().first { $0.to == ben.author })
    guard case .understood(let packet) = try before.packets[0].read(), let stream = packet.stream else { throw Missing() }
    world.wait(seconds: 1)
    let other = try anna.forge(
      .status(.init(share: false, text: "there")), in: .init(id: stream.id, sequence: stream.sequence + 1), to: anna)
    try await world.deliver(before)
    let now = world.now
    try await anna.store.transact(at: now) { transaction in
      for signed in other.packets {
        try transaction.handle(
          .packet(
            Arrival(
              signed: signed, sha256: signed.sha256, read: try signed.read(), sender: anna.author, signer: anna.fingerprint,
              arrived: now)))
      }
    }
    #expect(try await anna.notices() == ["another machine"])
    #expect(try await anna.reads() == ["Anna: here", "Anna: there"])
    world.wait(seconds: 1)
    try await anna.post("again here")
    let parcels = try await world.collect().filter { $0.to == ben.author }
    #expect(parcels.map(\.kinds) == [["membership"], ["status"]])
    guard case .understood(let next) = try parcels[1].packets[0].read() else { throw Missing() }
    #expect(next.stream?.id != stream.id)
    #expect(next.stream?.sequence == 1)
  }
}
