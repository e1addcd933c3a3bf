public import Feed
public import Packets

/// Something that was posted by mail and still waits for its time.
public struct Receipt: Hashable, Sendable {
  /// In the order in which they were written.
  public var things: [Thing]
  /// When they leave; none where they left at once.
  public var goes: Instant?

  /// A receipt for these things.
  public init(things: [Thing], goes: Instant?) {
    self.things = things
    self.goes = goes
  }

  /// One thing that was posted.
  public struct Thing: Hashable, Sendable {
    /// Its name in the feed.
    public var item: ItemID
    /// Who will see it.
    public var audience: Audience
    /// What will be published, exactly; an emoji for a reaction.
    public var words: String
    /// Pictures that go with it.
    public var photos: Int

    /// Something posted.
    public init(item: ItemID, audience: Audience, words: String, photos: Int = 0) {
      self.item = item
      self.audience = audience
      self.words = words
      self.photos = photos
    }
  }

  /// Who will see it.
  public enum Audience: Hashable, Sendable {
    /// So many contacts; those of a circle, where one is named.
    case friends(Int, circle: String?)
    /// Whoever sees this post.
    case below(FeedItem)
  }
}

/// Words that could have been for several things.
public struct Choice: Hashable, Sendable {
  /// What the user wrote, whole.
  public var words: String
  /// The things that it could be for, under the numbers of the letter that was answered.
  public var candidates: [Int: Story]
  /// The mail that the question is about, by the hash of its file.
  public var about: Hash

  /// A question about words.
  public init(words: String, candidates: [Int: Story], about: Hash) {
    self.words = words
    self.candidates = candidates
    self.about = about
  }
}

/// Something that the user should know.
public struct Notice: Hashable, Sendable {
  /// One sentence; also the subject.
  public var title: String
  /// What there is to say beyond it; one paragraph each.
  public var paragraphs: [String]

  /// A notice.
  public init(title: String, paragraphs: [String] = []) {
    self.title = title
    self.paragraphs = paragraphs
  }
}
