import Account
import Drivers
import Feed
import Foundation
import Packets
import Store
import TestMail
import Testing

@testable import Bridge

/// One thing that makes its stage fail, whatever the stage: it holds nothing up, is set aside in the end, is said, and is tried once more
/// by another version of the program.
@Suite struct PoisonTests {
  /// Anna and Ben are friends, by directories.
  private static func play(_ body: (_ stage: Stage, _ anna: Person, _ ben: Person) async throws -> Void) async throws {
    try await Stage.play { stage in
      let anna = try await stage.neighbour("Anna")
      let ben = try await stage.neighbour("Ben")
      try await anna.befriend(ben)
      try await body(stage, anna, ben)
    }
  }

  @Test func `a parcel that cannot be opened holds up none behind it`() async throws {
    try await Self.play { stage, anna, ben in
      // Its file cannot be read, and it came first.
      let sha256 = Hash.of([1])
      let received = Received(
        kind: .parcel, sha256: sha256, size: 1, arrived: Instant(milliseconds: 0),
        origin: Origin(driver: Bridge.dropped, folder: "x", file: "x"), place: .directory)
      let file = ben.layout.inpacket(sha256)
      try FileManager.default.createDirectory(at: file, withIntermediateDirectories: false)
      _ = try await ben.with { try await $0.store.take([received], position: nil, at: stage.now) }
      try await anna.say("behind", to: ben)
      try await ben.expect(words: ["behind"])
      let waiting = try await ben.node.inpackets().waiting
      #expect(waiting.count == 1 && waiting.first?.attempts == 2 && waiting.first?.said.hasPrefix("set aside") == false)

      try await ben.exhaust()
      try await ben.expectSetAside("Inpacket \(sha256.text.prefix(40))…")
      #expect(try await ben.node.inpackets().waiting.first?.said.hasPrefix("set aside: ") == true)
      #expect(FileManager.default.fileExists(atPath: file.path), "what is set aside is kept")

      try FileManager.default.removeItem(at: file)
      try Data("From: x@example.test\r\n\r\nno parcel".utf8).write(to: file)
      try await ben.run()
      #expect(try await ben.node.inpackets().waiting.count == 1, "the same version does not try again")
      try ben.upgrade()
      try await ben.run()
      #expect(try await ben.node.inpackets().waiting == [])
      try await ben.expectNoTrouble()
    }
  }

  @Test func `of parcels that are decided together, one that cannot be keeps out no other`() async throws {
    try await Self.play { _, anna, ben in
      let words = ["one", "two", "poison", "four", "five"]
      try ben.poison("INSERT ON packet", when: "instr(new.bytes, 'poison') > 0")
      for words in words { try await anna.say(words, to: anna) }
      #expect(try ben.parcels().count == words.count, "they wait together")
      try await ben.run()
      #expect(try await Set(ben.words()) == Set(words).subtracting(["poison"]))
      #expect(try ben.rows("SELECT stage, COUNT(*) FROM trouble") == ["inpacket|1"])
      try ben.heal()
      try await ben.exhaust()
      #expect(try await Set(ben.words()) == Set(words))
      try await ben.expectNoTrouble()
    }
  }

  @Test func `a packet that cannot be decided about holds up none behind it, and comes after an upgrade`() async throws {
    try await Self.play { _, anna, ben in
      try ben.poison("INSERT ON packet", when: "instr(new.bytes, 'poison') > 0")
      try await anna.say("poison", to: ben)
      try await anna.say("behind", to: ben)
      try await ben.expect(words: ["behind"])
      try await ben.exhaust()
      try await ben.expectSetAside("Inpacket")

      // One attempt by each version.
      try ben.upgrade()
      try await ben.run()
      #expect(try ben.rows("SELECT aside, attempts, version FROM trouble") == ["1|6|\(LocalAccount.version)"])
      try ben.upgrade()
      try ben.heal()
      try await ben.run()
      try await ben.expect(words: ["poison", "behind"])
      try await ben.expectNoTrouble()
      try await ben.expect(refused: [])
    }
  }

