import Feed
import GRDB
import Node
import Packets
@testable import Store
import TestNodes
import Testing

/// What one version holds, and the next reads.
@Suite struct UpgradeTests {
  @Test func `what was held is read after an upgrade, takes its place, and is shown anew`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    try await anna.post("before")
    let post = try await anna.post("of a newer version")
    try await anna.post("behind")
    try await world.carry()
    // As an earlier version leaves what it cannot read.
    let database = try DatabaseQueue(path: ben.path)
    try await database.write { db in
      try db.execute(
        sql: """
          UPDATE packet SET verdict = 'held' WHERE id = (SELECT id FROM feed WHERE item = '\(post.text)');
          UPDATE feed SET kind = 'held', text = 'Something newer', digested = 1 WHERE item = '\(post.text)';
          INSERT INTO shown (target) VALUES ('held:\(post.text)');
          UPDATE feed SET digested = 1;
          INSERT OR REPLACE INTO setting (name, value) VALUES ('program', 'an earlier one')
          """)
    }
    try database.close()
    #expect(try await ben.reads() == ["Anna: before", "Anna: Something newer", "Anna: behind"])
    try await ben.store.tryAgainAfterUpgrade(at: world.now)
    #expect(try await ben.reads() == ["Anna: before", "Anna: of a newer version", "Anna: behind"])
    #expect(try await ben.store.heldPackets().isEmpty)
    #expect(try await ben.store.unread(at: world.now).map(\.text) == ["of a newer version"])
  }

  @Test func `a node without photos shows the plain sentence, and the photo once it is replaced by one that has them`()
    async throws
  {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let blob = Blob(sha256: Hash.of([1]), size: 1, type: "image/png")
    for person in [anna, ben] { try await person.store.transact(at: world.now) { try $0.keep(blob: blob) } }
    let picture = Picture(width: 1, height: 1, alternative: "red roofs", blob: blob)
    let photo = try await anna.wish(.post(text: "From my window", pictures: [picture], circle: nil, share: false))
    for parcel in try await world.collect() where parcel.to == ben.author {
      try await ben.receive(parcel, with: Reader(without: ["photo"]))
    }
    let held = try #require(try await ben.item(photo))
    #expect(held.held && held.photos.isEmpty && held.text.contains("From my window"))
    // Its sender hears of it.
    try await world.carry()
    #expect(try await anna.notices() == ["unsupported"])
    let database = try DatabaseQueue(path: ben.path)
    try await database.write {
      try $0.execute(sql: "INSERT OR REPLACE INTO setting (name, value) VALUES ('program', 'without photos')")
    }
    try database.close()
    try await ben.store.tryAgainAfterUpgrade(at: world.now)
    let shown = try #require(try await ben.item(photo))
    #expect(
      !shown.held && shown.kind == .photo && shown.text == "From my window" && shown.photos.map(\.alternative) == ["red roofs"])
  }
}
