import Drivers
import Feed
import Foundation
import Node
import Packets
import Store
import Synchronization
import TestNodes
import Testing

/// The mailbox is the log, the database is a view of it.
@Suite struct JournalTests {
  @Test func `journal packets form one hash chain in a stream of their own`() async throws {
    let (world, anna, _, _, _) = try await Cast.friends(of: "anna")
    try await anna.wish(.pause(until: world.now.adding(seconds: 60)))
    try await world.carry()
    let journal = anna.mailbox.withLock { $0.journal }
    #expect(journal.count > 4)
    var previous: Hash?
    for (number, (signed, packet)) in journal.enumerated() {
      guard case .journal(let said) = packet.action else { throw Missing() }
      #expect(said.previous == previous)
      #expect(packet.stream?.sequence == UInt64(number + 1))
      #expect(packet.stream?.id == journal[0].1.stream?.id)
      previous = signed.sha256
    }
  }

  @Test func `every decision leaves its record, and reading leaves none`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let post = try await ben.post("hello")
    try await world.carry()
    _ = anna.records()
    let wishes: [(Wish, [String])] = [
      (.pause(until: world.now), ["setting"]),
      (.resume, ["setting"]),
      (.mute(post, until: nil), ["mute"]),
      (.unmute(post), ["unmute"]),
      (.invite(address: nil, name: nil), ["invitation"]),
      (.setProfile(field: "city", value: "Bergen"), ["myself"]),
      (.comment(on: post, text: "hi", pictures: []), []),
      (.post(text: "hi", pictures: [], circle: nil, share: false), []),
    ]
    for (wish, expected) in wishes {
      try await anna.wish(wish)
      try await world.carry()
      #expect(anna.records() == expected)
    }
    try await anna.mail(.post(text: "later", pictures: [], circle: nil, share: false))
    try await world.carry()
    #expect(anna.records() == ["draft"])
    try await anna.wish(.undo)
    try await world.carry()
    #expect(anna.records() == ["draftGone"])
  }

  @Test func `records longer than an element and a packet come back whole`() async throws {
    let world = try World()
    let anna = try await world.join("Anna")
    var dice = Dice(state: 3)
    let passages = (0..<900).map { SentLetter.Passage(number: $0, text: String(repeating: "Käse & <Brot> ", count: 30)) }
    let letter = SentLetter(
      token: LetterToken(using: &dice), messageID: "a@b", kind: .digest, subject: "s", expires: world.now, targets: [:],
      passages: passages)
    try await anna.show(letter)
    let fresh = try await anna.rebuilt()
    #expect(try await fresh.store.letter(token: letter.token) == letter)
    let packets = anna.mailbox.withLock { $0.journal.map(\.0.bytes.count) }
    #expect(packets.count > 3)
    #expect(packets.allSatisfy { $0 <= 256 * 1024 })
  }

  @Test func `rebuild gives back the feed, the contacts, what waits, and an empty digest`() async throws {
    let (world, anna, ben, carol, dora) = try await Cast.friends(of: "anna")
    let post = try await anna.post("mine")
    let gone = try await anna.post("gone")
    try await ben.post("Ben's own")
    try await world.carry()
    let theirs = try #require(try await anna.store.feed(limit: 1).first)
    try await ben.comment("yours", on: post)
    try await anna.comment("to mine", on: post)
    try await anna.comment("to Ben's", on: theirs.id)
    try await carol.react(["❤"], to: post)
    try await anna.react(["👍"], to: theirs.id)
    try await anna.wish(.retract(gone))
    try await world.carry()
    let rude = try await carol.comment("rude", on: post)
    try await world.carry()
    try await anna.wish(.retract(rude))
    try await anna.wish(.mute(theirs.id, until: nil))
    try await anna.wish(.pause(until: world.now.adding(seconds: 60)))
    try await anna.wish(.setProfile(field: "city", value: "Bergen"))
    var (link, print) = try await anna.invite()
    link.secret = [UInt8](repeating: 1, count: 16)
    try await dora.accept((link, print))
    try await dora.accept((link, print))
    try await anna.accept(try await world.join("Eve").invite())
    let draft = try await anna.mail(.post(text: "held", pictures: [], circle: nil, share: false))
    var dice = Dice(state: 3)
    let shown = try #require(try await anna.store.unread(at: world.now).first)
    let letter = SentLetter(
      token: LetterToken(using: &dice), messageID: "a@b", kind: .digest, subject: "s", expires: world.now,
      targets: [1: .item(shown.id)], passages: [])
    try await world.carry()
    try await anna.show(letter)
    try await world.carry()

    let fresh = try await anna.rebuilt()
    #expect(try await fresh.reads() == anna.reads())
    #expect(try await fresh.store.feed(limit: 100).map(\.reactions) == anna.store.feed(limit: 100).map(\.reactions))
    #expect(try await fresh.store.feed(limit: 100).map(\.comments) == anna.store.feed(limit: 100).map(\.comments))
    #expect(try await fresh.store.contacts() == anna.store.contacts())
    #expect(try await fresh.store.requests() == anna.store.requests())
    #expect(try await fresh.store.requests().count == 1)
    #expect(try await fresh.store.drafts() == anna.store.drafts())
    #expect(try await fresh.store.myself() == anna.store.myself())
    #expect(try await fresh.store.setting(.pausedUntil) == anna.store.setting(.pausedUntil))
    #expect(try await fresh.store.unread(at: world.now) == anna.store.unread(at: world.now))
    #expect(try await fresh.told().isEmpty)
    #expect(fresh.refused.isEmpty)
    #expect(try await fresh.store.nextSealing(at: world.now) == nil, "nothing is sent again")
    withExtendedLifetime(draft) {}
  }

  @Test func `after a rebuild nothing is appended to old streams, friends hear of the new ones, and old posts can be answered`()
    async throws
  {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("before")
    try await world.carry()
    let chain = anna.mailbox.withLock { $0.journal }
    let old = try streams(anna.mailbox.withLock { $0.own.map(\.signed) + $0.journal.map(\.0) })
    let fresh = try await anna.rebuilt()
    try await fresh.post("after")
    let parcels = try await fresh.send()
    for parcel in parcels { try await world.deliver(parcel) }
    #expect(parcels.map(\.kinds).sorted { $0[0] < $1[0] } == [["membership"], ["membership"], ["status"], ["status"]])
    let written = try streams(parcels.flatMap(\.packets) + fresh.mailbox.withLock { $0.journal.map(\.0) })
    #expect(written.isDisjoint(with: old))
    guard case .journal(let first)? = fresh.mailbox.withLock({ $0.journal.first?.1.action }) else { throw Missing() }
    #expect(first.previous == chain.last?.0.sha256, "the hash chain goes on")
    try await ben.comment("still here", on: post)
    for parcel in try await ben.send() { try await fresh.receive(parcel) }
    for parcel in try await fresh.send() { try await world.deliver(parcel) }
    #expect(try await carol.reads() == ["Anna: before", "Anna: after", "Ben (says Anna): still here"])
    #expect(try await ben.notices().isEmpty)
  }

  private func streams(_ packets: [SignedPacket]) throws -> Set<StreamID> {
    Set(try packets.compactMap { try $0.read().stream?.id })
  }

  @Test func `a broken chain is counted, and the rest comes back`() async throws {
    let (world, anna, _, _, _) = try await Cast.friends(of: "anna")
    try await anna.post("hello")
    try await world.carry()
    let lost = anna.mailbox.withLock { $0.journal.remove(at: 2) }
    let fresh = try await anna.rebuilt(missing: 1)
    #expect(try await fresh.store.myself() == anna.store.myself())
    #expect(try await fresh.reads() == ["Anna: hello"])
    withExtendedLifetime(lost) {}
  }

  @Test func `a journal without its beginning has no key to begin with`() async throws {
    let (_, anna, _, _, _) = try await Cast.friends(of: "anna")
    anna.mailbox.withLock { _ = $0.journal.removeFirst() }
    await #expect(throws: StoreFailure.noIdentity) { try await anna.rebuilt() }
  }

  @Test func `parcels of others may come in any order`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("mine")
    try await world.carry()
    let first = try await ben.comment("one", on: post)
    try await world.carry()
    try await carol.comment("two", on: first)
    try await world.carry()
    try await ben.wish(.retract(first))
    try await world.carry()
    for person in [anna, carol] {
      person.mailbox.withLock { $0.received.reverse() }
      let fresh = try await person.rebuilt()
      #expect(try await fresh.reads() == person.reads())
      #expect(try await fresh.standing(of: person === anna ? ben.author : anna.author) == .contact)
    }
  }
}

extension Person {
  /// The names of the journal records since the last look.
  func records() -> [String] {
    let all = mailbox.withLock {
      $0.journal.compactMap { if case .journal(let journal) = $0.1.action { journal.records } else { nil } }
    }
    let seen = seenRecords.withLock { seen in
      defer { seen = all.count }
      return seen
    }
    return all.dropFirst(seen).flatMap { $0 }.compactMap { record in
      (try? JSONSerialization.jsonObject(with: Data(record.text.utf8)) as? [String: Any])?.keys.first
    }
  }

  /// The same account, made anew from its mailbox in another database.
  func rebuilt(missing: Int = 0) async throws -> Person {
    _ = try await send()
    let mailbox = mailbox.withLock { $0 }
    let fresh = try Person(again: self)
    let count = try await fresh.store.restore(journal: mailbox.journal.shuffled(), own: mailbox.own.shuffled(), at: world.now)
    #expect(count == missing)
    for parcel in mailbox.received { try await fresh.receive(parcel, rebuilding: true) }
    return fresh
  }
}