  @Test func `a parcel at which the program dies again and again is set aside, and its neighbours are not`() async throws {
    try await Self.play { stage, anna, ben in
      try await anna.say("poison", to: anna)
      let parcel = try #require(try ben.parcels().first)
      let sha256 = String(parcel.deletingPathExtension().lastPathComponent)
      try await anna.say("behind", to: anna)
      try ben.poison("INSERT ON packet", when: "1")
      try await ben.run()
      try ben.heal()
      let neighbour = try #require(try ben.rows("SELECT subject FROM trouble WHERE subject <> '\(sha256)'").first)
      for death in 1...7 {
        // Six deaths within an hour may be somebody who pulls the plug.
        if death == 7 {
          #expect(try ben.rows("SELECT attempts, aside FROM trouble WHERE subject = '\(sha256)'") == ["5|0"])
          stage.pass(minutes: 61)
        }
        // What a process leaves that was killed with both in hand, and in the middle of a line; later with one alone.
        let laidDown = death == 1 ? "" : "-inpacket \(neighbour)\0"
        let log = "+inpacket \(sha256)\0+inpacket \(neighbour)\0\(laidDown)-inpacket \(sha256)"
        try ben.die(leaving: log)
        if death > 1 { try ben.alter("UPDATE trouble SET again = 0 WHERE subject <> '\(sha256)'") }
        try await ben.with { try await $0.blame() }
      }
      try await ben.expectSetAside("Inpacket \(sha256.prefix(40))…")
      stage.pass(minutes: 10)
      try await ben.run()
      try await ben.expect(words: ["behind"])
      try ben.upgrade()
      try await ben.run()
      try await ben.expect(words: ["poison", "behind"])
    }
  }

  @Test func `a digest that many kills happened to hit is not set aside, and one that is deadly rests in between`() async throws {
    try await Self.play { stage, _, ben in
      try ben.change { $0.digest.schedule = .now }
      for _ in 1...8 {
        stage.pass(minutes: 10)
        try ben.die(leaving: "+digest digest\0")
        try await ben.run()
      }
      try await ben.expectNoTrouble()

      for _ in 1...3 {
        try ben.die(leaving: "+digest digest\0")
        try await ben.with { try await $0.blame() }
      }
      try await ben.run()
      #expect(try ben.rows("SELECT attempts, aside FROM trouble") == ["3|0"], "it is not tried within a minute")
      stage.pass(minutes: 2)
      try await ben.run()
      try await ben.expectNoTrouble()
    }
  }

  @Test func `the daemon wakes when what rests is to be tried again`() async throws {
    try await Self.play { _, anna, _ in
      for _ in 1...2 {
        try anna.die(leaving: "+item item:0123456789abcdef\0")
        try await anna.with { try await $0.blame() }
      }
      try await anna.with { bridge in
        let pause = try await bridge.untilNextWork()
        #expect(pause > .seconds(1) && pause <= .seconds(20))
      }
    }
  }

  @Test func `what was done before its process died is nobody's trouble`() async throws {
    try await Self.play { _, anna, ben in
      try await anna.say("read", to: ben)
      let done = try #require(try ben.rows("SELECT sha256 FROM inpacket WHERE state = 'done'").first)
      try ben.die(leaving: "+inpacket \(done)\0+body 1000000\0+alarm gone\0+letter 1000000\0")
      try await ben.run()
      try await ben.expectNoTrouble()
    }
  }

  @Test func `a post that cannot be sealed holds up none behind it`() async throws {
    try await Self.play { stage, anna, ben in
      let photo = PhotoFile(file: try stage.photo(), alternative: nil)
      _ = try await anna.node.post("poison", photos: [photo], circle: nil, share: false)
      let blob = try #require(try anna.files(\.blobs).first { !$0.hasSuffix("thumbnail") })
      let (here, away) = (anna.layout.blobs.appending(path: blob), stage.path("blob"))
      try FileManager.default.moveItem(at: here, to: away)
      try await anna.run()
      try await anna.say("behind", to: ben)
      try await ben.expect(words: ["behind"])
      try await anna.exhaust()
      try await anna.expectSetAside("Sealing")
      #expect(try anna.rows("SELECT state FROM body WHERE state NOT IN ('sealed', 'gone')") == ["aside"])

      try FileManager.default.moveItem(at: away, to: here)
      try anna.upgrade()
      try await anna.run()
      try await ben.run()
      try await ben.expect(words: ["poison", "behind"])
      try await anna.expectNoTrouble()
    }
  }

  @Test func `what the user tries again is sealed at once`() async throws {
    try await Self.play { _, anna, ben in
      try anna.poison("UPDATE ON body", when: "new.state = 'sealed'")
      try await anna.say("poison", to: ben)
      try await anna.exhaust()
      try await anna.expectSetAside("Sealing")
      try anna.heal()
      let copy = try #require(try await anna.node.outpackets().waiting.first)
      #expect(copy.lastReply.hasPrefix("set aside: "))
      try await anna.node.retry(outpacket: copy.id)
      try await anna.run()
      try await ben.run()
      try await ben.expect(words: ["poison"])
      try await anna.expectNoTrouble()
    }
  }

