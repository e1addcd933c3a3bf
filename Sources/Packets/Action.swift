/// What a packet says: the actions of version 1.0 that this node acts on (Protocol, "Actions").
public enum Action: Hashable, Sendable {
  case contactRequest(ContactRequest)
  case contactAccept(ContactAccept)
  case profile(Profile)
  case membership(Membership)
  case status(Status)
  case photo(Photo)
  case comment(Comment)
  case reaction(Reaction)
  case retract(Retract)
  case relay(Relay)
  case journal(Journal)

  /// Asks to become a contact; the only thing that a stranger may send.
  public struct ContactRequest: Hashable, Sendable {
    public var profile: Profile
    /// Binary OpenPGP certificate, at most 10 KiB.
    public var certificate: [UInt8]
    /// This side's half of the pair key, 32 bytes.
    public var half: [UInt8]
    public var proof: Proof?

    /// Shows that the sender holds an invitation's secret.
    public struct Proof: Hashable, Sendable {
      /// Which invitation: SHA-256(secret)[0..8].
      public var invitation: [UInt8]
      /// HMAC-SHA-256 with the secret, 32 bytes.
      public var value: [UInt8]

      public init(invitation: [UInt8], value: [UInt8]) {
        self.invitation = invitation
        self.value = value
      }
    }

    public init(profile: Profile, certificate: [UInt8], half: [UInt8], proof: Proof?) {
      self.profile = profile
      self.certificate = certificate
      self.half = half
      self.proof = proof
    }
  }

  /// Answers a request; from now on both are contacts.
  public struct ContactAccept: Hashable, Sendable {
    /// The id of the request.
    public var request: PacketID
    public var profile: Profile
    /// Binary OpenPGP certificate, at most 10 KiB.
    public var certificate: [UInt8]
    /// This side's half of the pair key, 32 bytes.
    public var half: [UInt8]

    public init(request: PacketID, profile: Profile, certificate: [UInt8], half: [UInt8]) {
      self.request = request
      self.profile = profile
      self.certificate = certificate
      self.half = half
    }
  }

  /// What others may see of a user, and where the user's node is reached.
  public struct Profile: Hashable, Sendable {
    /// Milliseconds since 1970 or more; the highest wins.
    public var revision: UInt64
    /// `search="answer"`: a designated answer exists.
    public var answersSearch: Bool
    public var name: String
    public var fields: [Field]
    public var picture: Picture?
    /// URIs in the order of preference.
    public var endpoints: [String]
    /// The highest version understood, and feature names.
    public var understands: Understands
    public var binding: Binding
    /// A renewed certificate of the same primary key.
    public var certificate: [UInt8]?

    public struct Field: Hashable, Sendable {
      public var name: String
      public var value: String
      public init(name: String, value: String) {
        self.name = name
        self.value = value
      }
    }

    public struct Understands: Hashable, Sendable {
      public var version: String
      public var features: [String]
      public init(version: String = "1.0", features: [String] = []) {
        self.version = version
        self.features = features
      }
    }

    /// Binds the OpenPGP key to the author.
    public struct Binding: Hashable, Sendable {
      public var fingerprint: Fingerprint
      /// Detached binary OpenPGP signature over ``Derivation/bindingText(author:fingerprint:)``.
      public var signature: [UInt8]
      public init(fingerprint: Fingerprint, signature: [UInt8]) {
        self.fingerprint = fingerprint
        self.signature = signature
      }
    }

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
  public struct Membership: Hashable, Sendable {
    public var stream: StreamID
    public var span: Span

    public enum Span: Hashable, Sendable {
      /// The next number the stream will use.
      case first(UInt64)
      /// The last number the member is to have.
      case last(UInt64)
    }

    public init(stream: StreamID, span: Span) {
      self.stream = stream
      self.span = span
    }
  }

  /// A few words to a circle.
  public struct Status: Hashable, Sendable {
    /// Whether members may share it with their own friends.
    public var share: Bool
    public var text: String
    public init(share: Bool, text: String) {
      self.share = share
      self.text = text
    }
  }

  /// One to ten pictures.
  public struct Photo: Hashable, Sendable {
    public var share: Bool
    public var pictures: [Picture]
    public var caption: String?
    public init(share: Bool, pictures: [Picture], caption: String?) {
      self.share = share
      self.pictures = pictures
      self.caption = caption
    }
  }

