public import FoundationEssentials
public import Packets

/// The settings of one account, as `config.toml` has them. The program writes that file once, at setup, and only reads it
/// afterwards.
///
/// Everything but `[account]` may be left out; what a property holds then is its initial value here.
public struct Configuration: Hashable, Sendable {
  /// Who this is.
  public var account: Account
  /// Where mail is read; none for an account without mail.
  public var imap: ServerURL?
  /// Where mail is sent; none for an account without mail.
  public var smtp: ServerURL?
  /// How to log in to both.
  public var login: Login?
  /// Which servers are trusted.
  public var tls = TLS()
  /// Behaviour in the mailbox.
  public var mail = Mail()
  /// Mail to the user.
  public var digest = Digest()
  /// Posting.
  public var post = Post()
  /// The directory that parcels come in by, for an account that has one.
  public var folder: URL?
  /// Gate 0.
  public var limits = Limits()

  /// `[account]`
  public struct Account: Hashable, Sendable {
    /// The name that others see first.
    public var name: String
    /// The user's own mail address; none for an account without mail.
    public var address: EmailAddress?
    /// Where others reach this account, as it stands in the profile; `plus-address` or `address` where it is not said.
    public var endpoint: Endpoint
    /// The primary OpenPGP key.
    public var key: Fingerprint
    /// Whether setup made the key, or the user had it.
    public var keyOrigin = KeyOrigin.new
    /// The user's own GnuPG home, for a key of their own; GnuPG's usual one where it is not said.
    public var gnupgHome: URL?

    /// Where a key comes from.
    public enum KeyOrigin: String, Sendable {
      /// Made at setup, in our own GnuPG home.
      case new
      /// Brought by the user; the secret stays with the user's own agent.
      case own
    }

    /// Who this is.
    public init(
      name: String, address: EmailAddress?, endpoint: Endpoint, key: Fingerprint, keyOrigin: KeyOrigin = .new,
      gnupgHome: URL? = nil
    ) {
      self.name = name
      self.address = address
      self.endpoint = endpoint
      self.key = key
      self.keyOrigin = keyOrigin
      self.gnupgHome = gnupgHome
    }
  }

  /// `[login]`
  public struct Login: Hashable, Sendable {
    /// Where the secret comes from.
    public var source: PasswordSource
    /// What the secret is.
    public var kind = Kind.password

    /// What a login's secret is.
    public enum Kind: String, Sendable {
      /// A password.
      case password
      /// An OAuth 2 bearer token (RFC 7628).
      case oauth
    }

    /// How to log in.
    public init(source: PasswordSource, kind: Kind = .password) {
      self.source = source
      self.kind = kind
    }
  }

  /// `[tls]`
  public struct TLS: Hashable, Sendable {
    /// Certificates that are trusted beside the system's, PEM.
    public var caFile: URL?
    /// The one public key that a server may have, `sha256//` and base64, as curl writes it.
    public var pinnedCertificate: String?

    /// What is trusted.
    public init(caFile: URL? = nil, pinnedCertificate: String? = nil) {
      self.caFile = caFile
      self.pinnedCertificate = pinnedCertificate
    }
  }

  /// `[mail]`
  public struct Mail: Hashable, Sendable {
    /// The bridge's own folder.
    public var folder = "SocialNet"
    /// An address of the same mailbox that filters can tell apart; none where the server has none.
    public var plusAddress: EmailAddress?
    /// How often folders that are not watched are looked at.
    public var poll: Duration = .seconds(60)
    /// Whether to wait with IDLE where the server offers it.
    public var idle = true
    /// The name under which the user's own provider writes Authentication-Results (RFC 8601 2.5).
    public var authservID: String?
    /// What becomes of copies of the bridge's own mails that a provider puts into the Sent folder.
    public var sentCopies = SentCopies.move
    /// How long parcels lie in the bridge's folder before they are folded together; for ever where nothing is said.
    public var retention: Duration?
    /// Mails a minute; 0 for no limit, and none on a loopback server unless it is said.
    public var mailsPerMinute: Int?
    /// Mails a day; 0 for no limit, and none on a loopback server unless it is said.
    public var mailsPerDay: Int?

