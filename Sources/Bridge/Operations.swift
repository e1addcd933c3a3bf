public import Account
public import Feed
public import Packets

/// What a program in front of the bridge can ask of one account: the command now, other clients later.
///
/// An implementation is made of a `Layout` alone and opens the account only when something needs it, so that `setUp` and
/// `doctor` work where there is none, or a broken one. It commits before it returns, and tells the running daemon.
public protocol Operations: KeyOperations {
  // MARK: The account

  /// Makes an account: logs in to both servers first, and writes nothing if that fails.
  func setUp(_ plan: SetupPlan, progress: ProgressReport) async throws(OperationFailure) -> NewAccount
  /// Is the daemon until the task is cancelled; with `once`, until everything that waits is received, processed, and sent, and the
  /// digest is delivered if it is due. Taking over, this machine becomes the bridge in place of another one.
  func run(once: Bool, takingOver: Bool, progress: ProgressReport) async throws(OperationFailure)
  /// Makes the view anew from the mailbox and the keys.
  func rebuild(progress: ProgressReport) async throws(OperationFailure) -> Rebuilt
  /// Folds parcels of the bridge's folder that are older than a span into few mails; by the setting where no span is given.
  func thin(olderThan span: Duration?, progress: ProgressReport) async throws(OperationFailure) -> Thinned
  /// Makes every check. Never fails: what cannot be checked is a failed check.
  func doctor() async -> [Check]

  // MARK: Writing

  /// Posts a status, or a photo where there are pictures; to everyone where no circle is named.
  func post(_ text: String, photos: [PhotoFile], circle: String?, share: Bool) async throws(OperationFailure) -> ItemID
  /// Puts words under an item.
  func comment(on item: ItemName, text: String) async throws(OperationFailure) -> ItemID
  /// Sets the user's emoji on an item; none takes them back.
  func react(to item: ItemName, emoji: [String]) async throws(OperationFailure) -> ItemID
  /// Puts other words in place of one's own.
  func edit(_ item: ItemName, text: String) async throws(OperationFailure)
  /// Writes to one contact, named by name, address, author or fingerprint.
  func message(to contact: String, text: String, photos: [PhotoFile]) async throws(OperationFailure) -> ItemID
  /// Shows a post of somebody else to everyone, or to a circle.
  func share(_ item: ItemName, text: String, circle: String?) async throws(OperationFailure) -> ItemID
  /// Hands an invitation of one contact on to another. Returns both names.
  func introduce(_ invitation: Invitation, to contact: String) async throws(OperationFailure) -> (who: String, to: String)
  /// Sends a contact the newest posts from before the two were contacts. Returns the name.
  func sendHistory(to contact: String) async throws(OperationFailure) -> String
  /// Takes something back.
  func retract(_ item: ItemName) async throws(OperationFailure)
  /// Gives out an invitation, and mails it where an address is named.
  func invite(address: EmailAddress?, name: String?) async throws(OperationFailure) -> GivenLink
  /// Answers an invitation. Returns the inviter's name.
  func accept(_ invitation: Invitation) async throws(OperationFailure) -> String
  /// Says yes to a waiting request, named by its id or a beginning of it. Returns the name.
  func accept(request: String) async throws(OperationFailure) -> String
  /// Says nothing to a waiting request, for good. Returns the name.
  func decline(request: String) async throws(OperationFailure) -> String
  /// The circles that the user posts to, by name.
  func circles() async throws(OperationFailure) -> [CircleView]
  /// Makes a circle with nobody in it.
  func createCircle(_ name: String) async throws(OperationFailure)
  /// Brings a contact into a circle. Returns the name.
  func add(_ contact: String, toCircle name: String) async throws(OperationFailure) -> String
  /// Takes a contact out of a circle. Returns the name.
  func remove(_ contact: String, fromCircle name: String) async throws(OperationFailure) -> String
  /// Ends being contacts. Returns the name.
  func remove(_ contact: String) async throws(OperationFailure) -> String
  /// Hears nothing more of somebody. Returns the name.
  func block(_ contact: String) async throws(OperationFailure) -> String
  /// Takes a block back. Returns the name.
  func unblock(_ contact: String) async throws(OperationFailure) -> String
  /// Sets a field of the profile; an empty value takes it out.
  func setProfile(field: String, value: String, for audience: FieldAudience?) async throws(OperationFailure)

  // MARK: Reading

  /// What the user reads, newest first.
  func feed(limit: Int, since: Instant?, words: String?) async throws(OperationFailure) -> [FeedItem]
  /// An item with everything in its conversation, oldest first.
  func conversation(of item: ItemName) async throws(OperationFailure) -> (item: FeedItem, conversation: [FeedItem])
  /// The item's packet exactly as it was signed.
  func signedBytes(of item: ItemName) async throws(OperationFailure) -> [UInt8]
  /// Everybody with whom there is, was, or may be an acquaintance, by name.
  func contacts() async throws(OperationFailure) -> [Contact]
  /// Requests that wait for the user's word, oldest first.
  func requests() async throws(OperationFailure) -> [PendingRequest]
  /// The user's own profile.
  func profile() async throws(OperationFailure) -> Myself

  // MARK: Digests

