import Feed
import GRDB
import Node
import Packets
import TestNodes
import Testing

@testable import Store

/// Keys that their owners take back.
@Suite struct RevocationTests {
  @Test func `who takes the key back is frozen at contacts, who are told, hear nothing more and send nothing`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    try await anna.post("before")
    try await world.carry()
    try await anna.wish(.revoke(Action.Revoke(of: anna.fingerprint).certificate))
    try await world.carry()
    for friend in [ben, carol] {
      #expect(try await friend.standing(of: anna.author) == .frozen)
      #expect(try await friend.notices().contains("changed key"))
      #expect(try await friend.told().last == .key(anna.author))
    }
    await #expect(throws: WishFailure.ownKeyIsRevoked) { try await anna.post("behind") }
    // Whoever has the key is not heard, and gets nothing.
    let forged = try anna.forge(.status(.init(share: false, text: "forged")), in: .init(id: Self.stream(9), sequence: 1), to: ben)
    try await ben.receive(forged)
    #expect(ben.refused.suffix(1) == ["signer: revoked"])
    try await ben.post("not for Anna")
    #expect(try await ben.send().map(\.to) == [])
    #expect(try await ben.reads() == ["Anna: before", "Ben: not for Anna"])
    // There is nothing to go on with; the user ends it.
    await #expect(throws: WishFailure.theirKeyIsRevoked("Anna")) { try await ben.wish(.unfreeze(anna.author)) }
    try await ben.wish(.remove(anna.author))
    #expect(try await ben.standing(of: anna.author) == .removed)
    for invitation in [try await carol.invite(), (try await carol.invite().0, anna.fingerprint)].dropFirst() {
      await #expect(throws: WishFailure.self) {
        try await ben.wish(.acceptInvitation(invitation.0, fingerprint: invitation.1, through: nil))
      }
    }
    // Nor does a request under it wait for the user.
    try await world.carry()
    #expect(try await ben.store.requests() == [])
    for person in [anna, ben, carol] {
      let again = try await person.rebuilt()
      #expect(try await again.store.contacts() == person.store.contacts())
      #expect(try await again.reads() == person.reads())
      if person === anna { await #expect(throws: WishFailure.ownKeyIsRevoked) { try await again.post("behind") } }
    }
  }

  private static func stream(_ byte: UInt8) throws -> StreamID {
    try #require(StreamID(bytes: [UInt8](repeating: byte, count: 16)))
  }

  @Test func `what does not take the signer's own key back changes nothing`() async throws {
    let (_, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let stream = try await ben.place(to: anna)
    for key in [anna.fingerprint, carol.fingerprint] {
      try await anna.receive(try ben.forge(.revoke(.init(of: key)), in: stream, to: anna))
    }
    #expect(anna.refused == Array(repeating: "packet: it was not proved that it takes the key back", count: 2))
    #expect(try await anna.knows(ben))
    #expect(try await anna.knows(carol))
  }

  @Test func `the same word again, and after the user has decided, changes nothing`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let word = try ben.forge(.revoke(.init(of: ben.fingerprint)), in: try await ben.place(to: anna), to: anna)
    try await anna.receive(word)
    #expect(try await anna.standing(of: ben.author) == .frozen)
    try await anna.wish(.block(ben.author))
    try await anna.receive(word)
    #expect(try await anna.standing(of: ben.author) == .blocked)
    #expect(try await anna.notices().filter { $0 == "changed key" }.count == 1)
    try await world.carry()
    #expect(try await anna.rebuilt().standing(of: ben.author) == .blocked)
  }
}
