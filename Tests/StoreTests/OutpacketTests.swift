import Drivers
import Feed
import GRDB
import Node
import Packets
import Synchronization
import TestNodes
import Testing

@testable import Store

/// The queue of what goes out.
@Suite struct OutpacketTests {
  /// Anna has one copy to Ben that may go now.
  private static func oneCopy() async throws -> (World, Person, Outpacket) {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let post = try await ben.post("hello")
    try await world.carry()
    try await anna.comment("hi", on: post)
    try await anna.seal()
    let due = try await anna.store.dueOutpackets(limit: 10, at: world.now)
    return (world, anna, try #require(due.first { $0.append == nil }))
  }

  private static func copy(_ id: Int64, of person: Person) async throws -> Outpacket? {
    let (waiting, failed) = try await person.store.outpackets()
    return (waiting + failed).first { $0.id == id }
  }

  @Test func `copies that are long over are forgotten, and sealings that have none left`() async throws {
    let (world, anna, copy) = try await Self.oneCopy()
    let store = anna.store
    _ = try await store.record([(copy.id, .refused(reason: "no such user"))], at: world.now)
    func count(_ table: String) async throws -> Int {
      try await store.read { try Int.fetchOne($0.db, sql: "SELECT COUNT(*) FROM \(table)") ?? 0 }
    }
    let before = (try await count("outpacket"), try await count("body"))
    func forget(before moment: Instant) async throws -> [String] {
      try await store.forget(before: moment, lettersBefore: moment, at: world.now).messageIDs
    }
    #expect(try await forget(before: Instant(milliseconds: 0)) == [])
    #expect(try await (count("outpacket"), count("body")) == before)
    #expect(try await forget(before: copy.queued.adding(seconds: 1)) == [copy.messageID])
    // What still waits stays, and so does its sealing.
    let (waiting, failed) = try await store.outpackets()
    #expect(!waiting.isEmpty && failed.isEmpty)
    #expect(try await count("outpacket") == waiting.count)
    #expect(try await count("body") == Set(waiting.map(\.body)).count)
    #expect(try await count("body_packet") > 0)
  }

  @Test func `relays that the budget holds back are joined by those that come meanwhile`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("hello")
    try await world.carry()
    func comment(_ text: String) async throws {
      try await ben.comment(text, on: post)
      for parcel in try await ben.send() { try await world.deliver(parcel) }
    }
    func relays() async throws -> [Int] {
      var counts: [Int] = []
      while let sealing = try await anna.store.nextSealing(at: world.now) {
        let count = sealing.packets.count { if case .relay = $0.packet.action { true } else { false } }
        if count > 0 { counts.append(count) }
        try await anna.store.sealed(sealing.body, at: world.now)
      }
      return counts
    }
    try await comment("one")
    #expect(try await relays() == [1], "the first goes at once")
    try await comment("two")
    try await comment("three")
    #expect(try await relays() == [], "the budget has not let the first go")
    func copies() async throws -> [Outpacket] {
      try await anna.store.dueOutpackets(limit: 10, at: world.now).filter { $0.recipient == carol.author.text }
    }
    // One that a server does not take now holds nothing up.
    let stuck = try #require(try await copies().first)
    _ = try await anna.store.record([(stuck.id, .deferred(reason: "450 later", after: nil))], at: world.now)
    for copy in try await anna.store.dueOutpackets(limit: 10, at: world.now) {
      _ = try await anna.store.record([(copy.id, .handedOver(reply: "250 OK"))], at: world.now)
    }
    #expect(try await relays() == [2])
  }

