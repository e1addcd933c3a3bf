import Account
import Feed
import Foundation
import Packets
import TestMail
import Testing

@testable import Bridge

/// What must be told to nobody, looked for where it might slip out.
@Suite struct SecrecyTests {
  @Test func `the log knows neither passwords nor keys nor words, and no file but the database and the settings holds them`()
    async throws
  {
    try await Stage.play { stage in
      let mail = try TestMail.shared.get()
      let anna = try await stage.correspondent("Anna", mail)
      let ben = try await stage.correspondent("Ben", mail)
      let ear = Ear()
      let node = anna.node(log: ear.logger)
      func run() async throws {
        try await node.run(once: true, takingOver: false, progress: .none)
        try await mail.delivered()
      }
      let link = try await node.invite(address: nil, name: nil).link
      _ = try await ben.node.accept(try InvitationLink.read(link))
      try await ben.speak()
      for _ in 1...2 {
        try await run()
        try await ben.speak()
      }
      _ = try await node.post("The treasure lies under the oak", photos: [], circle: nil, share: false)
      _ = try await ben.node.post("I moved it under the elm", photos: [], circle: nil, share: false)
      try await ben.speak()
      try await run()
      #expect(try await node.sendDigest() == 1)
      try await run()
      try anna.leave([anna.answer(to: try anna.letter("digest"), "1: Then dig at the elm")])
      try await run()
      await _ = node.doctor()

      let written = try #require(try anna.rows("SELECT lower(hex(seed)) FROM identity").first)
      let seed = try #require(Hex.decode(written))
      let proof = try #require(link.range(of: "&s=")).upperBound
      let login = Data("\0\(anna.address)\0\(TestMail.password)".utf8).base64EncodedString()
      let secrets = [
        TestMail.password, login, String(login.dropLast(4)), Hex.encode(seed), Base64URL.encode(seed),
        Data(seed).base64EncodedString(),
        String(link[proof...]), "treasure", "under the elm", "dig at",
      ]
      let lines = ear.lines
      #expect(lines.count > 100 && lines.contains { $0.contains("LOGIN") || $0.contains("AUTH") || $0.contains("login") })
      for secret in secrets {
        let leak = lines.first { $0.contains(secret) }
        #expect(leak == nil, "\(secret)")
      }
      // On the disk the words lie in the database; what waits or was received is sealed, but for the user's own letters.
      let open = FileManager.default.enumerator(atPath: anna.layout.stateDirectory.path)
      for case let name as String in try #require(open) where !name.hasPrefix("socialnet.sqlite") && !name.hasPrefix("gnupg") {
        let file = anna.layout.stateDirectory.appending(path: name)
        guard let bytes = try? Data(contentsOf: file), !name.hasSuffix("config.toml"), !name.hasSuffix("password") else {
          continue
        }
        let text = String(decoding: bytes, as: UTF8.self)
        for secret in [Hex.encode(seed), Base64URL.encode(seed), String(link[proof...])] {
          #expect(!text.contains(secret), "\(name)")
        }
      }
    }
  }
}
