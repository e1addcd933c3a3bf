import Foundation
import OpenPGP
import Testing

@Suite struct SigningTests {
  static let bytes = Array("SocialNet-author-1\0".utf8) + [UInt8](0...255)

  @Test func `a detached signature is checked by who pinned the certificate, and by who was just given it`() async throws {
    try await Stage.play { stage in
      let anna = try await Person("anna", on: stage)
      let ben = try await Person("ben", on: stage)
      let signature = try await anna.home.sign(Self.bytes, by: anna.key)
      #expect(try await ben.home.verify(signature, over: Self.bytes, by: await anna.certificate).key == anna.key)
      await #expect(throws: OpenFailure.signature(.anotherKey)) {
        try await ben.home.verify(signature, over: Self.bytes, by: anna.key)
      }
      try await ben.befriend(anna)
      try await ben.home.verify(signature, over: Self.bytes, by: anna.key)
      return [anna, ben]
    }
  }

  @Test func `a signature that is not the one asked for is refused`() async throws {
    try await Stage.play { stage in
      let anna = try await Person("anna", on: stage)
      let primary = try anna.gpgKey("primary")
      try anna.gpg("--passphrase", "", "--quick-add-key", primary.hex, "ed25519", "sign", "never")
      func detached(_ signer: String, _ options: String...) throws -> [UInt8] {
        try stage.gpg(home: anna.directory, options + ["--detach-sign", "-u", signer], input: Self.bytes)
      }
      let good = try detached("\(primary.hex)!")
      try await anna.home.verify(good, over: Self.bytes, by: primary)
      let cases: [([UInt8], SignatureDefect, String)] = [
        (try detached(primary.hex), .anotherKey, "by a subkey"),
        (try detached(anna.key.hex), .anotherKey, "by another key"),
        (try detached("\(primary.hex)!", "--textmode"), .notBinary, "as text"),
        (try detached("\(primary.hex)!", "--digest-algo", "SHA1"), .weakDigest, "with SHA-1"),
        (try detached("\(primary.hex)!", "--armor"), .bad, "armored"),
        (good + good, .bad, "twice"),
        (Array(good.dropLast()), .bad, "cut short"),
        ([], .bad, "nothing"),
        (try anna.gpg("--sign", "-u", "\(primary.hex)!", input: Self.bytes), .bad, "with its own content"),
      ]
      for (signature, defect, reason) in cases {
        await #expect(throws: OpenFailure.signature(defect), "\(reason)") {
          try await anna.home.verify(signature, over: Self.bytes, by: primary)
        }
      }
      await #expect(throws: OpenFailure.signature(.bad)) {
        try await anna.home.verify(good, over: Self.bytes + [0], by: primary)
      }
      return [anna]
    }
  }
}