    /// What becomes of the bridge's own mails in Sent.
    public enum SentCopies: String, CaseIterable, Sendable {
      /// Moved to the bridge's folder.
      case move
      /// Deleted, since they are sealed to others.
      case delete
      /// Left where they are.
      case leave
    }

    /// The usual behaviour.
    public init() {}
  }

  /// `[digest]`
  public struct Digest: Hashable, Sendable {
    /// When.
    public var schedule = Schedule.daily([.sevenInTheMorning])
    /// By which way.
    public var way = Way.smtp
    /// Whether digests are encrypted to the user's own key.
    public var encrypt = false
    /// What comes at once, each in a mail of its own.
    public var atOnce: Set<AtOnce> = Set(AtOnce.allCases)

    /// How a digest reaches INBOX.
    public enum Way: String, CaseIterable, Sendable {
      /// Sent to the user's own address.
      case smtp
      /// Put straight into INBOX.
      case append
    }

    /// What is addressed to the user alone.
    public enum AtOnce: String, CaseIterable, Sendable {
      /// Somebody wants to become a contact.
      case request
      /// Words under one's own post.
      case comment
      /// Words to the user alone.
      case message
    }

    /// The usual digest.
    public init() {}
  }

  /// `[post]`
  public struct Post: Hashable, Sendable {
    /// How long a post waits in which it can be taken back; where it is not said, see ``undo(byMail:)``.
    public var undo: Duration?
    /// Whether words without a target are asked about; otherwise they are posted.
    public var ask = true
    /// Whether each recipient gets a sealing of their own, so that a provider who holds several copies cannot link them.
    public var sealOneByOne = false

    /// How long a post waits: as the setting says, else not at all for the command, and 10 minutes for mail.
    public func undo(byMail: Bool) -> Duration { undo ?? (byMail ? .seconds(600) : .zero) }

    /// The usual way.
    public init() {}
  }

  /// `[limits]`: gate 0, and what is kept.
  public struct Limits: Hashable, Sendable {
    /// Parcels an hour from addresses that are no contact's.
    public var strangersPerHour = 60
    /// Packets a day from one contact.
    public var packetsPerDay = 2000
    /// Megabytes (10^6 bytes) a day from one contact.
    public var megabytesPerDay = 200
    /// Days after which what is over is forgotten: copies, received things, refused files.
    public var keepDays = 90
    /// How long what is missing may still be on its way, before it is asked for; later attempts follow after 6 and 24 times that.
    public var patience: Duration = .seconds(3600)

    /// The usual limits.
    public init() {}
  }

  /// The settings of an account that has said nothing but who it is.
  public init(account: Account) { self.account = account }

  /// The login name for a server: the one in its URL, else the account's address.
  public func user(for server: ServerURL) -> String? { server.user ?? account.address?.text }

  /// How many mails may be sent: 20 a minute and 200 a day where nothing is said, none on a loopback server. Nothing is no limit.
  public var sendingBudget: (perMinute: Int?, perDay: Int?) {
    let usual: (Int?, Int?) = smtp?.isLoopback ?? true ? (nil, nil) : (20, 200)
    func limit(_ said: Int?, _ usual: Int?) -> Int? { said.map { $0 == 0 ? nil : $0 } ?? usual }
    return (limit(mail.mailsPerMinute, usual.0), limit(mail.mailsPerDay, usual.1))
  }
}

extension Schedule.TimeOfDay {
  /// 07:00.
  public static let sevenInTheMorning = Schedule.TimeOfDay(hour: 7)
  private init(hour: Int) { minutes = hour * 60 }
}
