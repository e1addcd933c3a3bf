import Feed
import Foundation
import OpenPGP
import Packets
import TestMail
import Testing

@testable import Bridge

/// A new OpenPGP key, with the real gpg.
@Suite struct KeyChangeTests {
  @Test func `a new key goes on where the old one was, and a rebuild with both gives everything back`() async throws {
    try await Stage.play { stage in
      let mail = try TestMail.shared.get()
      let anna = try await stage.correspondent("Anna", mail)
      let ben = try await stage.correspondent("Ben", mail)
      try await anna.befriend(ben)
      let post = try await anna.node.post("Under the first key", photos: [], circle: nil, share: false)
      for person in [anna, ben] { try await person.speak() }
      // Sealed to the key that Ben knows, and read under the next.
      _ = try await ben.node.comment(on: .beginning(post.text), text: "To the first key")
      let changed = try await anna.node.changeKey()
      #expect(changed.told == 1)
      #expect(try await anna.node.profile().fingerprint == changed.key)
      // In this order: what overtakes the word about the key is asked for again an hour later.
      for person in [anna, ben] { try await person.speak() }
      _ = try await anna.node.post("Under the second key", photos: [], circle: nil, share: false)
      for person in [anna, ben] { try await person.speak() }
      #expect(try await ben.node.contacts().map(\.fingerprint) == [changed.key])
      _ = try await ben.node.post("To the second key", photos: [], circle: nil, share: false)
      for person in [ben, anna, ben] { try await person.speak() }
      let words = ["Under the first key", "To the first key", "Under the second key", "To the second key"]
      for person in [anna, ben] {
        #expect(try await person.words().sorted() == words.sorted(), "\(person.name)")
        try await person.expect(refused: [])
      }
      // Somebody new meets the new key alone.
      let carol = try await stage.correspondent("Carol", mail)
      try await anna.befriend(carol)
      #expect(try await carol.node.contacts().map(\.fingerprint) == [changed.key])
      try await carol.expect(refused: [])
      #expect(try anna.rows("SELECT signer FROM body ORDER BY number DESC LIMIT 1") == [changed.key.text])
      #expect(await anna.node.doctor().first { $0.name == "key" }?.said == "The key \(changed.key.text) signs.")
      for person in [anna, ben] {
        let before = try await View(of: person)
        let after = try await person.rebuiltView()
        #expect(after == before, "\(person.name): \(after.difference(from: before))")
      }
      _ = try await anna.node.post("After the loss", photos: [], circle: nil, share: false)
      for person in [anna, ben] { try await person.speak() }
      #expect(try await ben.words().contains("After the loss"))
    }
  }

