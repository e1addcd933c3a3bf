/// What a packet says: the actions of version 1.0 that this node acts on (Protocol, "Actions").
public enum Action: Hashable, Sendable, Codable {
  /// Asks to become a contact.
  case contactRequest(ContactRequest)
  /// Answers a request.
  case contactAccept(ContactAccept)
  /// What others may see of a user.
  case profile(Profile)
  /// From or up to which number a circle stream is for its recipient.
  case membership(Membership)
  /// A few words to a circle.
  case status(Status)
  /// Pictures to a circle.
  case photo(Photo)
  /// Words under a post.
  case comment(Comment)
  /// Emoji on something.
  case reaction(Reaction)
  /// Takes something back.
  case retract(Retract)
  /// Changes something.
  case edit(Edit)
  /// Words to one person.
  case message(Message)
  /// Ends being contacts.
  case contactRemove
  /// The author is reached elsewhere.
  case move(Move)
  /// A nonce of 16 bytes, sent to where somebody says to be reached now.
  case moveCheck([UInt8])
  /// That nonce, back from there.
  case moveAnswer([UInt8])
  /// Another OpenPGP key of the author's.
  case keyChange(KeyChange)
  /// Takes the own OpenPGP key back.
  case revoke(Revoke)
  /// How far streams reach.
  case heads([Head])
  /// Asks for what was lost.
  case resendRequest(Missing)
  /// What was asked for is not to be had any more.
  case gone(Missing)
  /// Hands on what was written to the root's author.
  case relay(Relay)
  /// Shows somebody else's post.
  case share(Share)
  /// Brings two contacts together: an invitation link that one of them gave for this, to the other.
  case introduce(invitation: String)
  /// Could not be read.
  case unsupported(Unsupported)
  /// Local decisions, to oneself.
  case journal(Journal)

  /// How many bytes an OpenPGP certificate may have.
  public static let largestCertificate = 10 * 1024

  /// Asks to become a contact; the only thing that a stranger may send.
  public struct ContactRequest: Hashable, Sendable, Codable {
    /// What the sender shows to anyone.
    public var profile: Profile
    /// Binary OpenPGP certificate, at most 10 KiB.
    public var certificate: [UInt8]
    /// This side's half of the pair key, 32 bytes.
    public var half: [UInt8]
    /// Stands where an invitation led here.
    public var proof: Proof?

    /// Shows that the sender holds an invitation's secret.
    public struct Proof: Hashable, Sendable, Codable {
      /// Which invitation: SHA-256(secret)[0..8].
      public var invitation: [UInt8]
      /// HMAC-SHA-256 with the secret, 32 bytes.
      public var value: [UInt8]

      /// A proof for an invitation.
      public init(invitation: [UInt8], value: [UInt8]) {
        self.invitation = invitation
        self.value = value
      }
    }

    /// A request of these parts.
    public init(profile: Profile, certificate: [UInt8], half: [UInt8], proof: Proof?) {
      self.profile = profile
      self.certificate = certificate
      self.half = half
      self.proof = proof
    }
  }

  /// Answers a request; from now on both are contacts.
  public struct ContactAccept: Hashable, Sendable, Codable {
    /// The id of the request.
    public var request: PacketID
    /// What the sender shows to contacts.
    public var profile: Profile
    /// Binary OpenPGP certificate, at most 10 KiB.
    public var certificate: [UInt8]
    /// This side's half of the pair key, 32 bytes.
    public var half: [UInt8]

    /// An answer of these parts.
    public init(request: PacketID, profile: Profile, certificate: [UInt8], half: [UInt8]) {
      self.request = request
      self.profile = profile
      self.certificate = certificate
      self.half = half
    }
  }

  /// What others may see of a user, and where the user's node is reached.
  public struct Profile: Hashable, Sendable, Codable {
    /// Milliseconds since 1970 or more; the highest wins.
    public var revision: UInt64
    /// `search="answer"`: a designated answer exists.
    public var answersSearch: Bool
    /// What the user is called: 1 to 64 characters (``PersonName``).
    public var name: String
    /// What else the user tells: city, born, about …
    public var fields: [Field]
    /// The user's portrait.
    public var picture: Picture?
    /// URIs in the order of preference.
    public var endpoints: [String]
    /// The highest version understood, and feature names.
    public var understands: Understands
    /// Binds the OpenPGP key to the author.
    public var binding: Binding
    /// A renewed certificate of the same primary key.
    public var certificate: [UInt8]?

    /// One thing told in a profile.
    public struct Field: Hashable, Sendable, Codable {
      /// What it is about, a name token without white space: `city`.
      public var name: String
      /// What the user says about it.
      public var value: String
      /// A field of a name and a value.
      public init(name: String, value: String) {
        self.name = name
        self.value = value
      }
    }

    /// What the node of this profile can read.
    public struct Understands: Hashable, Sendable, Codable {
      /// The highest version of the protocol, `1.0`.
      public var version: String
      /// Feature names, name tokens without white space.
      public var features: [String]
      /// What this version of the node understands, unless told otherwise.
      public init(version: String = "1.0", features: [String] = []) {
        self.version = version
        self.features = features
      }
    }

    /// Binds the OpenPGP key to the author.
    public struct Binding: Hashable, Sendable, Codable {
      /// Of the primary OpenPGP key.
      public var fingerprint: Fingerprint
      /// Detached binary OpenPGP signature over ``Derivation/bindingText(author:fingerprint:)``.
      public var signature: [UInt8]
      /// A binding of a key by its signature.
      public init(fingerprint: Fingerprint, signature: [UInt8]) {
        self.fingerprint = fingerprint
        self.signature = signature
      }
    }

