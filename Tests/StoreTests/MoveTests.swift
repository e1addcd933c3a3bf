import Drivers
import Feed
import GRDB
import Node
import Packets
import TestNodes
import Testing

@testable import Store

/// Where people are reached.
@Suite struct MoveTests {
  private static let new = "mailto:anna@new.example"

  private static func endpoints(of other: Person, at person: Person) async throws -> [String] {
    try #require(try await person.store.contacts().first { $0.author == other.author }).endpoints
  }

  /// Delivers all but what goes to an endpoint. Returns that.
  private static func carry(_ world: World, holding endpoint: String) async throws -> [Parcel] {
    var held: [Parcel] = []
    while case let parcels = try await world.collect(), !parcels.isEmpty {
      for parcel in parcels {
        if parcel.endpoint == endpoint { held.append(parcel) } else { try await world.deliver(parcel) }
      }
    }
    return held
  }

  @Test func `a move takes effect once what was sent to the new endpoint has come back, also after a loss`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let old = try await Self.endpoints(of: anna, at: ben)
    try await anna.wish(.move([Self.new]))
    let checks = try await Self.carry(world, holding: Self.new)
    #expect(checks.map(\.kinds) == [["move-check"], ["move-check"]])
    #expect(try await Self.endpoints(of: anna, at: ben) == old)
    let waiting = try await ben.rebuilt()
    #expect(try await waiting.store.contacts() == ben.store.contacts())
    // Until then all goes where it went.
    try await ben.post("to the old place")
    #expect(try await ben.send().map(\.endpoint) == old)
    for check in checks { try await world.deliver(check) }
    try await world.carry()
    for friend in [ben, carol] {
      #expect(try await Self.endpoints(of: anna, at: friend) == [Self.new])
      #expect(try await friend.notices().filter { $0 == "moved" }.count == 1)
      let again = try await friend.rebuilt()
      #expect(try await again.store.contacts() == friend.store.contacts())
    }
    try await ben.post("to the new place")
    #expect(try await ben.send().map(\.endpoint) == [Self.new])
    #expect(try await anna.store.myself().endpoints == [Self.new])
    #expect(try await anna.rebuilt().store.myself().endpoints == [Self.new])
    // Who comes later is told the new one alone.
    #expect(try await anna.invite().0.endpoint == Self.new)
  }

  @Test func `another nonce, one of somebody else, a late one and one that was used are nothing`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    try await carol.accept(try await ben.invite())
    try await world.carry()
    let old = try await Self.endpoints(of: anna, at: ben)
    try await anna.wish(.move([Self.new]))
    let checks = try await Self.carry(world, holding: Self.new)
    let check = try #require(checks.first { $0.from == ben.author })
    guard case .understood(let packet)? = try check.packets.first?.read(), case .moveCheck(let nonce) = packet.action else {
      throw Missing()
    }
    // Another one; and the right one from somebody else.
    try await ben.receive(
      try anna.forge(.moveAnswer([UInt8](repeating: 7, count: 16)), in: try await anna.place(to: ben), to: ben))
    try await ben.receive(try carol.forge(.moveAnswer(nonce), in: try await carol.place(to: ben), to: ben))
    #expect(try await Self.endpoints(of: anna, at: ben) == old)
    // A late one; what is asked again meanwhile does not come.
    world.wait(days: 31)
    try await world.deliver(check)
    _ = try await Self.carry(world, holding: Self.new)
    #expect(try await Self.endpoints(of: anna, at: ben) == old)
    // One that was used: they have moved on since.
    try await anna.wish(.move(["mailto:anna@newer.example"]))
    try await world.carry()
    #expect(try await Self.endpoints(of: anna, at: ben) == ["mailto:anna@newer.example"])
    try await ben.receive(try anna.forge(.moveAnswer(nonce), in: try await anna.place(to: ben, 901), to: ben))
    #expect(try await Self.endpoints(of: anna, at: ben) == ["mailto:anna@newer.example"])
    #expect(ben.refused == [])
  }

  @Test func `each new endpoint is asked by itself, and counts once its own nonce came back`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let old = try await Self.endpoints(of: anna, at: ben)
    let victim = "mailto:victim@x.example"
    try await anna.wish(.move([victim, Self.new] + old))
    var asked: [String: Parcel] = [:]
    while case let parcels = try await world.collect(), !parcels.isEmpty {
      for parcel in parcels {
        guard parcel.from == ben.author, parcel.kinds == ["move-check"] else {
          try await world.deliver(parcel)
          continue
        }
        asked[parcel.endpoint] = parcel
      }
    }
    #expect(asked.keys.sorted() == [Self.new, victim])
    #expect(try await Self.endpoints(of: anna, at: ben) == old)
    // Only one of them is hers: what she learns there says nothing of the other.
    try await world.deliver(try #require(asked[Self.new]))
    try await world.carry()
    #expect(try await Self.endpoints(of: anna, at: ben) == [Self.new] + old)
    try await ben.post("not to the victim")
    #expect(try await ben.send().map(\.endpoint) == [Self.new])
    let again = try await ben.rebuilt()
    #expect(try await again.store.contacts() == ben.store.contacts())
    // It was hers after all: what she named first comes first.
    try await world.deliver(try #require(asked[victim]))
    try await world.carry()
    #expect(try await Self.endpoints(of: anna, at: ben) == [victim, Self.new] + old)
    // Known endpoints in another order, or fewer of them, need no look.
    try await anna.wish(.move(old + [Self.new]))
    try await world.carry()
    #expect(try await Self.endpoints(of: anna, at: ben) == old + [Self.new])
    #expect(ben.refused == [])
  }

  @Test func `a look that was lost is made again, also by a view that was made anew meanwhile`() async throws {
    for isRebuilt in [false, true] {
      let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
      let old = try await Self.endpoints(of: anna, at: ben)
      try await anna.wish(.move([Self.new]))
      #expect(try await Self.carry(world, holding: Self.new).count == 2)
      let person = isRebuilt ? try await ben.rebuilt() : ben
      #expect(try await Self.endpoints(of: anna, at: person) == old)
      world.wait(days: 1)
      try await person.ring()
      let again = try await person.send().filter { $0.kinds == ["move-check"] }
      #expect(again.map(\.endpoint) == [Self.new])
      for check in again { try await anna.receive(check) }
      for answer in try await anna.send() where answer.to == ben.author { try await person.receive(answer) }
      #expect(try await Self.endpoints(of: anna, at: person) == [Self.new])
      // Answered, it is not asked a third time; what stays unanswered is asked four times in all.
      world.wait(days: 2)
      try await person.ring()
      #expect(try await person.send().filter { $0.kinds.contains("move-check") }.isEmpty)
      var others = 0
      for _ in 0..<10 {
        try await carol.ring()
        others += try await carol.send().filter { $0.kinds == ["move-check"] }.count
        world.wait(days: 1)
      }
      #expect(others == 3)
    }
  }

  @Test func `nobody gets the nonce elsewhere than where it proves something`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let old = try await Self.endpoints(of: anna, at: ben)
    try await anna.wish(.move([Self.new]))
    // It is lost on the way to a place that is not Anna's, and she asks for its number.
    let lost = try await Self.carry(world, holding: Self.new)
    let check = try #require(lost.first { $0.from == ben.author })
    let place = try #require(try check.packets.first?.read().stream)
    let ask = Action.resendRequest(
      .init(ranges: [.init(stream: place.id, first: place.sequence, last: place.sequence)]))
    try await ben.receive(try anna.forge(ask, in: nil, to: ben))
    let answer = try await ben.send()
    #expect(answer.map(\.kinds) == [["gone"]])
    for parcel in answer { try await world.deliver(parcel) }
    try await world.carry()
    #expect(try await Self.endpoints(of: anna, at: ben) == old)
  }

  @Test func `a check that its endpoint refuses, or that bounces, goes to no other`() async throws {
    for bounces in [true, false] {
      let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
      // Ben knows one, which would be the next.
      try await anna.wish(.move([Self.new, "mailto:anna@anna.example"]))
      for parcel in try await world.collect() where parcel.to == ben.author { try await ben.receive(parcel) }
      while let sealing = try await ben.store.nextSealing(at: world.now) {
        try await ben.store.sealed(sealing.body, at: world.now)
      }
      let check = try #require(
        try await ben.store.dueOutpackets(limit: 50, at: world.now).first { $0.kind == "move-check" })
      #expect(check.endpoint == Self.new)
      if bounces {
        _ = try await ben.store.record([(check.id, .handedOver(reply: "250 OK"))], at: world.now)
        _ = try await ben.store.bounced(messageID: check.messageID, said: "no such user", at: world.now)
      } else {
        _ = try await ben.store.record([(check.id, .refused(reason: "550 no such user"))], at: world.now)
      }
      let left = try await ben.store.outpackets()
      #expect(left.failed.map(\.kind) == ["move-check"])
      #expect(!left.waiting.contains { $0.kind == "move-check" })
    }
  }

  @Test func `an old word changes nothing, and nobody makes us write to many places`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    try await anna.wish(.move([Self.new]))
    try await world.carry()
    let revision = try #require(try await ben.store.read { try $0.move(of: anna.author) }).revision
    func say(_ revision: UInt64, _ endpoint: String, _ sequence: UInt64) async throws -> [String] {
      world.wait(seconds: 1)
      let move = Action.Move(revision: revision, endpoints: [endpoint])
      try await ben.receive(try anna.forge(.move(move), in: try await anna.place(to: ben, sequence), to: ben))
      return try await ben.send().filter { $0.kinds == ["move-check"] }.map(\.endpoint)
    }
    #expect(try await say(revision, "mailto:victim@old.example", 900) == [])
    #expect(try await say(revision - 1, "mailto:victim@old.example", 901) == [])
    var written: [String] = []
    for number in 1...9 {
      written += try await say(revision + UInt64(number), "mailto:victim-\(number)@x.example", 901 + UInt64(number))
    }
    #expect(written.count == 4)
    #expect(try await Self.endpoints(of: anna, at: ben) == [Self.new])
    #expect(ben.refused == [])
  }

  @Test func `who is back where they were is not moved by an older word that comes late`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let old = try await Self.endpoints(of: anna, at: ben)
    func say(_ revision: UInt64, _ endpoints: [String], _ sequence: UInt64) async throws -> [Parcel] {
      world.wait(seconds: 1)
      let move = Action.Move(revision: revision, endpoints: endpoints)
      try await ben.receive(try anna.forge(.move(move), in: try await anna.place(to: ben, sequence), to: ben))
      return try await ben.send()
    }
    let revision = UInt64(world.now.milliseconds) + 1000
    #expect(try await say(revision + 1, old, 901).isEmpty)
    #expect(try await say(revision, [Self.new], 900).isEmpty)
    #expect(try await Self.endpoints(of: anna, at: ben) == old)
  }

  @Test func `endpoints in a profile are looked at in the same way, and not believed before`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let old = try await Self.endpoints(of: anna, at: ben)
    let profile = Action.Profile(
      revision: UInt64(world.now.milliseconds) + 10, name: "Anna", endpoints: ["mailto:victim@x.example"],
      binding: .init(fingerprint: anna.fingerprint, signature: [1]))
    let stream = try #require(try await anna.store.read { try $0.ownStream(toCircle: Circle.everyone) })
    try await ben.receive(try anna.forge(.profile(profile), in: .init(id: stream.id, sequence: 900), to: ben))
    #expect(try await ben.send().map { $0.kinds + [$0.endpoint] } == [["move-check", "mailto:victim@x.example"]])
    #expect(try await Self.endpoints(of: anna, at: ben) == old)
  }

  @Test func `another request of a contact moves them no sooner, unless they were invited again`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let old = try await Self.endpoints(of: anna, at: ben)
    func ask(_ endpoint: String, proof: Action.ContactRequest.Proof?) async throws -> [Parcel] {
      world.wait(seconds: 1)
      let profile = Action.Profile(
        revision: UInt64(world.now.milliseconds), name: "Anna", endpoints: [endpoint],
        binding: .init(fingerprint: anna.fingerprint, signature: [1]))
      let request = Action.ContactRequest(
        profile: profile, certificate: [1], half: [UInt8](repeating: 5, count: 32), proof: proof)
      var place = try await anna.place(to: ben)
      place.sequence = 0
      try await ben.receive(try anna.forge(.contactRequest(request), in: place, to: ben))
      return try await ben.send()
    }
    let sent = try await ask("mailto:victim@x.example", proof: nil)
    #expect(sent.filter { $0.kinds == ["move-check"] }.map(\.endpoint) == ["mailto:victim@x.example"])
    #expect(sent.filter { $0.kinds.contains("contact-accept") }.map(\.endpoint) == old)
    #expect(try await Self.endpoints(of: anna, at: ben) == old)
    #expect(try await ben.notices() == ["moved"])
    func prove(_ secret: [UInt8]) -> Action.ContactRequest.Proof {
      .init(
        invitation: Derivation.invitationID(secret: secret),
        value: Derivation.invitationProof(
          secret: secret, inviter: ben.author, inviterFingerprint: ben.fingerprint, invitee: anna.author,
          inviteeFingerprint: anna.fingerprint))
    }
    // One that was made for somebody else's address proves no more than that it is known.
    let carols = try await ben.invite(address: "carol@x.example").0
    #expect(
      try await ask("mailto:victim@y.example", proof: prove(carols.secret)).filter { $0.kinds.contains("contact-accept") }
        .map(\.endpoint) == old)
    #expect(try await Self.endpoints(of: anna, at: ben) == old)
    let check = try #require(sent.first { $0.kinds == ["move-check"] })
    guard case .understood(let asked)? = try check.packets.first?.read(), case .moveCheck(let nonce) = asked.action else {
      throw Missing()
    }
    let invitation = try await ben.invite().0
    let accepts = try await ask(Self.new, proof: prove(invitation.secret)).filter { $0.kinds.contains("contact-accept") }
    #expect(accepts.map(\.endpoint) == [Self.new])
    #expect(try await Self.endpoints(of: anna, at: ben) == [Self.new])
    // What is out from before leads nowhere any more.
    world.wait(seconds: 1)
    try await ben.receive(try anna.forge(.moveAnswer(nonce), in: try await anna.place(to: ben, 900), to: ben))
    #expect(try await Self.endpoints(of: anna, at: ben) == [Self.new])
    #expect(ben.refused == [])
  }

  @Test func `what else comes with a word about endpoints counts beside it`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let both = try await Self.endpoints(of: anna, at: ben) + [Self.new]
    try await anna.wish(.move(both))
    try await world.carry()
    #expect(try await Self.endpoints(of: anna, at: ben) == both)
    func profile(_ endpoints: [String], certificate: [UInt8]?) -> Action.Profile {
      world.wait(seconds: 1)
      var profile = Action.Profile(
        revision: UInt64(world.now.milliseconds) + 10, name: "Anna", endpoints: endpoints,
        binding: .init(fingerprint: anna.fingerprint, signature: [1]))
      profile.certificate = certificate
      return profile
    }
    // A new half.
    let request = Action.ContactRequest(
      profile: profile(both.reversed(), certificate: nil), certificate: [1], half: [UInt8](repeating: 5, count: 32), proof: nil)
    var place = try await anna.place(to: ben)
    place.sequence = 0
    try await ben.receive(try anna.forge(.contactRequest(request), in: place, to: ben))
    var known = try #require(try await ben.store.contacts().first { $0.author == anna.author })
    #expect(known.endpoints == both.reversed() && known.theirHalf == request.half)
    // A renewed certificate.
    let stream = try #require(try await anna.store.read { try $0.ownStream(toCircle: Circle.everyone) })
    let renewed = profile([Self.new], certificate: [9, 9])
    try await ben.receive(try anna.forge(.profile(renewed), in: .init(id: stream.id, sequence: 900), to: ben))
    known = try #require(try await ben.store.contacts().first { $0.author == anna.author })
    #expect(known.endpoints == [Self.new] && known.certificate == [9, 9])
    #expect(ben.refused == [])
  }

  @Test func `where all goes to stays until another place is proved, and what finds no room in a day is asked later`()
    async throws
  {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let old = try await Self.endpoints(of: anna, at: ben)
    try await anna.wish(.move(old + [Self.new]))
    try await world.carry()
    // The first ends, but all goes there.
    let many = (1...7).map { "mailto:place-\($0)@x.example" }
    try await anna.wish(.move(many + [Self.new]))
    var asked: [String] = []
    func collect() async throws {
      while case let parcels = try await world.collect(), !parcels.isEmpty {
        for parcel in parcels {
          if many.contains(parcel.endpoint) {
            if parcel.from == ben.author { asked.append(parcel.endpoint) }
          } else {
            try await world.deliver(parcel)
          }
        }
      }
    }
    try await collect()
    #expect(asked.count == 4)
    #expect(try await Self.endpoints(of: anna, at: ben) == old + [Self.new])
    for (days, count) in [(1, 9), (2, 14)] {
      world.wait(days: Int64(days))
      world.wait(seconds: 60)
      try await ben.ring()
      try await collect()
      #expect(asked.count == count)
    }
    #expect(Set(asked) == Set(many))
  }

  @Test func `only what a driver reaches is announced`() async throws {
    let world = try World()
    let anna = try await world.join("Anna") { $0.claims = { $0.hasPrefix("mailto:") } }
    for endpoints in [["https://x.example"], [], ["mailto:a@b.example", "xmpp:a@b.example"]] {
      await #expect(throws: WishFailure.self) { try await anna.wish(.move(endpoints)) }
    }
    #expect(try await anna.store.myself().endpoints == ["mailto:anna@anna.example"])
  }
}
