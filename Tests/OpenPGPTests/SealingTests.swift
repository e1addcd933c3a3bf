import Foundation
import OpenPGP
import Testing

@Suite struct SealingTests {
  static let words = Array("Finally moved in.\r\n".utf8)

  @Test func `what one seals the other opens, and knows who wrote it`() async throws {
    try await Stage.play { stage in
      let anna = try await Person("anna", on: stage)
      let ben = try await Person("ben", on: stage)
      try await anna.befriend(ben)
      let sealed = try await anna.home.seal(Spool(Self.words), by: anna.key, to: [ben.key, anna.key])
      let piece = try #require(sealed.piece(for: ben.key))
      for form in [try piece.bytes, try piece.text] {
        let opened = try await ben.home.open(Spool(form), limit: 1000).signed
        #expect(opened?.by == anna.key)
        #expect(opened?.plaintext == Self.words)
      }
      #expect(try ben.gpg("--decrypt", input: try piece.text) == Self.words)
      let own = try #require(sealed.piece(for: anna.key))
      #expect(try await anna.home.open(Spool(own.bytes), limit: 1000).signed?.by == anna.key)
      return [anna, ben]
    }
  }

  @Test func `a sealed message has the form that the protocol asks for`() async throws {
    try await Stage.play { stage in
      let anna = try await Person("anna", on: stage)
      let sealed = try await anna.home.seal(Spool(Self.words), by: anna.key, to: [anna.key])
      let piece = try #require(sealed.piece(for: anna.key))
      let listing = String(decoding: try anna.gpg("--list-packets", "--verbose", input: try piece.bytes), as: UTF8.self)
      let packets = listing.split(separator: "\n").filter { $0.hasPrefix(":") }
      #expect(
        packets.map { $0.split(separator: " ").prefix(2).joined(separator: " ") }
          == [":pubkey enc", ":encrypted data", ":onepass_sig packet:", ":literal data", ":signature packet:"])
      for fact in [
        "version 3, algo 18", "mdc_method: 2", "mode b ", "version 4", "sigclass 0x00", "digest algo 10",
        "keyid \(anna.key.hex.suffix(16))",
      ] {
        #expect(listing.contains(fact), "\(fact)")
      }
      // The cipher stands in gpg's status alone: 9 is AES-256, 2 integrity protection.
      let status = try anna.gpg("--status-fd", "1", "--output", "/dev/null", "--decrypt", input: try piece.bytes)
      #expect(String(decoding: status, as: UTF8.self).contains("DECRYPTION_INFO 2 9"))
      return [anna]
    }
  }

  @Test(arguments: [1, 3, 60]) func `each of many gets a message of their own, and nobody reads of another`(count: Int)
    async throws
  {
    try await Stage.play { stage in
      let anna = try await Person("anna", on: stage)
      let crowd = try await Person("crowd", on: stage)
      let members = try crowd.makeKeys(count)
      for member in members { try anna.gpg("--import", input: try crowd.export(member)) }
      try crowd.gpg("--import", input: try await anna.certificate)
      let sealed = try await anna.home.seal(Spool(Self.words), by: anna.key, to: members + members)
      #expect(Set(sealed.sessionKeys.keys) == Set(members))
      for member in members {
        let piece = try #require(sealed.piece(for: member))
        let status = String(
          decoding: try crowd.gpg("--status-fd", "1", "--decrypt", input: try piece.bytes), as: UTF8.self)
        #expect(status.contains("DECRYPTION_KEY") && status.contains(" \(member.hex) "))
        #expect(status.contains("VALIDSIG \(anna.key.hex)") && status.contains("Finally moved in."))
        #expect(status.split(separator: "\n").count { $0.contains("ENC_TO") } == 1)
      }
      return [anna, crowd]
    }
  }

  @Test func `who cannot be encrypted to is named`() async throws {
    try await Stage.play { stage in
      let anna = try await Person("anna", on: stage)
      let ben = try await Person("ben", on: stage)
      try await anna.befriend(ben)
      let mute = try anna.gpgKey("mute")
      let stranger = try #require(Key(fingerprint: [UInt8](repeating: 7, count: 20)))
      for nobody in [mute, stranger] {
        await #expect(throws: SealFailure.unusable([nobody])) {
          try await anna.home.seal(Spool(Self.words), by: anna.key, to: [ben.key, nobody])
        }
      }
      await #expect(throws: SealFailure.noRecipients) { try await anna.home.seal(Spool(Self.words), by: anna.key, to: []) }
      await #expect(throws: SealFailure.self) { try await anna.home.seal(Spool(Self.words), by: ben.key, to: [anna.key]) }
      _ = try await anna.home.seal(Spool(Self.words), by: anna.key, to: [ben.key])
      return [anna, ben]
    }
  }

  @Test func `a large message streams through files, and can be put together again from its two parts`() async throws {
    try await Stage.play { stage in
      let anna = try await Person("anna", on: stage)
      let writer = SpoolWriter(directory: stage.path("tmp"))
      var random = SplitMix(state: 1)
      for _ in 0..<3 * 1024 { try writer.append((0..<1024).map { _ in UInt8(truncatingIfNeeded: random.next()) }) }
      let plaintext = try writer.finish()
      let sealed = try await anna.home.seal(plaintext, by: anna.key, to: [anna.key])
      let file = stage.path("body")
      try Data(try sealed.body.bytes(limit: .max)).write(to: file)
      let piece = Piece(sessionKey: try #require(sealed.sessionKeys[anna.key]), body: try Spool(reading: file))
      let letter = stage.path("letter")
      let text = try piece.text
      #expect(text.count == piece.armored.size)
      try Data(Array("Content-Type: text/plain\r\n\r\n".utf8) + text + Array("--boundary--".utf8)).write(to: letter)
      let part = try Spool(reading: letter, part: 28..<28 + text.count)
      let opened = try await anna.home.open(part, limit: plaintext.size)
      #expect(try opened.signed?.plaintext == plaintext.bytes(limit: .max))
      return [anna]
    }
  }
}

extension Person {
  /// Makes many keys with one run of gpg.
  func makeKeys(_ count: Int) throws -> [Key] {
    let one =
      "%no-protection\nKey-Type: eddsa\nKey-Curve: ed25519\nSubkey-Type: ecdh\nSubkey-Curve: cv25519\nSubkey-Usage: encrypt\n"
    let known = try listedKeys()
    try gpg("--gen-key", input: Array((0..<count).map { "\(one)Name-Real: member \($0)\n%commit\n" }.joined().utf8))
    return try listedKeys().filter { !known.contains($0) }
  }
}
