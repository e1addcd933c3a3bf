import Foundation
import OpenPGP
import Testing

@Suite struct SealingTests {
  let words = Array("Finally moved in.\r\n".utf8)

  @Test func `what one seals the other opens, and knows who wrote it`() async throws {
    try await Stage.play { stage in
      let anna = try await Person("anna", on: stage)
      let ben = try await Person("ben", on: stage)
      try await anna.befriend(ben)
      let sealed = try await anna.home.seal(Spool(words), by: anna.key, to: [ben.key, anna.key])
      let piece = try #require(sealed.piece(for: ben.key))
      for form in [try piece.bytes, try piece.text] {
        let opened = try await ben.home.open(Spool(form), limit: 1000).signed
        #expect(opened?.by == anna.key)
        #expect(opened?.plaintext == words)
      }
      #expect(try ben.gpg("--decrypt", input: try piece.text) == words)
      #expect(sealed.piece(for: try #require(Key(hex: String(repeating: "0", count: 40)))) == nil)
      return [anna, ben]
    }
  }
}
