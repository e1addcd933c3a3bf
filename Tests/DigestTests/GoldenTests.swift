import Digest
import Feed
import Foundation
import MIME
import Packets
import Testing

/// Letters as they were when somebody last looked at them. `GOLDEN=record swift test --filter GoldenTests` writes them anew.
struct GoldenTests {
  let cast: Cast

  init() throws { cast = try Cast() }

  /// Writes one letter.
  struct Sample: CustomTestStringConvertible {
    let name: String
    let write: @Sendable (Cast, LetterWriter) throws -> Letter
    var testDescription: String { name }
  }

  static let samples = [
    Sample(name: "digest") { cast, writer in
      try writer.digest(cast.edition(try Golden.bytes("harbour.jpg")), cast.stamp("k"))
    },
    Sample(name: "item") { cast, writer in
      try writer.item(Story(item: cast.advice, root: cast.bread), cast.stamp("a", follows: ["socialnet-earlier@example.org"]))
    },
    Sample(name: "request") { cast, writer in try writer.request(cast.request, cast.stamp("b")) },
    Sample(name: "receipt") { cast, writer in
      let thing = Receipt.Thing(item: cast.bread.id, audience: .friends(37, circle: nil), words: "Otto lives!", photos: 1)
      return try writer.receipt(
        Receipt(things: [thing], goes: cast.now.adding(seconds: 600)), cast.stamp("c", follows: ["mine@example.org"]))
    },
    Sample(name: "receipts") { cast, writer in
      let things = [
        Receipt.Thing(item: cast.advice.id, audience: .below(cast.moved), words: "I will bring bread."),
        Receipt.Thing(item: cast.sunset.id, audience: .below(cast.sunset), words: "❤"),
      ]
      return try writer.receipt(Receipt(things: things, goes: cast.now.adding(seconds: 600)), cast.stamp("d"))
    },
    Sample(name: "which") { cast, writer in
      let candidates = [1: Story(item: cast.moved), 2: Story(item: cast.sunset), 3: Story(item: cast.advice, root: cast.bread)]
      return try writer.which(
        Choice(words: "How lovely!\n\nMona", candidates: candidates, about: Hash.of([7])), cast.stamp("e"))
    },
    Sample(name: "nonce") { cast, writer in
      try writer.nonce(words: "post: I sell my bicycle, ask me.", about: Hash.of([7]), cast.stamp("f"))
    },
    Sample(name: "not-understood") { cast, writer in
      try writer.notUnderstood(
        words: "9: what a day", because: "There is no number 9 in the digest that you answered.", cast.stamp("g"))
    },
    Sample(name: "help") { cast, writer in try writer.help(cast.stamp("h")) },
    Sample(name: "notice") { cast, writer in
      try writer.notice(Notice(title: "Ben Ito is now your contact.", paragraphs: ["He took your invitation."]), cast.stamp("i"))
    },
  ]

  @Test(arguments: samples) func `a letter is what it was when somebody last looked`(sample: Sample) throws {
    let letter = try sample.write(cast, LetterWriter(cast.recipient))
    try Golden.compare(letter.bytes, "\(sample.name).eml")
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let record = try encoder.encode(letter.record)
    #expect(try JSONDecoder().decode(SentLetter.self, from: record) == letter.record)
    if ["digest", "item", "receipts", "which", "nonce", "request"].contains(sample.name) {
      try Golden.compare(Array(record), "\(sample.name).json")
    }
  }

  @Test func `an invitation is a letter that a person can read`() throws {
    let letter = try InvitationLetter(
      from: "mona@example.org", name: "Mona Lind", to: "ben@example.com", friend: "Ben",
      link: "socialnet:join#v=1&a=" + String(repeating: "bWFpbHRv", count: 80)
    ).bytes(token: cast.stamp("j").token, date: cast.now, zone: cast.zone)
    try Golden.compare(letter, "invitation.eml")
  }

  @Test func `the preview is the digest`() throws {
    let writer = try LetterWriter(cast.recipient)
    let edition = cast.edition(try Golden.bytes("harbour.jpg"))
    let preview = writer.preview(edition, cast.stamp())
    let letter = try writer.digest(edition, cast.stamp())
    let message = try Message(letter.bytes)
    let plain = try #require(message.root.parts.first as Part?)
    #expect(try message.text(of: plain, limit: 1 << 20) == FormatFlowed.decode(preview.text))
    try Golden.compare(Array(preview.text.utf8), "digest.txt")
    try Golden.compare(Array(preview.html.utf8), "digest.html")
  }
}

/// The files beside the tests.
enum Golden {
  private static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden")

  static func bytes(_ name: String) throws -> [UInt8] { Array(try Data(contentsOf: folder.appending(path: name))) }

  static func compare(_ bytes: [UInt8], _ name: String, _ location: SourceLocation = #_sourceLocation) throws {
    if ProcessInfo.processInfo.environment["GOLDEN"] == "record" { try Data(bytes).write(to: folder.appending(path: name)) }
    let golden = String(decoding: try Self.bytes(name), as: UTF8.self)
    #expect(String(decoding: bytes, as: UTF8.self) == golden, "\(name) changed", sourceLocation: location)
  }
}
