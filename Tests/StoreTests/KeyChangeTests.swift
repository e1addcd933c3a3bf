import Feed
import GRDB
import Node
import Packets
import TestNodes
import Testing

@testable import Store

/// Keys that take another's place.
@Suite struct KeyChangeTests {
  @Test func `a new key takes the old one's place at contacts, and all goes on, also after a loss`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let first = try await anna.post("under the first key")
    try await world.carry()
    try await ben.wish(.verify(anna.author, code: anna.fingerprint.text))
    let new = try await anna.change(to: 0xa1)
    try await anna.post("under the second key")
    try await world.carry()
    try await ben.comment("hello", on: first)
    try await world.carry()
    for friend in [ben, carol] {
      #expect(try await friend.pinned(anna) == new)
      #expect(try await friend.store.contacts().map(\.mark) == [.invited])
      #expect(try await friend.told().last == .key(anna.author))
      #expect(
        try await friend.reads() == [
          "Anna: under the first key", "Anna: under the second key",
          "Ben" == friend.name ? "Ben: hello" : "Ben (says Anna): hello",
        ])
    }
    // Both see one code again, another than before.
    let mine = try #require(try await anna.store.contacts().first { $0.author == ben.author })
    let theirs = try #require(try await ben.store.contacts().first)
    #expect(try await mine.comparisonCode(with: anna.store.myself()) == theirs.comparisonCode(with: ben.store.myself()))

    let newest = try await anna.change(to: 0xa2)
    try await anna.post("under the third key")
    try await world.carry()
    #expect(try await ben.pinned(anna) == newest)
    #expect(try await anna.store.ownKeys() == [newest, anna.fingerprint, new])
    for person in [anna, ben, carol] {
      #expect(person.refused == [])
      let again = try await person.rebuilt()
      #expect(again.refused == [])
      #expect(try await again.store.contacts() == person.store.contacts())
      #expect(try await again.reads() == person.reads())
      #expect(try await again.store.ownKeys() == person.store.ownKeys())
      #expect(try await again.store.myself() == person.store.myself())
    }
  }

  @Test func `what was under way under the old key is refused, and comes again under the new one`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    try await anna.post("late")
    let late = try await world.collect().filter { $0.to == ben.author }
    try await anna.change(to: 0xa1)
    try await world.carry()
    for parcel in late { try await ben.receive(parcel) }
    #expect(ben.refused == ["signer: retired"])
    try await anna.post("next")
    try await world.carry()
    world.wait(seconds: 3 * 3600)
    try await ben.ring()
    try await world.carry()
    #expect(try await ben.reads() == ["Anna: late", "Anna: next"])
  }

  @Test func `who missed the word hears it again, under the key that they know`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let new = try await anna.change(to: 0xa1)
    for parcel in try await world.collect() where parcel.to == carol.author { try await carol.receive(parcel) }
    try await anna.post("not understood")
    try await world.carry()
    #expect(ben.refused.allSatisfy { $0.hasPrefix("signer: a stranger's") } && !ben.refused.isEmpty)
    #expect(try await ben.pinned(anna) == anna.fingerprint)
    world.wait(days: 1)
    try await anna.ring()
    let again = try await world.collect().filter { $0.kinds.contains("key-change") }
    #expect(again.allSatisfy { $0.signer == anna.fingerprint && $0.kinds == ["key-change"] } && again.count == 2)
    for parcel in again { try await world.deliver(parcel) }
    for friend in [ben, carol] { #expect(try await friend.pinned(anna) == new) }
    #expect(try await carol.notices().filter { $0 == "changed key" }.count == 1)
    world.wait(seconds: 3 * 3600)
    try await anna.post("now")
    try await world.carry()
    world.wait(seconds: 3 * 3600)
    try await ben.ring()
    try await world.carry()
    #expect(try await ben.reads() == ["Anna: not understood", "Anna: now"])
  }

  @Test func `two new keys in place of one freeze the contact until the user decides`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let new = try await anna.change(to: 0xa1)
    try await world.carry()
    let rival = Action.KeyChange(
      from: anna.fingerprint, to: try anna.anotherKey(0xee), of: anna.author, revision: UInt64(world.now.milliseconds) + 5)
    let word = try anna.forge(.keyChange(rival), in: try await anna.place(to: ben), to: ben)
    try await ben.receive(word)
    #expect(try await ben.standing(of: anna.author) == .frozen)
    #expect(try await ben.pinned(anna) == new)
    #expect(try await ben.told().last == .key(anna.author))
    try await ben.post("not for Anna")
    #expect(try await ben.send().isEmpty)
    // It counts once: what the user decides stands, whoever says it again.
    try await ben.wish(.unfreeze(anna.author))
    world.wait(seconds: 1)
    try await ben.receive(word)
    try await ben.receive(try anna.forge(.keyChange(rival), in: try await anna.place(to: ben, 901), to: ben))
    #expect(try await ben.standing(of: anna.author) == .contact)
    await #expect(throws: WishFailure.notFrozen("Anna")) { try await ben.wish(.unfreeze(anna.author)) }
    let again = try await ben.rebuilt()
    #expect(try await again.store.contacts() == ben.store.contacts())
  }

  @Test func `a revocation of the old key beats the new one, before it and behind it`() async throws {
    for comesFirst in [true, false] {
      let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
      let revocation = try anna.forge(
        .revoke(.init(of: anna.fingerprint)), in: try await anna.place(to: ben), to: ben)
      if comesFirst { try await ben.receive(revocation) }
      try await anna.change(to: 0xa1)
      try await world.carry()
      if !comesFirst { try await ben.receive(revocation) }
      #expect(try await ben.standing(of: anna.author) == .frozen)
      // Only under a key that was not taken back can the user go on.
      if comesFirst {
        await #expect(throws: WishFailure.theirKeyIsRevoked("Anna")) { try await ben.wish(.unfreeze(anna.author)) }
      } else {
        try await ben.wish(.unfreeze(anna.author))
        #expect(try await ben.pinned(anna) == anna.anotherKey(0xa1))
      }
      #expect(try await ben.rebuilt().store.contacts() == ben.store.contacts())
    }
  }

  @Test func `what is not proved, old, or brings a known key changes nothing`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    try await carol.accept(try await ben.invite())
    try await world.carry()
    let new = try await anna.change(to: 0xa1)
    try await world.carry()
    let revision = try await anna.store.newestKeyRevision()
    let fresh = try anna.anotherKey(0xa2)
    func word(_ change: Action.KeyChange, _ sequence: UInt64) async throws -> Parcel {
      var parcel = try anna.forge(.keyChange(change), in: try await anna.place(to: ben, sequence), to: ben)
      parcel.signer = new
      return parcel
    }
    var unsigned = Action.KeyChange(from: new, to: fresh, of: anna.author, revision: revision + 1)
    unsigned.newSignature = [1]
    let cases: [(Action.KeyChange, String)] = [
      (unsigned, "packet: its signatures were not proved"),
      (.init(from: new, to: fresh, of: ben.author, revision: revision + 1), "packet: its signatures were not proved"),
      (
        .init(from: anna.fingerprint, to: fresh, of: anna.author, revision: revision + 1),
        "packet: its signatures were not proved"
      ),
      (.init(from: new, to: fresh, of: anna.author, revision: revision), "packet: its revision is old"),
      (.init(from: new, to: carol.fingerprint, of: anna.author, revision: revision + 1), "packet: its new key was known before"),
      (.init(from: new, to: anna.fingerprint, of: anna.author, revision: revision + 1), "packet: its new key was known before"),
      (.init(from: new, to: ben.fingerprint, of: anna.author, revision: revision + 1), "packet: its new key was known before"),
      (.init(from: new, to: new, of: anna.author, revision: revision + 1), "packet: its new key was known before"),
    ]
    for (number, (change, reason)) in cases.enumerated() {
      world.wait(seconds: 1)
      try await ben.receive(try await word(change, 910 + UInt64(number)))
      #expect(ben.refused.last == reason, "\(number)")
      #expect(try await ben.pinned(anna) == new)
      #expect(try await ben.knows(anna))
    }
    #expect(ben.refused.count == cases.count)
    // The twin.
    world.wait(seconds: 1)
    try await ben.receive(try await word(.init(from: new, to: fresh, of: anna.author, revision: revision + 1), 950))
    #expect(try await ben.pinned(anna) == fresh)
  }

  @Test func `what was begun with people who know the old key alone ends, and the user is told`() async throws {
    let (world, anna, ben, carol, dora) = try await Cast.friends(of: "anna")
    try await anna.accept(try await dora.invite())
    let eve = try await world.join("Eve")
    try await eve.accept(try await anna.invite(address: "somebody@else.example"))
    let invitation = try await anna.invite()
    for parcel in try await world.collect() where parcel.to == anna.author { try await anna.receive(parcel) }
    #expect(try await anna.store.requests().count == 1)
    try await anna.change(to: 0xa1)
    #expect(try await anna.standing(of: dora.author) == .removed)
    #expect(try await anna.store.requests() == [])
    #expect(try await anna.notices().filter { $0 == "changed key" }.count == 2)
    // An invitation that is out names the old key: its proof is of no use.
    let frank = try await world.join("Frank")
    try await frank.accept(invitation)
    try await world.carry()
    #expect(anna.refused == ["packet: wrong proof for an invitation"])
    #expect(try await anna.knows(ben))
    #expect(try await anna.knows(carol))
  }
}
