import Account
import Feed
import Foundation
import Packets
import TestMail
import Testing

@testable import Bridge

/// Actions that other programs rename into `outpackets/`.
@Suite struct ActionFileTests {
  @Test func `an action file is signed and sent, and its blobs with it`() async throws {
    try await Stage.play { stage in
      let anna = try await stage.neighbour("Anna")
      let ben = try await stage.neighbour("Ben")
      try await anna.befriend(ben)

      let picture = try Data(contentsOf: stage.photo())
      let hash = Hash.of([UInt8](picture)).text
      try picture.write(to: anna.layout.outpackets.appending(path: hash))
      let photo = """
        <photo share="no"><picture width="64" height="48"><blob sha256="\(hash)" size="\(picture.count)" type="image/jpeg"/>\
        </picture><caption>Sent by a camera</caption></photo>
        """
      try anna.drop(Self.action(photo), into: \.outpackets, as: "2.xml")
      try anna.drop(Self.action("<status share=\"no\"><text>Sent by a clock</text></status>"), into: \.outpackets, as: "1.xml")
      try anna.drop("not for us", into: \.outpackets, as: "notes.txt")
      try await anna.run()
      try await ben.run()
      #expect(try anna.files(\.outpackets) == ["notes.txt"])
      #expect(try anna.files(\.refused) == [])
      let seen = try await ben.node.feed(limit: 10, since: nil, words: nil)
      #expect(seen.map(\.text) == ["Sent by a camera", "Sent by a clock"])
      let post = try #require(seen.last?.name)
      #expect(try Data(contentsOf: ben.layout.blobs.appending(path: hash)) == picture)

      // Words below it, by a program on the other side.
      let target = "author=\"\(post.author.text)\" id=\"\(post.id.text)\""
      let bytes = try await ben.node.signedBytes(of: .beginning(ItemID(post).text))
      let reference = "\(target) sha256=\"\(Hash.of(bytes).text)\""
      let comment = "<comment><root \(reference)/><target \(reference)/><text>Said a robot</text></comment>"
      try ben.drop(Self.action(comment), into: \.outpackets, as: "comment.xml")
      try await ben.run()
      try await anna.run()
      #expect(try await anna.node.conversation(of: .beginning(ItemID(post).text)).conversation.map(\.text).last == "Said a robot")

      // Words to one person, and other words for the post.
      let reader = try await ben.node.profile().author.text
      try anna.drop(
        Self.action("<message><text>Between robots</text></message>", "to=\"\(reader)\""), into: \.outpackets, as: "3.xml")
      let edit = "<edit revision=\"1\"><target \(reference)/><text>Sent by a better clock</text></edit>"
      try anna.drop(Self.action(edit), into: \.outpackets, as: "4.xml")
      try await anna.run()
      try await ben.run()
      #expect(try anna.files(\.refused) == [])
      let words = try await ben.words()
      #expect(words.contains("Between robots") && words.contains("Sent by a better clock"), "\(words)")
    }
  }

  @Test func `an action that cannot be sent is set aside with its reason`() async throws {
    try await Stage.play { stage in
      let anna = try await stage.neighbour("Anna")
      for (number, (bytes, _)) in Self.unfit.enumerated() {
        try anna.drop(bytes, into: \.outpackets, as: "\(number).xml")
      }
      try await anna.run()
      #expect(try anna.files(\.outpackets) == [])
      for (number, (bytes, reason)) in Self.unfit.enumerated() {
        func refused(_ name: String) throws -> String {
          try String(contentsOf: anna.layout.refused.appending(path: name), encoding: .utf8)
        }
        #expect(try refused("\(number).xml") == bytes)
        #expect(try refused("\(number).xml.txt").hasPrefix(reason), "\(bytes)")
      }
      #expect(try anna.rows("SELECT COUNT(*) FROM feed") == ["0"])
      #expect(try anna.rows("SELECT COUNT(*) FROM packet WHERE kind IN ('status', 'photo', 'comment', 'membership')") == ["0"])
    }
  }

  private static let unfit = [
    ("<status", "the packet is not well-formed XML"),
    ("<status xmlns=\"urn:other\" share=\"no\"><text>x</text></status>", "the document is not a packet of urn:socialnet:1"),
    ("<!DOCTYPE a><a/>", "the packet contains <!"),
    (action("<status share=\"no\"/>"), "the packet's element text is missing"),
    (action("<status share=\"no\"><text>x</text></status>", "circle=\"Family\""), "There is no circle “Family”"),
    (action("<message><text>x</text></message>"), "a message says by `to` whom it is for"),
    (action("<status share=\"no\"><text>x</text></status>", "to=\"\(reader)\""), "a status cannot be sent to one person alone"),
    (action("<status share=\"no\"><text></text></status>"), "There is nothing to post"),
    (action("<comment><root \(nothing)/><target \(nothing)/><text>x</text></comment>"), "There is nothing with this id"),
    (action("<membership stream=\"AAAAAAAAAAAAAAAAAAAAAA\" first=\"1\"/>"), "a membership is written by the node itself"),
    (
      action(
        "<photo share=\"no\"><picture width=\"1\" height=\"1\"><blob sha256=\"\(String(repeating: "0", count: 64))\" "
          + "size=\"1\" type=\"image/png\"/></picture></photo>"), "the picture 0000"
    ),
  ]

  @Test func `an action file acts once, also where a crash left it behind`() async throws {
    try await Stage.play { stage in
      let anna = try await stage.neighbour("Anna")
      let words = Self.action("<status share=\"no\"><text>Once</text></status>")
      try anna.drop(words, into: \.outpackets, as: "a.xml")
      // The very same file again is what a crash between its effect and its removal leaves behind.
      let (file, kept) = (anna.layout.outpackets.appending(path: "a.xml"), stage.path("kept"))
      try FileManager.default.linkItem(at: file, to: kept)
      try await anna.run()
      try FileManager.default.moveItem(at: kept, to: file)
      try await anna.run()
      #expect(try anna.rows("SELECT text FROM feed") == ["Once"])
      #expect(try anna.files(\.outpackets) == [])
      // Another file that says the same is another post.
      try anna.drop(words, into: \.outpackets, as: "a.xml")
      try await anna.run()
      #expect(try anna.rows("SELECT text FROM feed") == ["Once", "Once"])
    }
  }

  private static let reader = "ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w"
  private static let nothing =
    "author=\"\(reader)\" id=\"0193a5f0-7c2e-7d31-9f5e-2f6b1c0a9d11\" sha256=\"\(String(repeating: "0", count: 64))\""

  /// An element of the protocol's namespace, with attributes for whom it is.
  private static func action(_ element: String, _ attributes: String = "") -> String {
    let name = element.dropFirst().prefix { $0.isLetter || $0 == "-" }
    return "<\(name) xmlns=\"urn:socialnet:1\" \(attributes)\(element.dropFirst(1 + name.count))"
  }
}
