public import FoundationEssentials
public import Packets

/// Carries parcels to one kind of endpoint, and brings parcels in. One room for each transport; the node never knows which.
public protocol Driver: Sendable {
  /// A short name that stands in logs, tables and `doctor`: `mail`, `folder`.
  var name: String { get }

  /// Whether this driver can reach an endpoint such as `mailto:anna@example.org`.
  func claims(_ endpoint: String) -> Bool

  /// Brings in what waits, hands it to `intake`, and goes on until cancelled (`.forever`) or until nothing waits (`.once`).
  ///
  /// Troubles of the connection are the driver's own to outlive in `.forever`; it reports them through ``Intake/report(_:)``.
  /// In `.once` it throws what stopped it.
  func receive(into intake: any Intake, _ mode: ReceiveMode) async throws(DriverFailure)

  /// Does at the source what was decided about received things: moves a parcel to the bridge's folder, deletes a file.
  /// Returns the origins for which it is done (or can never be done); the others are asked for again.
  func settle(_ placements: [Origin: Placement]) async throws(DriverFailure) -> Set<Origin>

  /// Hands parcels to the next hop, and tells what became of each as soon as it is known. The stream ends after the last one.
  func transmit(_ consignments: [Consignment]) -> AsyncStream<(id: Int64, outcome: Outcome)>

  /// Looks soon at what it would look at later: something is expected there.
  func lookSoon() async
}

extension Driver {
  /// Nothing: who is told at once of what comes has nothing to look for.
  public func lookSoon() async {}
}

/// How long ``Driver/receive(into:_:)`` goes on.
public enum ReceiveMode: Sendable {
  /// Until nothing waits.
  case once
  /// Until the task is cancelled, noticing new things as fast as the transport allows.
  case forever
}

/// Where a received thing lies at its source, so that it can be settled there later. Opaque to all but its driver.
public struct Origin: Hashable, Sendable {
  /// ``Driver/name``.
  public var driver: String
  /// Mail: the folder's name as the server spells it. Folder driver: the directory.
  public var folder: String
  /// Mail: UIDVALIDITY. Otherwise 0.
  public var validity: UInt32
  /// Mail: the UID. Otherwise empty and ``file`` stands.
  public var uid: UInt32
  /// Folder driver: the file's name. Otherwise empty.
  public var file: String

  /// A place at a driver's source.
  public init(driver: String, folder: String, validity: UInt32 = 0, uid: UInt32 = 0, file: String = "") {
    self.driver = driver
    self.folder = folder
    self.validity = validity
    self.uid = uid
    self.file = file
  }
}

/// What a driver believes a received thing to be, from its headers alone. The gates judge.
public enum ReceivedKind: String, Sendable {
  /// Bears `SocialNet-Parcel`.
  case parcel
  /// An answer to the bridge, or a mail from the user to the user.
  case letter
  /// A delivery report about the bridge's own mail.
  case bounce
}

/// One received thing, already durable as a file under `inpackets/`.
public struct Received: Hashable, Sendable {
  /// What it seems to be.
  public var kind: ReceivedKind
  /// SHA-256 of the file; its name is this and `.eml`.
  public var sha256: Hash
  /// Bytes.
  public var size: Int
  /// When it arrived at the source (INTERNALDATE; a file's modification time): the same however often it is read again.
  public var arrived: Instant
  /// Where it lies.
  public var origin: Origin
  /// Which of the source's places it came from.
  public var place: Place

  /// The role of the folder that a thing was found in.
  public enum Place: String, Sendable {
    /// Where mail from others arrives.
    case inbox
    /// What the user's programs sent.
    case sent
    /// The bridge's own folder and its subfolders.
    case own
    /// The bridge's folder for refused parcels: read by a rebuild alone, and judged anew.
    case refused
    /// The bridge's folder for things to be posted.
    case post
    /// What the server took for junk.
    case junk
    /// A directory of the folder driver, or `inpackets/` itself.
    case directory
  }

  /// A durable received thing.
  public init(kind: ReceivedKind, sha256: Hash, size: Int, arrived: Instant, origin: Origin, place: Place) {
    self.kind = kind
    self.sha256 = sha256
    self.size = size
    self.arrived = arrived
    self.origin = origin
    self.place = place
  }
}

/// What to do with a received thing at its source, once it was processed.
public enum Placement: String, Hashable, Sendable {
  /// Opened: to the bridge's own folder, marked read.
  case keep
  /// Refused by gates 2 to 4: to the folder of refused parcels.
  case refuse
  /// Not ours to touch: left where it lies, as it is, and never fetched again.
  case leave
  /// Of no use to anybody, as the user agreed: deleted.
  case discard
}

/// What a driver asks and tells while it receives. The running bridge implements it on the store.
public protocol Intake: Sendable {
  /// Where reading of a folder stands; nothing for a folder never read.
  func position(of folder: String, at driver: String) async throws -> Position?

  /// Gate 0, budget: which of these candidates (by the From of the outer headers, a hint) may be fetched now.
  /// The rest stays at the source and is asked for again.
  func admit(_ candidates: [Candidate]) async throws -> Set<Origin>

  /// Makes a batch known. Its files are durable under `inpackets/` (see ``directory``). When this returns, their rows are durable
  /// too, the position is moved, and the driver may forget the batch.
  func take(_ batch: [Received], position: Position?) async throws

