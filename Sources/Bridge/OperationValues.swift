public import Account
public import Feed
public import FoundationEssentials
public import Packets

/// What setup is to make.
public struct SetupPlan: Sendable {
  /// The name that others see first.
  public var name: String
  /// How parcels come and go.
  public var transport: Transport
  /// The OpenPGP key.
  public var key = Key.new
  /// The user's own GnuPG home, where the key is theirs; GnuPG's usual one where it is not said.
  public var gnupgHome: URL?
  /// Mail to the user.
  public var digest = Configuration.Digest()
  /// How long a post can be taken back, where it was said.
  public var undo: Duration?

  /// How parcels come and go.
  public enum Transport: Sendable {
    /// By the user's mailbox.
    case mail(MailPlan)
    /// By a directory that exists.
    case folder(URL)
  }

  /// The OpenPGP key.
  public enum Key: Hashable, Sendable {
    /// A new one.
    case new
    /// One that the user has.
    case own(Fingerprint)
  }

  /// A mailbox.
  public struct MailPlan: Sendable {
    /// The user's own address.
    public var address: EmailAddress
    /// Where mail is read.
    public var imap: ServerURL
    /// Where mail is sent.
    public var smtp: ServerURL
    /// How to log in.
    public var password: Password
    /// What is trusted beside the system's certificates.
    public var tls = Configuration.TLS()
    /// What becomes of copies of the bridge's own mails that the provider puts into Sent.
    public var sentCopies = Configuration.Mail.SentCopies.move

    /// A mailbox.
    public init(address: EmailAddress, imap: ServerURL, smtp: ServerURL, password: Password, tls: Configuration.TLS) {
      self.address = address
      self.imap = imap
      self.smtp = smtp
      self.password = password
      self.tls = tls
    }
  }

  /// How to log in.
  public enum Password: Sendable {
    /// By a command or a file of the user's.
    case source(PasswordSource)
    /// Typed now; to be written to `Layout.password` once the servers have taken it.
    case typed(Secret<String>)
  }

  /// An account of that name.
  public init(name: String, transport: Transport) {
    self.name = name
    self.transport = transport
  }
}

/// What setup made.
public struct NewAccount: Hashable, Sendable {
  /// Where others reach it.
  public var endpoint: Endpoint
  /// The author key.
  public var author: Author
  /// The OpenPGP key.
  public var fingerprint: Fingerprint
  /// Sentences that the user should read: what lies readable at the provider, which filter keeps telephones from buzzing.
  public var advice: [String]

  /// An account.
  public init(endpoint: Endpoint, author: Author, fingerprint: Fingerprint, advice: [String]) {
    self.endpoint = endpoint
    self.author = author
    self.fingerprint = fingerprint
    self.advice = advice
  }
}

/// What a rebuild found.
public struct Rebuilt: Hashable, Sendable {
  /// Parcels read.
  public var parcels: Int
  /// Journal packets among them.
  public var journal: Int
  /// Things in the feed afterwards.
  public var items: Int

  /// Counts of a rebuild.
  public init(parcels: Int, journal: Int, items: Int) {
    self.parcels = parcels
    self.journal = journal
    self.items = items
  }
}

/// What a thinning of the bridge's folder did.
public struct Thinned: Hashable, Sendable {
  /// Parcels that were folded and are gone from the folder.
  public var folded = 0
  /// Snapshots that hold them now.
  public var snapshots = 0
  /// Old parcels that stayed: they do not open, or are alone.
  public var left = 0

  /// Nothing yet.
  public init() {}
}

/// One check of `doctor`.
public struct Check: Hashable, Sendable {
  /// What was looked at, in a word or two.
  public var name: String
  /// How it is.
  public var result: Result
  /// What was seen, one sentence.
  public var said: String
  /// What to do; empty where all is well.
  public var remedy: String
  /// The exit code that a failed check stands for.
  public var code: OperationFailure.ExitCode

  /// How it is.
  public enum Result: String, Sendable {
    /// As it should be.
    case ok
    /// It works, and should be looked at.
    case warn
    /// It does not work.
    case fail
  }

  /// A check.
  public init(
    _ name: String, _ result: Result, _ said: String, remedy: String = "", code: OperationFailure.ExitCode = .configuration
  ) {
    self.name = name
    self.result = result
    self.said = said
    self.remedy = remedy
    self.code = code
  }
}

