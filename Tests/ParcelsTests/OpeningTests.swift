import Foundation
import MIME
import OpenPGP
import Packets
import Testing

@testable import Parcels

/// Every gate in pairs: what is refused, and a twin that differs only in what the gate guards and is let in.
@Suite(.serialized) struct OpeningTests {
  static let pairKey = [UInt8](repeating: 0x42, count: 32)
  static let oldPairKey = [UInt8](repeating: 0x41, count: 32)

  private func refusal(_ body: () async throws -> Void) async throws -> Gate? {
    do {
      try await body()
      return nil
    } catch OpeningFailure.refused(let refusal) {
      return refusal.gate
    }
  }

  @Test func `a parcel comes out as it went in, and gpg itself opens it`() async throws {
    try await Stage.play("anna", "ben") { people in
      let (anna, ben) = (people[0], people[1])
      try await anna.befriend(ben)
      let draft = try anna.draft(.one(ben.key))
      let file = try await anna.send(draft, to: ben)
      let parcel = try await ben.open(file, .contact(anna.author, pairKeys: []))
      #expect(parcel.signer == anna.key)
      #expect(parcel.from == anna.address)
      #expect(parcel.date == draft.date)
      #expect(parcel.audience == .one(ben.key))
      #expect(parcel.contents.packets.map(\.signed) == draft.packets)

      let armor = try Message(file: file).body(of: #require(Message(file: file).root.parts.last), limit: 1 << 20)
      try Data(armor).write(to: ben.stage.path("armor.asc"))
      let gpg = Process()
      gpg.executableURL = URL(filePath: "/usr/bin/gpg")
      let plain = ben.stage.path("plain")
      gpg.arguments = [
        "--homedir", ben.stage.path("ben").path, "--batch", "--quiet", "-o", plain.path, "-d", ben.stage.path("armor.asc").path,
      ]
      gpg.standardError = FileHandle.nullDevice
      try gpg.run()
      gpg.waitUntilExit()
      #expect(gpg.terminationStatus == 0)
      let inside = try Data(contentsOf: plain)
      let entity = try draft.entity().bytes()
      #expect(Array(inside.prefix(entity.count)) == entity)
      #expect(inside.count == max(4096, Int(Derivation.padme(UInt64(entity.count)))))
    }
  }

  @Test func `one sealing serves a circle, and no copy tells of another`() async throws {
    try await Stage.play("anna", "ben", "carol") { people in
      let (anna, ben, carol) = (people[0], people[1], people[2])
      try await anna.befriend(ben)
      try await anna.befriend(carol)
      var random = SplitMix(state: 9)
      let keys = [Self.pairKey, [UInt8](repeating: 0x43, count: 32)]
      let draft = try anna.draft(#require(Audience.circle(pairKeys: keys, using: &random)))
      let copies = people.map { person in
        Sealer.Copy(
          recipient: person.key, to: person.address, messageID: "\(person.name)@x", file: person.stage.path("\(person.name).eml"))
      }
      let sizes = try await anna.sealer.seal(draft, copies: copies)
      for (copy, size) in zip(copies, sizes) {
        let bytes = Array(try Data(contentsOf: copy.file))
        #expect(bytes.count == size)
        let headers = try Message(bytes).headers
        #expect(headers.onlyAddress("To") == copy.to)
        #expect(headers.only("Message-ID")?.unfolded == "<\(copy.messageID)>")
        #expect(!bytes.split(separator: 10).contains { $0.count > 998 })
      }
      let known = Standing.contact(anna.author, pairKeys: [Self.pairKey])
      #expect(try await ben.gate(copies[1].file, known) == nil)
      #expect(try await carol.gate(copies[2].file, .contact(anna.author, pairKeys: [keys[1]])) == nil)
      #expect(try await ben.gate(copies[2].file, known) == .decryption)
      #expect(try await anna.gate(copies[0].file, .myself(anna.author), own: true) == nil)
      #expect(try FileManager.default.contentsOfDirectory(atPath: anna.stage.directory.path).allSatisfy { !$0.hasPrefix(".tmp") })
    }
  }

  @Test func `nobody outside the audience gets a copy`() async throws {
    try await Stage.play("anna", "ben", "carol") { people in
      let (anna, ben, carol) = (people[0], people[1], people[2])
      try await anna.befriend(ben)
      try await anna.befriend(carol)
      func copy(_ person: Person) -> Sealer.Copy {
        .init(recipient: person.key, to: person.address, messageID: "m@x", file: person.stage.path(person.stage.next()))
      }
      let draft = try anna.draft(.one(ben.key))
      await #expect(throws: SealingFailure.unfit("a recipient outside the audience")) {
        try await anna.sealer.seal(draft, copies: [copy(ben), copy(carol)])
      }
      _ = try await anna.sealer.seal(draft, copies: [copy(ben), copy(anna)])
      await #expect(throws: SealingFailure.unfit("a parcel without packets")) {
        try await anna.sealer.seal(anna.draft(.one(ben.key), []), copies: [copy(ben)])
      }
      var random = SplitMix(state: 1)
      let small = try anna.draft(#require(Audience.circle(pairKeys: [Self.pairKey], using: &random)))
      await #expect(throws: SealingFailure.unfit("more recipients than the audience names")) {
        try await anna.sealer.seal(small, copies: [copy(ben), copy(carol)])
      }
    }
  }

