public import Packets

/// What the node decides about, one at a time.
public enum Event: Sendable {
  /// A packet that passed the gates before `order`.
  case packet(Arrival)
  /// The user's word. `id` names what will be written because of it, so that it has a name before it has a number.
  case wish(Wish, id: PacketID, through: Channel)
  /// A moment that was asked for by ``Change/wake(_:at:)`` has come.
  case due(Alarm)
  /// A packet of one's own has just been numbered and signed.
  case published(SignedPacket, Packet)
}

/// Which way a wish came, which decides how long it can be taken back.
public enum Channel: String, Sendable, Codable {
  /// The command, or a program that drops action files.
  case command
  /// A mail of the user.
  case mail
}

/// Why the node wants to be woken.
public enum Alarm: Hashable, Sendable, Codable {
  /// A draft's time to be stopped is over.
  case release(PacketID)
  /// A contact-request was not answered: the same bytes again. `attempt` counts from 1.
  case askAgain(Author, attempt: Int)
  /// Whether a contact is where they say was not answered: the endpoints are asked again. `attempt` counts from 1.
  case lookAgain(Author, attempt: Int)
  /// A pending request is 30 days old.
  case forget(request: PacketID)
  /// Something of somebody's is missing: it is asked for. `attempt` counts from 1.
  case repair(Author, attempt: Int)
  /// Contacts are told once more of the own new key: until they know, nothing reaches them. `attempt` counts from 1.
  case sayKeyAgain(attempt: Int)
  /// Nothing followed a publication: members are told how far our streams reach.
  case heads
  /// Somebody is a contact for a day: they get what was said before.
  case history(Author)
  /// Until then a contact is not told again that something cannot be read for this reason.
  case mayTell(Author, String)
  /// What waits for its root waited 30 days.
  case giveUp(PacketName)
}

/// A packet as it comes out of its parcel, read and its author signature checked.
public struct Arrival: Sendable {
  /// The bytes and the signature.
  public var signed: SignedPacket
  /// SHA-256 of the bytes.
  public var sha256: Hash
  /// What it says, as far as this node understands it.
  public var read: ReadPacket
  /// Whose parcel brought it: the author pinned for the parcel's signer; for a stranger's request, the packet's own.
  public var sender: Author
  /// The parcel signer's primary fingerprint.
  public var signer: Fingerprint
  /// When its parcel arrived.
  public var arrived: Instant
  /// What OpenPGP proved of a packet about keys, asked before: the key that it takes back,
  /// or the new key, by the good signatures of both.
  public var proven: Fingerprint?
  /// The packets that travelled as parts of their carriers, by SHA-256 of their bytes.
  public var embedded: [Hash: (signed: SignedPacket, read: ReadPacket)]

  /// An arrival of these parts.
  public init(
    signed: SignedPacket, sha256: Hash, read: ReadPacket, sender: Author, signer: Fingerprint, arrived: Instant,
    proven: Fingerprint? = nil, embedded: [Hash: (signed: SignedPacket, read: ReadPacket)] = [:]
  ) {
    self.signed = signed
    self.sha256 = sha256
    self.read = read
    self.sender = sender
    self.signer = signer
    self.arrived = arrived
    self.proven = proven
    self.embedded = embedded
  }
}
