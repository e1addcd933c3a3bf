public import Feed
public import MIME
public import Packets

/// What is known of a mail beside its bytes. The bytes that are given must be those that the evidence is about.
public struct Evidence: Sendable {
  /// Where these bytes lie.
  public var place: Place
  /// The headers of all other copies with the same Message-ID, wherever they lie.
  public var twins: [Headers]
  /// What OpenPGP says about a `multipart/signed` mail, or about an opened one.
  public var signature: Signature
  /// What came of decrypting it.
  public var encryption: Encryption
  /// The user answered the nonce letter about exactly this mail with yes.
  public var isConfirmed: Bool
  /// The user answered the question about exactly this mail.
  public var choice: Choice?
  /// When it is read.
  public var now: Instant

  /// What is known of a mail; of most there is only its place.
  public init(
    place: Place, twins: [Headers] = [], signature: Signature = .none, encryption: Encryption = .none, isConfirmed: Bool = false,
    choice: Choice? = nil, now: Instant
  ) {
    self.place = place
    self.twins = twins
    self.signature = signature
    self.encryption = encryption
    self.isConfirmed = isConfirmed
    self.choice = choice
    self.now = now
  }

  /// The role of a folder.
  public enum Place: Sendable {
    /// Where everybody's mail arrives.
    case inbox
    /// What the user's programs sent.
    case sent
    /// The bridge's folder for things to be posted.
    case post
  }

  /// Who signed.
  public enum Signature: Sendable {
    /// Nobody, or nobody whose signature is good.
    case none
    /// The user's own key, and the signature is good.
    case own
  }

  /// What came of decrypting.
  public enum Encryption: Sendable {
    /// It was not encrypted.
    case none
    /// Encrypted to the identity's key; the message inside.
    case opened(Message)
    /// It cannot be opened.
    case sealed
  }

  /// An answer to the question "which one?". The question quoted the words whole, so who answers it vouches for them, as far as is known
  /// who that is.
  public struct Choice: Hashable, Sendable {
    /// What the words are for.
    public var target: Target
    /// How sure it is that the user chose.
    public var authorship: Authorship

    /// What words can be for.
    public enum Target: Hashable, Sendable {
      /// The thing of this number.
      case number(Int)
      /// None of them: a post to all friends.
      case post
    }

    /// A choice.
    public init(_ target: Target, by authorship: Authorship) {
      self.target = target
      self.authorship = authorship
    }
  }
}

/// What the user's account is like.
public struct ReplySettings: Hashable, Sendable {
  /// All addresses that are the user's, `local@domain`, lower case.
  public var ownAddresses: Set<String>
  /// Addresses at which only the bridge is written to: the plus-address where it works.
  public var bridgeAddresses: Set<String>
  /// The name under which the user's provider writes Authentication-Results (RFC 8601 2.5), lower case; none if nobody is believed.
  public var authenticationServer: String?
  /// The provider's own marks on its Sent copies that are no trace of delivery, lower case.
  public var toleratedTraces: Set<String>
  /// Names of the user's circles, as in `post Family:`.
  public var circles: Set<String>
  /// Whether posts by mail may be shared by friends.
  public var sharesPosts: Bool
  /// Orders are understood in English, and in this language.
  public var language: Language?
  /// Words without a target are posted in place of being asked about.
  public var postsUnaddressed: Bool

  /// An account with these addresses, and everything else as strict as can be.
  public init(
    ownAddresses: Set<String>, bridgeAddresses: Set<String> = [], authenticationServer: String? = nil,
    toleratedTraces: Set<String> = [], circles: Set<String> = [], sharesPosts: Bool = false, language: Language? = nil,
    postsUnaddressed: Bool = false
  ) {
    self.ownAddresses = ownAddresses
    self.bridgeAddresses = bridgeAddresses
    self.authenticationServer = authenticationServer
    self.toleratedTraces = toleratedTraces
    self.circles = circles
    self.sharesPosts = sharesPosts
    self.language = language
    self.postsUnaddressed = postsUnaddressed
  }

  /// Languages in which orders are understood beside English.
  public enum Language: String, Sendable {
    /// `stumm`, `annehmen` …
    case german
    /// `muet`, `accepter` …
    case french
  }
}

/// Finds the letters that the bridge sent.
public protocol LetterLookup {
  /// The letter with this token, expired or not.
  func letter(_ token: LetterToken) -> SentLetter?
}
