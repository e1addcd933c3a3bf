import Feed
import GRDB
import Node
import Packets
@testable import Store
import TestNodes
import Testing

/// What is lost on the way comes again.
@Suite struct RepairTests {
  /// Lets hours pass, and everybody do what is due; what is sent meanwhile arrives.
  private func pass(hours: Int64, _ world: World, _ people: Person...) async throws {
    for _ in 0..<hours {
      world.wait(seconds: 3600)
      for person in people { try await person.ring() }
      try await world.carry()
    }
  }

  /// Posts so that the parcels for some are lost.
  private func lose(_ texts: [String], by anna: Person, for lost: Person, _ world: World) async throws {
    for text in texts {
      try await anna.post(text)
      for parcel in try await world.collect() where parcel.to != lost.author { try await world.deliver(parcel) }
    }
  }

  /// What somebody sends who misses something. It may still be on its way: nobody asks within the hour.
  private func asked(by ben: Person, _ world: World) async throws -> [Parcel] {
    world.wait(seconds: 3500)
    try await ben.ring()
    #expect(try await world.collect().isEmpty)
    world.wait(seconds: 2000)
    try await ben.ring()
    return try await world.collect()
  }

  @Test func `a gap is asked for after a while, and filled with the same bytes`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    try await anna.post("one")
    try await world.carry()
    try await lose(["two", "three"], by: anna, for: ben, world)
    let four = try await anna.post("four")
    try await world.carry()
    #expect(try await ben.reads() == ["Anna: one", "Anna: four"])
    let asked = try await asked(by: ben, world)
    #expect(asked.map(\.kinds) == [["resend-request"]] && asked.map(\.to) == [anna.author])
    for parcel in asked { try await world.deliver(parcel) }
    let again = try await world.collect()
    #expect(again.map(\.kinds) == [["status", "status"]] && again.map(\.form) == ["one"])
    for parcel in again { try await world.deliver(parcel) }
    // Each in its place.
    #expect(try await ben.reads() == ["Anna: one", "Anna: two", "Anna: three", "Anna: four"])
    let reads = try await carol.reads()
    #expect(try await ben.reads() == reads)
    #expect(try await ben.item(four)?.text == "four")
    // Nothing more is asked, however much time passes.
    try await pass(hours: 40, world, anna, ben)
    #expect(try await ben.notices() == [])
  }

  @Test func `the last of a stream is missed because of what its author says a day later`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    try await anna.post("one")
    try await world.carry()
    try await lose(["the last"], by: anna, for: ben, world)
    try await pass(hours: 30, world, anna, ben, carol)
    #expect(try await ben.reads() == ["Anna: one", "Anna: the last"])
    // Once a week at most.
    try await anna.post("another")
    try await world.carry()
    let before = try await anna.store.signedHeads()
    try await pass(hours: 48, world, anna, ben, carol)
    #expect(try await anna.store.signedHeads() == before)
  }

  @Test func `the last of a quiet stream is missed though its author writes every few hours elsewhere`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("hello")
    try await world.carry()
    try await ben.comment("lost", on: post)
    _ = try await world.collect()
    for number in 0..<20 {
      try await ben.post("\(number)")
      try await pass(hours: 12, world, anna, ben, carol)
    }
    #expect(try await anna.reads().contains("Ben: lost"))
    // Silent, he says it some times more, and then nothing.
    let before = try await ben.store.signedHeads()
    try await pass(hours: 24 * 40, world, anna, ben, carol)
    let told = try await ben.store.signedHeads()
    #expect(told > before)
    try await pass(hours: 24 * 20, world, anna, ben, carol)
    #expect(try await ben.store.signedHeads() == told)
  }

  @Test func `what was written and told by a clock that was ahead keeps no last word from being missed`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("hello")
    try await world.carry()
    world.wait(days: 400)
    try await ben.comment("by a wrong clock", on: post)
    try await pass(hours: 30, world, anna, ben, carol)
    world.wait(days: -401)
    try await ben.comment("lost", on: post)
    _ = try await world.collect()
    try await pass(hours: 24 * 3, world, anna, ben, carol)
    #expect(try await anna.reads().contains("Ben: lost"))
  }

  @Test func `a lost comment and its lost relay come to everybody`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("hello")
    try await world.carry()
    try await ben.comment("lost", on: post)
    _ = try await world.collect()
    try await ben.comment("heard", on: post)
    try await world.carry()
    try await pass(hours: 3, world, anna, ben, carol)
    for person in [anna, ben, carol] {
      #expect(try await person.reads().map { $0.split(separator: ": ").last } == ["hello", "lost", "heard"])
    }
  }

  @Test func `a comment that was taken back is not handed out anew inside its relay`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    let post = try await anna.post("one")
    try await world.carry()
    let comment = try await ben.comment("in anger", on: post)
    try await world.carry()
    try await ben.wish(.retract(comment))
    try await world.carry()
    let stream = try #require(try await anna.store.signedBytes(of: post)?.read().stream?.id)
    let everything = Action.Missing(ranges: [.init(stream: stream, first: 1, last: 100)])
    try await anna.receive(try carol.forge(.resendRequest(everything), in: nil, to: anna))
    let again = try await world.collect().filter { $0.to == carol.author }
    #expect(again.flatMap(\.kinds).contains("relay"), "the word that it was taken back comes again")
    let words = Array("in anger".utf8)
    for packet in again.flatMap({ $0.packets + $0.embedded }) { #expect(packet.bytes.firstRange(of: words) == nil) }
  }

  @Test func `what was taken back or is not to be had is said to be gone, and not asked for again`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    try await anna.post("one")
    try await world.carry()
    let lost = try await anna.post("taken back")
    _ = try await world.collect()
    try await anna.post("two")
    try await anna.wish(.retract(lost))
    try await world.carry()
    var asked = 0
    for _ in 0..<40 {
      world.wait(seconds: 3600)
      try await ben.ring()
      for parcel in try await world.collect() {
        asked += parcel.kinds.contains("resend-request") ? 1 : 0
        try await world.deliver(parcel)
      }
      try await world.carry()
    }
    #expect(asked == 1)
    #expect(try await ben.reads() == ["Anna: one", "Anna: two"])
    #expect(try await ben.notices() == [])
  }

  @Test func `what never comes is asked for three times, and then told`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    try await anna.post("one")
    try await world.carry()
    try await lose(["lost"], by: anna, for: ben, world)
    try await anna.post("two")
    try await world.carry()
    var asked = 0
    for _ in 0..<60 {
      world.wait(seconds: 3600)
      try await ben.ring()
      // Anna's node has gone away.
      asked += try await ben.send().count { $0.kinds == ["resend-request"] }
    }
    #expect(asked == 3)
    #expect(try await ben.notices() == ["missing"])
    #expect(try await ben.store.notices(limit: 1).first?.said == "1 packet or pictures of Anna did not come.")
  }

  @Test func `a picture that did not come within the hour is asked for, and its post comes again with it`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let blob = Blob(sha256: Hash.of([1]), size: 1, type: "image/png")
    let picture = Picture(width: 1, height: 1, alternative: "red", blob: blob)
    try await anna.store.transact(at: world.now) { try $0.keep(blob: blob) }
    try await anna.wish(.post(text: "Red", pictures: [picture], circle: nil, share: false))
    try await world.carry()
    let asked = try await asked(by: ben, world)
    guard case .understood(let packet)? = try asked.first?.packets.first?.read(),
      case .resendRequest(let missing) = packet.action
    else { throw Absent() }
    #expect(missing == Action.Missing(blobs: [blob.sha256]))
    for parcel in asked { try await world.deliver(parcel) }
    #expect(try await world.collect().map(\.kinds) == [["photo"]])
    try await ben.store.transact(at: world.now) { try $0.keep(blob: blob) }
    try await pass(hours: 40, world, anna, ben)
    #expect(try await ben.notices() == [])
  }

  @Test(arguments: [true, false]) func `what came and was refused is not asked for again`(came: Bool) async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let stream = try #require(try await anna.store.read { try $0.ownStream(toCircle: Circle.everyone) })
    let unfit = Action.share(Action.Share(embedded: Embedded(sha256: Hash.of([1]), size: 1), note: nil))
    if came { try await world.deliver(anna.forge(unfit, in: Packet.Stream(id: stream.id, sequence: stream.next), to: ben)) }
    let post = Action.status(Action.Status(share: false, text: "behind it"))
    try await world.deliver(anna.forge(post, in: Packet.Stream(id: stream.id, sequence: stream.next + 1), to: ben))
    #expect(try await ben.reads() == ["Anna: behind it"])
    world.wait(seconds: 3 * 3600)
    try await ben.ring()
    #expect(try await world.collect().map(\.kinds) == (came ? [] : [["resend-request"]]))
  }

  @Test func `nobody gets again what was never theirs`() async throws {
    let (world, anna, ben, carol, _) = try await Cast.friends(of: "anna")
    try await anna.wish(.createCircle("Family"))
    try await anna.wish(.addToCircle("Family", ben.author))
    try await anna.wish(.message(to: ben.author, text: "only Ben", pictures: []))
    try await anna.wish(.post(text: "family", pictures: [], circle: "Family", share: false))
    try await world.carry()
    // Carol's node is not ours, and guesses well.
    let streams = try await anna.store.ownStreams()
    #expect(streams.count >= 4)
    let wanted = Action.Missing(ranges: streams.map { .init(stream: $0, first: 1, last: 9_007_199_254_740_991) })
    try await world.deliver(try carol.forge(.resendRequest(wanted), in: nil, to: anna))
    let answers = try await world.collect()
    for parcel in answers { try await world.deliver(parcel) }
    #expect(try await carol.reads().isEmpty)
    #expect(Set(answers.flatMap(\.kinds)).isDisjoint(with: ["message", "status"]))
    // Ben, who asks the same, gets his own.
    try await world.deliver(try ben.forge(.resendRequest(wanted), in: nil, to: anna))
    #expect(try await world.collect().flatMap(\.kinds).contains("message"))
  }
}

extension Store {
  /// How many times our streams' ends were told.
  fileprivate func signedHeads() async throws -> Int {
    try await pool.read { db in try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM packet WHERE kind = 'heads'") ?? 0 }
  }

  /// All streams that this database writes.
  fileprivate func ownStreams() async throws -> [StreamID] {
    try await pool.read { db in
      try String.fetchAll(db, sql: "SELECT id FROM stream WHERE author = (SELECT author FROM identity)").compactMap(StreamID.init)
    }
  }
}
