public import Packets

/// Another user as this node knows them. Never a From line: an author with a pinned OpenPGP fingerprint.
public struct Contact: Hashable, Sendable, Codable {
  /// The author key.
  public var author: Author
  /// The primary fingerprint of the pinned certificate.
  public var fingerprint: Fingerprint
  /// The pinned name, which is shown; a later one in a profile is only claimed.
  public var name: String
  /// Where the acquaintance stands.
  public var state: State
  /// How sure the user may be that the key is this person's.
  public var mark: Mark
  /// When they became a contact, or when the present state began.
  public var since: Instant
  /// Binary certificate.
  @Base64 public var certificate: [UInt8]
  /// Our half of the pair key, 32 bytes.
  @Base64 public var ourHalf: [UInt8]
  /// Their half; empty until they answered.
  @Base64 public var theirHalf: [UInt8]
  /// URIs in their order of preference.
  public var endpoints: [String]
  /// The request that began it, ours or theirs.
  public var request: PacketID?
  /// The secret of the invitation that made the two contacts; empty where both had asked, or nobody was invited.
  @Base64 public var invitationSecret: [UInt8]

  /// Where an acquaintance stands.
  public enum State: String, Sendable, Codable {
    /// Asked by me, not answered yet.
    case requested
    /// Both agreed.
    case contact
    /// The user wants nothing of them.
    case blocked
    /// Was a contact.
    case removed
    /// Contradicting keys: nothing goes on until the user decides.
    case frozen
  }

  /// How the key was learned.
  public enum Mark: String, Sendable, Codable {
    /// Compared face to face.
    case verified
    /// By an invitation's secret.
    case invited
    /// By another contact.
    case introduced
    /// By its own word alone.
    case requested
  }

  /// A contact of these parts.
  public init(
    author: Author, fingerprint: Fingerprint, name: String, state: State, mark: Mark, since: Instant, certificate: [UInt8],
    ourHalf: [UInt8], theirHalf: [UInt8], endpoints: [String], request: PacketID?, invitationSecret: [UInt8] = []
  ) {
    self.author = author
    self.fingerprint = fingerprint
    self.name = name
    self.state = state
    self.mark = mark
    self.since = since
    self.certificate = certificate
    self.ourHalf = ourHalf
    self.theirHalf = theirHalf
    self.endpoints = endpoints
    self.request = request
    self.invitationSecret = invitationSecret
  }

  /// The eight digits that both see if, and only if, each has the other's key (Protocol, "Formulas"); nothing before they answered.
  public func comparisonCode(with myself: Myself) -> String? {
    guard !theirHalf.isEmpty else { return nil }
    let pairKey = Derivation.pairKey(mine: myself.author, theirs: author, myHalf: ourHalf, theirHalf: theirHalf)
    return Derivation.comparisonCode(
      myself.fingerprint, fingerprint, secret: invitationSecret.isEmpty ? pairKey : invitationSecret)
  }
}

/// A stranger's request that waits for the user's word.
public struct PendingRequest: Hashable, Sendable, Codable {
  /// The id of the `contact-request` packet.
  public var id: PacketID
  /// Who asks.
  public var author: Author
  /// Their primary fingerprint.
  public var fingerprint: Fingerprint
  /// The name they give.
  public var name: String
  /// Where they say they are reached, in order.
  public var endpoints: [String]
  /// Binary certificate, checked and not pinned.
  @Base64 public var certificate: [UInt8]
  /// Their half of the pair key.
  @Base64 public var half: [UInt8]
  /// When it arrived.
  public var received: Instant
  /// Whether it proves an invitation of ours that has since been used, has expired, or was for somebody else.
  public var proof: Bool
  /// Who sent them, where a contact did; then it is the user who would ask.
  public var introducedBy: String?