  /// Makes durable what is to be done with things that are not fetched, before the position moves past them.
  func note(_ placements: [Origin: Placement]) async throws

  /// What was decided and not yet done at the source: asked at start and after each batch.
  func unsettled(at driver: String) async throws -> [Origin: Placement]

  /// Records that placements were carried out.
  func settled(_ origins: Set<Origin>) async throws

  /// Whether a Message-ID (without its angle brackets) is one that this bridge gave out (a parcel copy, a digest, a receipt): then
  /// nothing need be fetched, or an answer to it is for us.
  func wrote(messageID: String) async throws -> Bool

  /// A line for the log and `doctor`: the driver's connection works, waits, or is refused.
  func report(_ condition: Condition) async

  /// Something that the user should know of, and that is over: for the log, `notices` and `doctor`.
  func tell(_ incident: Incident) async

  /// `inpackets/`, where files are made durable before ``take(_:position:)``.
  var directory: URL { get }
}

/// How far a folder was read.
public struct Position: Hashable, Sendable {
  /// ``Driver/name``.
  public var driver: String
  /// The folder as the server spells it.
  public var folder: String
  /// UIDVALIDITY; another one means that the folder must be scanned again.
  public var validity: UInt32
  /// The highest UID up to which everything was looked at: stored, of no concern, or ``pending``.
  public var uid: UInt32
  /// UIDs up to ``uid`` that are still to come, in ascending order: not admitted yet, missing in an answer, or unreadable. They neither
  /// block what follows nor are forgotten; whoever keeps positions keeps these too.
  public var pending: [UInt32]

  /// A position in a folder.
  public init(driver: String, folder: String, validity: UInt32, uid: UInt32, pending: [UInt32] = []) {
    self.driver = driver
    self.folder = folder
    self.validity = validity
    self.uid = uid
    self.pending = pending
  }
}

/// Something whose headers were seen and whose body was not fetched.
public struct Candidate: Hashable, Sendable {
  /// Where it lies.
  public var origin: Origin
  /// What it seems to be.
  public var kind: ReceivedKind
  /// The address in the outer From, in lower case, if there is exactly one.
  public var from: String?
  /// Bytes, as the source says.
  public var size: Int

  /// A look at headers.
  public init(origin: Origin, kind: ReceivedKind, from: String?, size: Int) {
    self.origin = origin
    self.kind = kind
    self.from = from
    self.size = size
  }
}

/// A sealed parcel or a letter to be handed over, byte for byte as it lies on disk.
public struct Consignment: Hashable, Sendable {
  /// The row it belongs to.
  public var id: Int64
  /// The URI to reach, `mailto:…`.
  public var endpoint: String
  /// The message, CRLF line ends.
  public var file: URL
  /// Bytes.
  public var size: Int
  /// Mail: append to this folder of the own mailbox in place of sending (journal pieces, digests by APPEND).
  public var append: AppendTarget?
  /// Mail: the Message-ID to look for in that folder first, because an earlier try may have got there.
  public var lookFor: String?

  /// Folders of the own mailbox.
  public enum AppendTarget: String, Sendable {
    /// The bridge's own folder; marked read.
    case own
    /// INBOX; not marked read.
    case inbox
  }

  /// Something to hand over.
  public init(id: Int64, endpoint: String, file: URL, size: Int, append: AppendTarget? = nil, lookFor: String? = nil) {
    self.id = id
    self.endpoint = endpoint
    self.file = file
    self.size = size
    self.append = append
    self.lookFor = lookFor
  }
}

/// What became of one consignment.
public enum Outcome: Hashable, Sendable {
  /// The next hop took it; its words.
  case handedOver(reply: String)
  /// Not now: try again, no earlier than the peer said, if it said so.
  case deferred(reason: String, after: Instant?)
  /// Never at this endpoint.
  case refused(reason: String)
  /// Sent whole, and the answer was lost: the same bytes again.
  case ambiguous(reason: String)
  /// The next hop could not be reached.
  case unreachable(reason: String)

  /// What the reason of a deferred append to the own mailbox begins with where it has no room.
  public static let mailboxIsFull = "the mailbox is full"
}

/// Why a driver stopped.
public enum DriverFailure: Error, Hashable, Sendable {
  /// Credentials are wrong: only the user can mend it.
  case loginRefused(String)
  /// The source does not answer, or its certificate does not hold.
  case unreachable(String)
  /// The source says something that cannot be right.
  case confused(String)
  /// The mailbox has no room left: only the user can make some.
  case full(String)
  /// Our own disk or database failed.
  case intake(String)

  /// One sentence.
  public var said: String {
    switch self {
    case .loginRefused(let said), .unreachable(let said), .confused(let said), .full(let said), .intake(let said): said
    }
  }
}

/// A driver's state, for the log and `doctor`.
public enum Condition: Hashable, Sendable {
  /// All is well.
  case working(driver: String)
  /// Something is wrong; when it is tried again.
  case troubled(driver: String, DriverFailure, retry: Instant)
}

/// Something that happened at a driver's source, and that the user may have to do something about.
public enum Incident: Hashable, Sendable {
  /// A message that breaks every conversation about it, or never comes whole: left where it is, and asked for again after hours.
  case setAside(folder: String, uid: UInt32, said: String)
  /// So many messages were seen and not fetched yet, and are no longer there.
  case gone(folder: String, count: Int)
  /// A folder was made anew, or put back to an earlier state: it is gone through again.
  case madeAnew(folder: String)
}
