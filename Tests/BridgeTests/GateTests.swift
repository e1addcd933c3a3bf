import Account
import Drivers
import Feed
import Foundation
import Packets
import Parcels
import TestMail
import Testing

@testable import Bridge

/// Gates from the file to the list of what was refused. Each refused parcel has a twin that differs only in what is guarded.
@Suite struct GateTests {
  /// Anna and Ben know each other; Carol knows neither.
  private static func play(_ body: (_ stage: Stage, _ anna: Person, _ ben: Hand, _ carol: Hand) async throws -> Void) async throws
  {
    try await Stage.play { stage in
      let anna = try await stage.neighbour("Anna")
      let ben = try await stage.neighbour("Ben")
      let carol = try await stage.neighbour("Carol")
      try await anna.befriend(ben)
      try await body(stage, anna, try Hand(of: ben), try Hand(of: carol))
    }
  }

  @Test func `a contact is heard, and nobody else`() async throws {
    try await Self.play { stage, anna, ben, carol in
      for hand in [ben, carol] { try await hand.send([hand.status("I am \(hand.person.name)")], to: anna) }
      try await anna.run()
      try await anna.expect(words: ["I am Ben"])
      try await anna.expect(refused: ["signer: the signer is unknown, and this is not a single contact-request"])
      for hand in [ben, carol] { #expect(try hand.person.parcels() == [], "nobody is answered") }

      // The same man in other states.
      for (state, refusal) in [
        ("blocked", "signer: the signer is blocked"),
        ("frozen", "signer: the signer is frozen until the user decides about its keys"),
        ("removed", "signer: the signer is unknown, and this is not a single contact-request"), ("contact", nil),
      ] {
        try anna.alter("UPDATE contact SET state = '\(state)'")
        try await ben.send([ben.status("I am \(state)")], to: anna)
        try await anna.run()
        try await anna.expect(refused: (refusal.map { [$0] } ?? []))
      }
      try await anna.expect(words: ["I am Ben", "I am contact"])
      #expect(try anna.rows("SELECT name, refused FROM gate") == ["signer|4"])
      // What was refused lies in refused/ with the reason beside it, and nothing else is left anywhere.
      #expect(try anna.files(\.refused).map { $0.suffix(4) } == Array(repeating: [".eml", ".txt"], count: 4).flatMap { $0 })
      #expect(try anna.parcels() == [] && anna.files(\.inpackets) == [])
    }
  }

  @Test func `who becomes a contact by one parcel is heard in the next, though both were opened before`() async throws {
    try await Stage.play { stage in
      let anna = try await stage.neighbour("Anna")
      let ben = try await stage.neighbour("Ben")
      let link = try await anna.node.invite(address: nil, name: nil).link
      _ = try await ben.node.accept(try InvitationLink.read(link))
      try await ben.run()
      let request = try #require(anna.parcels().first)
      let hand = try Hand(of: ben)
      try await hand.send([hand.status("I am here")], to: anna)
      // The request came first, and both wait together.
      let files = FileManager.default
      for file in try anna.parcels() {
        let age = file.lastPathComponent == request.lastPathComponent ? 20.0 : 10
        try files.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: file.path)
      }
      #expect(try anna.parcels().count == 2)
      try await anna.run()
      try await anna.expect(words: ["I am here"])
      try await anna.expect(refused: [])
      #expect(try await anna.node.contacts().map(\.state) == [.contact])
    }
  }

  @Test func `a parcel that names other readers is refused, whoever it is encrypted to`() async throws {
    try await Self.play { _, anna, ben, _ in
      try await ben.send([ben.status("for her")], to: anna, circle: .reader)
      try await ben.send([ben.status("for the circle")], to: anna, circle: .withReader)
      try await ben.send([ben.status("for others")], to: anna, circle: .ofOthers)
      try await anna.run()
      #expect(try await Set(anna.words()) == ["for her", "for the circle"])
      try await anna.expect(refused: ["audience: this node is not named"])
    }
  }