  @Test func `nothing goes before the journal of its decision is sealed`() async throws {
    let (world, anna, _, _, dora) = try await Cast.friends(of: "anna")
    try await dora.accept(try await anna.invite())
    try await world.carry()
    try await anna.wish(.setProfile(field: "city", value: "Bergen"))
    var sealed: [Sealing] = []
    while let sealing = try await anna.store.nextSealing(at: world.now) {
      #expect(try await anna.store.dueOutpackets(limit: 10, at: world.now).isEmpty)
      #expect(try await anna.store.nextOutpacket() == nil)
      sealed.append(sealing)
      try await anna.store.sealed(sealing.body, at: world.now)
    }
    #expect(sealed.map(\.form) == ["circle", "own"])
    #expect(try await anna.store.dueOutpackets(limit: 10, at: world.now).map(\.append) == [.own, .own, nil, nil, nil])
  }

  @Test func `packets for the same readers share a body until it is sealed, others do not`() async throws {
    let (world, anna, _, _, dora) = try await Cast.friends(of: "anna")
    try await anna.post("one")
    try await anna.post("two")
    #expect(try await world.collect().map { $0.packets.count } == [2, 2])
    try await anna.post("three")
    let first = try #require(try await anna.store.nextSealing(at: world.now))
    try await anna.post("four")
    #expect(first.packets.count == 1)
    try await anna.store.sealed(first.body, at: world.now)
    let second = try #require(try await anna.store.nextSealing(at: world.now))
    #expect(second.body != first.body && second.packets.count == 1)
    #expect(second.recipients.map(\.name).sorted() == ["Ben", "Carol"])
    #expect(
      second.recipients.map(\.author.key) == second.recipients.map(\.author.key).sorted { $0.lexicographicallyPrecedes($1) })
    #expect(second.pairKeys.count == 2)
    withExtendedLifetime(dora) {}
  }

  @Test func `more members than one sealing may have are split`() async throws {
    let world = try World()
    let anna = try await world.join("Anna") { $0.membersOfABody = 2 }
    for name in ["Ben", "Carol", "Dora", "Eve", "Fritz"] {
      try await world.join(name).accept(try await anna.invite())
      try await world.carry()
    }
    let before = anna.mailbox.withLock { $0.own.count }
    try await anna.post("hello")
    let parcels = try await world.collect()
    #expect(parcels.count == 5)
    #expect(Set(parcels.map(\.to)).count == 5)
    #expect(Set(parcels.map { $0.packets[0].sha256 }).count == 1, "one number, one signature")
    #expect(anna.mailbox.withLock { $0.own.count } == before + 3)
  }

  @Test func `photos that do not fit one parcel are spread, the packet in each`() async throws {
    let (world, anna, _, _, _) = try await Cast.friends(of: "anna")
    let pictures = (0..<5).map { number in
      Picture(
        width: 1, height: 1, alternative: nil,
        blob: Blob(sha256: Hash.of([UInt8(number)]), size: 2_000_000, type: "image/jpeg"))
    }
    try await anna.store.transact(at: world.now) { transaction in
      for picture in pictures { try transaction.keep(blob: picture.blob) }
    }
    try await anna.wish(.post(text: "many", pictures: pictures, circle: nil, share: false))
    var blobs: [[Blob]] = []
    var packets: Set<Hash> = []
    while let sealing = try await anna.store.nextSealing(at: world.now) {
      blobs.append(sealing.blobs)
      packets.formUnion(sealing.packets.map(\.signed.sha256))
      try await anna.store.sealed(sealing.body, at: world.now)
    }
    #expect(blobs.map(\.count) == [2, 2, 1])
    #expect(Set(blobs.flatMap { $0 }) == Set(pictures.map(\.blob)))
    #expect(packets.count == 1)
  }

  @Test func `a parcel holds at most 98 packets and blobs, relays counted twice`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna", rules: Rules(commentsADay: 500))
    let post = try await anna.post("hello")
    try await world.carry()
    for number in 1...60 { try await ben.comment("\(number)", on: post) }
    for parcel in try await ben.send() { try await world.deliver(parcel) }
    while let sealing = try await anna.store.nextSealing(at: world.now) {
      #expect(sealing.packets.count + sealing.embedded.count <= 98)
      try await anna.store.sealed(sealing.body, at: world.now)
    }
  }

  @Test func `what is not taken now is tried after 1, 5, 15 and 60 minutes, then hourly, for five days`() async throws {
    let (world, anna, copy) = try await Self.oneCopy()
    var pauses: [Int64] = []
    for _ in 0..<6 {
      _ = try await anna.store.record([(copy.id, .deferred(reason: "451 later", after: nil))], at: world.now)
      let next = try #require(try await Self.copy(copy.id, of: anna)).nextAttempt
      pauses.append((next.milliseconds - world.now.milliseconds) / 60_000)
      world.wait(seconds: pauses[pauses.count - 1] * 60)
    }
    #expect(pauses == [1, 5, 15, 60, 60, 60])
    let later = world.now.adding(seconds: 7200)
    _ = try await anna.store.record([(copy.id, .deferred(reason: "greylisted", after: later))], at: world.now)
    #expect(try await Self.copy(copy.id, of: anna)?.nextAttempt == later, "no earlier than the server says")
    world.wait(days: 5)
    _ = try await anna.store.record([(copy.id, .unreachable(reason: "no route"))], at: world.now)
    let failed = try #require(try await Self.copy(copy.id, of: anna))
    #expect(failed.state == "failed" && failed.lastReply == "given up after 5 days: no route")
    #expect(try await anna.notices() == ["not delivered"])
  }

  @Test func `the same bytes go again after an answer was lost`() async throws {
    let (world, anna, copy) = try await Self.oneCopy()
    _ = try await anna.store.record([(copy.id, .ambiguous(reason: "connection reset"))], at: world.now)
    world.wait(seconds: 60)
    let again = try await anna.store.dueOutpackets(limit: 10, at: world.now).first { $0.id == copy.id }
    #expect(again?.messageID == copy.messageID)
    #expect(try await anna.store.record([(copy.id, .handedOver(reply: "250"))], at: world.now) == [copy.id])
    #expect(try await Self.copy(copy.id, of: anna) == nil)
    #expect(try await anna.store.sent(since: world.now.adding(seconds: -1), at: world.now).count == 1)
  }

  @Test func `a refused copy takes the next endpoint, and fails after the last`() async throws {
    let (world, anna, first) = try await Self.oneCopy()
    let ben = try #require(try await anna.store.contacts().first { $0.name == "Ben" })
    var moved = ben
    moved.endpoints = ["mailto:ben@ben.example", "mailto:ben@second.example"]
    try await anna.pin(moved)
    try await anna.seal()
    #expect(try await anna.store.record([(first.id, .refused(reason: "550 no"))], at: world.now).isEmpty)
    let second = try #require(try await Self.copy(first.id, of: anna))
    #expect(second.endpoint == "mailto:ben@second.example" && second.state == "waiting" && second.messageID == first.messageID)
    _ = try await anna.store.record([(first.id, .refused(reason: "550 no"))], at: world.now)
    #expect(try await Self.copy(first.id, of: anna)?.state == "failed")
    #expect(try await anna.notices() == ["not delivered"])
    #expect(try await anna.store.retry(first.id, drop: false, at: world.now) == first.messageID)
    #expect(try await anna.store.dueOutpackets(limit: 10, at: world.now).map(\.id).contains(first.id))
    #expect(try await anna.store.retry(first.id, drop: true, at: world.now) == first.messageID)
    #expect(try await Self.copy(first.id, of: anna) == nil)
    #expect(try await anna.store.retry(first.id, drop: true, at: world.now) == nil)
  }

  @Test func `what bounces is sealed once more for the next endpoint, or fails`() async throws {
    let (world, anna, copy) = try await Self.oneCopy()
    _ = try await anna.store.record([(copy.id, .handedOver(reply: "250"))], at: world.now)
    var moved = try #require(try await anna.store.contacts().first { $0.name == "Ben" })
    moved.endpoints.append("mailto:ben@second.example")
    try await anna.pin(moved)
    try await anna.seal()
    #expect(try await !anna.store.bounced(messageID: "unknown@x", said: "", at: world.now))
    #expect(try await anna.store.bounced(messageID: copy.messageID, said: "mailbox full", at: world.now))
    let sealing = try #require(try await anna.store.nextSealing(at: world.now))
    #expect(sealing.recipients.map(\.name) == ["Ben"] && sealing.form == "one")
    #expect(sealing.packets.map(\.packet.action.elementName) == ["comment"])
    try await anna.store.sealed(sealing.body, at: world.now)
    let again = try #require(try await anna.store.dueOutpackets(limit: 10, at: world.now).first { $0.body == sealing.body })
    #expect(again.endpoint == "mailto:ben@second.example" && again.messageID != copy.messageID)
    _ = try await anna.store.record([(again.id, .handedOver(reply: "250"))], at: world.now)
    #expect(try await anna.store.bounced(messageID: again.messageID, said: "gone", at: world.now))
    #expect(try await Self.copy(again.id, of: anna)?.state == "failed")
  }

  @Test func `one's own pieces are appended however long it takes`() async throws {
    let (world, anna, _) = try await Self.oneCopy()
    let own = try #require(try await anna.store.dueOutpackets(limit: 10, at: world.now).first { $0.append == .own })
    world.wait(days: 9)
    _ = try await anna.store.record([(own.id, .deferred(reason: "NO [OVERQUOTA]", after: nil))], at: world.now)
    _ = try await anna.store.record([(own.id, .refused(reason: "NO [OVERQUOTA]"))], at: world.now)
    world.wait(days: 1)
    #expect(try await anna.store.dueOutpackets(limit: 10, at: world.now).map(\.id).contains(own.id))
  }

  @Test func `who was blocked before the sealing is left out`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    try await anna.post("not for Ben any more")
    var blocked = try #require(try await anna.store.contacts().first { $0.name == "Ben" })
    blocked.state = .blocked
    try await anna.pin(blocked)
    let parcels = try await world.collect()
    #expect(parcels.count == 1 && parcels[0].to != ben.author)
    #expect(try await anna.store.outpackets().waiting.isEmpty)
  }

  @Test func `a key that cannot be encrypted to leaves its owner out and tells the user`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    try await anna.post("hello")
    let sealing = try #require(try await anna.store.nextSealing(at: world.now))
    try await anna.store.leaveOut([ben.author], of: sealing.body, at: world.now)
    let again = try #require(try await anna.store.nextSealing(at: world.now))
    #expect(again.body == sealing.body && again.recipients.map(\.name) == ["Carol"] && again.copies.count == 2)
    try await anna.store.unsealable(again.body, said: "no", at: world.now)
    #expect(try await anna.store.nextSealing(at: world.now) == nil)
    #expect(try await anna.store.outpackets().failed.count == 3)
    #expect(try await anna.notices().allSatisfy { $0 == "not delivered" })
  }

  @Test func `without a mailbox there are no own pieces, and nothing waits for a journal`() async throws {
    let world = try World()
    let anna = try await world.join("Anna") { $0.hasLog = false }
    let ben = try await world.join("Ben")
    try await ben.accept(try await anna.invite())
    try await world.carry()
    try await anna.post("hello")
    #expect(try await anna.store.nextSealing(at: world.now)?.copies.map(\.recipient) == [ben.author.text])
    try await world.carry()
    #expect(anna.mailbox.withLock { $0.journal.isEmpty })
  }
}

extension Person {
  func seal() async throws {
    while let sealing = try await store.nextSealing(at: world.now) { try await store.sealed(sealing.body, at: world.now) }
  }

  /// Changes a contact as a later version's decision would: the journal tells it, and the database follows.
  func pin(_ contact: Contact) async throws {
    try await store.write(at: world.now) { try $0.apply(.pin(contact)) }
  }
}
