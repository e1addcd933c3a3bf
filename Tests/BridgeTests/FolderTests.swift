import Account
import Feed
import Foundation
import Packets
import TestMail
import Testing

@testable import Bridge

/// The whole loop without mail: people whose parcels lie in directories.
@Suite struct FolderTests {
  @Test func `what friends say to each other crosses, and is taken back everywhere`() async throws {
    try await Stage.play { stage in
      let anna = try await stage.neighbour("Anna")
      let ben = try await stage.neighbour("Ben")
      let carol = try await stage.neighbour("Carol")
      try await anna.befriend(ben)
      try await anna.befriend(carol)
      for (person, friends) in [(anna, ["Ben", "Carol"]), (ben, ["Anna"]), (carol, ["Anna"])] {
        let contacts = try await person.node.contacts()
        #expect(contacts.map { "\($0.name) \($0.state)" }.sorted() == friends.map { "\($0) contact" })
        let listed = contacts.map { "\($0.name)|\($0.state)|\($0.fingerprint.text)|\($0.author.text)|\($0.mark)" }.sorted()
        #expect(try person.rows("SELECT name, state, fingerprint, author, mark FROM contact ORDER BY name") == listed)
      }

      let photo = try stage.photo()
      let status = try await anna.node.post("Finally moved in.", photos: [], circle: nil, share: false)
      let harbour = try await anna.node.post(
        "The harbour", photos: [PhotoFile(file: photo, alternative: "masts")], circle: nil, share: false)
      try await anna.run()
      try await ben.run()
      let seen = try await ben.node.feed(limit: 10, since: nil, words: nil)
      #expect(seen.map(\.text) == ["The harbour", "Finally moved in."])
      #expect(seen.map(\.id) == [harbour, status])
      #expect(seen.map(\.author.name) == ["Anna", "Anna"])
      let picture = try #require(seen.first?.photos.first)
      #expect(picture.present && picture.alternative == "masts")
      let bytes = ben.layout.blob(picture.blob.sha256).path
      #expect(try runProgram("/usr/bin/sha256sum", [bytes]).prefix(64) == picture.blob.sha256.text)
      #expect(try runProgram("/usr/bin/vipsheader", ["-f", "width", bytes]) == "\(picture.width)\n")

      let comment = try await ben.node.comment(on: .beginning(status.text), text: "How lovely!")
      _ = try await ben.node.react(to: .beginning(harbour.text), emoji: ["❤"])
      try await ben.run()
      try await anna.run()
      for person in [ben, carol] { try await person.run() }
      for (person, introducer) in [(anna, nil), (ben, nil), (carol, "Anna")] as [(Person, String?)] {
        let (item, below) = try await person.node.conversation(of: .beginning(status.text))
        #expect(item.comments == 1 && below.map(\.text) == ["Finally moved in.", "How lovely!"], "\(person.name)")
        #expect(below.last?.introducedBy == introducer && below.last?.author.name == "Ben", "\(person.name)")
        let liked = try await person.node.conversation(of: .beginning(harbour.text)).item
        #expect(liked.reactions == [.init(emoji: "❤", by: ["Ben"])], "\(person.name)")
        // What the operations say is what another program reads.
        let listed = try await person.node.feed(limit: 10, since: nil, words: nil).map { item in
          "\(item.id.text)|\(item.kind)|\(item.author.author.text)|\(item.text)|\(item.root?.text ?? "")"
        }
        let query = "SELECT item, kind, author, text, root FROM feed ORDER BY shown_at DESC, id DESC"
        #expect(try person.rows(query) == listed, "\(person.name)")
      }

      let taken = try await anna.node.feed(limit: 10, since: nil, words: nil).filter { $0.id != status }.map(\.name)
      try await ben.node.retract(.beginning(comment.text))
      try await anna.node.retract(.beginning(harbour.text))
      try await ben.run()
      try await anna.run()
      for person in [ben, carol] {
        try await person.run()
        #expect(try await person.node.feed(limit: 10, since: nil, words: nil).map(\.id) == [status], "\(person.name)")
        #expect(try person.rows("SELECT id FROM tombstone ORDER BY id") == taken.map(\.id.text).sorted())
      }
      for person in [anna, ben, carol] {
        #expect(try await person.node.refused() == [])
        #expect(try await person.node.outpackets().waiting == [])
        #expect(try person.files(\.inpackets) == [] && person.files(\.outpackets) == [])
        #expect(try FileManager.default.contentsOfDirectory(atPath: #require(person.directory).path) == [])
      }
    }
  }

  @Test func `a parcel file that another program puts into inpackets is received`() async throws {
    try await Stage.play { stage in
      let anna = try await stage.neighbour("Anna")
      let ben = try await stage.neighbour("Ben")
      try await anna.befriend(ben)
      _ = try await anna.node.post("By hand", photos: [], circle: nil, share: false)
      try await anna.run()
      let parcel = try #require(try ben.parcels().first)
      try FileManager.default.moveItem(at: parcel, to: ben.layout.inpackets.appending(path: "from a stick.eml"))
      try await ben.run()
      #expect(try await ben.node.feed(limit: 10, since: nil, words: nil).map(\.text) == ["By hand"])
      #expect(try ben.files(\.inpackets) == [])
      let (waiting, processed) = try await ben.node.inpackets()
      #expect(waiting == [])

      // One that is refused lies in refused/, and the reason beside it; so does what is no parcel, for it may be the only copy.
      let shapeless = "From: <anna@example.test>\r\nSocialNet-Parcel: 1\r\n\r\nwords\r\n"
      try ben.drop(shapeless, into: \.inpackets, as: "shapeless.eml")
      let letter = "Subject: no parcel\r\n\r\nwords\r\n"
      try ben.drop(letter, into: \.inpackets, as: "private.eml")
      try await ben.run()
      let (name, other) = (Hash.of(Array(shapeless.utf8)).text, Hash.of(Array(letter.utf8)).text)
      #expect(try ben.files(\.refused).sorted() == [name, other].flatMap { ["\($0).eml", "\($0).txt"] }.sorted())
      let reason = try String(contentsOf: ben.layout.refused.appending(path: "\(name).txt"), encoding: .utf8)
      let refused = try await ben.node.refused()
      #expect(refused.map(\.gate) == ["shape"])
      #expect(reason == "shape: \(try #require(refused.first).reason)\n")
      #expect(try await ben.node.inpackets().processed == processed + 2)
    }
  }
}