  /// Words under a post.
  public struct Comment: Hashable, Sendable {
    public var root: Reference
    /// What it answers; the root itself for a first comment.
    public var target: Reference
    public var text: String
    public var pictures: [Picture]
    public init(root: Reference, target: Reference, text: String, pictures: [Picture] = []) {
      self.root = root
      self.target = target
      self.text = text
      self.pictures = pictures
    }
  }

  /// The author's full set of emoji on something; an empty set takes them back.
  public struct Reaction: Hashable, Sendable {
    public var root: Reference
    public var target: Reference
    public var revision: UInt64
    public var emoji: [String]
    public init(root: Reference, target: Reference, revision: UInt64, emoji: [String]) {
      self.root = root
      self.target = target
      self.revision = revision
      self.emoji = emoji
    }
  }

  /// Takes something back. `root` stands where the target is a comment or reaction (an open stream).
  public struct Retract: Hashable, Sendable {
    public var root: Reference?
    public var target: Reference
    public init(root: Reference?, target: Reference) {
      self.root = root
      self.target = target
    }
  }

  /// The root's author hands a comment, reaction or retract on to everybody who saw the root.
  public struct Relay: Hashable, Sendable {
    public var embedded: Embedded
    /// Who the embedded author is, says the relay's author.
    public var cardAuthor: Author
    public var cardName: String
    public init(embedded: Embedded, cardAuthor: Author, cardName: String) {
      self.embedded = embedded
      self.cardAuthor = cardAuthor
      self.cardName = cardName
    }
  }

  /// A local decision, sealed to oneself: the mailbox is the log.
  public struct Journal: Hashable, Sendable {
    /// SHA-256 of the journal packet before; none in the first.
    public var previous: Hash?
    public var records: [Record]

    /// One element: its local name, attributes in order, and text. What it means is its writer's business.
    public struct Record: Hashable, Sendable {
      public var name: String
      public var attributes: [Attribute]
      public var text: String

      public struct Attribute: Hashable, Sendable {
        public var name: String
        public var value: String
        public init(name: String, value: String) {
          self.name = name
          self.value = value
        }
      }

      public init(name: String, attributes: [Attribute] = [], text: String = "") {
        self.name = name
        self.attributes = attributes
        self.text = text
      }

      /// The value of an attribute, if it stands.
      public subscript(name: String) -> String? { attributes.first { $0.name == name }?.value }
    }

    public init(previous: Hash?, records: [Record]) {
      self.previous = previous
      self.records = records
    }
  }
}

/// Points at a packet and pins its exact bytes.
public struct Reference: Hashable, Sendable {
  public var author: Author
  public var id: PacketID
  /// SHA-256 of the packet's bytes.
  public var sha256: Hash

  public init(author: Author, id: PacketID, sha256: Hash) {
    self.author = author
    self.id = id
    self.sha256 = sha256
  }

  /// Author and id.
  public var name: PacketName { PacketName(author: author, id: id) }
}

/// A picture: a blob with its size in pixels, words for who cannot see it, and the people in it.
public struct Picture: Hashable, Sendable {
  /// Pixels.
  public var width: UInt64
  /// Pixels.
  public var height: UInt64
  public var alternative: String?
  public var blob: Blob
  public var people: [Author]

  public init(width: UInt64, height: UInt64, alternative: String?, blob: Blob, people: [Author] = []) {
    self.width = width
    self.height = height
    self.alternative = alternative
    self.blob = blob
    self.people = people
  }
}

/// Names bytes that travel beside the packet.
public struct Blob: Hashable, Sendable {
  public var sha256: Hash
  /// Bytes.
  public var size: UInt64
  /// A media type, `image/jpeg`.
  public var type: String

  public init(sha256: Hash, size: UInt64, type: String) {
    self.sha256 = sha256
    self.size = size
    self.type = type
  }
}

/// Names a packet that travels as a part beside its carrier.
public struct Embedded: Hashable, Sendable {
  public var sha256: Hash
  /// Bytes.
  public var size: UInt64

  public init(sha256: Hash, size: UInt64) {
    self.sha256 = sha256
    self.size = size
  }
}