  @Test func `a parcel that is not sealed to this node, or not whole, is refused`() async throws {
    try await Self.play { stage, anna, ben, carol in
      let words = try ben.status("whole")
      let good = try await ben.parcel([words], to: anna)
      let bytes = try Data(contentsOf: good)
      let armor = try #require(bytes.range(of: Data("-----BEGIN PGP MESSAGE-----\r\n\r\n".utf8))).upperBound
      func variant(_ change: (inout Data) -> Void) throws {
        var bent = bytes
        change(&bent)
        let file = stage.path("\(UUID().uuidString).eml")
        try bent.write(to: file)
        try anna.receive(file)
      }
      try variant {
        $0.replaceSubrange(armor + 700..<armor + 702, with: $0[armor + 700] == 65 ? Data("BB".utf8) : Data("AA".utf8))
      }
      try variant { $0.insert(contentsOf: Data("SocialNet-Parcel: 1\r\n".utf8), at: 0) }
      try anna.receive(try await ben.parcel([words], to: carol.person))
      try await anna.run()
      let refused = try await anna.newRefusals()
      #expect(refused.count == 3 && refused.contains { $0.hasPrefix("shape: the header SocialNet-Parcel stands more than once") })
      #expect(refused.count { $0.hasPrefix("decryption: ") } == 2, "\(refused)")
      try await anna.expect(words: [])
      try anna.receive(good)
      try await anna.run()
      try await anna.expect(words: ["whole"])
    }
  }

