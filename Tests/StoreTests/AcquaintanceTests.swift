import Feed
import Node
import Packets
import Store
import TestNodes
import Testing

@Suite struct AcquaintanceTests {
  @Test func `an invitation makes two contacts, and both are told`() async throws {
    let (world, anna, ben) = try await Cast.strangers()
    try await ben.accept(try await anna.invite(name: "Benny"))
    #expect(try await ben.standing(of: anna.author) == .requested)
    try await world.carry()
    #expect(try await anna.knows(ben))
    #expect(try await ben.knows(anna))
    let seen = try await anna.store.contacts()
    #expect(seen.map(\.name) == ["Ben"], "the request's name is pinned")
    #expect(seen.map(\.mark) == [.invited])
    #expect(try await anna.told() == [.connected(ben.author)])
    #expect(try await ben.told() == [.connected(anna.author)])
    #expect(anna.refused.isEmpty && ben.refused.isEmpty)
  }

  @Test func `both sides come to the same pair key`() async throws {
    let (_, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let one = try #require(try await anna.store.signer(ben.fingerprint, at: anna.world.now))
    let other = try #require(try await ben.store.signer(anna.fingerprint, at: ben.world.now))
    #expect(one.pairKeys.count == 1)
    #expect(one.pairKeys == other.pairKeys)
  }

  @Test func `a request travels alone, and the answer is accept, membership and profile in one parcel`() async throws {
    let (world, anna, ben) = try await Cast.strangers()
    try await ben.accept(try await anna.invite())
    let asked = try await world.collect().filter { $0.to == anna.author }
    #expect(asked.map(\.kinds) == [["contact-request"]])
    for parcel in asked { try await world.deliver(parcel) }
    let answered = try await world.collect().filter { $0.to == ben.author }
    #expect(answered.map(\.kinds) == [["contact-accept", "membership", "profile"]])
    for parcel in answered { try await world.deliver(parcel) }
    #expect(try await world.collect().map(\.kinds) == [["membership", "profile"]])
  }

  @Test func `a wrong proof for a known invitation is refused, and the invitation stays`() async throws {
    let (world, anna, ben) = try await Cast.strangers()
    let dora = try await world.join("Dora")
    let invitation = try await anna.invite()
    try await dora.accept(invitation)
    var parcel = try #require(try await world.collect().first)
    // Dora's proof, in a request of Ben's.
    guard case .understood(let packet) = try parcel.packets[0].read(), case .contactRequest(let hers) = packet.action else {
      throw Missing()
    }
    try await ben.accept(invitation)
    let own = try #require(try await world.collect().first)
    guard case .understood(var forged) = try own.packets[0].read(), case .contactRequest(var request) = forged.action else {
      throw Missing()
    }
    request.proof = hers.proof
    forged.action = .contactRequest(request)
    parcel = own
    parcel.packets = [try SignedPacket.sign(forged, with: ben.key)]
    try await world.deliver(parcel)
    #expect(anna.refused == ["packet: wrong proof for an invitation"])
    #expect(try await anna.standing(of: ben.author) == nil)
    try await world.deliver(own)  // other bytes under the same id: but nothing was kept, and the proof is good
    #expect(try await anna.knows(ben))
  }

  @Test func `a used, an expired and another's invitation leave the decision to the user`() async throws {
    let (world, anna, ben) = try await Cast.strangers()
    let dora = try await world.join("Dora")
    let invitation = try await anna.invite()
    let old = try await anna.invite()
    let named = try await anna.invite(address: "carol@carol.example")
    try await ben.accept(invitation)
    try await world.carry()
    try await dora.accept(invitation)
    try await world.carry()
    #expect(try await anna.store.requests().map(\.name) == ["Dora"])
    #expect(try await anna.store.requests().map(\.proof) == [true])
    let eve = try await world.join("Eve")
    try await eve.accept(named)
    try await world.carry()
    let fritz = try await world.join("Fritz")
    try await fritz.accept(old)
    world.wait(days: 8)
    try await world.carry()
    #expect(try await anna.store.requests().map(\.name) == ["Dora", "Eve", "Fritz"])
    #expect(try await anna.store.contacts().map(\.name) == ["Ben"])
    #expect(try await fritz.standing(of: anna.author) == .requested)
  }

  @Test(arguments: ["ben@ben.example", "BEN@Ben.example"])
  func `an invitation for an address is good from there`(address: String) async throws {
    let (world, anna, ben) = try await Cast.strangers()
    try await ben.accept(try await anna.invite(address: address))
    try await world.carry()
    #expect(try await anna.knows(ben))
  }

  @Test func `a stranger's request waits, and is accepted or declined by the user`() async throws {
    let (world, anna, ben) = try await Cast.strangers()
    let dora = try await world.join("Dora")
    for asker in [ben, dora] { try await asker.accept(try await stranger(anna)) }
    try await world.carry()
    let waiting = try await anna.store.requests()
    #expect(waiting.map(\.name) == ["Ben", "Dora"])
    #expect(waiting.map(\.proof) == [false, false])
    #expect(try await anna.told() == waiting.map { .request($0.id) })
    try await anna.wish(.declineRequest(waiting[1].id))
    #expect(try await world.collect().isEmpty, "declining is silence")
    try await anna.wish(.acceptRequest(waiting[0].id))
    try await world.carry()
    #expect(try await anna.store.requests().isEmpty)
    #expect(try await anna.isFriend(of: ben))
    #expect(try await dora.standing(of: anna.author) == .requested)
    #expect(try await anna.store.contacts().map(\.mark) == [.requested])
    await #expect(throws: WishFailure.noSuchRequest) { try await anna.wish(.acceptRequest(waiting[1].id)) }
  }

  /// A link to somebody who gave out none: what a card with another's key would be.
  private func stranger(_ person: Person) async throws -> (Invitation, Fingerprint) {
    var (link, fingerprint) = try await person.invite()
    link.secret = [UInt8](repeating: 9, count: 16)
    return (link, fingerprint)
  }

  @Test func `the twenty-first stranger takes the place of the first`() async throws {
    let world = try World()
    let anna = try await world.join("Anna")
    for number in 1...21 {
      try await world.join("Stranger \(number)").accept(try await stranger(anna))
      try await world.carry()
      world.wait(seconds: 1)
    }
    #expect(try await anna.store.requests().map(\.name) == (2...21).map { "Stranger \($0)" })
    world.wait(days: 31)
    try await anna.ring()
    #expect(try await anna.store.requests().isEmpty)
  }

  @Test func `a newer request of the same key replaces the older`() async throws {
    let (world, anna, ben) = try await Cast.strangers()
    try await ben.accept(try await stranger(anna))
    try await world.carry()
    let first = try await anna.store.requests()
    world.wait(seconds: 10)
    try await ben.accept(try await stranger(anna))
    try await world.carry()
    let second = try await anna.store.requests()
    #expect(second.count == 1)
    #expect(first.map(\.id) != second.map(\.id))
    try await anna.wish(.acceptRequest(second[0].id))
    try await world.carry()
    #expect(try await ben.knows(anna))
  }

  @Test func `an accept of the first of two open requests is good`() async throws {
    let (world, anna, ben) = try await Cast.strangers()
    try await ben.accept(try await stranger(anna))
    try await world.carry()
    let first = try await anna.store.requests()
    try await ben.accept(try await stranger(anna))
    try await anna.wish(.acceptRequest(first[0].id))
    let crossing = try await world.collect()
    for parcel in crossing where parcel.to == ben.author { try await world.deliver(parcel) }
    #expect(try await ben.knows(anna))
    #expect(ben.refused.isEmpty)
  }

  @Test func `crossing requests act like accepts, and each is answered`() async throws {
    let (world, anna, ben) = try await Cast.strangers()
    let (hers, his) = (try await anna.invite(), try await ben.invite())
    try await anna.accept(his)
    try await ben.accept(hers)
    let crossing = try await world.collect()
    #expect(crossing.map(\.kinds) == [["contact-request"], ["contact-request"]])
    for parcel in crossing { try await world.deliver(parcel) }
    #expect(try await anna.isFriend(of: ben))
    let answers = try await world.collect()
    #expect(answers.map(\.kinds.first) == ["contact-accept", "contact-accept"])
    for parcel in answers { try await world.deliver(parcel) }
    try await world.carry()
    #expect(anna.refused.isEmpty && ben.refused.isEmpty)
    #expect(try await anna.told() == [.connected(ben.author)])
    let one = try #require(try await anna.store.signer(ben.fingerprint, at: world.now))
    let other = try #require(try await ben.store.signer(anna.fingerprint, at: world.now))
    #expect(one.pairKeys == other.pairKeys)
    try await anna.post("hello")
    try await world.carry()
    #expect(try await ben.reads() == ["Anna: hello"])
    // Both invitations are used up.
    let dora = try await world.join("Dora")
    try await dora.accept(hers)
    try await world.carry()
    #expect(try await anna.standing(of: dora.author) == nil)
  }

  @Test func `requests that cross with one side ahead still travel alone`() async throws {
    let (world, anna, ben) = try await Cast.strangers()
    try await anna.accept(try await ben.invite())
    let hers = try await world.collect()
    try await ben.accept(try await anna.invite())
    for parcel in hers { try await world.deliver(parcel) }  // answered before Ben's own request is sealed
    let his = try await world.collect()
    #expect(his.map(\.kinds) == [["contact-request"], ["contact-accept", "membership", "profile"]])
    for parcel in his { try await world.deliver(parcel) }
    try await world.carry()
    #expect(anna.refused.isEmpty && ben.refused.isEmpty)
    #expect(try await anna.isFriend(of: ben))
  }

  @Test func `an accept that names no open request is refused`() async throws {
    let (world, anna, ben) = try await Cast.strangers()
    try await ben.accept(try await anna.invite())
    for parcel in try await world.collect() { try await world.deliver(parcel) }
    let answer = try #require(try await world.collect().first)
    guard case .understood(var packet) = try answer.packets[0].read(), case .contactAccept(var accept) = packet.action else {
      throw Missing()
    }
    var dice = Dice(state: 77)
    accept.request = PacketID(at: world.now, using: &dice)
    packet.action = .contactAccept(accept)
    packet.id = PacketID(at: world.now, using: &dice)
    var forged = answer
    forged.packets = [try SignedPacket.sign(packet, with: anna.key)]
    try await world.deliver(forged)
    #expect(ben.refused == ["packet: an accept that names no open request"])
    #expect(try await !ben.knows(anna))
    try await world.deliver(answer)
    #expect(try await ben.knows(anna))
    // A second accept of the same request is one too many.
    accept.request = try #require(try await ben.store.contacts().first?.request)
    packet.action = .contactAccept(accept)
    forged.packets = [try SignedPacket.sign(packet, with: anna.key)]
    try await world.deliver(forged)
    #expect(ben.refused.count == 2)
  }

  @Test func `a request stays open for thirty days`() async throws {
    let (world, anna, ben) = try await Cast.strangers()
    try await ben.accept(try await stranger(anna))
    try await world.carry()
    world.wait(days: 31)
    try await anna.wish(.acceptRequest(try await anna.store.requests()[0].id))
    try await world.carry()
    #expect(try await !ben.knows(anna))
    #expect(ben.refused.first == "packet: an accept that names no open request")
  }

  @Test func `the same request again is answered with the same bytes, once an hour at most`() async throws {
    let (world, anna, ben) = try await Cast.strangers()
    try await ben.accept(try await anna.invite())
    let request = try #require(try await world.collect().first)
    try await world.deliver(request)
    let answer = try #require(try await world.collect().first)
    try await world.deliver(request)
    #expect(try await world.collect().isEmpty, "within the hour")
    world.wait(seconds: 3601)
    try await world.deliver(request)
    let again = try await world.collect()
    #expect(again.map(\.kinds) == [["contact-accept", "membership"]])
    #expect(again.first?.packets == Array(answer.packets.prefix(2)))
    try await world.deliver(request)
    #expect(try await world.collect().isEmpty)
    #expect(anna.refused.isEmpty)
  }

  @Test func `an unanswered request is sent again after one, three and six days, in the same bytes`() async throws {
    let (world, anna, ben) = try await Cast.strangers()
    try await ben.accept(try await stranger(anna))
    let first = try await world.collect()
    var days: [Int64] = []
    for day in 1...10 {
      world.wait(days: 1)
      try await ben.ring()
      let again = try await world.collect()
      #expect(again.allSatisfy { $0.packets == first[0].packets })
      if !again.isEmpty { days.append(Int64(day)) }
    }
    #expect(days == [1, 3, 6])
    withExtendedLifetime(anna) {}
  }

  @Test func `a new request of a contact is answered without asking, and older posts can still be commented`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("old")
    try await world.carry()
    var dice = Dice(state: 5)
    let contact = try #require(try await ben.store.contacts().first)
    let profile = Action.Profile(
      revision: 1, name: "Ben", endpoints: ["mailto:ben@ben.example"],
      binding: Action.Profile.Binding(fingerprint: ben.fingerprint, signature: [1]))
    let request = Action.ContactRequest(profile: profile, certificate: [1], half: Random.bytes(32, using: &dice), proof: nil)
    let stream = Packet.Stream(id: try #require(StreamID(bytes: Random.bytes(16, using: &dice))), sequence: 0, to: anna.author)
    let packet = Packet(
      id: PacketID(at: world.now, using: &dice), author: ben.author, created: world.now, stream: stream,
      action: .contactRequest(request), fallback: nil)
    try await world.deliver(
      Parcel(from: ben.author, signer: ben.fingerprint, to: anna.author, packets: [try SignedPacket.sign(packet, with: ben.key)]))
    let answers = try await world.collect()
    #expect(answers.map(\.kinds) == [["contact-accept", "membership", "profile"]])
    let signer = try #require(try await anna.store.signer(ben.fingerprint, at: world.now))
    #expect(signer.contact.theirHalf == request.half)
    #expect(signer.contact.ourHalf == contact.theirHalf, "one half a peer")
    #expect(signer.pairKeys.count == 2, "tags of the old key are accepted for 30 days")
    world.wait(days: 31)
    #expect(try await anna.store.signer(ben.fingerprint, at: world.now)?.pairKeys.count == 1)
    try await ben.comment("still here", on: post)
    try await world.carry()
    #expect(try await carol.reads() == ["Anna: old", "Ben (says Anna): still here"])
    #expect(try await anna.told().filter { $0 == .connected(ben.author) }.count == 1)
  }

  @Test func `a known key with another author is refused, and so is a known author with another key`() async throws {
    let (world, anna, ben, _, dora) = try await Cast.friends(of: "anna")
    try await dora.accept(try await anna.invite())
    let request = try #require(try await world.collect().first)
    var forged = request
    forged.signer = ben.fingerprint
    try await anna.receive(forged)
    #expect(anna.refused == ["packet: the key is known with another author"])
  }

  @Test func `one's own invitation, and a contact's, lead nowhere`() async throws {
    let (_, anna, ben, _, _) = try await Cast.friends(of: "anna")
    await #expect(throws: WishFailure.ownInvitation) { try await anna.accept(try await anna.invite()) }
    await #expect(throws: WishFailure.alreadyContact("Anna")) { try await ben.accept(try await anna.invite()) }
    let (link, _) = try await anna.invite()
    await #expect(throws: WishFailure.alreadyContact("Anna")) { try await ben.accept((link, ben.fingerprint)) }
  }

  @Test func `a request shows a stranger the name and nothing else of the profile`() async throws {
    let (world, anna, ben) = try await Cast.strangers()
    try await ben.wish(.setProfile(field: "city", value: "Bergen"))
    _ = try await world.collect()
    try await ben.accept(try await anna.invite())
    let asked = try #require(try await world.collect().first)
    guard case .understood(let packet) = try asked.packets[0].read(), case .contactRequest(let request) = packet.action else {
      throw Missing()
    }
    #expect(request.profile.name == "Ben")
    #expect(request.profile.fields.isEmpty)
  }
}
