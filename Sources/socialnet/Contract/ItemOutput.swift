internal import Account
internal import Bridge
internal import Feed
internal import FoundationEssentials
internal import Packets

/// `feed --json`: newest first.
struct FeedOutput: Encodable {
  var items: [ItemOutput]
}

/// `show --json`: an item, and everything in its conversation.
struct ShowOutput: Encodable {
  var item: ItemOutput
  var conversation: [ItemOutput]
}

/// One thing that the user reads.
struct ItemOutput: Encodable {
  var id: String
  /// `status`, `photo`, `comment`, `message`, `share` or `held`.
  var kind: String
  var author: PersonOutput
  var created: String
  var received: String
  var text: String
  var photos: [Photo]
  /// What a share shows; its pictures are `photos`.
  @OrNull var shared: Shared?
  var comments: Int
  var reactions: [Reaction]
  @OrNull var root: String?
  @OrNull var parent: String?
  @OrNull var introducedBy: String?
  var edited: Bool
  var held: Bool

  struct Photo: Encodable {
    var sha256: String
    var type: String
    /// Pixels.
    var width: UInt64
    /// Pixels.
    var height: UInt64
    @OrNull var alt: String?
    /// Where the bytes lie; `null` while they have not arrived.
    @OrNull var path: String?
  }

  struct Shared: Encodable {
    var author: PersonOutput
    var text: String
  }

  struct Reaction: Encodable {
    var emoji: String
    var by: [String]
  }

  init(_ item: FeedItem, in layout: Layout) {
    id = item.id.text
    kind = item.kind.rawValue
    author = PersonOutput(item.author)
    created = item.created.text
    received = item.received.text
    text = item.text
    photos = item.photos.map { photo in
      Photo(
        sha256: photo.blob.sha256.text, type: photo.blob.type, width: photo.width, height: photo.height, alt: photo.alternative,
        path: photo.present ? layout.blob(photo.blob.sha256).path(percentEncoded: false) : nil)
    }
    shared = item.shared.map { Shared(author: PersonOutput($0.author), text: $0.text) }
    comments = item.comments
    reactions = item.reactions.map { Reaction(emoji: $0.emoji, by: $0.by) }
    root = item.root?.text
    parent = item.parent?.text
    introducedBy = item.introducedBy
    edited = item.edited
    held = item.held
  }
}

/// A name and the author behind it.
struct PersonOutput: Encodable {
  var name: String
  var author: String

  init(_ person: FeedItem.Person) {
    name = person.name
    author = person.author.text
  }
}

/// The id of what `post`, `comment` and `react` made.
struct NewItemOutput: Encodable {
  var id: String
}

/// `digest --json`.
struct DigestOutput: Encodable {
  /// How many things are new.
  var new: Int
  @OrNull var next: String?
  @OrNull var last: String?

  init(_ digest: WaitingDigest) {
    new = digest.new
    next = digest.next?.text
    last = digest.last?.text
  }
}

/// `digest --now --json`: how many new things were sent.
struct SentDigestOutput: Encodable {
  var sent: Int
}

/// `digest --preview … --json`.
struct PreviewOutput: Encodable {
  /// `text` or `html`.
  var form: String
  var preview: String
}