  /// What waits for the next digest, and when that is.
  func digest() async throws(OperationFailure) -> WaitingDigest
  /// Sends what waits now. Returns how many things were new; with none, nothing is sent.
  func sendDigest() async throws(OperationFailure) -> Int
  /// The digest that would be sent now, as the user would see it.
  func previewDigest(_ form: DigestForm) async throws(OperationFailure) -> String

  // MARK: Queues, and what the user should know

  /// Parcels received and not yet processed, oldest first, and how many were processed.
  func inpackets() async throws(OperationFailure) -> (waiting: [WaitingInpacket], processed: Int)
  /// Parcels not yet handed over, in the order in which they will be tried, and those given up.
  func outpackets() async throws(OperationFailure) -> (waiting: [WaitingOutpacket], failed: [WaitingOutpacket])
  /// Tries one at once.
  func retry(outpacket id: Int64) async throws(OperationFailure)
  /// Gives one up.
  func drop(outpacket id: Int64) async throws(OperationFailure)
  /// Packets that need a newer version.
  func held() async throws(OperationFailure) -> [HeldPacket]
  /// What was kept out, newest first.
  func refused() async throws(OperationFailure) -> [RefusedThing]
  /// What the user should know, newest first.
  func notices() async throws(OperationFailure) -> [UserNotice]
}

/// Why an operation was not done.
public struct OperationFailure: Error, Hashable, Sendable {
  /// What sort of failure, for scripts.
  public var code: ExitCode
  /// What happened: the first half of a sentence, without a full stop.
  public var message: String
  /// What to do: the second half; empty where there is nothing to be done.
  public var remedy: String

  /// Exit codes of the command (sysexits.h).
  public enum ExitCode: Int32, Sendable {
    /// The command line is wrong.
    case usage = 64
    /// What was given is wrong: a damaged link, a picture that is none.
    case badData = 65
    /// What was named is not there.
    case noInput = 66
    /// A server or a program that is needed does not answer.
    case unavailable = 69
    /// A fault of this program.
    case internalFault = 70
    /// Something could not be made.
    case cannotCreate = 73
    /// The disk or a stream failed.
    case inputOutput = 74
    /// Not now; later it may work.
    case tryAgain = 75
    /// A login was refused, or it is not allowed.
    case refused = 77
    /// The configuration is wrong.
    case configuration = 78
  }

  /// A failure.
  public init(_ code: ExitCode, _ message: String, remedy: String = "") {
    self.code = code
    self.message = message
    self.remedy = remedy
  }

  /// A failure in one sentence, `what happened; what to do`, as the rooms below word theirs.
  public init(_ code: ExitCode, sentence: String) {
    let halves = sentence.split(separator: "; ", maxSplits: 1)
    self.init(code, String(halves.first ?? ""), remedy: halves.count > 1 ? String(halves[1]) : "")
  }

  /// The whole sentence.
  public var sentence: String { remedy.isEmpty ? message : "\(message); \(remedy)" }
}

extension OperationFailure {
  /// Wrong settings are code 78, an account that is there already is 73, and a disk that fails 74.
  public init(_ failure: ConfigurationFailure) {
    switch failure {
    case .exists: self.init(.cannotCreate, sentence: failure.description)
    case .unwritable(let failure): self.init(failure)
    default: self.init(.configuration, sentence: failure.description)
    }
    if remedy.isEmpty { remedy = "mend it there; `socialnet help setup` and config.sample.toml say what can stand" }
  }

  /// An account without a place is code 73.
  public init(_ failure: LayoutFailure) {
    if case .noHome = failure {
      self.init(.configuration, sentence: failure.description)
    } else {
      self.init(.cannotCreate, sentence: failure.description)
    }
  }

  /// A disk that fails is code 74.
  public init(_ failure: DiskFailure) { self.init(.inputOutput, sentence: failure.description) }

  /// No password is code 77.
  public init(_ failure: CredentialFailure) { self.init(.refused, sentence: failure.description) }
}

/// Takes word of how far long work has come.
public struct ProgressReport: Sendable {
  private let take: @Sendable (_ what: String, _ done: Int, _ total: Int?) -> Void

  /// Hands each report to `take`.
  public init(_ take: @escaping @Sendable (_ what: String, _ done: Int, _ total: Int?) -> Void) { self.take = take }

  /// For who does not want to know.
  public static let none = ProgressReport { _, _, _ in }

  /// So many of so many are done; of an unknown number where there is no `total`.
  public func callAsFunction(_ what: String, _ done: Int = 0, of total: Int? = nil) { take(what, done, total) }
}

/// How a user names an item.
public enum ItemName: Hashable, Sendable {
  /// 1 to 16 lower-case hexadecimal digits: an `ItemID`, or a beginning of one.
  case beginning(String)
  /// `#N` of the last digest.
  case number(Int)

  /// Reads an id, a beginning of one, or `#N`.
  public init?(_ text: String) {
    if text.hasPrefix("#") {
      let digits = text.dropFirst()
      guard digits.utf8.allSatisfy({ (48...57).contains($0) }), let number = Int(digits), number > 0 else { return nil }
      self = .number(number)
    } else {
      let folded = text.lowercased()
      guard (1...16).contains(folded.utf8.count), folded.utf8.allSatisfy({ (48...57).contains($0) || (97...102).contains($0) })
      else { return nil }
      self = .beginning(folded)
    }
  }
}
