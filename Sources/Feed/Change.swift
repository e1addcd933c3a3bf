public import Packets

/// What is to become of an event. The node returns these as values; the store applies them in one transaction.
public enum Change: Sendable {
  // Packets that came in
  /// Keep the packet's exact bytes, and what was made of it.
  case keep(Arrival, Verdict)
  /// Refuse it, for a reason that the user can read.
  case refuse(gate: String, reason: String)
  /// It was here before.
  case duplicate
  /// From which number on (or up to which) a stream of theirs is for us.
  case membership(of: Author, Action.Membership)

  /// How far a stream of theirs reaches, as they say.
  case head(of: Author, Action.Head)
  /// What is asked of them for the first time: the next attempts, and giving up, are about this.
  case asked(of: Author, Action.Missing)
  /// Numbers of theirs, or blobs, that are waited for no longer.
  case close(of: Author, Action.Missing)

  /// Their node holds what is of this kind.
  case cannotRead(Author, String)

  // People
  /// Make or change a contact.
  case pin(Contact)
  /// A key is not what it was.
  case retire(FormerKey)
  /// Somebody says to be reached elsewhere, or the answer from there came.
  case move(Move)
  /// A newer profile of a contact.
  case claim(by: Author, Action.Profile, sha256: Hash)
  /// Keep a stranger's request for the user.
  case pend(PendingRequest)
  /// Somebody would like a contact of theirs to become ours.
  case introduced(Introduction)
  /// The request is decided, by the user or by time.
  case decide(request: PacketID, Decision)
  /// An invitation was given out.
  case invite(GivenInvitation)
  /// An invitation has done its work.
  case use(invitation: [UInt8])
  /// The user's own profile.
  case describe(Myself)

  // Reading
  /// Show it in the feed.
  case show(FeedEntry)
  /// Somebody's full set of emoji on something.
  case react(Reactions)
  /// Put other words or pictures in its place; beats what comes late.
  case amend(Amendment)
  /// Take it out of the feed; beats what comes late.
  case tombstone(PacketName, by: Author)
  /// Digests leave this conversation out until then.
  case mute(PacketName, until: Instant?)
  /// Take a mute back.
  case unmute(PacketName)

  // Writing
  /// Hold the wish back until its time to be stopped is over.
  case draft(Draft)
  /// Throw a draft away.
  case discard(PacketID)
  /// Number, sign and queue an action.
  case write(Action, Audience, id: PacketID)
  /// Queue packets that were written before, in their original bytes.
  case deliver([PacketName], to: Author)
  /// Somebody is given these from before: they may answer them.
  case recall([PacketName], for: Author)
  /// Begin a stream to everyone, or to one circle.
  case begin(StreamID, circle: String, members: [Author])
  /// Never append to any stream begun so far: somebody else has.
  case leaveStreams
  /// From now on the member receives the stream's packets, beginning with this number.
  case admit(Author, to: StreamID, first: UInt64)
  /// The stream is for somebody up to this number; nothing that is not sealed yet reaches them.
  case dismiss(Author, from: StreamID, last: UInt64)

  // Time and the user
  /// Wake the node then.
  case wake(Alarm, at: Instant)
  /// No need any more.
  case cancel(Alarm)
  /// Mail the user at once.
  case tell(AtOnce)
  /// Something for `notices`.
  case notice(kind: String, said: String)
  /// A setting that the user changed by mail; stands above the configuration file. Nothing takes it back.
  case set(Setting, String?)
}

/// What was made of a kept packet.
public enum Verdict: Hashable, Sendable {
  /// It took effect.
  case done
  /// It needs a newer version.
  case held
  /// It waits for another packet, at most 30 days.
  case waiting(for: PacketName)
  /// It is kept and has no effect, in silence: a comment beyond its measure, a retraction without the right to it.
  case silent(reason: String)
}

/// What became of a request.
public enum Decision: String, Sendable, Codable {
  /// The user said yes, or an invitation did.
  case accepted
  /// The user said nothing to them, for good.
  case declined
  /// Nobody said anything for 30 days, or newer ones came.
  case forgotten
}

/// A row of the feed as it is written. Counts, reactions and names are added when it is read.
public struct FeedEntry: Hashable, Sendable {
  /// The packet it shows.
  public var name: PacketName
  /// What sort of thing it is.
  public var kind: FeedItem.Kind
  /// The author's clock.
  public var created: Instant
  /// When it arrived here.
  public var received: Instant
  /// Words.
  public var text: String
  /// Pictures.
  public var pictures: [Picture]
  /// The post at the top.
  public var root: PacketName?
  /// What it answers.
  public var parent: PacketName?
  /// Who vouches for the author's existence, and the name they gave, where it came by relay.
  public var introducedBy: Author?
  /// That name; empty where there was no relay.
  public var cardName: String
  /// Who alone it was written to.
  public var recipient: Author?
  /// The words of the post that a share shows, and their author; its pictures are the entry's.
  public var shared: Shared?

  /// What a share shows.
  public struct Shared: Hashable, Sendable, Codable {
    /// Who posted it.
    public var author: Author
    /// Its words.
    public var text: String
    /// A post by somebody.
    public init(author: Author, text: String) {
      self.author = author
      self.text = text
    }
  }

