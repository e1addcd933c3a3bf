import Digest
import Feed
import Foundation
import Packets
import Testing

/// The people of the tests, and what they posted. Reader is Mona.
struct Cast {
  let mona: Person
  let anna: Person
  let ben: Person
  let eva: Person
  let jo: Person
  let fingerprint: Fingerprint

  struct Person {
    let author: Author
    let name: String
    init(_ seed: UInt8, _ name: String) throws {
      author = try #require(Author(key: [UInt8](repeating: seed, count: 32)))
      self.name = name
    }
    var shown: FeedItem.Person { FeedItem.Person(name: name, author: author) }
  }

  init() throws {
    mona = try Person(1, "Mona Lind")
    anna = try Person(17, "Anna Berg")
    ben = try Person(5, "Ben Ito")
    eva = try Person(33, "Eva Roth")
    jo = try Person(8, "Jo Lang")
    fingerprint = try #require(Fingerprint(bytes: [UInt8](repeating: 0x7a, count: 20)))
  }

  /// Sunday, 22 November 2026, 07:00 in Berlin.
  let now = Cast.moment("2026-11-22T06:00:00Z")
  let zone = TimeZone(identifier: "Europe/Berlin") ?? .gmt

  static func moment(_ text: String) -> Instant {
    let date = (try? Date(text, strategy: .iso8601)) ?? .distantPast
    return Instant(milliseconds: Int64(date.timeIntervalSince1970 * 1000))
  }

  var recipient: Recipient {
    Recipient(address: "mona@example.org", replyTo: "mona+socialnet@example.org", author: mona.author, zone: zone)
  }

  func stamp(_ letter: Character = "k", follows: [String] = []) -> LetterWriter.Stamp {
    var random = Counter(state: UInt64(letter.utf8.first ?? 0))
    return LetterWriter.Stamp(
      token: LetterToken(using: &random), date: now, expires: now.adding(seconds: 30 * 86_400), follows: follows)
  }

  func id(_ number: Int) -> PacketID {
    var generator = Counter(state: UInt64(number))
    return PacketID(at: Cast.moment("2026-11-21T12:00:00Z"), using: &generator)
  }

  func item(
    _ number: Int, _ kind: FeedItem.Kind, by person: Person, _ created: String, _ text: String,
    photos: [FeedItem.Photograph] = [], comments: Int = 0, reactions: [FeedItem.ReactionSum] = [], root: ItemID? = nil,
    introducedBy: String? = nil, held: Bool = false
  ) -> FeedItem {
    let name = PacketName(author: person.author, id: id(number))
    return FeedItem(
      id: ItemID(name), name: name, kind: kind, author: person.shown, created: Cast.moment(created), received: now, text: text,
      photos: photos, comments: comments, reactions: reactions, root: root, parent: root, introducedBy: introducedBy, held: held)
  }

  func photograph(_ alternative: String?) -> FeedItem.Photograph {
    FeedItem.Photograph(
      blob: Blob(sha256: Hash.of([1]), size: 1, type: "image/jpeg"), width: 2048, height: 1297, alternative: alternative,
      present: true)
  }

  var moved: FeedItem {
    item(
      1, .status, by: anna, "2026-11-21T13:05:00Z", "Finally moved in. Come by any time.", comments: 2,
      reactions: [.init(emoji: "❤", by: ["Ben Ito"]), .init(emoji: "🎉", by: ["Eva Roth", "Mona Lind"])])
  }
  var sunset: FeedItem {
    item(
      2, .photo, by: ben, "2026-11-21T17:40:00Z", "Sunset over the harbour.", photos: [photograph("harbour.jpg")],
      reactions: [.init(emoji: "😍", by: ["Anna Berg"])])
  }
  var bread: FeedItem {
    item(3, .status, by: mona, "2026-11-20T09:00:00Z", "Whoever knows how to keep a sourdough alive in winter, tell me.")
  }
  var advice: FeedItem {
    item(
      4, .comment, by: eva, "2026-11-21T20:12:00Z",
      "On top of the fridge, in a jar with a cloth.\nAnd talk to it.\n\nMine is called Otto.", root: bread.id)
  }
  var request: WaitingRequest {
    WaitingRequest(
      id: id(9), person: jo.shown, fingerprint: fingerprint, endpoint: "mailto:jo@example.net")
  }

  /// The digest of the README.
  func edition(_ harbour: [UInt8]) -> Edition {
    Edition(
      since: Cast.moment("2026-11-21T06:00:00Z"),
      entries: [
        .item(Story(item: moved)),
        .item(Story(item: sunset, thumbnails: [thumbnail(harbour)])),
        .item(Story(item: advice, root: bread)),
        .profile(eva.shown, Hash.of([1])), .request(request),
      ])
  }

  func thumbnail(_ bytes: [UInt8]) -> Thumbnail {
    Thumbnail(bytes: bytes, type: "image/jpeg", width: 600, height: 380, alternative: "harbour.jpg")
  }
}

/// Not random at all.
struct Counter: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state = state &* 6_364_136_223_846_793_005 &+ 1
    return state
  }
}
