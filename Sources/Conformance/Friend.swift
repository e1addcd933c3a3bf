internal import Account
internal import Feed
internal import FoundationEssentials
internal import OpenPGP
internal import Packets

/// The node that is tried, as its invitation says.
struct Peer: Sendable {
  let author: Author
  let key: Fingerprint
  let endpoint: String
  /// Of the invitation.
  let secret: [UInt8]
}

/// Somebody who speaks in a play: an author with an OpenPGP key and a directory, made for it.
struct Friend: Sendable {
  let name: String
  let secret: SecretKey
  private var identity: Identity
  private var inbox: Inbox
  /// The one before a move.
  private var formerInbox: Inbox?
  let half: [UInt8]
  /// Streams by kind and recipient, and how many numbers each has given.
  private var streams: [String: (id: StreamID, last: UInt64)] = [:]
  /// The newest profile, as it was signed.
  private(set) var profile: SignedPacket?
  /// The node's half, once both are contacts.
  var theirHalf: [UInt8]?
  /// The request that waits for an answer: own, or the node's.
  var request: PacketID?
  /// Of the newest `move-check` that came.
  var nonce: [UInt8]?

  /// An OpenPGP key that was made for somebody.
  struct Identity: Sendable {
    let handle: Key
    let key: Fingerprint
    let certificate: [UInt8]
    /// The key's signature over whose it is.
    let binding: [UInt8]

    init(of author: Author, in home: KeyHome) async throws {
      handle = try await home.makeIdentityKey()
      guard let fingerprint = Fingerprint(bytes: handle.fingerprint) else { throw Flaw("no key can be made") }
      key = fingerprint
      certificate = try await home.certificate(of: handle)
      binding = try await home.sign(Derivation.bindingText(author: author, fingerprint: fingerprint), by: handle)
    }
  }

  /// A directory that somebody's parcels come to.
  struct Inbox: Sendable {
    let directory: URL
    let endpoint: String

    init(_ name: String, in place: URL) throws {
      directory = place.appending(path: "\(name)-\(UUID().uuidString.prefix(8))", directoryHint: .isDirectory)
      try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
      guard let endpoint = Endpoint(path: directory.path)?.uri else { throw Flaw("\(directory.path) cannot be an endpoint") }
      self.endpoint = endpoint
    }
  }

  var key: Fingerprint { identity.key }
  var endpoint: String { inbox.endpoint }
  /// The present one, and the one before.
  var inboxes: [Inbox] { [inbox] + [formerInbox].compactMap { $0 } }
  var author: Author { secret.author }
  var isContact: Bool { theirHalf != nil }

  init(_ name: String, in home: KeyHome, inboxes: URL) async throws {
    var random = SystemRandomNumberGenerator()
    guard let secret = SecretKey(seed: Random.bytes(32, using: &random)) else { throw Flaw("no key can be made for \(name)") }
    self.name = name
    self.secret = secret
    identity = try await Identity(of: secret.author, in: home)
    inbox = try Inbox(name, in: inboxes)
    half = Random.bytes(32, using: &random)
  }

  func invitation(_ secret: [UInt8]) -> Invitation {
    Invitation(endpoint: endpoint, name: name, certificate: identity.certificate, author: author, secret: secret)
  }

  func profile(at moment: Instant) -> Action.Profile {
    .init(
      revision: UInt64(clamping: moment.milliseconds), name: name, endpoints: [endpoint],
      binding: .init(fingerprint: key, signature: identity.binding))
  }

  // MARK: Streams

  /// The stream of a kind to somebody; begun if there is none.
  mutating func stream(_ kind: String, to author: Author?) throws -> (id: StreamID, last: UInt64) {
    let name = kind + (author?.text ?? "")
    if let known = streams[name] { return known }
    var random = SystemRandomNumberGenerator()
    guard let id = StreamID(bytes: Random.bytes(16, using: &random)) else { throw Flaw("a stream without an id") }
    streams[name] = (id, 0)
    return (id, 0)
  }

  /// The next place in a stream.
  mutating func place(_ kind: String, to author: Author?) throws -> Packet.Stream {
    var stream = try stream(kind, to: author)
    stream.last += 1
    streams[kind + (author?.text ?? "")] = stream
    return Packet.Stream(id: stream.id, sequence: stream.last, to: author)
  }

