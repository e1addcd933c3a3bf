import Account
import Feed
import Foundation
import Packets
import TestMail
import Testing

@testable import Bridge

/// A home that is older than its mailbox: a backup was put back, or the newest part of the database is gone.
@Suite struct BackupTests {
  /// All that a user can read.
  private struct View: Equatable {
    var feed: [FeedItem]
    var contacts: [String]
    var requests: [PendingRequest]
    var profile: Myself

    init(of person: Person) async throws {
      feed = try await person.node.feed(limit: 1000, since: nil, words: nil)
      contacts = try await person.node.contacts().map { "\($0.name) \($0.state) \($0.author.text)" }
      requests = try await person.node.requests()
      profile = try await person.node.profile()
    }
  }

  /// Much happens after the moment that is remembered; then Anna is taken back to it.
  private static func play<Memory>(
    _ remember: (Person) throws -> Memory, _ lose: (Person, inout Memory?) throws -> Void
  ) async throws {
    try await Stage.play { stage in
      let mail = try TestMail.shared.get()
      let anna = try await stage.correspondent("Anna", mail)
      let ben = try await stage.correspondent("Ben", mail)
      let carol = try await stage.correspondent("Carol", mail)
      let dora = try await stage.correspondent("Dora", mail)
      try await anna.befriend(ben)
      let old = try await anna.node.post("old", photos: [], circle: nil, share: false)
      let doubted = try await anna.node.post("doubted", photos: [], circle: nil, share: false)
      try await anna.speak()
      try await ben.run()
      var memory: Memory? = try remember(anna)

      // A new friend, somebody who waits, words in both directions, a digest and an answer to it.
      try await anna.befriend(carol)
      _ = try await dora.node.accept(
        InvitationLink.read(anna.node.invite(address: EmailAddress("nobody@example.test"), name: nil).link))
      try await dora.speak()
      let photo = PhotoFile(file: try stage.photo(), alternative: "masts")
      _ = try await anna.node.post("new", photos: [photo], circle: nil, share: false)
      try await anna.node.retract(.beginning(doubted.text))
      try await anna.node.setProfile(field: "city", value: "Kiel", for: nil)
      _ = try await ben.node.comment(on: .beginning(old.text), text: "a comment")
      _ = try await ben.node.post("Ben's", photos: [], circle: nil, share: false)
      _ = try await carol.node.post("Carol's", photos: [], circle: nil, share: false)
      for person in [ben, carol, anna] { try await person.speak() }
      _ = try await anna.node.sendDigest()
      try await anna.speak()
      try await anna.mail(anna.answer(to: anna.letter("digest"), "post: by mail"))
      stage.pass(minutes: 11)
      try await anna.speak()
      try await anna.mail(anna.answer(to: anna.letter("digest"), "post: still a draft"))
      try await anna.speak()
      for person in [ben, carol, anna] { try await person.speak() }
      let before = try await View(of: anna)
      #expect(before.feed.count == 6 && before.requests.map(\.name) == ["Dora"], "\(before.feed.map(\.text))")
      func letters() throws -> [Int] {
        try ["digest", "item", "receipt", "request", "notice"].map { try anna.letters($0).count }
      }
      let told = try letters()

      try lose(anna, &memory)
      #expect(try await anna.words().contains("new") == false, "the loss was none")
      stage.pass(minutes: 1)
      for _ in 1...2 { try await anna.speak() }
      let after = try await View(of: anna)
      #expect(after.feed == before.feed)
      #expect(after.contacts == before.contacts)
      #expect(after.requests == before.requests)
      #expect(after.profile == before.profile)
      let toldSince = try letters()
      #expect(toldSince == told, "nothing is told twice")
      #expect(try await anna.node.digest().new == 0)
      #expect(try await anna.node.notices().map(\.kind) == ["another machine"])
      try await anna.expect(refused: [])

      // The draft comes, once; new words come in new streams, which the members are told of.
      stage.pass(minutes: 11)
      _ = try await anna.node.post("I am back", photos: [], circle: nil, share: false)
      for person in [anna, ben, carol, anna] { try await person.speak() }
      let all = ["old", "new", "by mail", "still a draft", "a comment", "Ben's", "Carol's", "I am back"]
      let readers = [(anna, []), (ben, ["Carol's"]), (carol, ["old", "a comment", "Ben's"])]
      for (person, others) in readers {
        let words = all.filter { !others.contains($0) }
        let read = try await person.words().sorted()
        #expect(read == words.sorted(), "\(person.name)")
      }
      for person in [ben, carol] {
        try await person.expect(refused: [])
        #expect(try await person.node.notices() == [], "\(person.name)")
      }
      let streams = try anna.rows(
        """
        SELECT COUNT(DISTINCT stream) FROM packet
        WHERE kind IN ('status', 'photo') AND author = (SELECT author FROM identity)
        """)
      #expect(streams == ["2"])
    }
  }