/// A picture to be posted.
public struct PhotoFile: Hashable, Sendable {
  /// The user's file, as it came from the camera; it never leaves as it is.
  public var file: URL
  /// Words for who cannot see it.
  public var alternative: String?

  /// A picture.
  public init(file: URL, alternative: String?) {
    self.file = file
    self.alternative = alternative
  }
}

/// An invitation that was given out.
public struct GivenLink: Hashable, Sendable {
  /// `socialnet:join#…`.
  public var link: String
  /// When it stops being good.
  public var expires: Instant
  /// To whom it was mailed.
  public var mailedTo: EmailAddress?

  /// An invitation.
  public init(link: String, expires: Instant, mailedTo: EmailAddress?) {
    self.link = link
    self.expires = expires
    self.mailedTo = mailedTo
  }
}

/// What waits for the next digest.
public struct WaitingDigest: Hashable, Sendable {
  /// How many things are new.
  public var new: Int
  /// When it is sent; none with `off`.
  public var next: Instant?
  /// When the last one was sent.
  public var last: Instant?

  /// What waits.
  public init(new: Int, next: Instant?, last: Instant?) {
    self.new = new
    self.next = next
    self.last = last
  }
}

/// The two forms in which a digest is written.
public enum DigestForm: String, CaseIterable, Sendable {
  /// Plain text.
  case text
  /// HTML.
  case html
}

/// A parcel received and not yet processed.
public struct WaitingInpacket: Hashable, Sendable {
  /// SHA-256 of its file.
  public var id: Hash
  /// When it arrived.
  public var received: Instant
  /// `parcel`, `letter` or `bounce`.
  public var kind: String
  /// Bytes.
  public var size: Int
  /// How often it was tried.
  public var attempts: Int
  /// Why it was not processed yet; empty where it was not tried.
  public var said: String

  /// A waiting parcel.
  public init(id: Hash, received: Instant, kind: String, size: Int, attempts: Int, said: String) {
    self.id = id
    self.received = received
    self.kind = kind
    self.size = size
    self.attempts = attempts
    self.said = said
  }
}

/// A parcel not yet handed over, or given up.
public struct WaitingOutpacket: Hashable, Sendable {
  /// Its number.
  public var id: Int64
  /// The recipient's name.
  public var to: String
  /// Where it goes.
  public var endpoint: String
  /// What it carries: the element name of its first action, `digest`, `receipt` …
  public var kind: String
  /// When it was queued.
  public var queued: Instant
  /// How often it was tried.
  public var attempts: Int
  /// When it is tried next; none for one that was given up.
  public var nextAttempt: Instant?
  /// The next hop's last words.
  public var lastReply: String

  /// A waiting parcel.
  public init(
    id: Int64, to: String, endpoint: String, kind: String, queued: Instant, attempts: Int, nextAttempt: Instant?,
    lastReply: String
  ) {
    self.id = id
    self.to = to
    self.endpoint = endpoint
    self.kind = kind
    self.queued = queued
    self.attempts = attempts
    self.nextAttempt = nextAttempt
    self.lastReply = lastReply
  }
}

/// A packet that needs a newer version.
public struct HeldPacket: Hashable, Sendable {
  /// Its short name in the feed.
  public var id: ItemID
  /// Who wrote it.
  public var author: FeedItem.Person
  /// The action's element name.
  public var kind: String
  /// What its author wants shown meanwhile.
  public var fallback: String

  /// A held packet.
  public init(id: ItemID, author: FeedItem.Person, kind: String, fallback: String) {
    self.id = id
    self.author = author
    self.kind = kind
    self.fallback = fallback
  }
}

/// Something that was kept out.
public struct RefusedThing: Hashable, Sendable {
  /// When it arrived.
  public var received: Instant
  /// Who it seems to be from.
  public var from: String
  /// The gate's name.
  public var gate: String
  /// Why.
  public var reason: String

  /// Something that was kept out.
  public init(received: Instant, from: String, gate: String, reason: String) {
    self.received = received
    self.from = from
    self.gate = gate
    self.reason = reason
  }
}

/// Something that the user should know.
public struct UserNotice: Hashable, Sendable {
  /// Since when.
  public var when: Instant
  /// Of which sort: equivocation, doubled number, changed key, refused login.
  public var kind: String
  /// One or two sentences.
  public var said: String

  /// Something that the user should know.
  public init(when: Instant, kind: String, said: String) {
    self.when = when
    self.kind = kind
    self.said = said
  }
}