    /// A profile of these parts.
    public init(
      revision: UInt64, answersSearch: Bool = false, name: String, fields: [Field] = [], picture: Picture? = nil,
      endpoints: [String], understands: Understands = Understands(), binding: Binding, certificate: [UInt8]? = nil
    ) {
      self.revision = revision
      self.answersSearch = answersSearch
      self.name = name
      self.fields = fields
      self.picture = picture
      self.endpoints = endpoints
      self.understands = understands
      self.binding = binding
      self.certificate = certificate
    }
  }

  /// Tells a member from (or up to) which number a circle stream is for them.
  public struct Membership: Hashable, Sendable, Codable {
    /// The circle stream that is meant.
    public var stream: StreamID
    /// Which of its numbers are for the recipient.
    public var span: Span

    /// From where, or to where, a stream is for a member.
    public enum Span: Hashable, Sendable, Codable {
      /// The next number the stream will use.
      case first(UInt64)
      /// The last number the member is to have.
      case last(UInt64)
    }

    /// A word about one stream.
    public init(stream: StreamID, span: Span) {
      self.stream = stream
      self.span = span
    }
  }

  /// A few words to a circle.
  public struct Status: Hashable, Sendable, Codable {
    /// Whether members may share it with their own friends.
    public var share: Bool
    /// The words.
    public var text: String
    /// Words, and whether they may be shared.
    public init(share: Bool, text: String) {
      self.share = share
      self.text = text
    }
  }

  /// One to ten pictures.
  public struct Photo: Hashable, Sendable, Codable {
    /// Whether members may share it with their own friends.
    public var share: Bool
    /// One to ten.
    public var pictures: [Picture]
    /// Words for all of them.
    public var caption: String?
    /// Pictures, with words or without.
    public init(share: Bool, pictures: [Picture], caption: String?) {
      self.share = share
      self.pictures = pictures
      self.caption = caption
    }
  }

  /// Words under a post.
  public struct Comment: Hashable, Sendable, Codable {
    /// The post that the conversation hangs on; its author is who this is sent to.
    public var root: Reference
    /// What it answers; the root itself for a first comment.
    public var target: Reference
    /// The words.
    public var text: String
    /// Pictures that belong to the words.
    public var pictures: [Picture]
    /// Words under a post, or under another comment.
    public init(root: Reference, target: Reference, text: String, pictures: [Picture] = []) {
      self.root = root
      self.target = target
      self.text = text
      self.pictures = pictures
    }
  }

  /// The author's full set of emoji on something; an empty set takes them back.
  public struct Reaction: Hashable, Sendable, Codable {
    /// The post that the conversation hangs on; its author is who this is sent to.
    public var root: Reference
    /// What the emoji are for.
    public var target: Reference
    /// Milliseconds since 1970 or more; the highest wins.
    public var revision: UInt64
    /// All emoji of this author for the target, one each.
    public var emoji: [String]
    /// A set of emoji for a target.
    public init(root: Reference, target: Reference, revision: UInt64, emoji: [String]) {
      self.root = root
      self.target = target
      self.revision = revision
      self.emoji = emoji
    }
  }

  /// Takes something back. `root` stands where the target is a comment or reaction (an open stream).
  public struct Retract: Hashable, Sendable, Codable {
    /// Stands in an open stream only: the post that the target hangs on.
    public var root: Reference?
    /// What is taken back.
    public var target: Reference
    /// Takes a target back.
    public init(root: Reference?, target: Reference) {
      self.root = root
      self.target = target
    }
  }

  /// The root's author hands a comment, reaction or retract on to everybody who saw the root.
  public struct Relay: Hashable, Sendable, Codable {
    /// The packet handed on.
    public var embedded: Embedded
    /// Who the embedded author is, says the relay's author.
    public var cardAuthor: Author
    /// What the relay's author calls them, 1 to 64 characters (``PersonName``).
    public var cardName: String
    /// Hands on a packet.
    public init(embedded: Embedded, cardAuthor: Author, cardName: String) {
      self.embedded = embedded
      self.cardAuthor = cardAuthor
      self.cardName = cardName
    }
  }

  /// A local decision, sealed to oneself: the mailbox is the log.
  public struct Journal: Hashable, Sendable, Codable {
    /// SHA-256 of the journal packet before; none in the first.
    public var previous: Hash?
    /// What was decided, in order.
    public var records: [Record]

    /// One element: its local name, attributes in order, and text. What it means is its writer's business.
    public struct Record: Hashable, Sendable, Codable {
      /// An element's local name.
      public var name: String
      /// Its attributes, in order.
      public var attributes: [Attribute]
      /// Its text, empty where it has none.
      public var text: String

      /// One attribute.
      public struct Attribute: Hashable, Sendable, Codable {
        /// Its local name.
        public var name: String
        /// Its value.
        public var value: String
        /// An attribute of a name and a value.
        public init(name: String, value: String) {
          self.name = name
          self.value = value
        }
      }

      /// A record of these parts.
      public init(name: String, attributes: [Attribute] = [], text: String = "") {
        self.name = name
        self.attributes = attributes
        self.text = text
      }

      /// The value of an attribute, if it stands.
      public subscript(name: String) -> String? { attributes.first { $0.name == name }?.value }
    }

    /// A journal packet of these records.
    public init(previous: Hash?, records: [Record]) {
      self.previous = previous
      self.records = records
    }
  }
}
