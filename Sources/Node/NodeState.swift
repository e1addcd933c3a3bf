public import Feed
public import Packets

/// What the node may know while it decides. The store implements it on the open transaction, tests on dictionaries.
public protocol NodeState {
  /// The user of this node.
  func myself() throws -> Myself
  /// Settings of the node.
  var rules: Rules { get }

  /// A contact in any state.
  func contact(_ author: Author) throws -> Contact?
  /// The contact whose certificate has this primary fingerprint.
  func contact(_ fingerprint: Fingerprint) throws -> Contact?
  /// A key that is not what it was, by its primary fingerprint.
  func formerKey(_ fingerprint: Fingerprint) throws -> FormerKey?
  /// Where somebody last said to be reached.
  func move(of author: Author) throws -> Move?
  /// Whether one of our drivers reaches an endpoint.
  func isReachable(_ endpoint: String) -> Bool
  /// How many packets of one kind we wrote to somebody since then.
  func written(_ kind: String, to author: Author, since: Instant) throws -> Int
  /// All such keys of one author.
  func formerKeys(of author: Author) throws -> [FormerKey]
  /// Everyone in one state.
  func people(in state: Contact.State) throws -> [Contact]
  /// Everyone in state `contact`, in the order of their author bytes.
  func contacts() throws -> [Contact]
  /// An invitation of ours, by its id.
  func invitation(_ id: [UInt8]) throws -> GivenInvitation?
  /// Requests that wait for the user, oldest first.
  func pendingRequests() throws -> [PendingRequest]
  /// Introductions that wait for the user, oldest first.
  func introductions() throws -> [Introduction]
  /// What was decided about a request, if anything.
  func decision(on request: PacketID) throws -> Decision?

  /// A packet that is here, whatever was made of it.
  func packet(_ name: PacketName) throws -> KnownPacket?
  /// The packet at a place of a stream, if one is here.
  func packet(by author: Author, in stream: StreamID, at sequence: UInt64) throws -> KnownPacket?
  /// What is known of somebody else's stream.
  func stream(_ id: StreamID, of author: Author) throws -> KnownStream?
  /// How many streams of an author are known.
  func streams(of author: Author) throws -> Int
  /// The names of all circles, `everyone` among them.
  func circles() throws -> [String]
  /// Contacts who are in a circle now; of `everyone`, all of them.
  func members(of circle: String) throws -> [Author]
  /// Our streams to a circle that somebody is a member of now, with the last numbers that were used.
  func streams(to circle: String, with member: Author) throws -> [(id: StreamID, last: UInt64)]
  /// Our own stream to a circle, begun by this very database, with the next number it will use.
  func ownStream(toCircle circle: String) throws -> (id: StreamID, next: UInt64)?
  /// The number from which on a stream of ours is for somebody who is a member of it now.
  func firstNumber(for member: Author, in stream: StreamID) throws -> UInt64?
  /// Whether we have begun this stream on this very database, so that nobody else may write to it.
  func isBegunHere(_ stream: StreamID) throws -> Bool
  /// Whether a contact was given this packet of ours: its number lies in their membership.
  func wasSent(_ packet: KnownPacket, to author: Author) throws -> Bool
  /// Whether a relay of ours embeds a packet with these bytes.
  func isHandedOn(_ sha256: Hash) throws -> Bool
  /// The circle that a packet of ours was published to.
  func circle(of packet: KnownPacket) throws -> String?
  /// The newest posts of each circle of ours that somebody is in, from before they were, and what hangs below them.
  func history(for author: Author, postsOfACircle count: Int) throws -> [PacketName]
  /// Whether somebody's node has said that it holds what is of this kind.
  func cannotRead(_ author: Author, _ kind: String) throws -> Bool
  /// Shares of ours that hand a packet on, and stand.
  func shares(of sha256: Hash) throws -> [KnownPacket]
  /// How many bytes a packet has that is here.
  func size(of packet: PacketName) throws -> Int?
  /// A packet that is here, or was carried by one, by its hash.
  func packet(ofBytes sha256: Hash) throws -> SignedPacket?
  /// The author's newest profile packet.
  func newestProfile(of author: Author) throws -> PacketName?
  /// Whether a profile is newer than what is known of a contact: the highest revision wins, and of equal ones the lower hash.
  func isNews(_ profile: Action.Profile, sha256: Hash, of author: Author) throws -> Bool
  /// The newest packet of ours with this action to somebody, for saying it again.
  func newest(_ kind: String, to author: Author) throws -> PacketName?
  /// Whether an accept of theirs is here that names this request of ours.
  func isAnswered(_ request: PacketID, by author: Author) throws -> Bool
  /// Whether the number in front of this place, if it is for us, has not come and is waited for.
  func isMissing(before place: Packet.Stream, of author: Author) throws -> Bool
  /// What of somebody's has not come and is waited for: numbers of streams that we know to be for us, and blobs.
  func missing(of author: Author, atMost count: Int) throws -> Action.Missing
  /// What was asked of somebody when the present attempts began.
  func asked(of author: Author) throws -> Action.Missing
  /// Which numbers of a stream of ours are for somebody; nothing where it is none of theirs.
  func span(of stream: StreamID, for author: Author) throws -> (first: UInt64, last: UInt64)?
  /// Whether a blob is here.
  func isHere(_ blob: Hash) throws -> Bool
  /// A packet of ours that names a blob, and was sent to somebody.
  func packet(with blob: Hash, for author: Author) throws -> KnownPacket?
  /// Whether a packet waits to be sent to somebody.
  func isUnderWay(_ packet: PacketName, to author: Author) throws -> Bool
  /// How many packets were sent to somebody again since then.
  func resent(to author: Author, since: Instant) throws -> Int
  /// How far our streams reach for somebody, of those that got something since then, and when each did last.
  func heads(for author: Author, movedSince: Instant) throws -> [(head: Action.Head, moved: Instant)]
  /// When that was last told.
  func headsTold() throws -> Instant?
  /// When an alarm is to ring, if it is set.
  func due(_ alarm: Alarm) throws -> Instant?
  /// When packets were last queued again for somebody, for the measure of once an hour.
  func lastDelivery(of packet: PacketName, to author: Author) throws -> Instant?
  /// How many comments of one author below one post arrived from a moment on and before another, and took effect.
  func comments(by author: Author, below root: PacketName, from: Instant, to: Instant) throws -> Int
  /// How many packets of an author are held until a newer version reads them, and their bytes.
  func held(of author: Author) throws -> (count: Int, bytes: Int)
  /// Who took a packet back, if anybody with the right to it.
  func tombstone(_ name: PacketName) throws -> Author?
  /// The highest revision of what stands in place of something's first words or pictures, if anything does.
  func revision(of name: PacketName) throws -> UInt64?
  /// Somebody's set of emoji on something.
  func reactions(of author: Author, on target: PacketName) throws -> Reactions?
  /// Packets that wait for this one, in the order of their arrival.
  func waiting(for name: PacketName) throws -> [Arrival]
  /// The packet behind a feed item's short name.
  func item(_ id: ItemID) throws -> KnownPacket?
  /// What can still be stopped, oldest first.
  func drafts() throws -> [Draft]
}

