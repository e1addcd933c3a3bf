import Foundation
@testable import OpenPGP
import Testing

@Suite struct CertificateTests {
  @Test func `a revocation certificate takes back its own key, and no other`() async throws {
    try await Stage.play { stage in
      let anna = try await Person("anna", on: stage)
      let ben = try await Person("ben", on: stage)
      let certificate = try await anna.certificate
      let revocation = try #require(anna.home.revocation(of: anna.key))
      try await ben.home.inspect(revocation: revocation, of: certificate)
      // Neither home has taken it in: its owner still signs and opens.
      #expect(try await anna.home.pinned().map(\.isRevoked) == [false])

      let bens = try #require(ben.home.revocation(of: ben.key))
      await #expect(throws: CertificateFailure.notRevoked) { try await ben.home.inspect(revocation: bens, of: certificate) }
      // A signature of the right key over something else: over a text, and over a subkey.
      let text = try await anna.home.sign(Array("I take it back".utf8), by: anna.key)
      await #expect(throws: CertificateFailure.notRevoked) { try await ben.home.inspect(revocation: text, of: certificate) }
      let binding = try #require(OpenPGPPacket.row(in: certificate)?.last { $0.packet.tag == .signature })
      await #expect(throws: CertificateFailure.notRevoked) {
        try await ben.home.inspect(revocation: Array(certificate[binding.range]), of: certificate)
      }
      var bent = revocation
      bent[bent.count - 3] ^= 1
      await #expect(throws: CertificateFailure.notRevoked) { try await ben.home.inspect(revocation: bent, of: certificate) }
      // More than one packet, armor, nothing, a whole certificate that is revoked.
      let armored = try #require(anna.home.revocationCertificate(of: anna.key))
      for wrong in [revocation + revocation, armored, [], certificate + revocation, Array(revocation.dropLast())] {
        await #expect(throws: CertificateFailure.malformed) { try await ben.home.inspect(revocation: wrong, of: certificate) }
      }
      return [anna, ben]
    }
  }

  @Test func `a key of our own has the form that the protocol asks for`() async throws {
    try await Stage.play { stage in
      let anna = try await Person("anna", on: stage)
      let lines = String(decoding: try anna.gpg("--with-colons", "--list-secret-keys"), as: UTF8.self).split(separator: "\n")
        .map { $0.split(separator: ":", omittingEmptySubsequences: false) }
      let keys = lines.filter { ["sec", "ssb"].contains($0[0]) }
      // type, algorithm, expiry, usage, curve
      #expect(
        keys.map { [$0[0], $0[3], $0[6], $0[11].filter(\.isLowercase), $0[16]] } == [
          ["sec", "22", "", "sc", "ed25519"], ["ssb", "18", "", "e", "cv25519"],
        ])
      #expect(lines.filter { $0[0] == "uid" }.map { $0[9] } == ["socialnet"])

      let certificate = try await anna.certificate
      let inspected = try await anna.home.inspect(certificate)
      #expect(inspected.key == anna.key)
      #expect(inspected.subkeys.count == 1)
      #expect(inspected.canEncrypt && inspected.primaryCanSign && !inspected.isExpired && !inspected.isRevoked)
      #expect(certificate.count < 500)
      return [anna]
    }
  }

  @Test func `the revocation certificate that is made along revokes the key`() async throws {
    try await Stage.play { stage in
      let anna = try await Person("anna", on: stage)
      let ben = try await Person("ben", on: stage)
      try await ben.befriend(anna)
      #expect(try await ben.home.pinned().contains { $0.isRevoked } == false)
      try ben.gpg("--import", input: try #require(anna.home.revocationCertificate(of: anna.key)))
      #expect(try await ben.home.pinned().filter(\.isRevoked).map(\.key) == [anna.key])
      #expect(anna.home.revocationCertificate(of: ben.key) == nil)
      return [anna, ben]
    }
  }

  @Test func `a certificate is reduced to one user id and the subkeys that decrypt`() async throws {
    try await Stage.play { stage in
      let anna = try await Person("anna", on: stage)
      let key = try anna.gpgKey("rich")
      for (algorithm, usage) in [("cv25519", "encr"), ("ed25519", "sign"), ("ed25519", "auth")] {
        try anna.gpg("--passphrase", "", "--quick-add-key", key.hex, algorithm, usage, "never")
      }
      try anna.gpg("--quick-add-uid", key.hex, "Second <second@example.org>")
      let certificate = try await anna.home.certificate(of: key)
      let listing = String(decoding: try anna.gpg("--list-packets", input: certificate), as: UTF8.self)
      #expect(
        listing.split(separator: "\n").filter { $0.hasPrefix(":") }.map { $0.split(separator: " ")[0...1].joined(separator: " ") }
          == [":public key", ":user ID", ":signature packet:", ":public sub", ":signature packet:"])
      #expect(try await anna.home.inspect(certificate).subkeys.map(\.canEncrypt) == [true])
      return [anna]
    }
  }

  @Test func `what is no certificate is refused with its reason`() async throws {
    try await Stage.play { stage in
      let anna = try await Person("anna", on: stage)
      let other = try anna.gpgKey("other")
      let own = try await anna.certificate
      let cases: [([UInt8], CertificateFailure, String)] = [
        ([], .malformed, "nothing"),
        (Array("no certificate".utf8), .malformed, "a text"),
        (Array(own.dropLast()), .malformed, "cut short"),
        (own + [0x99], .malformed, "a header at the end"),
        (try anna.gpg("--armor", "--export", anna.key.hex), .malformed, "armored"),
        (try anna.gpg("--export-secret-keys", anna.key.hex), .malformed, "a secret key"),
        (own + (try anna.export(other)), .notOneKey, "two keys"),
        (Array(own.prefix(own.count / 8)) + [], .malformed, "part of a packet"),
        (own + [UInt8](repeating: 0, count: Certificate.sizeLimit), .tooLarge, "too large"),
        (try anna.export(other).withoutSignatures, .unusable, "no self-signature"),
      ]
      for (bytes, failure, reason) in cases {
        await #expect(throws: failure, "\(reason)") { try await anna.home.inspect(bytes) }
      }
      _ = try await anna.home.inspect(own)
      return [anna]
    }
  }

  @Test func `expired and revoked certificates say so`() async throws {
    try await Stage.play { stage in
      let anna = try await Person("anna", on: stage)
      let expired = try anna.gpgKey("expired", expires: "1y", time: "20200101T000000")
      let revoked = try anna.gpgKey("revoked")
      try anna.gpg("--import", input: try #require(anna.home.revocationCertificate(of: revoked)))
      #expect(try await anna.home.inspect(try anna.export(expired)).isExpired)
      #expect(try await anna.home.inspect(try anna.export(revoked)).isRevoked)
      return [anna]
    }
  }

  @Test func `a certificate that shares a key id with a pinned one is not pinned`() async throws {
    try await Stage.play { stage in
      let anna = try await Person("anna", on: stage)
      let ben = try await Person("ben", on: stage)
      let (one, two) = try anna.keysWithOneSubkey()
      let (first, second) = (try anna.export(one), try anna.export(two))
      _ = try await ben.home.pin(first)
      await #expect(throws: CertificateFailure.overlaps(one)) { try await ben.home.pin(second) }
      _ = try await ben.home.pin(first)  // the same one again is welcome
      try await ben.home.unpin(one)
      _ = try await ben.home.pin(second)
      return [anna, ben]
    }
  }

  @Test func `a contact is forgotten on demand, and a key of our own is not`() async throws {
    try await Stage.play { stage in
      let anna = try await Person("anna", on: stage)
      let ben = try await Person("ben", on: stage)
      try await anna.befriend(ben)
      #expect(try await Set(ben.home.pinned().map(\.key)) == [anna.key, ben.key])
      try await ben.home.unpin(anna.key)
      try await ben.home.unpin(anna.key)
      await #expect(throws: CertificateFailure.self) { try await ben.home.unpin(ben.key) }
      #expect(try await ben.home.pinned().map(\.key) == [ben.key])
      await #expect(throws: CertificateFailure.unknown(anna.key)) { try await ben.home.certificate(of: anna.key) }
      return [anna, ben]
    }
  }

  @Test func `only a usable certificate of the same key, with no key id of anybody else's, renews another`() async throws {
    try await Stage.play { stage in
      let anna = try await Person("anna", on: stage)
      let ben = try await Person("ben", on: stage)
      let (one, two) = try anna.keysWithOneSubkey()
      let lonely = try anna.gpgKey("lonely")
      let lonelyOnce = try anna.export(lonely)
      for key in [anna.key, lonely] { _ = try await ben.home.pin(try anna.export(key)) }
      // The same key as before, and with a subkey more.
      try await ben.home.inspect(try anna.export(anna.key), renewing: anna.key)
      try anna.gpg("--passphrase", "", "--quick-add-key", anna.key.hex, "cv25519", "encr", "never")
      try await ben.home.inspect(try anna.export(anna.key), renewing: anna.key)
      try await ben.home.inspect(try anna.export(two), renewing: two)

      _ = try await ben.home.pin(try anna.export(one))
      let cases: [([UInt8], Key, CertificateFailure)] = [
        (try anna.export(anna.key), lonely, .anotherKey),
        (lonelyOnce, lonely, .cannotEncrypt),
        (try anna.export(two), two, .overlaps(one)),
        (try anna.export(anna.key) + [UInt8](repeating: 0, count: Certificate.sizeLimit), anna.key, .tooLarge),
        (try anna.export(anna.key) + anna.export(lonely), anna.key, .notOneKey),
      ]
      for (bytes, key, failure) in cases {
        await #expect(throws: failure) { try await ben.home.inspect(bytes, renewing: key) }
      }
      return [anna, ben]
    }
  }

  @Test func `a renewed certificate replaces the old one`() async throws {
    try await Stage.play { stage in
      let anna = try await Person("anna", on: stage)
      let ben = try await Person("ben", on: stage)
      try await anna.befriend(ben)
      try anna.gpg("--passphrase", "", "--quick-add-key", anna.key.hex, "cv25519", "encr", "never")
      #expect(try await ben.home.pin(try await anna.certificate).subkeys.count == 2)
      let piece = try await ben.home.seal(Spool([1, 2, 3]), by: ben.key, to: [anna.key]).piece(for: anna.key)
      #expect(try await anna.home.open(Spool(try #require(piece).bytes), limit: 3).signed?.by == ben.key)
      return [anna, ben]
    }
  }
}

extension [UInt8] {
  /// A certificate as nobody signed it: its old-format packets but for the signatures.
  fileprivate var withoutSignatures: [UInt8] {
    var rest = self[...]
    var kept: [UInt8] = []
    while let header = rest.first {
      let long = header & 3 == 1
      let size = long ? Int(rest[rest.startIndex + 1]) << 8 | Int(rest[rest.startIndex + 2]) : Int(rest[rest.startIndex + 1])
      let packet = rest.prefix((long ? 3 : 2) + size)
      if header >> 2 & 15 != 2 { kept += packet }
      rest = rest.dropFirst(packet.count)
    }
    return kept
  }
}
