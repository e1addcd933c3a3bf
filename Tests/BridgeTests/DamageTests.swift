import Account
import Feed
import Foundation
import Packets
import TestMail
import Testing

@testable import Bridge

/// A database that is damaged, gone, or of another version.
@Suite struct DamageTests {
  /// What can happen to a file of 4,096 byte pages.
  private static let damages: [(said: String, @Sendable (FileHandle) throws -> Void)] = [
    ("garbage in its header", { try $0.write(contentsOf: Data(repeating: 7, count: 100)) }),
    (
      "a damaged page in the middle",
      { file in
        let size = try file.seekToEnd()
        // Every page but the first two, so that the test does not depend on which one is which.
        for page in stride(from: size / 8192 * 4096, to: size, by: 4096) {
          try file.seek(toOffset: page + 8)
          try file.write(contentsOf: Data(repeating: 0xff, count: 512))
        }
      }
    ),
    ("its second half cut off", { try $0.truncate(atOffset: $0.seekToEnd() / 8192 * 4096) }),
    ("no bytes left but the first page", { try $0.truncate(atOffset: 4096) }),
  ]

  @Test func `a damaged database is set aside at start, and rebuild gives everything back`() async throws {
    try await Stage.play { stage in
      let mail = try TestMail.shared.get()
      let anna = try await stage.correspondent("Anna", mail)
      let ben = try await stage.correspondent("Ben", mail)
      try await ben.befriend(anna)
      for number in 1...20 { _ = try await ben.node.post("Ben's \(number)", photos: [], circle: nil, share: false) }
      try await ben.speak()
      _ = try await anna.node.post("Anna's", photos: [], circle: nil, share: false)
      try await anna.speak()
      let before = try await anna.node.feed(limit: 100, since: nil, words: nil)
      #expect(before.count == 21)
      for (number, (said, damage)) in Self.damages.enumerated() {
        stage.pass(seconds: 2)
        let file = try FileHandle(forUpdating: anna.layout.database)
        try damage(file)
        try file.close()
        let failure = await #expect(throws: OperationFailure.self, "\(said)") { try await anna.run() }
        #expect(failure?.code == .badData && failure?.remedy == "make it anew with `socialnet rebuild`.", "\(said)")
        let aside = try anna.files(\.stateDirectory).filter { $0.contains(".damaged-") && !$0.hasSuffix("-wal") }
        #expect(aside.count == min(number + 1, 2) && failure?.message.contains(aside.last ?? "?") == true, "\(said)")

        // Nothing begins anew without being asked to.
        let empty = await #expect(throws: OperationFailure.self) { try await anna.run() }
        #expect(empty?.code == .configuration && empty?.remedy == "make it anew with `socialnet rebuild`.")
        #expect(await anna.node.doctor().first { $0.name == "database" }?.result == .fail)
        _ = try await anna.node.rebuild(progress: .none)
        try await anna.run()
        #expect(try await anna.node.feed(limit: 100, since: nil, words: nil) == before, "\(said)")
      }
    }
  }

  @Test(.timeLimit(.minutes(2)))
  func `a daemon whose database is damaged under it says so once and ends, and the next start sets the file aside`() async throws
  {
    try await Stage.play { stage in
      let mail = try TestMail.shared.get()
      let anna = try await stage.correspondent("Anna", mail)
      for number in 1...40 { _ = try await anna.node.post("Anna's \(number)", photos: [], circle: nil, share: false) }
      try await anna.speak()
      try await anna.with { bridge in
        let running = Task { try await Daemon(bridge: bridge).run() }
        try await stage.wait("it runs") { await anna.node.doctor().contains { $0.name == "daemon" && $0.result == .ok } }
        try anna.alter("PRAGMA wal_checkpoint(TRUNCATE)")
        let file = try FileHandle(forUpdating: anna.layout.database)
        let size = try file.seekToEnd()
        for page in stride(from: UInt64(8192), to: size, by: 4096) {
          try file.seek(toOffset: page)
          try file.write(contentsOf: Data(repeating: 0xff, count: 512))
        }
        try file.close()
        // Another process has written: what the daemon remembers of pages is void, and it reads them again.
        _ = try? anna.alter("UPDATE setting SET value = value")
        await bridge.wakeUp()
        let failure = await #expect(throws: OperationFailure.self) { try await running.value }
        #expect(failure?.code == .badData && failure?.remedy == "make it anew with `socialnet rebuild`.")
      }
      let next = await #expect(throws: OperationFailure.self) { try await anna.run() }
      #expect(next?.code == .badData && next?.message.contains("lies now beside as") == true)
      _ = try await anna.node.rebuild(progress: .none)
      #expect(try await anna.node.feed(limit: 100, since: nil, words: nil).count == 40)
    }
  }

  @Test func `without a mailbox a damaged database stays where it is`() async throws {
    try await Stage.play { stage in
      let anna = try await stage.neighbour("Anna")
      try await anna.run()
      try Data(repeating: 7, count: 8192).write(to: anna.layout.database)
      let failure = await #expect(throws: OperationFailure.self) { try await anna.run() }
      #expect(failure?.code == .badData && failure?.remedy.hasPrefix("restore a backup") == true)
      #expect(FileManager.default.contents(atPath: anna.layout.database.path)?.count == 8192)
    }
  }

  @Test func `a database of a newer version is left alone by everything, with code 78`() async throws {
    try await Stage.play { stage in
      let anna = try await stage.neighbour("Anna")
      try anna.alter("INSERT INTO grdb_migrations (identifier) VALUES ('99: a newer one')")
      let before = try anna.rows(".dump")
      let operations: [@Sendable () async throws -> Void] = [
        { try await anna.run() }, { _ = try await anna.node.feed(limit: 1, since: nil, words: nil) },
        { _ = try await anna.node.post("lost?", photos: [], circle: nil, share: false) },
      ]
      for operation in operations {
        let failure = await #expect(throws: OperationFailure.self) { try await operation() }
        #expect(failure?.code == .configuration && failure?.remedy == "install that version again.")
      }
      let check = await anna.node.doctor().first { $0.name == "database" }
      #expect(check?.result == .fail && check?.code == .configuration)
      #expect(try anna.rows(".dump") == before)
    }
  }
}