/// A packet that is here.
public struct KnownPacket: Hashable, Sendable {
  /// Author and id.
  public var name: PacketName
  /// SHA-256 of its bytes.
  public var sha256: Hash
  /// The action, where this node understands it.
  public var action: Action?
  /// Its place in a stream.
  public var stream: Packet.Stream?
  /// When its author's clock says it was made.
  public var created: Instant
  /// Whether it took effect.
  public var effective: Bool
  /// Whether it is still to be decided, because what it is about has not come.
  public var waits: Bool

  /// A packet that is here.
  public init(
    name: PacketName, sha256: Hash, action: Action?, stream: Packet.Stream?, created: Instant, effective: Bool, waits: Bool
  ) {
    self.name = name
    self.sha256 = sha256
    self.action = action
    self.stream = stream
    self.created = created
    self.effective = effective
    self.waits = waits
  }

  /// Points at it, and pins its bytes.
  public var reference: Reference { Reference(author: name.author, id: name.id, sha256: sha256) }

  /// The post at the top of its conversation: its own root, or itself.
  public var root: Reference {
    switch action {
    case .comment(let comment): comment.root
    case .reaction(let reaction): reaction.root
    case .retract(let retract): retract.root ?? reference
    default: reference
    }
  }
}

/// What is known of somebody's stream.
public struct KnownStream: Hashable, Sendable {
  /// Fixed by the first packet; more than one where that was a packet which only a newer node understands.
  public var kinds: Set<StreamKind>

  /// A known stream.
  public init(kinds: Set<StreamKind>) { self.kinds = kinds }
}

/// Measures that the node keeps.
public struct Rules: Sendable {
  /// Seconds that something said by the command can be stopped.
  public var undoForCommand: Int64
  /// Seconds that something said by mail can be stopped.
  public var undoForMail: Int64
  /// Seconds that an invitation is good.
  public var invitationLife: Int64
  /// Requests of strangers that wait for the user at most.
  public var pendingRequests: Int
  /// Streams of one contact at most.
  public var streamsOfAContact: Int
  /// Comments of one contact below one post on one day.
  public var commentsADay: Int
  /// Packets of one contact that are held until a newer version reads them.
  public var heldPackets: Int
  /// Bytes of one contact's held packets.
  public var heldBytes: Int
  /// What the user wants to be mailed at once.
  public var atOnce: Set<String>
  /// Seconds that what is missing may still be on its way, before it is asked for.
  public var patience: Int64

  /// The measures that the design gives.
  public init(
    undoForCommand: Int64 = 0, undoForMail: Int64 = 600, invitationLife: Int64 = 7 * 86_400, pendingRequests: Int = 20,
    streamsOfAContact: Int = 64, commentsADay: Int = 20, heldPackets: Int = 1000, heldBytes: Int = 50_000_000,
    atOnce: Set<String> = ["request", "comment", "message"], patience: Int64 = 3600
  ) {
    self.undoForCommand = undoForCommand
    self.undoForMail = undoForMail
    self.invitationLife = invitationLife
    self.pendingRequests = pendingRequests
    self.streamsOfAContact = streamsOfAContact
    self.commentsADay = commentsADay
    self.heldPackets = heldPackets
    self.heldBytes = heldBytes
    self.atOnce = atOnce
    self.patience = patience
  }
}
