import Feed
import GRDB
import Node
import Packets
import Testing

@testable import Store

/// The comparison code, and the mark that it gives.
@Suite struct VerificationTests {
  private static func code(_ person: Person, for other: Person) async throws -> String {
    let contact = try #require(try await person.store.contacts().first { $0.author == other.author })
    return try #require(contact.comparisonCode(with: try await person.store.myself()))
  }

  private static func secret(_ person: Person, _ other: Person) async throws -> [UInt8] {
    try #require(try await person.store.contacts().first { $0.author == other.author }).invitationSecret
  }

  @Test func `both see one code after an invitation, made with its secret`() async throws {
    let (world, anna, ben) = try await Cast.strangers()
    let invitation = try await anna.invite()
    try await ben.accept(invitation)
    try await world.carry()
    let expected = Derivation.comparisonCode(anna.fingerprint, ben.fingerprint, secret: invitation.0.secret)
    #expect(try await Self.code(anna, for: ben) == expected)
    #expect(try await Self.code(ben, for: anna) == expected)
  }

  @Test func `both see one code when requests crossed, whichever came first, made with the pair key`() async throws {
    for accepts in [true, false] {
      let (world, anna, ben) = try await Cast.strangers()
      let (annas, bens) = (try await anna.invite(), try await ben.invite())
      try await ben.accept(annas)
      try await anna.accept(bens)
      let requests = try await world.collect()
      try await world.deliver(requests[1])
      if accepts {
        // The accept overtakes the request.
        try await world.carry()
      }
      try await world.deliver(requests[0])
      try await world.carry()
      #expect(try await anna.isFriend(of: ben))
      #expect(try await Self.secret(anna, ben) == [])
      #expect(try await Self.code(anna, for: ben) == Self.code(ben, for: anna))
    }
  }

  @Test func `both see one code where the user said yes to a proof that does not suffice any more`() async throws {
    let (world, anna, ben) = try await Cast.strangers()
    let invitation = try await anna.invite(address: "somebody@else.example")
    try await ben.accept(invitation)
    try await world.carry()
    let request = try #require(try await anna.store.requests().first)
    try await anna.wish(.acceptRequest(request.id))
    try await world.carry()
    #expect(try await Self.secret(anna, ben) == invitation.0.secret)
    #expect(try await Self.code(anna, for: ben) == Self.code(ben, for: anna))
  }

  @Test func `the right digits verify, others mark nothing, and the mark is there after a loss`() async throws {
    let (world, anna, ben, carol, dora) = try await Cast.friends(of: "anna")
    let code = try await Self.code(ben, for: anna)
    let wrong = try await Self.code(carol, for: anna)
    #expect(code != wrong)
    for said in [wrong, "", String(code.dropLast()), carol.fingerprint.text, anna.fingerprint.text] {
      await #expect(throws: WishFailure.anotherCode("Ben")) { try await anna.wish(.verify(ben.author, code: said)) }
    }
    await #expect(throws: WishFailure.noContact("Somebody you do not know")) {
      try await anna.wish(.verify(dora.author, code: code))
    }
    #expect(try await anna.store.contacts().map(\.mark) == [.invited, .invited])
    try await anna.wish(.verify(ben.author, code: code))
    try await anna.wish(.verify(carol.author, code: carol.fingerprint.text))
    try await world.carry()
    #expect(try await anna.store.contacts().map(\.mark) == [.verified, .verified])
    let again = try await anna.rebuilt()
    #expect(try await again.store.contacts() == anna.store.contacts())
    #expect(try await Self.code(again, for: ben) == code)
  }

  @Test func `a contact that was written down without an invitation's secret can still be read`() async throws {
    let (_, anna, _, _, _) = try await Cast.friends(of: "anna")
    var contact = try #require(try await anna.store.contacts().first)
    contact.invitationSecret = []
    let old = try JSON.text(contact).replacing("\"invitationSecret\":\"\",", with: "")
    #expect(!old.contains("invitationSecret"))
    #expect(try JSON.read(Contact.self, old) == contact)
  }
}