  @Test func `decryption: what is changed, unencrypted or too large is refused`() async throws {
    try await Stage.play("anna", "ben") { people in
      let (anna, ben) = (people[0], people[1])
      try await anna.befriend(ben)
      let known = Standing.contact(anna.author, pairKeys: [])
      let file = try await anna.send(anna.draft(.one(ben.key)), to: ben)
      #expect(try await ben.gate(file, known) == nil)

      var changed = Array(try Data(contentsOf: file))
      let middle = try #require(changed.firstRange(of: Array("-----END PGP".utf8))).lowerBound - 300
      changed[middle] = changed[middle] == 65 ? 66 : 65
      let bent = ben.stage.path("changed.eml")
      try Data(changed).write(to: bent)
      #expect(try await ben.gate(bent, known) == .decryption)
      #expect(try await ben.gate(ben.stage.message(around: Array("no OpenPGP\r\n".utf8)), known) == .decryption)

      // 100 times the ciphertext and 1 MiB: a bomb of zeros is beyond it, half of it is not, and fails only at the next gate.
      let certificate = try await ben.certificate
      func bomb(_ size: Int) async throws -> URL {
        try Data([UInt8](repeating: 0, count: size)).write(to: ben.stage.path("zeros"))
        try Data(certificate).write(to: ben.stage.path("ben.pgp"))
        try run(
          ben.stage, "anna", "--compress-algo", "zlib", "-z", "9", "-u", anna.key.text, "-r", ben.key.text, "--trust-model",
          "always",
          "-o", "\(ben.stage.path("bomb-\(size).pgp").path)", "-se", ben.stage.path("zeros").path)
        return try ben.stage.message(around: Array(Data(contentsOf: ben.stage.path("bomb-\(size).pgp"))))
      }
      #expect(try await ben.gate(bomb(4 << 20), known) == .decryption)
      #expect(try await ben.gate(bomb(1 << 20), known) == .packet)
    }
  }

  private func run(_ stage: Stage, _ home: String, _ arguments: String...) throws {
    let gpg = Process()
    gpg.executableURL = URL(filePath: "/usr/bin/gpg")
    gpg.arguments = ["--homedir", stage.path(home).path, "--batch", "--quiet", "--yes"] + arguments
    gpg.standardError = FileHandle.nullDevice
    try gpg.run()
    gpg.waitUntilExit()
    #expect(gpg.terminationStatus == 0)
  }

