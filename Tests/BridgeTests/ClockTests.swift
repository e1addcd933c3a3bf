import Account
import Feed
import Foundation
import Packets
import Synchronization
import TestMail
import Testing

@testable import Bridge

/// A clock that is ten years off for a while, in either direction.
@Suite struct ClockTests {
  @Test(arguments: [3650, -3650] as [Int64])
  func `a clock ten years off loses nothing, hurries nothing, and keeps the order of the feed`(days: Int64) async throws {
    try await Stage.play { stage in
      let anna = try await stage.neighbour("Anna")
      let ben = try await stage.neighbour("Ben")
      let carol = try await stage.neighbour("Carol")
      let dora = try await stage.neighbour("Dora")
      // The invitation is good for one: Carol waits for Anna's word. And Anna waits for an answer of Dora's.
      let link = try InvitationLink.read(await anna.node.invite(address: nil, name: nil).link)
      _ = try await ben.node.accept(link)
      try await ben.exchange(with: anna)
      _ = try await carol.node.accept(link)
      try await carol.run()
      _ = try await anna.node.accept(InvitationLink.read(dora.node.invite(address: nil, name: nil).link))
      for number in 1...2 { _ = try await ben.node.post("before \(number)", photos: [], circle: nil, share: false) }
      try await ben.run()
      try await anna.run()

      // A copy that waits for its recipient's disk, and a post that can still be taken back.
      let (place, elsewhere) = (try #require(ben.directory), stage.path("elsewhere"))
      try FileManager.default.moveItem(at: place, to: elsewhere)
      _ = try await anna.node.post("undelivered", photos: [], circle: nil, share: false)
      try await anna.run()
      try anna.change { $0.post.undo = .seconds(600) }
      _ = try await anna.node.post("waits", photos: [], circle: nil, share: false)
      try await anna.run()
      let asked = try anna.rows("SELECT COUNT(*) FROM outpacket WHERE kind = 'contact-request'")
      var order = try await anna.expectOrder(after: [])

      anna.daysOff.withLock { $0 = days }
      for _ in 1...3 { try await anna.run() }
      #expect(try await !anna.words().contains("waits"), "it can still be taken back")
      #expect(try await anna.node.requests().map(\.name) == ["Carol"])
      #expect(try anna.rows("SELECT COUNT(*) FROM outpacket WHERE kind = 'contact-request'") == asked)
      try anna.change { $0.post.undo = .zero }
      _ = try await anna.node.post("said meanwhile", photos: [], circle: nil, share: false)
      try FileManager.default.moveItem(at: elsewhere, to: place)
      try await anna.run()
      _ = try await ben.node.post("heard meanwhile", photos: [], circle: nil, share: false)
      try await ben.run()
      try await anna.run()
      #expect(try await Set(ben.words()) == ["before 1", "before 2", "said meanwhile", "heard meanwhile"])
      order = try await anna.expectOrder(after: order)
      #expect(try await anna.words().contains("heard meanwhile"))

      anna.daysOff.withLock { $0 = 0 }
      stage.pass(minutes: 1)
      try await anna.run()
      #expect(try await !anna.words().contains("waits"))
      stage.pass(minutes: 11)
      for _ in 1...2 { try await anna.run() }
      try await ben.run()
      order = try await anna.expectOrder(after: order)
      let said = ["before 1", "before 2", "undelivered", "waits", "said meanwhile", "heard meanwhile"]
      for person in [anna, ben] { #expect(try await person.words().sorted() == said.sorted(), "\(person.name)") }
      #expect(try await anna.node.requests().map(\.name) == ["Carol"])
      let (waiting, failed) = try await anna.node.outpackets()
      #expect(waiting == [] && failed == [])
      #expect(try await anna.node.notices().map(\.kind) == ["clock", "clock"])
      #expect(try await ben.node.notices() == [])
      for person in [anna, ben] { try await person.expect(refused: []) }
      // Thirty days from when it came, and not ten years.
      func timers(beyond days: Int64) throws -> [String] {
        try anna.rows("SELECT COUNT(*) FROM timer WHERE due > \(stage.now.adding(seconds: days * 86_400).milliseconds)")
      }
      #expect(try timers(beyond: 31) == ["0"] && timers(beyond: 29) == ["1"])
    }
  }

  @Test(arguments: [3650, -3650] as [Int64])
  func `a clock ten years off brings the digest once, and answers to it are heard`(days: Int64) async throws {
    try await Stage.play { stage in
      let mail = try TestMail.shared.get()
      let anna = try await stage.correspondent("Anna", mail) { $0.digest.schedule = .daily([.sevenInTheMorning]) }
      let ben = try await stage.correspondent("Ben", mail)
      try await anna.befriend(ben)
      func digests() async throws -> Int {
        for _ in 1...2 { try await anna.speak() }
        return try anna.letters("digest").count
      }
      func expect(_ count: Int, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let found = try await digests()
        #expect(found == count, sourceLocation: sourceLocation)
      }
      func say(_ words: String) async throws {
        _ = try await ben.node.post(words, photos: [], circle: nil, share: false)
        try await ben.speak()
      }
      stage.pass(days: 1)
      var expected = try await digests()
      try await say("one")
      stage.pass(days: 1)
      expected += 1
      try await expect(expected)

      try await say("two")
      anna.daysOff.withLock { $0 = days }
      let once = days > 0 ? 1 : 0
      expected += once
      try await expect(expected)
      stage.pass(days: 1)
      expected += 1 - once
      try await expect(expected)
      try await say("three")
      try await anna.mail(anna.answer(to: anna.letter("digest"), "post: answered"))
      #expect(try anna.rows("SELECT COUNT(*) FROM draft") == ["1"])

      anna.daysOff.withLock { $0 = 0 }
      try await expect(expected + (days > 0 ? 0 : 1))
      stage.pass(days: 1)
      try await expect(expected + 1)
      stage.pass(days: 1)
      try await expect(expected + 1)
      #expect(try await anna.words().filter { $0 == "answered" }.count == 1)
    }
  }
}

extension Person {
  /// What stood in the feed stands there still, in its order.
  fileprivate func expectOrder(
    after before: [ItemID], sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> [ItemID] {
    let now = try await node.feed(limit: 100, since: nil, words: nil).map(\.id)
    #expect(now.filter(Set(before).contains) == before, sourceLocation: sourceLocation)
    return now
  }
}