  /// A row of these parts.
  public init(
    name: PacketName, kind: FeedItem.Kind, created: Instant, received: Instant, text: String, pictures: [Picture] = [],
    root: PacketName? = nil, parent: PacketName? = nil, introducedBy: Author? = nil, cardName: String = "",
    recipient: Author? = nil, shared: Shared? = nil
  ) {
    self.name = name
    self.kind = kind
    self.created = created
    self.received = received
    self.text = text
    self.pictures = pictures
    self.root = root
    self.parent = parent
    self.introducedBy = introducedBy
    self.cardName = cardName
    self.recipient = recipient
    self.shared = shared
  }
}

/// Somebody's full set of emoji on something.
public struct Reactions: Hashable, Sendable {
  /// What is reacted to.
  public var target: PacketName
  /// Who reacts.
  public var author: Author
  /// The name a relay gave; empty where there was none.
  public var cardName: String
  /// The set; empty takes all back.
  public var emoji: [String]
  /// The highest wins.
  public var revision: UInt64
  /// When it arrived.
  public var received: Instant
  /// The packet that said so: who takes that back takes the set back.
  public var id: PacketID
  /// SHA-256 of that packet's bytes, which decides between equal revisions.
  public var sha256: Hash

  /// How many emoji of one person on one thing are shown.
  static let most = 16
  /// Bytes of UTF-8 of one emoji; the longest families and flags have some 40. What is longer is no emoji.
  static let longestEmoji = 64

  /// What of a list can be shown: each emoji once, and none of words.
  public static func fit(_ emoji: [String]) -> [String] {
    var seen: Set<String> = []
    return Array(emoji.filter { (1...longestEmoji).contains($0.utf8.count) && seen.insert($0).inserted }.prefix(most))
  }

  /// The highest revision wins, ties go to the lower SHA-256 (Protocol, "Packet").
  public func beats(_ other: Reactions) -> Bool {
    revision == other.revision
      ? sha256.bytes.lexicographicallyPrecedes(other.sha256.bytes) : revision > other.revision
  }

  /// A set of these parts.
  public init(
    target: PacketName, author: Author, cardName: String, emoji: [String], revision: UInt64, received: Instant, id: PacketID,
    sha256: Hash
  ) {
    self.id = id
    self.sha256 = sha256
    self.target = target
    self.author = author
    self.cardName = cardName
    self.emoji = emoji
    self.revision = revision
    self.received = received
  }
}

/// A wish that can still be stopped. It has a name, and neither a number nor a signature.
public struct Draft: Hashable, Sendable, Codable {
  /// The id its packet will have.
  public var id: PacketID
  /// What is wished.
  public var wish: Wish
  /// When it was said.
  public var said: Instant
  /// When it goes out.
  public var release: Instant

  /// A draft of these parts.
  public init(id: PacketID, wish: Wish, said: Instant, release: Instant) {
    self.id = id
    self.wish = wish
    self.said = said
    self.release = release
  }
}

/// Other words, or other pictures, for something in the feed.
public struct Amendment: Hashable, Sendable {
  /// What is changed.
  public var target: PacketName
  /// What stands there from now on.
  public var replacement: Action.Edit.Replacement
  /// The highest wins.
  public var revision: UInt64
  /// SHA-256 of the packet that said so, which decides between equal revisions: the lower wins.
  public var sha256: Hash

  /// A change of these parts.
  public init(target: PacketName, replacement: Action.Edit.Replacement, revision: UInt64, sha256: Hash) {
    self.target = target
    self.replacement = replacement
    self.revision = revision
    self.sha256 = sha256
  }
}

/// Who is to read a packet, which decides the stream it is written to.
public enum Audience: Hashable, Sendable {
  /// All members of a circle at the moment of numbering; `everyone` is one.
  case circle(String)
  /// The root's author alone, in the open stream: what may be shown to others. To oneself it is never sent.
  case open(Author)
  /// One person, in the private stream.
  case direct(Author)
  /// One person, in the private stream as its number 0: a contact-request.
  case request(Author)
  /// One person, in the private stream, at this endpoint and no other: a move-check.
  case reached(Author, at: String)
  /// One person, in no stream: what repairs streams.
  case unnumbered(Author)
}

/// A mail to the user that does not wait for the digest.
public enum AtOnce: Hashable, Sendable, Codable {
  /// Somebody wants to connect.
  case request(PacketID)
  /// Somebody became a contact.
  case connected(Author)
  /// Something is wrong with a contact's key, or it is another one.
  case key(Author)
  /// Somebody commented on the user's post.
  case comment(PacketName)
  /// Somebody wrote to the user alone.
  case message(PacketName)
  /// What the user said by mail is understood, and goes out then.
  case receipt(PacketID)
}

/// What the user can change by mail.
public enum Setting: String, Sendable, Codable {
  /// Milliseconds since 1970 until which no digest is sent.
  case pausedUntil = "paused-until"
}

/// The circle that every contact is in.
public enum Circle {
  /// Its name, which never travels.
  public static let everyone = "everyone"
}
