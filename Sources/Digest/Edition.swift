public import Feed
public import Packets

/// What one digest brings.
public struct Edition: Hashable, Sendable {
  /// When the digest before this one was made; none for the first.
  public var since: Instant?
  /// In the order in which they are numbered, from 1.
  public var entries: [Entry]

  /// An edition of these entries.
  public init(since: Instant?, entries: [Entry]) {
    self.since = since
    self.entries = entries
  }

  /// One thing with a number.
  public enum Entry: Hashable, Sendable {
    /// A post, a comment, or something held.
    case item(Story)
    /// Somebody wants to become a contact.
    case request(WaitingRequest)
    /// A contact changed their profile: who, and the hash of its packet.
    case profile(FeedItem.Person, Hash)

    /// What its number stands for.
    public var target: LetterTarget {
      switch self {
      case .item(let story): story.item.held ? .held(story.item.id) : .item(story.item.id)
      case .request(let request): .request(request.id)
      case .profile(_, let sha256): .profile(sha256)
      }
    }
  }
}

/// An item with what the reader needs beside it.
public struct Story: Hashable, Sendable {
  /// The item itself.
  public var item: FeedItem
  /// The post that it hangs below, for a comment.
  public var root: FeedItem?
  /// Small pictures of its photographs, in their order, as far as they are here.
  public var thumbnails: [Thumbnail]

  /// An item and what stands beside it.
  public init(item: FeedItem, root: FeedItem? = nil, thumbnails: [Thumbnail] = []) {
    self.item = item
    self.root = root
    self.thumbnails = thumbnails
  }
}

/// A small picture, made by `Pictures`.
public struct Thumbnail: Hashable, Sendable {
  /// The file.
  public var bytes: [UInt8]
  /// `image/jpeg` or `image/png`.
  public var type: String
  /// Pixels.
  public var width: Int
  /// Pixels.
  public var height: Int
  /// Words for who cannot see it.
  public var alternative: String?

  /// A small picture of these bytes.
  public init(bytes: [UInt8], type: String, width: Int, height: Int, alternative: String?) {
    self.bytes = bytes
    self.type = type
    self.width = width
    self.height = height
    self.alternative = alternative
  }
}

/// Somebody who wants to become a contact and waits for the user's word.
public struct WaitingRequest: Hashable, Sendable {
  /// The request's packet.
  public var id: PacketID
  /// Who asks, under the name that they claim.
  public var person: FeedItem.Person
  /// The OpenPGP key that they ask with.
  public var fingerprint: Fingerprint
  /// Where they say they are reached.
  public var endpoint: String
  /// The contact who sent them, if one did.
  public var introducedBy: String?

  /// A waiting request.
  public init(id: PacketID, person: FeedItem.Person, fingerprint: Fingerprint, endpoint: String, introducedBy: String? = nil) {
    self.id = id
    self.person = person
    self.fingerprint = fingerprint
    self.endpoint = endpoint
    self.introducedBy = introducedBy
  }
}