  @Test func `a packet that its author did not sign, or may not send, is refused alone`() async throws {
    try await Self.play { stage, anna, ben, carol in
      let good = try ben.status("signed")
      var bent = try ben.status("bent")
      bent = SignedPacket(bytes: bent.bytes, signature: bent.signature.dropLast() + [bent.signature.last.map { $0 ^ 1 } ?? 0])
      let forged = try carol.status("by Carol, says Ben")
      let stray = try ben.packet(
        .membership(.init(stream: try #require(StreamID(bytes: [UInt8](repeating: 1, count: 16))), span: .first(1))),
        to: carol.secret.author)
      try await ben.send([bent, forged, stray, good], to: anna)
      try await anna.run()
      try await anna.expect(words: ["signed"])
      try await anna.expect(
        refused: [
          "packet: the author's signature is missing or wrong", "packet: its author is not the one that belongs to the signer",
          "packet: it is addressed to somebody else",
        ])
      // A parcel of which nothing is left is set aside whole, with the reason.
      try await ben.send([bent], to: anna)
      try await anna.run()
      let name = try #require(try anna.files(\.refused).first).prefix(64)
      let reason = try String(contentsOf: anna.layout.refused.appending(path: "\(name).txt"), encoding: .utf8)
      #expect(reason == "packet: the author's signature is missing or wrong\n")
      #expect(try anna.files(\.refused) == ["\(name).eml", "\(name).txt"])
    }
  }

  @Test func `what comes again has one effect, and what comes changed is equivocation`() async throws {
    try await Self.play { stage, anna, ben, _ in
      var random = SystemRandomNumberGenerator()
      let id = PacketID(at: stage.now, using: &random)
      let words = try ben.status("once", id: id)
      let parcel = try await ben.parcel([words], to: anna)
      try anna.receive(parcel)
      try await anna.run()
      // The same file, then another sealing of the same packet.
      try anna.receive(parcel)
      try await anna.run()
      try await ben.send([words], to: anna)
      try await anna.run()
      try await anna.expect(words: ["once"])
      try await anna.expect(refused: [])
      #expect(try anna.rows("SELECT COUNT(*) FROM packet WHERE id = '\(id.text)'") == ["1"])
      #expect(try anna.parcels() == [])

      try await ben.send([try ben.status("twice", id: id)], to: anna)
      try await anna.run()
      try await anna.expect(words: ["once"])
      try await anna.expect(refused: ["order: another packet with this id came before"])
      #expect(try await anna.node.notices().map(\.kind) == ["equivocation"])
    }
  }

  @Test func `many that wait are read in one go, and who is kept out among them holds up nobody`() async throws {
    try await Self.play { stage, anna, ben, carol in
      try await carol.send([try carol.status("of a stranger")], to: anna)
      let parcel = try Data(contentsOf: try await ben.parcel([try ben.status("of a friend")], to: anna))
      // More than are asked for at a time: one packet in many files, as a provider adds a line to each.
      for number in 1...200 {
        let file = stage.path("\(number).eml")
        try (Data("Received: from here; \(number)\r\n".utf8) + parcel).write(to: file)
        try anna.receive(file)
      }
      try await anna.with { bridge in
        for driver in bridge.drivers { try await driver.receive(into: Desk(bridge: bridge), .once) }
        #expect(try await bridge.processInpackets())
        #expect(try await !bridge.processInpackets())
      }
      try await anna.expect(words: ["of a friend"])
      #expect(try await anna.newRefusals().count == 1)
    }
  }

  // MARK: Gate 0

  @Test func `more than a contact may send in a day is read the next day`() async throws {
    try await Self.play { stage, anna, ben, _ in
      // What made them contacts counts, too, and is of yesterday then.
      stage.pass(days: 1, minutes: 1)
      try anna.change { $0.limits.packetsPerDay = 2 }
      for number in 1...3 { try await ben.send([try ben.status("\(number)")], to: anna) }
      try await anna.run()
      #expect(try await anna.words().count == 2)
      let (waiting, _) = try await anna.node.inpackets()
      #expect(waiting.map(\.said) == ["more than one contact may send in a day; it is read tomorrow"])
      #expect(await anna.node.doctor().contains { $0.name == "inpackets" && $0.result == .warn })
      // Its file is safe, and it is asked for again in time.
      #expect(try anna.files(\.inpackets).count == 1)
      stage.pass(minutes: 61)
      try await anna.run()
      #expect(try await anna.words().count == 2)
      stage.pass(days: 1)
      try await anna.run()
      #expect(try await Set(anna.words()) == ["1", "2", "3"])
      try await anna.expect(refused: [])
    }
  }

  @Test func `megabytes are measured as packets are`() async throws {
    try await Self.play { stage, anna, ben, _ in
      stage.pass(days: 1, minutes: 1)
      try anna.change { $0.limits.megabytesPerDay = 1 }
      var random = SystemRandomNumberGenerator()
      for number in 1...3 {
        let file = stage.path("noise-\(number)")
        try Data(Random.bytes(300_000, using: &random)).write(to: file)
        let blob = Blob(sha256: try Hash.of(file: file.path), size: 300_000, type: "application/octet-stream")
        try await ben.send([try ben.status("\(number)")], to: anna, blobs: [.init(blob, in: file)])
      }
      try await anna.run()
      #expect(try await anna.words().count == 1)
      stage.pass(days: 1, minutes: 1)
      try await anna.run()
      #expect(try await anna.words().count == 2)
    }
  }

  @Test func `strangers are let in at a measured pace, and contacts beside them`() async throws {
    try await Self.play { stage, anna, ben, carol in
      try anna.change { $0.limits.strangersPerHour = 2 }
      // The request that made Ben a contact was a stranger's.
      stage.pass(minutes: 61)
      for number in 1...3 { try await carol.send([try carol.status("\(number)")], to: anna) }
      try await ben.send([try ben.status("of a friend")], to: anna)
      try await anna.run()
      #expect(try await anna.newRefusals().count == 2)
      #expect(try anna.parcels().count == 1, "it stays where it came in")
      try await anna.expect(words: ["of a friend"])
      // Another start of the program does not begin a new hour.
      try await anna.run()
      #expect(try anna.parcels().count == 1)
      stage.pass(minutes: 61)
      try await anna.run()
      #expect(try await anna.newRefusals().count == 1)
      #expect(try anna.parcels() == [])
    }
  }
}