  @Test func `a new key without both signatures over it is refused`() async throws {
    try await Stage.play { stage in
      let anna = try await stage.neighbour("Anna")
      let ben = try await stage.neighbour("Ben")
      let carol = try await stage.neighbour("Carol")
      try await anna.befriend(ben)
      let hand = try Hand(of: ben)
      let revision = UInt64(stage.now.milliseconds)
      let annas = try anna.author()
      let carols = try await carol.node.profile().certificate
      let old = try #require(Key(fingerprint: hand.key.bytes))
      let (new, certificate) = try await ben.with { bridge in
        let home = try await bridge.keyring.home()
        let key = try await home.makeIdentityKey()
        return (key, try await home.certificate(of: key))
      }
      let fresh = try #require(Fingerprint(bytes: new.fingerprint))
      func sign(_ text: [UInt8], _ key: Key) async throws -> [UInt8] {
        try await ben.with { try await $0.keyring.home().sign(text, by: key) }
      }
      func text(_ author: Author, _ old: Fingerprint, _ new: Fingerprint, _ revision: UInt64) -> [UInt8] {
        Derivation.keyChangeText(author: author, old: old, new: new, revision: revision)
      }
      let right = text(hand.secret.author, hand.key, fresh, revision)
      let (byOld, byNew) = (try await sign(right, old), try await sign(right, new))
      let another = "Its signature is wrong."
      var cases: [(Action.KeyChange, String)] = []
      func add(_ oldSignature: [UInt8], _ newSignature: [UInt8], _ certificate: [UInt8], _ reason: String) {
        cases.append(
          (.init(revision: revision, certificate: certificate, oldSignature: oldSignature, newSignature: newSignature), reason))
      }
      add(byNew, byNew, certificate, "It is not signed by the key that it has to be.")
      add(byOld, byOld, certificate, "It is not signed by the key that it has to be.")
      for wrong in [
        text(annas, hand.key, fresh, revision), text(hand.secret.author, fresh, hand.key, revision),
        text(hand.secret.author, hand.key, fresh, revision + 1), Array(right.dropLast()),
      ] {
        add(try await sign(wrong, old), byNew, certificate, another)
        add(byOld, try await sign(wrong, new), certificate, another)
      }
      add(byOld, byNew, carols, "")
      add(byOld, byNew, try await ben.node.profile().certificate, "The certificate is of another key.")
      add(byOld, byNew, Array(certificate.dropLast(3)), "The certificate is damaged, armored, or holds a secret key.")
      add(byOld, byNew, certificate + carols, "It is not one key.")
      for (number, (change, reason)) in cases.enumerated() {
        stage.pass(seconds: 2)
        try await hand.send([try hand.packet(.keyChange(change), to: annas), try hand.status("beside \(number)")], to: anna)
        try await anna.run()
        let refused = try await anna.newRefusals()
        #expect(refused.count == 1 && refused[0].hasPrefix("packet: it does not prove its new key: "), "\(number) \(refused)")
        if !reason.isEmpty && reason != "It is not one key." && reason != another && !reason.hasPrefix("It is not signed by") {
          #expect(refused == ["packet: it does not prove its new key: \(reason)"], "\(number)")
        }
      }
      #expect(try await anna.node.contacts().map(\.fingerprint) == [hand.key])
      #expect(try await anna.words().count == cases.count)
      // The twin; the old key says nothing more, and another new key beside it freezes.
      let change = Action.KeyChange(revision: revision, certificate: certificate, oldSignature: byOld, newSignature: byNew)
      try await hand.send([try hand.packet(.keyChange(change), to: annas)], to: anna)
      try await anna.run()
      try await anna.expect(refused: [])
      #expect(try await anna.node.contacts().map(\.fingerprint) == [fresh])
      try await hand.send([try hand.status("under the old key")], to: anna)
      try await anna.run()
      try await anna.expect(refused: ["signer: another key took the place of the signer's"])
      try await hand.send(
        [try hand.packet(.keyChange(change), to: annas), try hand.status("beside it")], to: anna)
      try await anna.run()
      try await anna.expect(refused: ["packet: this sender may not send a status"])
      #expect(try await anna.node.contacts().map(\.state) == [.contact])
    }
  }

  @Test func `what lies before the word about its key is read behind it`() async throws {
    try await Stage.play { stage in
      let anna = try await stage.neighbour("Anna")
      let ben = try await stage.neighbour("Ben")
      try await anna.befriend(ben)
      _ = try await ben.node.changeKey()
      _ = try await ben.node.post("Under the second key", photos: [], circle: nil, share: false)
      try await ben.run()
      // The older a file, the sooner it is read: the word about the key is the youngest.
      let word = try #require(try ben.rows("SELECT message_id FROM outpacket WHERE kind = 'key-change'").first)
      for parcel in try anna.parcels() {
        let isWord = try String(contentsOf: parcel, encoding: .utf8).contains(word)
        let age: Double = isWord ? 0 : 600
        try FileManager.default.setAttributes([.modificationDate: Date(timeIntervalSinceNow: -age)], ofItemAtPath: parcel.path)
      }
      try await anna.run()
      try await anna.expect(refused: [])
      try await anna.expect(words: ["Under the second key"])
    }
  }

  @Test func `a key of the user's own is not replaced`() async throws {
    try await Stage.play { stage in
      let annas = try OwnKeyTests.Keys(stage, "annas-keys")
      defer { annas.end() }
      let key = try annas.make("ed25519", "cert,sign", subkeys: [("cv25519", "encr")])
      let anna = try await stage.neighbour("Anna") { plan in
        plan.key = .own(key)
        plan.gnupgHome = annas.home
      }
      let refused = await #expect(throws: OperationFailure.self) { _ = try await anna.node.changeKey() }
      #expect(refused?.code == .refused)
      #expect(try await anna.node.profile().fingerprint == key)
      let none = await #expect(throws: OperationFailure.self) { _ = try await anna.node.revoke(certificate: nil) }
      #expect(none?.code == .noInput)
      // gpg has made one for it, in the user's own home.
      let made = annas.home.appending(path: "openpgp-revocs.d/\(key.text).rev")
      #expect(try await anna.node.revoke(certificate: made) == 0)
    }
  }
}
