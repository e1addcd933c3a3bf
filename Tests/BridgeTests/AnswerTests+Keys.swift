import Account
import Feed
import Foundation
import Packets
import TestMail
import Testing

@testable import Bridge

/// Answers that the gpg program signed or encrypted, as mail programs do (RFC 3156).
extension AnswerTests {
  /// What the gpg program says with somebody's keys.
  private func gpg(_ person: Person, _ arguments: String..., input: String) throws -> String {
    let home = ["--homedir", person.layout.gnupg.path, "--batch", "--quiet", "--armor", "-u", try key(of: person)]
    return try runProgram("/usr/bin/gpg", home + arguments, input: input)
  }

  private func key(of person: Person) throws -> String { try person.configuration.account.key.text }

  private func multipart(_ subtype: String, _ parameters: String, _ parts: [String]) -> String {
    "Content-Type: multipart/\(subtype); \(parameters); boundary=\"b\"\n\n"
      + parts.map { "--b\n\($0)\n" }.joined() + "--b--\n"
  }

  private func signed(_ words: String, by person: Person, bend: (String) -> String = { $0 }) throws -> String {
    let part = "Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n\(words)"
    // RFC 3156 5: the signature is over CRLF line ends; the last one belongs to the boundary.
    let signature = try gpg(person, "--detach-sign", input: part.replacing("\n", with: "\r\n"))
    return multipart(
      "signed", "micalg=pgp-sha512; protocol=\"application/pgp-signature\"",
      [bend(part), "Content-Type: application/pgp-signature; name=signature.asc\n\n\(signature)"])
  }

  private func encrypted(_ words: String, to reader: Person, signs: Bool) throws -> String {
    let part = "Content-Type: text/plain; charset=utf-8\r\n\r\n\(words)"
    let how = signs ? ["--sign"] : []
    let home = ["--homedir", reader.layout.gnupg.path, "--batch", "--quiet", "--armor", "--encrypt", "-r", try key(of: reader)]
    let sealed = try runProgram("/usr/bin/gpg", home + how, input: part)
    return multipart(
      "encrypted", "protocol=\"application/pgp-encrypted\"",
      [
        "Content-Type: application/pgp-encrypted\n\nVersion: 1\n",
        "Content-Type: application/octet-stream; name=encrypted.asc\n\n\(sealed)",
      ])
  }

  @Test func `an answer signed with the identity's key needs no copy in Sent`() async throws {
    let (letter, posts) = try await digest("To be signed for")
    func answer(_ words: String, by person: Person, bend: (String) -> String = { $0 }) throws -> Person.Draft {
      anna.answer(to: letter).with(body: try signed(anna.quoting(letter, below: words), by: person, bend: bend))
    }
    try await anna.mail(answer("Signed by me", by: anna), in: [.inbox])
    try await anna.mail(answer("Signed by another", by: ben), in: [.inbox])
    try await anna.mail(answer("Signed and changed", by: anna) { $0.replacing("and changed", with: "and CHANGED") }, in: [.inbox])
    try await letTimePass()
    try await expect(["Signed by me"], on: posts[0])
    let waiting = try await anna.node.inpackets().waiting
    #expect(waiting.count == 2 && waiting.allSatisfy { $0.said == "waits for its copy in the Sent folder" })
    let asked = try anna.letters("nonce").count
    try await lookAgain()
    for question in try anna.letters("nonce").dropFirst(asked) {
      try await anna.mail(anna.answer(to: question, "no"), in: [.inbox])
    }
    try await expectNothingWaits()
  }

  @Test func `an encrypted answer is read if it is encrypted to the identity's key`() async throws {
    let (letter, posts) = try await digest("In an envelope")
    func answer(_ words: String, to reader: Person, signs: Bool = false) throws -> Person.Draft {
      anna.answer(to: letter).with(body: try encrypted(anna.quoting(letter, below: words), to: reader, signs: signs))
    }
    try await anna.mail(answer("Sealed", to: anna))
    try await anna.mail(answer("Sealed and signed", to: anna, signs: true), in: [.inbox])
    let before = try anna.letters("notice").count
    try await anna.mail(answer("To another key", to: ben))
    try await letTimePass()
    try await expect(["Sealed", "Sealed and signed"], on: posts[0])
    try await anna.speak()
    #expect(try anna.letters("notice").count == before + 1)
    #expect(try anna.letter("notice").text.contains("Your mail is encrypted, and not to the key that I have"))
    // Nothing of it lies anywhere in the clear.
    #expect(try anna.rows("SELECT text FROM feed WHERE text LIKE '%another key%'") == [])
    try await expectNoMoreQuestions()
  }

  @Test func `an encrypted digest is opened with the user's key, and says nothing outside`() async throws {
    try anna.change { $0.digest.encrypt = true }
    defer { try? anna.change { $0.digest.encrypt = false } }
    _ = try await ben.node.post("For her eyes alone", photos: [], circle: nil, share: false)
    try await ben.speak()
    try await anna.run()
    _ = try await anna.node.sendDigest()
    try await anna.speak()
    let sealed = try #require(try anna.mails("INBOX").last)
    let outside = String(decoding: sealed.whole, as: UTF8.self)
    #expect(sealed.headers["subject"] == "[...]")
    #expect(sealed.headers["content-type"]?.hasPrefix("multipart/encrypted") == true)
    #expect(!outside.contains("her eyes alone") && !outside.contains("1 friend"))
    #expect(!sealed.headers.values.contains { $0.contains("Ben") })
    // RFC 3156 4, 6.2: not every mail program undoes a transfer encoding before it decrypts.
    #expect(!outside.contains("quoted-printable") && !outside.contains("base64"))
    let armor = try #require(outside.firstRange(of: "-----BEGIN PGP MESSAGE-----")).lowerBound
    let inside = try gpg(anna, "--status-fd", "1", "--decrypt", input: String(outside[armor...]))
    #expect(inside.contains("Subject: 1 friend, 1 new thing") && inside.contains("For her eyes alone"))
    #expect(inside.contains("VALIDSIG \(try key(of: anna))"))
  }
}
