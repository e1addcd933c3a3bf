internal import Bridge

/// What a play asks of the node that is tried: something that a user could want. As a file it is `wishes/N.json`.
struct PlayWish: Codable, Sendable {
  enum Kind: String, Codable, Sendable {
    /// Nothing but what every wish begins and ends with.
    case rest
    case invite, ask, accept, remove, block
    case post, comment, react, edit, retract, message
    /// Makes a circle of one contact, or adds one.
    case join
    /// Takes a contact out of a circle.
    case leave
    case feed
    /// Acts as if so much time had passed.
    case pass
    /// The last one.
    case end
  }

  var `do`: Kind
  var text: String?
  /// A packet.
  var on: PlayName?
  /// An author.
  var who: String?
  var emoji: [String]?
  var circle: String?
  var link: String?
  var seconds: Int64?

  init(_ kind: Kind) { self.do = kind }
}

/// How both sides name a packet.
struct PlayName: Codable, Hashable, Sendable {
  var author: String
  var id: String
}

/// What the node says to a wish. As a file it is `answers/N.json`.
struct PlayAnswer: Codable, Sendable {
  /// To `invite`.
  var link: String?
  /// To `feed`: posts, messages and what is held, newest first, each with what hangs below it behind it, oldest first.
  var items: [Item]?
  /// Why the node has no such thing.
  var cannot: String?
  /// Why it did not come to pass.
  var failed: String?

  struct Item: Codable, Sendable {
    var author: String
    var id: String
    /// `status`, `photo`, `comment`, `message`, `share` or `held`.
    var kind: String
    var text: String
    /// What it answers.
    var under: PlayName?
    var edited: Bool?
    var reactions: [Reaction]?

    struct Reaction: Codable, Sendable {
      var emoji: String
      /// Names of people.
      var by: [String]
    }

    var name: PlayName { PlayName(author: author, id: id) }
  }
}

/// A node that is tried. Before it answers a wish, it takes in every parcel that lies in its directory; then it does what is wanted, and
/// sends all that follows from both.
protocol PlayedNode: Sendable {
  func answer(_ wish: PlayWish) async throws(OperationFailure) -> PlayAnswer
}
