import Drivers
import Feed
import Packets
import Store
import Testing

/// The queue of what comes in.
@Suite struct InpacketTests {
  private static func received(_ number: UInt8, uid: UInt32, place: Received.Place = .inbox, at now: Instant) -> Received {
    Received(
      kind: .parcel, sha256: Hash.of([number]), size: 10, arrived: now,
      origin: Origin(driver: "mail", folder: place == .own ? "SocialNet" : "INBOX", validity: 7, uid: uid), place: place)
  }

  @Test func `rows and position are known together, with what is still to come`() async throws {
    let world = try World()
    let store = try await world.join("Anna").store
    #expect(try await store.position(of: "INBOX", at: "mail") == nil)
    let position = Position(driver: "mail", folder: "INBOX", validity: .max, uid: .max, pending: [3, 4_294_967_295])
    let later = Self.received(2, uid: 5, at: world.now.adding(seconds: 9))
    try await store.take([later, Self.received(1, uid: 4, at: world.now)], position: position, at: world.now)
    #expect(try await store.position(of: "INBOX", at: "mail") == position)
    #expect(try await store.position(of: "INBOX", at: "folder") == nil)
    let waiting = try await store.waitingInpackets(limit: 10, at: world.now)
    #expect(waiting.map(\.sha256) == [Hash.of([1]), Hash.of([2])], "oldest first")
    #expect(try await store.waitingInpackets(limit: 1, at: world.now).count == 1)
  }

  @Test func `strangers are let in at a measure that holds for an hour, whoever asks`() async throws {
    let world = try World()
    let (store, now) = (try await world.join("Anna").store, world.now)
    #expect(try await store.admitStrangers(2, perHour: 3, at: now) == 2)
    #expect(try await store.admitStrangers(2, perHour: 3, at: now.adding(seconds: 1800)) == 1)
    #expect(try await store.admitStrangers(2, perHour: 3, at: now.adding(seconds: 3599)) == 0)
    #expect(try await store.admitStrangers(5, perHour: 3, at: now.adding(seconds: 3601)) == 2)
    // A clock that was wrong for a while does not keep everybody out.
    #expect(try await store.admitStrangers(5, perHour: 3, at: now.adding(seconds: -86_400)) == 3)
    #expect(try await store.admitStrangers(5, perHour: 0, at: now) == 0)
  }

  @Test func `what waited in vain is found, and nothing else`() async throws {
    let world = try World()
    let (store, now) = (try await world.join("Anna").store, world.now)
    let all = (1...3).map { Self.received($0, uid: UInt32($0), at: now) }
    try await store.take(all, position: nil, at: now)
    let signer = try #require(Fingerprint(bytes: [UInt8](repeating: 7, count: 20)))
    try await store.transact(at: now) { transaction in
      try transaction.hold(all[0].sha256, for: signer)
      try transaction.keepAsked(all[1].sha256)
    }
    let later = now.adding(seconds: 1)
    #expect(try await store.waitedInVain(heldBefore: now, askedBefore: now) == [])
    #expect(try await store.waitedInVain(heldBefore: later, askedBefore: now).map(\.sha256) == [all[0].sha256])
    #expect(try await store.waitedInVain(heldBefore: now, askedBefore: later).map(\.sha256) == [all[1].sha256])
  }

  @Test func `what was decided about bytes holds wherever else they lie`() async throws {
    let world = try World()
    let (store, now) = (try await world.join("Anna").store, world.now)
    let first = Self.received(1, uid: 4, at: now)
    try await store.take([first], position: nil, at: now)
    try await store.transact(at: now) { try $0.finish(first.sha256, placement: .keep) }
    #expect(try await store.unsettled(at: "mail") == [first.origin: .keep])
    try await store.settled([first.origin], at: now)
    #expect(try await store.unsettled(at: "mail").isEmpty)
    let (again, own) = (Self.received(1, uid: 9, at: now), Self.received(1, uid: 2, place: .own, at: now))
    try await store.take([again, own], position: nil, at: now)
    #expect(try await store.unsettled(at: "mail") == [again.origin: .keep], "in the own folder it lies where it belongs")
    #expect(try await store.waitingInpackets(limit: 9, at: now).isEmpty)
    let (waiting, processed) = try await store.inpackets()
    #expect(waiting.map(\.sha256) == [first.sha256] && processed == 1, "what still lies where it came from is not done")
  }

  @Test(arguments: [Placement.leave, .refuse, .keep])
  func `what was decided holds for each place where the same bytes lie`(placement: Placement) async throws {
    let world = try World()
    let (store, now) = (try await world.join("Anna").store, world.now)
    let first = Self.received(1, uid: 4, at: now)
    try await store.take([first], position: nil, at: now)
    try await store.transact(at: now) { try $0.finish(first.sha256, placement: placement) }
    try await store.take([Self.received(1, uid: 5, at: now)], position: nil, at: now)
    #expect(try await store.unsettled(at: "mail").values.sorted { $0.rawValue < $1.rawValue } == [placement, placement])
  }

  @Test func `what was put off waits for its time, what is held for the accept`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let (store, now) = (anna.store, world.now)
    let (late, held) = (Self.received(1, uid: 1, at: now), Self.received(2, uid: 2, at: now))
    try await store.take([late, held], position: nil, at: now)
    let count = try await store.transact(at: now) { transaction in
      try transaction.postpone(late.sha256, until: now.adding(seconds: 60), said: "no agent")
      try transaction.hold(held.sha256, for: ben.fingerprint)
      return try transaction.held(for: ben.fingerprint)
    }
    #expect(count == (1, 10))
    #expect(try await store.waitingInpackets(limit: 9, at: now).isEmpty)
    #expect(try await store.nextInpacket() == now.adding(seconds: 60))
    #expect(try await store.waitingInpackets(limit: 9, at: now.adding(seconds: 60)).map(\.attempts) == [1])
    try await store.transact(at: now) { try $0.releaseHeld(for: ben.fingerprint) }
    #expect(try await store.waitingInpackets(limit: 9, at: now).map(\.sha256) == [held.sha256])
  }

  @Test func `refusals are listed newest first and counted by gate`() async throws {
    let world = try World()
    let (store, now) = (try await world.join("Anna").store, world.now)
    try await store.transact(at: now) { transaction in
      for number in 1...3 {
        try transaction.refuse(gate: number < 3 ? "signer" : "audience", reason: "\(number)", from: "x@y", parcel: Hash.of([1]))
      }
    }
    #expect(try await store.refusals(limit: 2).map(\.reason) == ["3", "2"])
    #expect(try await store.gates() == ["signer": 2, "audience": 1])
  }

  @Test func `a blob that a kept packet waits for is taken from its sender alone`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let blob = Blob(sha256: Hash.of([1]), size: 9, type: "image/jpeg")
    let picture = Picture(width: 1, height: 1, alternative: nil, blob: blob)
    try await ben.wish(.post(text: "x", pictures: [picture], circle: nil, share: false))
    try await world.carry()
    #expect(try await anna.store.awaited(blob.sha256, from: ben.fingerprint) == blob)
    #expect(try await anna.store.awaited(blob.sha256, from: carol.fingerprint) == nil)
    #expect(try await anna.store.certificates(notIn: [ben.fingerprint]).map(\.fingerprint) == [carol.fingerprint])
  }
}
