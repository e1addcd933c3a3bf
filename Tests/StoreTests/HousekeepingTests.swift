import Feed
import Foundation
import GRDB
import Packets
import Synchronization
import Testing

@testable import Store

/// Nothing grows but what the user can read.
@Suite struct HousekeepingTests {
  private static func forget(_ person: Person, _ world: World) async throws -> [Hash] {
    let moment = world.now.adding(seconds: -90 * 86_400)
    return try await person.store.forget(before: moment, lettersBefore: moment, at: world.now).blobs
  }

  private static func count(_ person: Person, _ what: String) async throws -> Int {
    try await person.store.pool.read { try Int.fetchOne($0, sql: "SELECT COUNT(*) FROM \(what)") ?? 0 }
  }

  @Test func `pictures go with what was taken back, and those that a draft or a friend needs stay`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    func picture(_ number: UInt8) async throws -> Picture {
      let blob = Blob(sha256: Hash.of([number]), size: 1, type: "image/jpeg")
      for person in [anna, ben] { try await person.store.transact(at: world.now) { try $0.keep(blob: blob) } }
      return Picture(width: 1, height: 1, alternative: nil, blob: blob)
    }
    let (shown, gone, drafted, orphan) = (try await picture(1), try await picture(2), try await picture(3), try await picture(4))
    try await anna.wish(.post(text: "", pictures: [shown], circle: nil, share: false))
    let taken = try await anna.wish(.post(text: "", pictures: [gone], circle: nil, share: false))
    try await anna.mail(.post(text: "", pictures: [drafted], circle: nil, share: false))
    try await world.carry()
    try await anna.wish(.retract(taken))
    try await world.carry()
    for person in [anna, ben] { #expect(try await Self.forget(person, world) == [], "younger than a day") }
    world.wait(days: 2)
    #expect(try await Set(Self.forget(anna, world)) == [gone.blob.sha256, orphan.blob.sha256])
    #expect(try await Set(Self.forget(ben, world)) == [gone.blob.sha256, orphan.blob.sha256, drafted.blob.sha256])
    try await anna.ring()
    try await world.carry()
    world.wait(days: 2)
    #expect(try await Self.forget(anna, world) == [])
  }

  @Test func `a picture that is not sealed yet stays`() async throws {
    let (world, anna, _, _, _) = try await Cast.friends(of: "anna")
    let blob = Blob(sha256: Hash.of([1]), size: 1, type: "image/jpeg")
    try await anna.store.transact(at: world.now) { try $0.keep(blob: blob) }
    let picture = Picture(width: 1, height: 1, alternative: nil, blob: blob)
    let item = try await anna.wish(.post(text: "", pictures: [picture], circle: nil, share: false))
    try await anna.wish(.retract(item))
    world.wait(days: 2)
    #expect(try await Self.forget(anna, world) == [])
    try await world.carry()
    #expect(try await Self.forget(anna, world) == [blob.sha256])
  }

  @Test func `refusals and notices are as many as the command shows, requests that came to nothing go`() async throws {
    let (world, anna, ben) = try await Cast.strangers()
    try await ben.accept(try await anna.invite(address: "somebody@else.example"))
    try await world.carry()
    #expect(try await anna.store.requests().count == 1)
    try await anna.store.transact(at: world.now) { transaction in
      for number in 0..<1100 { try transaction.refuse(gate: "shape", reason: "\(number)", from: "", parcel: Hash.of([1])) }
    }
    _ = try await Self.forget(anna, world)
    #expect(try await Self.count(anna, "refusal") == 1000)
    #expect(try await anna.store.refusals(limit: 1).first?.reason == "1099")
    #expect(try await anna.store.gates()["shape"] == 1100)
    #expect(try await Self.count(anna, "packet WHERE kind = 'contact-request'") == 1)
    world.wait(days: 31)
    try await anna.ring()
    #expect(try await anna.store.requests() == [])
    world.wait(days: 91)
    _ = try await Self.forget(anna, world)
    #expect(try await Self.count(anna, "packet WHERE kind = 'contact-request'") == 0)
    #expect(try await Self.count(anna, "decision") == 0)
  }

  @Test func `the journal's bytes go where the mailbox has them, and its chain goes on`() async throws {
    let (world, anna, _, _, _) = try await Cast.friends(of: "anna")
    let before = try await Self.count(anna, "packet WHERE kind = 'journal' AND bytes <> x''")
    _ = try await anna.invite(address: "late@else.example")
    world.wait(days: 91)
    _ = try await Self.forget(anna, world)
    #expect(before > 0)
    #expect(try await Self.count(anna, "packet WHERE kind = 'journal' AND bytes <> x''") == 1, "one is not sealed yet")
    try await world.carry()
    _ = try await anna.invite(address: "later@else.example")
    try await world.carry()
    let fresh = try Person(again: anna)
    let (journal, own) = anna.mailbox.withLock { ($0.journal, $0.own) }
    #expect(try await fresh.store.restore(journal: journal, own: own, at: world.now) == 0)
    #expect(try await fresh.store.contacts().map(\.name) == anna.store.contacts().map(\.name))
  }
}
