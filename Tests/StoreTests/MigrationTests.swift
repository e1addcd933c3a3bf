import Feed
import Foundation
import GRDB
import Packets
import TestNodes
import Testing

@testable import Store

/// Databases of every schema that there was, as `Fixtures/schema-N.sql` keeps them (article "Store", "The next schema").
@Suite struct MigrationTests {
  private static let stored: [(schema: Int, sql: [UInt8])] = [
    (1, PackageResources.schema_1_sql), (2, PackageResources.schema_2_sql), (3, PackageResources.schema_3_sql),
    (4, PackageResources.schema_4_sql), (5, PackageResources.schema_5_sql), (6, PackageResources.schema_6_sql),
  ]

  @Test(arguments: stored.indices)
  func `an account of each earlier schema reads the same, and goes on`(number: Int) async throws {
    let (schema, sql) = Self.stored[number]
    let world = try World()
    let path = world.directory.appending(path: "schema-\(schema).sqlite").path
    let old = try DatabaseQueue(path: path)
    try await old.write { try $0.execute(sql: String(decoding: sql, as: UTF8.self)) }
    try old.close()
    let store = try Store(path: path, settings: StoreSettings(domain: "anna.example"))
    #expect(try await Self.view(of: store) == Self.expected)

    // What waited still waits, and nothing is told again.
    #expect(try await store.nextAlarm() == world.now.adding(seconds: 669))
    #expect(try await store.drafts().count == 1)
    #expect(try await store.unread(at: world.now).map(\.text) == ["How lovely"])
    for alarm in try await store.dueAlarms(at: world.now.adding(seconds: 800)) {
      try await store.ring(alarm, at: world.now.adding(seconds: 800))
    }
    #expect(try await store.feed(limit: 10, words: "by mail").count == 1)
    _ = try await store.perform(.post(text: "goes on", pictures: [], circle: nil, share: false), at: world.now)
    #expect(try await store.feed(limit: 10, words: "goes").count == 1)
    #expect(try await store.flaws() == [])

    // What the stored copy becomes is what a new account gets: a schema that was given out is never changed.
    let fresh = try await world.join("Ben").store
    #expect(try await Self.schema(of: store) == Self.schema(of: fresh))
  }

  // MARK: The account in them

  private static let expected = [
    "feed: Ben, comment: How lovely, 0 below",
    "feed: You, status: Finally moved in, 1 below, ❤ Carol",
    "feed: Ben, status: The harbour, 0 below",
    "contact: Ben, contact, invited, mailto:ben@ben.example",
    "contact: Carol, contact, invited, mailto:carol@carol.example",
    "request: Dora, true, mailto:dora@dora.example",
    "letter: digest",
  ]

  private static func view(of store: Store) async throws -> [String] {
    let me = try await store.myself().author
    let feed = try await store.feed(limit: 100).map { item in
      let reactions = item.reactions.map { ", \($0.emoji) \($0.by.joined(separator: ", "))" }.joined()
      let name = item.author.author == me ? "You" : item.author.name
      return "feed: \(name), \(item.kind): \(item.text), \(item.comments) below\(reactions)"
    }
    let contacts = try await store.contacts().map { "contact: \($0.name), \($0.state), \($0.mark), \($0.endpoints.joined())" }
    let requests = try await store.requests().map { "request: \($0.name), \($0.proof), \($0.endpoints.joined())" }
    let letter = try await store.items(beginning: "#1").isEmpty ? [] : ["letter: digest"]
    return feed + contacts + requests + letter
  }

  /// Writes a stored copy of the present schema: `SOCIALNET_FIXTURE=FILE swift test --filter MigrationTests`.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["SOCIALNET_FIXTURE"] != nil))
  func `a copy of the present schema is stored`() async throws {
    let (world, anna, ben, carol, dora) = try await Cast.friends(of: "anna")
    try await dora.accept(try await anna.invite(address: "somebody@else.example"))
    let harbour = try await ben.post("The harbour")
    let gone = try await ben.post("taken back")
    let moved = try await anna.post("Finally moved in")
    try await world.carry()
    var dice = Dice(state: 1)
    let letter = SentLetter(
      token: LetterToken(using: &dice), messageID: "digest@anna.example", kind: .digest, subject: "",
      expires: world.now.adding(seconds: 90 * 86_400), targets: [1: .item(harbour)], passages: [])
    try await anna.show(letter)
    try await ben.wish(.retract(gone))
    try await ben.comment("How lovely", on: moved)
    try await carol.react(["❤"], to: moved)
    try await world.carry()
    try await anna.mail(.post(text: "by mail", pictures: [], circle: nil, share: false))
    #expect(try await Self.view(of: anna.store) == Self.expected)
    let file = try #require(ProcessInfo.processInfo.environment["SOCIALNET_FIXTURE"])
    try await anna.store.pool.read { db in try Self.dump(db).write(toFile: file, atomically: true, encoding: .utf8) }
  }

  /// As `.dump` of sqlite3 has it, but for the words' index, which is made anew.
  private static func dump(_ db: Database) throws -> String {
    let made = try Row.fetchAll(
      db,
      sql: """
        SELECT type, name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%'
          AND name NOT LIKE 'feed_words_%' ORDER BY rowid
        """)
    let tables = made.filter { $0["type"] == "table" }
    var lines = tables.map { $0["sql"] + ";" as String }
    for table in tables where table["name"] != "feed_words" {
      let name: String = table["name"]
      let columns = try String.fetchAll(db, sql: "SELECT name FROM pragma_table_info(?)", arguments: [name])
      let values = columns.map { "quote(\"\($0)\")" }.joined(separator: " || ', ' || ")
      for row in try String.fetchAll(db, sql: "SELECT \(values) FROM \(name) ORDER BY rowid") {
        lines.append("INSERT INTO \(name) (\(columns.joined(separator: ", "))) VALUES (\(row));")
      }
    }
    lines.append("INSERT INTO feed_words (feed_words) VALUES ('rebuild');")
    lines += made.filter { $0["type"] != "table" }.map { $0["sql"] + ";" as String }
    return "-- An account as a schema that was given out has it. Never changed: later ones migrate from it.\n"
      + lines.joined(separator: "\n") + "\n"
  }

  private static func schema(of store: Store) async throws -> [String] {
    try await store.pool.read { db in
      try String.fetchAll(db, sql: "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
    }
  }
}