  @Test func `a backup of the home that is put back does no harm`() async throws {
    // Everything but the keys, whose agent runs.
    func copy(_ from: URL, _ to: URL) throws {
      try FileManager.default.createDirectory(at: to, withIntermediateDirectories: true)
      for name in try FileManager.default.contentsOfDirectory(atPath: from.path) where name != "gnupg" {
        try? FileManager.default.removeItem(at: to.appending(path: name))
        try runProgram("/bin/cp", ["-a", from.appending(path: name).path, to.path])
      }
    }
    func backup(_ person: Person) -> URL { person.stage.path("backup-of-\(person.name)") }
    try await Self.play {
      try copy($0.layout.stateDirectory, backup($0))
    } _: { anna, _ in
      for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: anna.layout.database.path + suffix) }
      try copy(backup(anna), anna.layout.stateDirectory)
    }
  }

  @Test(arguments: ["a command", "an action file"])
  func `what is said on a backup, before the daemon ran, takes no number that was given already`(by way: String) async throws {
    try await Stage.play { stage in
      let mail = try TestMail.shared.get()
      let anna = try await stage.correspondent("Anna", mail)
      let ben = try await stage.correspondent("Ben", mail)
      try await anna.befriend(ben)
      func say(_ words: String) async throws {
        _ = try await anna.node.post(words, photos: [], circle: nil, share: false)
        try await anna.speak()
        try await ben.run()
      }
      func copy(_ from: URL, _ to: URL) throws {
        for name in try FileManager.default.contentsOfDirectory(atPath: from.path) where name != "gnupg" {
          // As who copies over what is there: names and inodes stay, and so do all times that a copy can keep.
          try runProgram(
            "/bin/cp", ["-a", "--no-target-directory", from.appending(path: name).path, to.appending(path: name).path])
        }
      }
      let (home, backup) = (anna.layout.stateDirectory, stage.path("backup"))
      try FileManager.default.createDirectory(at: backup, withIntermediateDirectories: true)
      try await say("old")
      try copy(home, backup)
      try await say("new")
      for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: anna.layout.database.path + suffix) }
      try copy(backup, home)

      func expectOneNumberEach(_ last: String) async throws {
        try await ben.run()
        for person in [anna, ben] {
          #expect(try await person.words() == ["old", "new", last], "\(person.name)")
          try await person.expect(refused: [])
        }
        #expect(try await ben.node.notices() == [])
        let numbers = "SELECT stream, sequence FROM packet WHERE sequence > 0 GROUP BY stream, sequence HAVING COUNT(*) > 1"
        #expect(try anna.rows(numbers) == [] && ben.rows(numbers) == [])
      }
      if way == "an action file" {
        let action = "<status xmlns=\"urn:socialnet:1\" share=\"no\"><text>too soon</text></status>"
        try anna.drop(action, into: \.outpackets, as: "1.xml")
        try await anna.speak()
        return try await expectOneNumberEach("too soon")
      }
      let imap = try anna.configuration.imap
      try anna.change { $0.imap = try? ServerURL("imap+plain://127.0.0.1:1") }
      let packets = try anna.rows("SELECT COUNT(*) FROM packet")
      let failure = await #expect(throws: OperationFailure.self) {
        _ = try await anna.node.post("unheard", photos: [], circle: nil, share: false)
      }
      #expect(failure?.code == .unavailable && failure?.message.hasPrefix("This database was put here") == true)
      #expect(try anna.rows("SELECT COUNT(*) FROM packet") == packets)
      try anna.change { $0.imap = imap }
      try await say("too soon")
      try await expectOneNumberEach("too soon")
      // What stayed where it was asks nobody.
      try anna.change { $0.imap = try? ServerURL("imap+plain://127.0.0.1:1") }
      _ = try await anna.node.post("offline", photos: [], circle: nil, share: false)
    }
  }

  @Test func `a database without its log does no harm`() async throws {
    try await Self.play { anna in
      // Who reads all the time keeps the log from being written into the database itself.
      let script = """
        import sqlite3, sys, time
        db = sqlite3.connect(sys.argv[1], isolation_level=None)
        db.execute("BEGIN"); db.execute("SELECT COUNT(*) FROM feed").fetchall(); print("reads", flush=True); time.sleep(600)
        """
      let reader = try Beside(["-c", script, anna.layout.database.path])
      #expect(reader.firstLine() == "reads")
      return reader
    } _: { anna, reader in
      reader = nil
      #expect(FileManager.default.contents(atPath: anna.layout.database.path + "-wal")?.isEmpty == false)
      for suffix in ["-wal", "-shm"] { try FileManager.default.removeItem(atPath: anna.layout.database.path + suffix) }
    }
  }
}
