import Conformance
import Packets
import Testing

@Suite struct StreamTests {
  let samples: Samples
  init() throws { samples = try Samples() }

  @Test func `the action and the recipient fix the kind of a stream`() throws {
    let kinds: [String: StreamKind] = [
      "contact-request": .private, "contact-accept": .private, "membership-first": .private, "membership-last": .private,
      "profile": .circle, "status": .circle, "photo": .circle, "relay": .circle, "retract-post": .circle, "comment": .open,
      "comment-on-comment": .open, "reaction": .open, "reaction-none": .open, "retract-comment": .open, "journal": .journal,
      "journal-first": .journal, "message": .private, "edit-post": .circle, "edit-pictures": .circle, "edit-comment": .open,
      "contact-remove": .private, "share": .circle, "share-no-note": .circle, "introduce": .private,
      "revoke": .private, "key-change": .private, "move": .private,
      "move-check": .private, "move-answer": .private,
    ]
    for (name, _, packet) in try samples.all() {
      #expect(packet.streamKind == kinds[name], "\(name)")
      #expect(name.hasPrefix(packet.action.elementName))
      var other = packet
      other.stream?.to = packet.stream?.to == nil ? samples.ben.author : nil
      #expect(other.streamKind == (["retract-post", "edit-post", "edit-pictures"].contains(name) ? .private : nil), "\(name)")
      other.stream = nil
      #expect(other.streamKind == nil)
    }
  }

  @Test func `of a newer packet only the recipient tells the kind`() throws {
    func kinds(_ file: String) throws -> Set<StreamKind> {
      let vector = try #require(try PacketVector.table(in: .source).first { $0.file == file })
      guard case .newer(let newer) = try vector.signed(in: .source).read() else { throw Samples.Missing() }
      return newer.streamKinds
    }
    #expect(try kinds("held/unknown-action.xml") == [.circle, .journal])
    #expect(try kinds("held/unknown-action-to-one.xml") == [.open, .private])
    #expect(try kinds("held/unknown-action-without-stream.xml") == [])
  }

  @Test func `a relay takes in only what was written to its author about their post`() throws {
    let packets = Dictionary(uniqueKeysWithValues: try samples.all().map { ($0.name, $0.packet) })
    let relay = try #require(packets["relay"])
    let comment = try #require(packets["comment"])
    for name in ["comment", "comment-on-comment", "reaction", "reaction-none", "retract-comment", "edit-comment"] {
      #expect(relay.mayEmbed(try #require(packets[name])), "\(name)")
    }
    for (name, packet) in packets where packet.streamKind != .open { #expect(!relay.mayEmbed(packet), "\(name)") }
    #expect(!comment.mayEmbed(comment))
    var toOther = comment
    toOther.stream?.to = samples.ben.author
    #expect(!relay.mayEmbed(toOther))
    var byOther = comment
    byOther.author = samples.anna.author
    #expect(!relay.mayEmbed(byOther))
    var ofOther = comment
    let root = Reference(author: samples.ben.author, id: comment.id, sha256: samples.comment.sha256)
    ofOther.action = .comment(.init(root: root, target: root, text: "x"))
    #expect(!relay.mayEmbed(ofOther))
  }

  @Test func `a packet names its blobs, its root and what it embeds`() throws {
    for (name, _, packet) in try samples.all() {
      let count = ["photo": 2, "comment-on-comment": 1, "profile": 1, "message": 1, "edit-pictures": 1][name] ?? 0
      #expect(packet.blobs == Array(repeating: samples.photoBlob, count: count), "\(name)")
      #expect((packet.embedded != nil) == ["relay", "share", "share-no-note"].contains(name))
      #expect((packet.root != nil) == (packet.streamKind == .open))
    }
    let reference = try Samples.reference(to: samples.status)
    #expect(reference.author == samples.anna.author && reference.sha256 == Hash.of(samples.status.bytes))
  }

  @Test func `a fallback says who did what`() throws {
    let texts = Dictionary(
      uniqueKeysWithValues: try samples.all().map { ($0.name, Fallback.text(for: $0.packet.action, authorName: "Eva")) })
    #expect(texts["photo"] == "Eva posted 2 photos: Both 🏠")
    #expect(texts["reaction"] == "Eva reacted: ❤️ 👍🏽")
    #expect(texts["reaction-none"] == "Eva took a reaction back.")
    #expect(texts["relay"] == "Eva passes on what Ben Ito wrote.")
    #expect(texts["status"] == .some(nil))
    #expect(
      Fallback.text(for: .retract(.init(root: nil, target: try Samples.reference(to: samples.status))), authorName: nil)
        == "Somebody took something back.")
  }
}