  @Test func `an alarm that cannot ring holds up no other`() async throws {
    try await Self.play { stage, anna, ben in
      try anna.alter("INSERT INTO timer (alarm, due) VALUES ('{\"nonsense\":1}', 1)")
      try anna.change { $0.post.undo = .seconds(60) }
      _ = try await anna.node.post("waits a minute", photos: [], circle: nil, share: false)
      try await anna.run()
      stage.pass(minutes: 2)
      try await anna.say(nil, to: ben)
      try await ben.expect(words: ["waits a minute"])
      try await anna.exhaust()
      try await anna.expectSetAside("Alarm {\"nonsense\":1}")
      #expect(try anna.rows("SELECT COUNT(*) FROM timer WHERE alarm NOT LIKE '%heads%' AND alarm NOT LIKE '%history%'") == ["1"])
    }
  }

  @Test func `an action file that cannot be taken up holds up no other`() async throws {
    try await Self.play { _, anna, ben in
      try anna.poison("INSERT ON packet", when: "instr(new.bytes, 'poison') > 0")
      for (name, words) in [("1.xml", "poison"), ("2.xml", "behind")] {
        let action = "<status xmlns=\"urn:socialnet:1\" share=\"no\"><text>\(words)</text></status>"
        try anna.drop(action, into: \.outpackets, as: name)
      }
      try await anna.say(nil, to: ben)
      try await ben.expect(words: ["behind"])
      try await anna.exhaust()
      try await anna.expectSetAside("File 1.xml")
      #expect(try anna.files(\.outpackets) == ["1.xml"])
      try anna.upgrade()
      try anna.heal()
      try await anna.say(nil, to: ben)
      try await ben.expect(words: ["behind", "poison"])
      #expect(try anna.files(\.outpackets) == [])
      try await anna.expectNoTrouble()
    }
  }

  @Test func `a file that is taken away is no trouble any more`() async throws {
    try await Self.play { _, anna, ben in
      try anna.poison("INSERT ON packet", when: "instr(new.bytes, 'poison') > 0")
      try anna.drop(
        "<status xmlns=\"urn:socialnet:1\" share=\"no\"><text>poison</text></status>", into: \.outpackets, as: "1.xml")
      try await anna.exhaust()
      try await anna.expectSetAside("File 1.xml")
      try FileManager.default.removeItem(at: anna.layout.outpackets.appending(path: "1.xml"))
      try await anna.say(nil, to: ben)
      try await anna.expectNoTrouble()
    }
  }

  @Test func `a copy that cannot be read holds up no other, and is tried once more after an upgrade`() async throws {
    try await Self.play { stage, anna, ben in
      try anna.poison("UPDATE ON outpacket", when: "new.state = 'handed over'")
      _ = try await anna.node.post("poison", photos: [], circle: nil, share: false)
      _ = try? await anna.run()
      try anna.heal()
      let name = try #require(try anna.files(\.outpackets).first)
      let file = anna.layout.outpackets.appending(path: name)
      let bytes = try Data(contentsOf: file)
      try FileManager.default.removeItem(at: file)
      try FileManager.default.createDirectory(at: file, withIntermediateDirectories: false)
      for parcel in try ben.parcels() { try FileManager.default.removeItem(at: parcel) }
      try await anna.say("behind", to: ben)
      try await ben.expect(words: ["behind"])
      stage.pass(days: 6)
      try await anna.run()
      let failed = try #require(try await anna.node.outpackets().failed.first)
      #expect(failed.lastReply.hasPrefix("given up after 5 days"))
      #expect(try await anna.node.notices().contains { $0.kind == "not delivered" })
      try FileManager.default.removeItem(at: file)
      try bytes.write(to: file)
      try await anna.run()
      #expect(try await anna.node.outpackets().failed.count == 1)
      try anna.upgrade()
      try await anna.say(nil, to: ben)
      try await ben.expect(words: ["poison", "behind"])
    }
  }
}