  /// A request of these parts.
  public init(
    id: PacketID, author: Author, fingerprint: Fingerprint, name: String, endpoints: [String], certificate: [UInt8],
    half: [UInt8], received: Instant, proof: Bool, introducedBy: String? = nil
  ) {
    self.id = id
    self.author = author
    self.fingerprint = fingerprint
    self.name = name
    self.endpoints = endpoints
    self.certificate = certificate
    self.half = half
    self.received = received
    self.proof = proof
    self.introducedBy = introducedBy
  }
}

/// An invitation of somebody, handed on by a contact of ours who knows both.
public struct Introduction: Hashable, Sendable, Codable {
  /// The id of the `introduce` packet.
  public var id: PacketID
  /// The contact who knows both.
  public var by: Author
  /// What leads to the other.
  public var invitation: Invitation
  /// When it arrived.
  public var received: Instant

  /// An introduction of these parts.
  public init(id: PacketID, by: Author, invitation: Invitation, received: Instant) {
    self.id = id
    self.by = by
    self.invitation = invitation
    self.received = received
  }
}

/// An invitation that we gave out.
public struct GivenInvitation: Hashable, Sendable, Codable {
  /// SHA-256(secret)[0..8].
  @Base64 public var id: [UInt8]
  /// 16 bytes.
  @Base64 public var secret: [UInt8]
  /// When it stops being good.
  public var expires: Instant
  /// The address it was made for, if for one.
  public var address: String?
  /// The name that the user gave to whom it is for.
  public var name: String?
  /// Whether somebody became a contact by it.
  public var used: Bool

  /// An invitation of these parts.
  public init(id: [UInt8], secret: [UInt8], expires: Instant, address: String?, name: String?, used: Bool = false) {
    self.id = id
    self.secret = secret
    self.expires = expires
    self.address = address
    self.name = name
    self.used = used
  }
}

/// The user of this node, as far as packets need it.
public struct Myself: Hashable, Sendable, Codable {
  /// The author key's public half.
  public var author: Author
  /// The primary fingerprint of the identity's key.
  public var fingerprint: Fingerprint
  /// Binary certificate.
  @Base64 public var certificate: [UInt8]
  /// Detached OpenPGP signature that binds the fingerprint to the author.
  @Base64 public var binding: [UInt8]
  /// The profile's name.
  public var name: String
  /// URIs in the order of preference.
  public var endpoints: [String]
  /// Profile fields, by name.
  public var fields: [String: String]
  /// Who may see which field; contacts, where nothing is said.
  public var audiences: [String: FieldAudience]?

  /// A user of these parts.
  public init(
    author: Author, fingerprint: Fingerprint, certificate: [UInt8], binding: [UInt8], name: String, endpoints: [String],
    fields: [String: String] = [:]
  ) {
    self.author = author
    self.fingerprint = fingerprint
    self.certificate = certificate
    self.binding = binding
    self.name = name
    self.endpoints = endpoints
    self.fields = fields
  }

  /// The fields that somebody may see, by name.
  public func fields(for audience: FieldAudience) -> [(name: String, value: String)] {
    fields.filter { (audiences?[$0.key] ?? .contacts) <= audience }.sorted { $0.key < $1.key }.map { ($0.key, $0.value) }
  }
}

/// Who may see a field of a profile; each sees what those before it do.
public enum FieldAudience: String, Hashable, Sendable, Codable, CaseIterable, Comparable {
  /// Whoever is asked to become a contact.
  case anyone
  /// Contacts.
  case contacts
  /// Only the user.
  case nobody

  /// Who sees less comes first.
  public static func < (one: FieldAudience, other: FieldAudience) -> Bool {
    let all = allCases
    return (all.firstIndex(of: one) ?? 0) < (all.firstIndex(of: other) ?? 0)
  }
}

/// A circle, as its owner alone sees it.
public struct CircleView: Hashable, Sendable {
  /// What the user calls it; never sent.
  public var name: String
  /// Who is in it now, by name.
  public var members: [Contact]

  /// A circle of these members.
  public init(name: String, members: [Contact]) {
    self.name = name
    self.members = members
  }
}
