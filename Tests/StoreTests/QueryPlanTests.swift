import Drivers
import Feed
import Foundation
import GRDB
import Packets
import Synchronization
import TestNodes
import Testing

@testable import Store

@Suite struct QueryPlanTests {
  /// Tables that grow with the archive: none of them is read from end to end by what a running bridge does.
  private static let growing = [
    "packet", "part", "packet_embedded", "packet_blob", "blob", "stream", "membership", "feed", "below", "top", "reaction",
    "tombstone", "digest", "shown", "inpacket", "origin", "body", "body_packet", "outpacket", "journal", "timer", "act",
    "decision",
    "old_half", "mute",
  ]

  @Test func `nothing that a running bridge asks reads a growing table from end to end`() async throws {
    let asked = Mutex<Set<String>>([])
    let (world, anna, ben, _, dora) = try await Cast.friends(of: "anna")
    let trace: @Sendable (Database.TraceEvent) -> Void = { event in
      if case .statement(let statement) = event { asked.withLock { _ = $0.insert(statement.sql) } }
    }
    for person in [anna, ben] {
      try await person.store.pool.writeWithoutTransaction { $0.trace(options: .statement, trace) }
      for _ in 0..<3 { try await person.store.pool.read { $0.trace(options: .statement, trace) } }
    }
    try await Self.liveADay(world, anna, ben, dora)
    let statements = asked.withLock { $0 }
    #expect(statements.count > 100)
    let scans = try await anna.store.pool.read { db in
      var scans: Set<String> = []
      for sql in statements where ["SELECT", "UPDATE", "DELETE", "INSERT"].contains(where: { sql.hasPrefix($0) }) {
        let explained = try db.makeStatement(sql: "EXPLAIN QUERY PLAN " + sql)
        explained.setUncheckedArguments([])
        for row in try Row.fetchAll(explained) {
          let step: String = row["detail"]
          let words = step.split(separator: " ").map(String.init)
          // The index over held packets has nothing else in it, and of alarms the first is read, but for those set aside.
          guard words.first == "SCAN", words.count > 1, Self.growing.contains(words[1]),
            !["feed_held", "timer_by_time"].contains(words.last)
          else { continue }
          scans.insert("\(step): \(sql)")
        }
      }
      return scans
    }
    #expect(scans.isEmpty, "\(scans.sorted().joined(separator: "\n"))")
    // Each answer asks this, and one's own relays are as many as all answers.
    let handingOn = try #require(statements.first { $0.contains("FROM packet_embedded CROSS JOIN packet") })
    let steps = try await anna.store.pool.read { db in
      let explained = try db.makeStatement(sql: "EXPLAIN QUERY PLAN " + handingOn)
      explained.setUncheckedArguments([])
      return try Row.fetchAll(explained).map { $0["detail"] as String }
    }
    #expect(steps.contains { $0.contains("packet_embedded_by_hash") }, "\(steps)")
  }

  /// All that happens between morning and evening.
  private static func liveADay(_ world: World, _ anna: Person, _ ben: Person, _ dora: Person) async throws {
    let picture = Picture(width: 1, height: 1, alternative: nil, blob: Blob(sha256: Hash.of([1]), size: 9, type: "image/jpeg"))
    try await anna.store.transact(at: world.now) { try $0.keep(blob: picture.blob) }
    try await anna.wish(.post(text: "Sunset", pictures: [picture], circle: nil, share: false))
    let post = try await anna.post("hello")
    try await dora.accept(try await anna.invite())
    try await world.carry()
    let comment = try await ben.comment("hi", on: post)
    try await ben.react(["❤"], to: post)
    try await world.carry()
    try await ben.wish(.retract(comment))
    try await anna.mail(.post(text: "later", pictures: [], circle: nil, share: false))
    try await world.carry()
    world.wait(days: 1)
    try await anna.ring()
    try await world.carry()
    let (store, now) = (anna.store, world.now)
    _ = try await store.unread(at: now)
    _ = try await store.feed(limit: 50)
    _ = try await store.feed(limit: 50, since: now, words: "hello")
    _ = try await store.conversation(of: post)
    _ = try await store.items(beginning: "ab")
    _ = try await store.items(beginning: "#1")
    _ = try await store.items([post])
    _ = try await store.signedBytes(of: post)
    _ = try await store.certificates(notIn: [])
    _ = try await store.awaited(picture.blob.sha256, from: anna.fingerprint)
    _ = try await store.requestsShown()
    _ = try await store.lastDigest()
    _ = try await store.digestLookedAt()
    _ = try await store.letters(kind: .nonce, since: now, at: now)
    _ = try await store.wrote(messageID: "a@b")
    _ = try await store.sent(since: now, at: now)
    _ = try await store.nextOutpacket()
    _ = try await store.nextInpacket()
    _ = try await store.nextAlarm()
    _ = try await store.heldPackets()
    _ = try await store.unsettled(at: "mail")
    _ = try await store.position(of: "INBOX", at: "mail")
    _ = try await store.bounced(messageID: "a@b", said: "", at: now)
    let received = Received(
      kind: .parcel, sha256: Hash.of([2]), size: 1, arrived: now, origin: Origin(driver: "mail", folder: "INBOX", uid: 1),
      place: .inbox)
    try await store.take([received], position: Position(driver: "mail", folder: "INBOX", validity: 1, uid: 1), at: now)
    _ = try await store.waitingInpackets(limit: 64, at: now)
    try await store.transact(at: now) { transaction in
      _ = try transaction.held(for: ben.fingerprint)
      try transaction.releaseHeld(for: ben.fingerprint)
      _ = try transaction.actOnce("once")
      try transaction.finish(received.sha256, placement: .keep)
    }
    try await store.settled([received.origin], at: now)
    var dice = Dice(state: 4)
    let letter = SentLetter(
      token: LetterToken(using: &dice), messageID: "c@d", kind: .digest, subject: "", expires: now, targets: [1: .item(post)],
      passages: [])
    try await store.transact(at: now) { transaction in
      for numbers: [Int64] in [[], [1]] {
        try transaction.queue(letter, answering: numbers, to: LetterDelivery(endpoint: "mailto:a@b"))
      }
    }
    _ = try await store.letter(messageID: "c@d")
    _ = store.letterNow(token: letter.token)
  }
}