/// The same for what is read from and written to the user.
@Suite struct PoisonedLetterTests {
  @Test func `answers, letters and digest entries that fail hold up no other`() async throws {
    try await Stage.play { stage in
      let mail = try TestMail.shared.get()
      let anna = try await stage.correspondent("Anna", mail)
      let ben = try await stage.correspondent("Ben", mail)
      try await anna.befriend(ben)

      // A digest of two things, one of which cannot be read.
      for words in ["poison", "behind"] { _ = try await ben.node.post(words, photos: [], circle: nil, share: false) }
      try await ben.speak()
      try await anna.run()
      try anna.alter("UPDATE feed SET pictures = 'poison' WHERE text = 'poison'")
      _ = try await anna.node.sendDigest()
      try await anna.speak()
      let digest = try anna.letter("digest")
      #expect(digest.text.contains("behind") && !digest.text.contains("poison"))
      for _ in 1...6 {
        stage.pass(minutes: 10)
        _ = try? await anna.node.sendDigest()
      }
      try await anna.expectSetAside("Digest entry item:")
      try anna.alter("UPDATE feed SET pictures = '[]'")
      try anna.upgrade()
      try await anna.run()
      #expect(try await anna.node.sendDigest() == 1)
      try await anna.speak()
      #expect(try anna.letters("digest").last?.text.contains("poison") == true)
      try await anna.expectNoTrouble()

      // Two answers, one of which cannot be acted on.
      try anna.poison("INSERT ON draft", when: "instr(new.content, 'poison') > 0")
      try anna.leave([anna.answer(to: digest, "post: poison"), anna.answer(to: digest, "post: behind")])
      try await anna.run()
      #expect(try anna.rows("SELECT COUNT(*), SUM(instr(content, 'behind') > 0) FROM draft") == ["1|1"])
      try await anna.exhaust()
      try await anna.expectSetAside("Inpacket")
      try anna.upgrade()
      try anna.heal()
      try await anna.run()
      #expect(try anna.rows("SELECT COUNT(*) FROM draft WHERE instr(content, 'poison') > 0") == ["1"])
      stage.pass(minutes: 11)
      try await anna.speak()
      #expect(try await anna.words().filter { $0 == "poison" || $0 == "behind" }.count == 4)
      try await anna.expectNoTrouble()

      // Two letters at once, one of which nobody can read.
      try anna.alter("INSERT INTO at_once (content, asked) VALUES ('poison', 0)")
      let post = try #require(try await anna.node.feed(limit: 1, since: nil, words: "behind").first)
      try await ben.run()
      _ = try await ben.node.comment(on: .beginning(post.id.text), text: "a comment")
      try await ben.speak()
      try await anna.speak()
      #expect(try anna.letters("item").last?.text.contains("a comment") == true)
      try await anna.exhaust()
      try await anna.expectSetAside("Letter")
    }
  }
}

extension Person {
  /// Posts, and lets a friend read; without words, whatever waits.
  fileprivate func say(_ words: String?, to friend: Person) async throws {
    if let words { _ = try await node.post(words, photos: [], circle: nil, share: false) }
    try await run()
    try await friend.run()
  }

  /// Runs until what fails is given up.
  fileprivate func exhaust() async throws {
    for _ in 1...6 {
      stage.pass(minutes: 10)
      try await run()
    }
  }

  /// From now on the database says no to certain rows: so any stage can be made to fail, for one thing alone.
  fileprivate func poison(_ what: String, when condition: String) throws {
    try alter("CREATE TRIGGER poison BEFORE \(what) WHEN \(condition) BEGIN SELECT RAISE(ABORT, 'poison'); END")
  }

  /// As if a process had been killed with this in hand.
  fileprivate func die(leaving log: String) throws {
    try Data(log.utf8).write(to: layout.stateDirectory.appending(path: "scratch/at-work-2000000000"))
  }

  fileprivate func heal() throws { try alter("DROP TRIGGER poison") }

  /// As if everything until now had been done by an earlier version.
  fileprivate func upgrade() throws {
    try alter("UPDATE trouble SET version = '0.0.9'; UPDATE setting SET value = '0.0.9' WHERE name = 'program'")
  }

  fileprivate func expectSetAside(_ words: String, sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let notices = try await node.notices().filter { $0.kind == "set aside" }
    #expect(
      notices.first?.said.hasPrefix("\(words)") == true, "\(notices.map(\.said))", sourceLocation: sourceLocation)
    let check = await node.doctor().first { $0.name == "set aside" }
    #expect(check?.result == .warn, sourceLocation: sourceLocation)
    #expect(try rows("SELECT COUNT(*) FROM trouble WHERE aside = 1") == ["1"], sourceLocation: sourceLocation)
  }

  fileprivate func expectNoTrouble(sourceLocation: SourceLocation = #_sourceLocation) async throws {
    #expect(try rows("SELECT * FROM trouble") == [], sourceLocation: sourceLocation)
    #expect(await node.doctor().allSatisfy { $0.name != "set aside" }, sourceLocation: sourceLocation)
  }
}
