public import Packets

/// The short name of something in the feed: what `feed` prints and the user types. 16 lower-case hex digits,
/// of which any unambiguous beginning will do. Made from author and packet id, so that it is there before a signature is.
public struct ItemID: Hashable, Sendable, Comparable, Codable {
  /// 16 lower-case hexadecimal digits.
  public let text: String

  /// The item of a packet.
  public init(_ name: PacketName) {
    text = Hex.encode(Hash.of(Array((name.author.text + " " + name.id.text).utf8)).bytes.prefix(8))
  }

  /// Reads 16 lower-case hexadecimal digits.
  public init?(text: some StringProtocol) {
    guard text.utf8.count == 16, Hex.decode(text) != nil, text.lowercased() == text else { return nil }
    self.text = String(text)
  }

  /// By the text; without a meaning.
  public static func < (one: ItemID, other: ItemID) -> Bool { one.text < other.text }
}

/// One thing that the user reads: a post, a comment, or a held packet's fallback.
public struct FeedItem: Hashable, Sendable {
  /// Its short name.
  public var id: ItemID
  /// The packet that it is made from.
  public var name: PacketName
  /// What sort of thing it is.
  public var kind: Kind
  /// Who said it, under the name that the user knows.
  public var author: Person
  /// When its author's clock says it was made.
  public var created: Instant
  /// When it arrived here; for one's own things, when they were made.
  public var received: Instant
  /// Words; a held packet's fallback.
  public var text: String
  /// Pictures, in the author's order.
  public var photos: [Photograph]
  /// How many comments hang below, retracted ones not counted.
  public var comments: Int
  /// What a share shows, whose pictures are the item's.
  public var shared: Shared?
  /// Who reacted with what; emoji in the order of their first use.
  public var reactions: [ReactionSum]
  /// The post at the top of the conversation; none for a post itself.
  public var root: ItemID?
  /// What it answers.
  public var parent: ItemID?
  /// Whose word it is that this author exists, where the author is no contact: "Ben, says Anna".
  public var introducedBy: String?
  /// Whether the words were replaced after publication.
  public var edited: Bool
  /// Whether it needs a newer version and only its fallback is shown.
  public var held: Bool

  /// Sorts of things in the feed; the raw value is the `kind` of the command's JSON.
  public enum Kind: String, Sendable {
    /// A few words to a circle.
    case status
    /// One to ten pictures.
    case photo
    /// Words under a post.
    case comment
    /// Words to one person.
    case message
    /// Somebody else's post, shown by who shares it; the words are the sharer's.
    case share
    /// Something that needs a newer version.
    case held
  }

  /// A post that somebody shows.
  public struct Shared: Hashable, Sendable {
    /// Who posted it; somebody whom the user does not know has no name.
    public var author: Person
    /// Its words.
    public var text: String
    /// A post by somebody.
    public init(author: Person, text: String) {
      self.author = author
      self.text = text
    }
  }

  /// A name and the author behind it.
  public struct Person: Hashable, Sendable {
    /// The name that the user knows.
    public var name: String
    /// The author key.
    public var author: Author
    /// A person of the feed.
    public init(name: String, author: Author) {
      self.name = name
      self.author = author
    }
  }

  /// A picture of an item.
  public struct Photograph: Hashable, Sendable {
    /// The blob, its size in bytes and its media type.
    public var blob: Blob
    /// Pixels.
    public var width: UInt64
    /// Pixels.
    public var height: UInt64
    /// Words for who cannot see it.
    public var alternative: String?
    /// Whether the bytes are here.
    public var present: Bool
    /// A picture of an item.
    public init(blob: Blob, width: UInt64, height: UInt64, alternative: String?, present: Bool) {
      self.blob = blob
      self.width = width
      self.height = height
      self.alternative = alternative
      self.present = present
    }
  }

  /// One emoji and who gave it.
  public struct ReactionSum: Hashable, Sendable {
    /// The emoji.
    public var emoji: String
    /// Names, in the order of arrival.
    public var by: [String]
    /// One emoji and who gave it.
    public init(emoji: String, by: [String]) {
      self.emoji = emoji
      self.by = by
    }
  }

  /// All words for a reader: its author's, and below them those that it shares.
  public var words: String {
    guard let shared else { return text }
    let name = shared.author.name.isEmpty ? "Somebody" : shared.author.name
    return (text.isEmpty ? "" : text + "\n\n") + (shared.text.isEmpty ? "By \(name)" : "\(name) wrote:\n\(shared.text)")
  }

  /// An item of these parts.
  public init(
    id: ItemID, name: PacketName, kind: Kind, author: Person, created: Instant, received: Instant, text: String,
    photos: [Photograph] = [], shared: Shared? = nil, comments: Int = 0, reactions: [ReactionSum] = [], root: ItemID? = nil,
    parent: ItemID? = nil,
    introducedBy: String? = nil, edited: Bool = false, held: Bool = false
  ) {
    self.id = id
    self.name = name
    self.kind = kind
    self.author = author
    self.created = created
    self.received = received
    self.text = text
    self.photos = photos
    self.shared = shared
    self.comments = comments
    self.reactions = reactions
    self.root = root
    self.parent = parent
    self.introducedBy = introducedBy
    self.edited = edited
    self.held = held
  }
}