  @Test func `signer: only who may send is let in`() async throws {
    try await Stage.play("anna", "ben") { people in
      let (anna, ben) = (people[0], people[1])
      try await anna.befriend(ben)
      let file = try await anna.send(anna.draft(.one(ben.key)), to: ben)
      #expect(try await ben.gate(file, .contact(anna.author, pairKeys: [])) == nil)
      #expect(try await ben.gate(file, .blocked) == .signer)
      #expect(try await ben.gate(file, .frozen(anna.author)) == .signer)
      #expect(try await ben.gate(file, .stranger) == .signer)
      #expect(try await ben.gate(file, .myself(anna.author), own: false) == .signer)
      #expect(try await ben.gate(file, .myself(anna.author), own: true) == nil)
      // Whom I asked may only answer; the rest waits for that.
      await #expect(throws: Person.Held.self) { try await ben.open(file, .asked(anna.author)) }
      let answer = try await anna.send(anna.draft(.one(ben.key), [Say.boundRequest(by: anna, to: ben)]), to: ben)
      #expect(try await ben.gate(answer, .asked(anna.author)) == nil)
      let revoke = try Say.packet(.revoke(.init(certificate: [1])), by: anna, Say.stream(3, to: ben))
      let word = try await anna.send(anna.draft(.one(ben.key), [revoke]), to: ben)
      #expect(try await ben.gate(file, .retired(anna.author)) == .signer)
      for standing in [Standing.frozen(anna.author), .retired(anna.author)] {
        #expect(try await ben.gate(word, standing) == nil)
        #expect(try await ben.gate(answer, standing) == .signer)
      }
      #expect(try await ben.gate(word, .revoked) == .signer)
      // Who is kept out is kept out at this gate, whatever the inside is.
      let broken = try await anna.send(inside: Array("nothing".utf8), to: ben)
      #expect(try await ben.gate(broken, .contact(anna.author, pairKeys: [])) == .packet)
      for standing in [Standing.blocked, .frozen(anna.author), .retired(anna.author), .revoked, .stranger, .myself(anna.author)] {
        #expect(try await ben.gate(broken, standing) == .signer)
      }
      // A trouble of this machine refuses nothing.
      await #expect(throws: OpeningFailure.troubled(TemporaryTrouble("locked"))) {
        try await ben.opener.open(Shape(of: file), isFromOwnFolder: false) { (_) throws(TemporaryTrouble) in
          throw TemporaryTrouble("locked")
        }
      }
      // Unsigned, or signed twice.
      let inside = ben.stage.path("inside")
      try Data(anna.draft(.one(ben.key)).entity().bytes()).write(to: inside)
      let unsigned = ben.stage.path("unsigned.pgp")
      try run(ben.stage, "anna", "-r", ben.key.text, "--trust-model", "always", "-o", unsigned.path, "-e", inside.path)
      #expect(
        try await ben.gate(ben.stage.message(around: Array(Data(contentsOf: unsigned))), .contact(anna.author, pairKeys: []))
          == .signer)
    }
  }

  @Test func `signer: a stranger may send one good request and nothing else`() async throws {
    try await Stage.play("anna", "ben", "eve") { people in
      let (anna, ben, eve) = (people[0], people[1], people[2])
      _ = try await anna.home.pin(try await ben.certificate)
      _ = try await eve.home.pin(try await ben.certificate)
      let good = try await Say.boundRequest(by: anna, to: ben)
      func gate(_ packets: [SignedPacket], _ standing: Standing = .stranger, from sender: Person? = nil) async throws -> Gate? {
        let sender = sender ?? anna
        return try await ben.gate(sender.send(sender.draft(.one(ben.key), packets), to: ben), standing)
      }
      let opened = try await ben.open(anna.send(anna.draft(.one(ben.key), [good]), to: ben), .stranger)
      #expect(opened.signer == anna.key)
      #expect(opened.contents.packets.map(\.signed) == [good])

      #expect(try await gate([good], .blocked) == .signer)
      #expect(try await gate([Say.status("Hello", by: anna)]) == .signer)
      #expect(try await gate([good, Say.status("Hello", by: anna)]) == .signer)
      #expect(try await gate([SignedPacket(bytes: good.bytes, signature: [])]) == .signer)
      #expect(try await gate([SignedPacket(bytes: Array("<packet".utf8), signature: [])]) == .signer)
      #expect(try await gate([Say.boundRequest(by: anna, to: ben, bound: ben.key)]) == .signer)
      #expect(try await gate([Say.boundRequest(by: anna, to: ben, signature: [1, 2, 3])]) == .signer)
      #expect(try await gate([Say.boundRequest(by: anna, to: ben, certificate: ben.certificate)]) == .signer)
      let large = Base64URL.encode([UInt8](repeating: 0, count: 10_241))
      let own = Base64URL.encode(try await anna.certificate)
      #expect(try await gate([Say.bent(good, by: anna) { $0.replacing(own, with: large) }]) == .signer)
      #expect(try await gate([Say.bent(good, by: anna) { $0.replacing("anna</name>", with: "anne</name>") }]) == nil)
      // Somebody else's request, sealed by another: the certificate in it did not sign.
      #expect(try await gate([good], from: eve) == .signer)
      // One that names another audience.
      #expect(try await ben.gate(anna.send(anna.draft(.one(eve.key), [good]), to: ben, bend: { $0 }), .stranger) == .audience)
    }
  }

  @Test func `audience: a parcel that does not name me is refused`() async throws {
    try await Stage.play("anna", "ben") { people in
      let (anna, ben) = (people[0], people[1])
      try await anna.befriend(ben)
      var random = SplitMix(state: 3)
      let circle = try #require(Audience.circle(pairKeys: [Self.pairKey], using: &random))
      let inCircle = try await anna.send(anna.draft(circle), to: ben)
      #expect(try await ben.gate(inCircle, .contact(anna.author, pairKeys: [Self.pairKey])) == nil)
      #expect(try await ben.gate(inCircle, .contact(anna.author, pairKeys: [Self.oldPairKey, Self.pairKey])) == nil)
      #expect(try await ben.gate(inCircle, .contact(anna.author, pairKeys: [Self.oldPairKey])) == .audience)
      #expect(try await ben.gate(inCircle, .contact(anna.author, pairKeys: [])) == .audience)

      let known = Standing.contact(anna.author, pairKeys: [])
      let draft = try anna.draft(.one(ben.key))
      func gate(_ bend: @escaping (String) -> String, own: Bool = false) async throws -> Gate? {
        try await ben.gate(anna.send(draft, to: ben, bend: bend), own ? .myself(nil) : known, own: own)
      }
      #expect(try await gate { $0 } == nil)
      #expect(try await gate { $0.replacing(ben.key.text, with: anna.key.text) } == .audience)
      #expect(try await gate({ $0.replacing(ben.key.text, with: anna.key.text) }, own: true) == nil)
      let bends: [(String, (String) -> String)] = [
        ("no audience", { $0.replacing("SocialNet-Audience:", with: "X-Audience:") }),
        ("an unreadable audience", { $0.replacing("fingerprint=", with: "fingerprints=") }),
        ("a second audience", { "SocialNet-Audience: fingerprint=\(ben.key.text)\r\n" + $0 }),
        ("a second From", { "From: anna@example.org\r\n" + $0 }),
        (
          "From of two", { $0.replacing("From: anna@example.org\r\nDate", with: "From: anna@example.org, x@example.org\r\nDate") }
        ),
        ("no Date", { $0.replacing("\r\nDate:", with: "\r\nX-Date:") }),
        ("an unreadable Date", { $0.replacing("\r\nDate: Sun,", with: "\r\nDate: soon\r\nX-Date: Sun,") }),
        ("a second Subject", { "Subject: x\r\n" + $0 }),
        ("no word about the outer From", { $0.replacing("HP-Outer: From", with: "HP-Outer: To") }),
      ]
      for (reason, bend) in bends {
        let found = try await gate(bend)
        #expect(found == .audience, "\(reason)")
      }
      // White space in the value does not count.
      #expect(
        try await gate {
          $0.replacing("fingerprint=", with: "fingerprint = ").replacing(
            ben.key.text.suffix(5), with: " \(ben.key.text.suffix(5))")
        } == nil)
    }
  }

  @Test func `packet: an inside that is none is refused`() async throws {
    try await Stage.play("anna", "ben") { people in
      let (anna, ben) = (people[0], people[1])
      try await anna.befriend(ben)
      let known = Standing.contact(anna.author, pairKeys: [])
      let draft = try anna.draft(.one(ben.key))
      func gate(_ bend: @escaping (String) -> String) async throws -> Gate? {
        try await ben.gate(anna.send(draft, to: ben, bend: bend), known)
      }
      #expect(try await gate { $0 } == nil)
      #expect(try await gate { $0.replacing("application/vnd.socialnet.packet+xml", with: "application/xml") } == .packet)
      #expect(try await gate { $0.replacing("multipart/mixed", with: "text/plain") } == .packet)
      let boundary = draft.boundaries.inner
      func more(_ count: Int) -> (String) -> String {
        let part = "--\(boundary)\r\n\r\nx\r\n"
        return { $0.replacing("--\(boundary)--", with: String(repeating: part, count: count) + "--\(boundary)--") }
      }
      #expect(try await gate(more(97)) == nil)
      #expect(try await gate(more(98)) == .packet)
      func noText(_ count: Int) -> (String) -> String {
        { more(count)($0.replacing("Content-Type: text/plain; charset=utf-8", with: "Content-Type: image/png")) }
      }
      #expect(try await gate(noText(96)) == nil)
      #expect(try await gate(noText(97)) == .packet)
      // One bad packet does not take the others along.
      let two = try anna.draft(.one(ben.key), draft.packets + [SignedPacket(bytes: Array("<packet/>".utf8), signature: [])])
      let parcel = try await ben.open(anna.send(two, to: ben), known)
      #expect(parcel.contents.packets.count == 2)
      #expect((try? parcel.contents.packets[0].reading.get()) != nil)
      #expect((try? parcel.contents.packets[1].reading.get()) == nil)
    }
  }

  @Test func `a photo's bytes come through, and binary and encoded messages are read too`() async throws {
    try await Stage.play("anna", "ben") { people in
      let (anna, ben) = (people[0], people[1])
      try await anna.befriend(ben)
      let known = Standing.contact(anna.author, pairKeys: [])
      var random = SplitMix(state: 21)
      let picture = Random.bytes(3_000_000, using: &random)
      let file = anna.stage.path("picture")
      try Data(picture).write(to: file)
      let blob = Blob(sha256: Hash.of(picture), size: UInt64(picture.count), type: "image/jpeg")
      let photo = Action.Photo(share: false, pictures: [.init(width: 1, height: 1, alternative: nil, blob: blob)], caption: "Ä")
      let packet = try Say.packet(.photo(photo), by: anna, Say.stream(1))
      let message = try await anna.send(anna.draft(.one(ben.key), [packet], blobs: [.init(blob, in: file)]), to: ben)
      let parcel = try await ben.open(message, known)
      #expect(parcel.contents.blobs == [blob.sha256: blob.size])
      let target = ben.stage.path("blob")
      try parcel.contents.writeBlob(blob.sha256, to: target)
      #expect(try Hash.of(file: target.path) == blob.sha256)

      let root = try Message(file: message).root
      let armor = try Message(file: message).body(of: #require(root.parts.last), limit: 40 << 20)
      let lines = String(decoding: armor, as: UTF8.self).split(separator: "\r\n", omittingEmptySubsequences: false)
      let binary = try #require(
        Data(base64Encoded: lines.drop { !$0.isEmpty }.dropFirst().prefix { !$0.hasPrefix("=") }.joined()))
      let asBinary = try ben.stage.message(around: Array(binary))
      #expect(try await ben.gate(asBinary, known) == nil)
      let head = Sample.head.replacing("octet-stream\r\n", with: "octet-stream\r\nContent-Transfer-Encoding: base64\r\n")
      let encoded = ben.stage.path("encoded.eml")
      try Data(Array(head.utf8) + Array(binary.base64EncodedData(options: .lineLength76Characters)) + Array(Sample.foot.utf8))
        .write(to: encoded)
      #expect(try await ben.gate(encoded, known) == nil)
    }
  }
}
