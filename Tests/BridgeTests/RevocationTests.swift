import Feed
import Foundation
import OpenPGP
import Packets
import TestMail
import Testing

@testable import Bridge

/// A key that is taken back, with the real gpg.
@Suite struct RevocationTests {
  @Test func `a key that its owner takes back is believed nowhere, also after a rebuild`() async throws {
    try await Stage.play { stage in
      let mail = try TestMail.shared.get()
      let anna = try await stage.correspondent("Anna", mail)
      let ben = try await stage.correspondent("Ben", mail)
      try await anna.befriend(ben)
      _ = try await anna.node.post("Before", photos: [], circle: nil, share: false)
      for person in [anna, ben] { try await person.speak() }
      #expect(try await anna.node.revoke(certificate: nil) == 1)
      try await anna.speak()
      try await ben.speak()
      #expect(try await ben.node.contacts().map(\.state) == [.frozen])
      #expect(try await ben.node.notices().map(\.kind) == ["changed key"])
      try await ben.expect(words: ["Before"])
      let refused = await #expect(throws: OperationFailure.self) {
        _ = try await anna.node.post("Behind", photos: [], circle: nil, share: false)
      }
      #expect(refused?.code == .badData)
      let dead = await #expect(throws: OperationFailure.self) { _ = try await ben.node.unfreeze("Anna") }
      #expect(dead?.message.contains("took this key back") == true)
      for person in [anna, ben] {
        let before = try await View(of: person)
        let after = try await person.rebuiltView()
        #expect(after == before, "\(person.name): \(after.difference(from: before))")
      }
    }
  }

  @Test func `hostile revocations are refused, and what comes under a revoked key is too`() async throws {
    try await Stage.play { stage in
      let anna = try await stage.neighbour("Anna")
      let ben = try await stage.neighbour("Ben")
      let carol = try await stage.neighbour("Carol")
      try await anna.befriend(ben)
      let hand = try Hand(of: ben)
      let (annas, carols, bens) = (try await anna.revocation(), try await carol.revocation(), try await ben.revocation())
      for (certificate, reason) in [
        (annas, "It is of another key, or no revocation."), (carols, "It is of another key, or no revocation."),
        (Array(bens.dropLast()), "The certificate is damaged, armored, or holds a secret key."),
        (bens + bens, "The certificate is damaged, armored, or holds a secret key."),
      ] {
        let word = try hand.packet(.revoke(.init(certificate: certificate)), to: anna.author())
        try await hand.send([word, try hand.status("beside it")], to: anna)
        try await anna.run()
        try await anna.expect(refused: ["packet: it does not take the signer's key back: \(reason)"])
        stage.pass(seconds: 2)
      }
      #expect(try await anna.node.contacts().map(\.state) == [.contact])
      try await anna.expect(words: Array(repeating: "beside it", count: 4))
      // The twin.
      try await hand.send([try hand.packet(.revoke(.init(certificate: bens)), to: anna.author())], to: anna)
      try await anna.run()
      try await anna.expect(refused: [])
      #expect(try await anna.node.contacts().map(\.state) == [.frozen])
      try await hand.send([try hand.status("forged")], to: anna)
      try await anna.run()
      try await anna.expect(refused: ["signer: the signer's key was taken back by its owner"])
    }
  }

  @Test func `who is frozen for another reason is still heard when they take the key back, and with nothing else`() async throws {
    try await Stage.play { stage in
      let anna = try await stage.neighbour("Anna")
      let ben = try await stage.neighbour("Ben")
      try await anna.befriend(ben)
      let hand = try Hand(of: ben)
      try anna.alter("UPDATE contact SET state = 'frozen'")
      try await hand.send([try hand.status("beside it")], to: anna)
      try await anna.run()
      try await anna.expect(refused: ["signer: the signer is frozen until the user decides about its keys"])
      let word = try hand.packet(.revoke(.init(certificate: try await ben.revocation())), to: anna.author())
      try await hand.send([word, try hand.status("with it")], to: anna)
      try await anna.run()
      try await anna.expect(refused: ["packet: this sender may not send a status"])
      #expect(try anna.rows("SELECT revoked FROM former_key") == ["1"])
      let dead = await #expect(throws: OperationFailure.self) { _ = try await anna.node.unfreeze("Ben") }
      #expect(dead?.message.contains("took this key back") == true)
    }
  }
}

extension Person {
  /// The revocation certificate that was made with the account's key.
  func revocation() async throws -> [UInt8] {
    try await with { bridge in try #require(try await bridge.keyring.home().revocation(of: try bridge.key)) }
  }

  func author() throws -> Author {
    let text = try #require(try rows("SELECT author FROM identity").first)
    return try #require(Author(text: text))
  }
}
