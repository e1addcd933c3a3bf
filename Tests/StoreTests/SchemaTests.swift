import Feed
import Foundation
import GRDB
import Node
import Packets
import Testing

@testable import Store

@Suite struct SchemaTests {
  @Test func `every table is strict, and every commit is on disk before it is reported`() async throws {
    let world = try World()
    let store = try await world.join("Anna").store
    #expect(try store.synchronousLevel() == 2)
    try await store.pool.read { db in
      let tables = try Row.fetchAll(db, sql: "SELECT name, type, strict FROM pragma_table_list WHERE schema = 'main'")
      let loose = tables.filter { $0["strict"] == 0 && ($0["type"] as String) == "table" }.map { $0["name"] as String }
      #expect(Set(loose) == ["sqlite_schema", "sqlite_sequence", "grdb_migrations"])
      #expect(try String.fetchOne(db, sql: "PRAGMA journal_mode") == "wal")
      #expect(try Int.fetchOne(db, sql: "PRAGMA foreign_keys") == 1)
    }
    await #expect(throws: DatabaseError.self) {
      try await store.pool.write { db in
        try db.execute(sql: "INSERT INTO body_packet (body, position, packet) VALUES (4711, 0, '')")
      }
    }
  }

  @Test func `a database of a newer version is refused`() async throws {
    let world = try World()
    let anna = try await world.join("Anna")
    try await anna.store.pool.write { db in
      try db.execute(sql: "INSERT INTO grdb_migrations (identifier) VALUES ('99: a newer one')")
    }
    #expect(throws: StoreFailure.newer) { try Store(path: anna.path, settings: anna.settings) }
  }

  @Test func `what is no database is called damaged`() throws {
    let world = try World()
    let path = world.directory.appending(path: "junk.sqlite")
    try Data(repeating: 7, count: 8192).write(to: path)
    let failure = #expect(throws: StoreFailure.self) { try Store(path: path.path, settings: StoreSettings(domain: "x")) }
    guard case .damaged = failure else { throw Missing() }
  }

  @Test func `a disk that would not confirm a commit leaves it open whether it took effect`() {
    let failures = [ResultCode.SQLITE_IOERR_FSYNC, .SQLITE_IOERR_WRITE].map {
      StoreFailure(DatabaseError(resultCode: $0, message: "x"))
    }
    #expect(failures == [.unsure("x"), .disk("x")])
  }

  @Test func `two programs share the file and wait for each other`() async throws {
    let world = try World()
    let anna = try await world.join("Anna")
    let other = try Store(path: anna.path, settings: anna.settings)
    try await withThrowingTaskGroup(of: Void.self) { group in
      for number in 0..<40 {
        let store = number.isMultiple(of: 2) ? anna.store : other
        group.addTask {
          _ = try await store.perform(.post(text: "\(number)", pictures: [], circle: nil, share: false), at: world.now)
        }
      }
      try await group.waitForAll()
    }
    #expect(try await other.feed(limit: 100).count == 40)
  }

  @Test func `a wish that fails changes nothing`() async throws {
    let world = try World()
    let anna = try await world.join("Anna")
    func rows() async throws -> [Int] {
      try await anna.store.pool.read { db in
        try ["packet", "stream", "timer", "outpacket", "journal", "feed"].map {
          try Int.fetchOne(db, sql: "SELECT COUNT(*) FROM \($0)") ?? 0
        }
      }
    }
    let before = try await rows()
    await #expect(throws: WishFailure.nothingSaid) { try await anna.post("") }
    await #expect(throws: WishFailure.nothingToStop) { try await anna.wish(.undo) }
    await #expect(throws: WishFailure.tooLong) { try await anna.post(String(repeating: "&", count: 60_000)) }
    #expect(try await rows() == before)
  }
}