  // MARK: Acquaintance

  /// A packet of one's own, signed.
  func sign(_ action: Action, _ stream: Packet.Stream?, at moment: Instant) throws(PacketFailure) -> SignedPacket {
    var random = SystemRandomNumberGenerator()
    let id = PacketID(at: moment, using: &random)
    let packet = Packet(id: id, author: author, created: moment, stream: stream, action: action, fallback: nil)
    return try SignedPacket.sign(packet, with: secret)
  }

  /// Asks the node; with the proof of an invitation, if there is one.
  mutating func ask(_ node: Peer, proving: Bool, at moment: Instant) throws -> SignedPacket {
    let proof = Action.ContactRequest.Proof(
      invitation: Derivation.invitationID(secret: node.secret),
      value: Derivation.invitationProof(
        secret: node.secret, inviter: node.author, inviterFingerprint: node.key, invitee: author, inviteeFingerprint: key))
    let action = Action.ContactRequest(
      profile: profile(at: moment), certificate: identity.certificate, half: half, proof: proving ? proof : nil)
    let stream = try stream("private", to: node.author)
    let signed = try sign(.contactRequest(action), Packet.Stream(id: stream.id, sequence: 0, to: node.author), at: moment)
    if case .understood(let packet) = try signed.read() { request = packet.id }
    return signed
  }

  /// Says yes to the node's request.
  mutating func accept(_ node: Peer, at moment: Instant) throws -> [SignedPacket] {
    guard let request else { return [] }
    let action = Action.ContactAccept(
      request: request, profile: profile(at: moment), certificate: identity.certificate, half: half)
    let signed = try sign(.contactAccept(action), try place("private", to: node.author), at: moment)
    return [signed] + (try introduction(to: node, at: moment))
  }

  /// What follows an acquaintance: which posts are for the node, and who writes them.
  mutating func introduction(to node: Peer, at moment: Instant) throws -> [SignedPacket] {
    if profile == nil { profile = try sign(.profile(profile(at: moment)), try place("circle", to: nil), at: moment) }
    let circle = try stream("circle", to: nil)
    let membership = Action.Membership(stream: circle.id, span: .first(circle.last + 1))
    return [try sign(.membership(membership), try place("private", to: node.author), at: moment)] + [profile].compactMap { $0 }
  }

  // MARK: Keys and addresses

  /// Another OpenPGP key in place of the own one.
  mutating func changeKey(in home: KeyHome, _ node: Peer, at moment: Instant) async throws -> SignedPacket {
    let next = try await Identity(of: author, in: home)
    let revision = UInt64(clamping: moment.milliseconds)
    let text = Derivation.keyChangeText(author: author, old: key, new: next.key, revision: revision)
    let change = Action.KeyChange(
      revision: revision, certificate: next.certificate, oldSignature: try await home.sign(text, by: identity.handle),
      newSignature: try await home.sign(text, by: next.handle))
    let said = try sign(.keyChange(change), try place("private", to: node.author), at: moment)
    identity = next
    return said
  }

  /// Takes the own key back.
  mutating func revokeKey(in home: KeyHome, _ node: Peer, at moment: Instant) throws -> SignedPacket {
    guard let revocation = home.revocation(of: identity.handle) else { throw Flaw("\(name) cannot take a key back") }
    return try sign(.revoke(.init(certificate: revocation)), try place("private", to: node.author), at: moment)
  }

  /// Another directory in place of the old one.
  mutating func move(within inboxes: URL, _ node: Peer, at moment: Instant) throws -> SignedPacket {
    (formerInbox, inbox) = (inbox, try Inbox(name, in: inboxes))
    let move = Action.Move(revision: UInt64(clamping: moment.milliseconds), endpoints: [endpoint])
    return try sign(.move(move), try place("private", to: node.author), at: moment)
  }

  /// That a `move-check` has come.
  mutating func prove(_ node: Peer, at moment: Instant) throws -> SignedPacket {
    guard let nonce else { throw Flaw("no move-check came to \(name)") }
    return try sign(.moveAnswer(nonce), try place("private", to: node.author), at: moment)
  }
}
