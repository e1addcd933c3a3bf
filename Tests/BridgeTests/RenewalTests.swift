import Account
import Feed
import Foundation
import OpenPGP
import Packets
import TestMail
import Testing

@testable import Bridge

/// Certificates with new subkeys, or another expiry, of a key that stays.
@Suite struct RenewalTests {
  /// What Ben's GnuPG home knows of Anna: how many subkeys, and until when.
  private static func known(_ key: Fingerprint, to person: Person) throws -> (subkeys: Int, expires: String) {
    let listing = try runProgram(
      "/usr/bin/gpg", ["--homedir", person.layout.gnupg.path, "--batch", "--with-colons", "--list-keys", key.text])
    let lines: [[Substring]] = listing.split(separator: "\n").map { $0.split(separator: ":", omittingEmptySubsequences: false) }
    let primary = lines.first { $0[0] == "pub" }
    return (lines.count { $0[0] == "sub" }, primary.map { String($0[6]) } ?? "none")
  }

  @Test func `a key that its user renews goes on at friends, who encrypt to its new subkey`() async throws {
    try await Stage.play { stage in
      let annas = try OwnKeyTests.Keys(stage, "annas-keys")
      defer { annas.end() }
      let key = try annas.make("ed25519", "cert,sign", subkeys: [("cv25519", "encr")])
      let anna = try await stage.neighbour("Anna") { plan in
        plan.key = .own(key)
        plan.gnupgHome = annas.home
      }
      let ben = try await stage.neighbour("Ben")
      try await anna.befriend(ben)
      let old = try Self.known(key, to: ben)
      #expect(old.subkeys == 1 && old.expires == "")

      try annas.gpg("--quick-set-expire", key.text, "2y")
      try annas.gpg("--quick-add-key", key.text, "cv25519", "encr", "1y")
      try await anna.run()
      try await ben.run()
      try await ben.expect(refused: [])
      let new = try Self.known(key, to: ben)
      #expect(new.subkeys == 2 && new.expires != "")
      #expect(try await anna.node.profile().certificate == ben.node.contacts().first?.certificate)

      // gpg takes the newest subkey: what Ben writes now opens with it alone.
      _ = try await ben.node.post("To your new key", photos: [], circle: nil, share: false)
      try await ben.run()
      let parcel = try String(contentsOf: #require(try anna.parcels().first), encoding: .utf8)
      let armor = try #require(parcel.range(of: "-----BEGIN PGP MESSAGE-----"))
      let message = stage.path("message.asc")
      try Data(parcel[armor.lowerBound...].utf8).write(to: message)
      let listed = try annas.gpg("--with-colons", "--list-keys").split(separator: "\n").filter { $0.hasPrefix("sub:") }
      let newest = try #require(listed.last).split(separator: ":", omittingEmptySubsequences: false)[4]
      #expect(try annas.gpg("--list-packets", message.path).contains("keyid \(newest)"))
      try await anna.run()
      try await anna.expect(words: ["To your new key"])

      // It is told once.
      try await anna.run()
      #expect(try ben.parcels() == [])
    }
  }

  @Test func `a certificate that does not renew the pinned one is refused with its profile`() async throws {
    try await Stage.play { stage in
      let anna = try await stage.neighbour("Anna")
      let ben = try await stage.neighbour("Ben")
      let carol = try await stage.neighbour("Carol")
      try await anna.befriend(ben)
      let hand = try Hand(of: ben)
      let (bens, carols) = (try await ben.node.profile(), try await carol.node.profile())
      func profile(_ certificate: [UInt8], _ name: String) throws -> SignedPacket {
        var profile = Action.Profile(
          revision: UInt64(stage.now.milliseconds) + 1000, name: name, fields: [], endpoints: [],
          binding: .init(fingerprint: bens.fingerprint, signature: bens.binding))
        profile.certificate = certificate
        stage.pass(seconds: 2)
        return try hand.packet(.profile(profile))
      }
      for (certificate, reason) in [
        (carols.certificate, "The certificate is of another key."),
        (Array(bens.certificate.dropLast()), "The certificate is damaged, armored, or holds a secret key."),
      ] {
        try await hand.send([try profile(certificate, "Not Ben"), try hand.status("beside it")], to: anna)
        try await anna.run()
        try await anna.expect(refused: ["packet: its certificate cannot take the place of the pinned one: \(reason)"])
      }
      #expect(try anna.rows("SELECT claimed <> 'Not Ben' FROM contact") == ["1"])
      #expect(try await anna.node.contacts().first?.certificate == bens.certificate)

      // The twin: the same, with the certificate that it has.
      try await hand.send([try profile(bens.certificate, "Ben again")], to: anna)
      try await anna.run()
      try await anna.expect(refused: [])
      #expect(try anna.rows("SELECT claimed FROM contact") == ["Ben again"])
      try await anna.expect(words: ["beside it", "beside it"])
    }
  }
}
