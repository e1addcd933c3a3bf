public import Packets

/// Gate 5: whether the sender of a parcel may say what one of its packets says. A pure function on state that is passed in, because
/// it is asked for each packet after the one before took effect: behind a `contact-accept` the same sender is a contact.
public struct PacketGate: Sendable {
  /// The reader.
  public var me: Author
  /// Who sealed the parcel.
  public var signer: Fingerprint
  /// What the reader knows of the signer now.
  public var standing: Standing

  /// A gate for packets that `signer` sent to `me`.
  public init(me: Author, signer: Fingerprint, standing: Standing) {
    self.me = me
    self.signer = signer
    self.standing = standing
  }

  /// A packet that may come in.
  public enum Verdict: Sendable {
    /// To be acted on; an embedded packet comes with its carrier.
    case accepted(Packet, embedded: EmbeddedPacket?)
    /// To be kept until a newer node reads it: itself, or what it carries, needs one. Parts that travel along are kept with it.
    case held(NewerPacket, with: [PacketPart])
  }

  /// A packet that another one carries.
  public struct EmbeddedPacket: Hashable, Sendable {
    /// Its bytes, which may be handed on.
    public var signed: SignedPacket
    /// What it says.
    public var packet: Packet
  }

  /// What the reader's node remembers that bears on a packet.
  public protocol Memory {
    /// The key that an author is pinned with, whoever it is that sends now.
    func key(of author: Author) -> Fingerprint?
    /// What an author's stream was begun as; nothing for one that is not known yet.
    func kind(of stream: StreamID, by author: Author) -> StreamKind?
  }

  /// Judges one part that is not embedded in another. What it carries is found among its siblings, all parts of the parcel.
  public func judge(
    _ part: PacketPart, among siblings: [PacketPart], _ memory: some Memory
  ) throws(Refusal) -> Verdict {
    let reading = try part.reading.get()
    try checkAuthor(part, reading, memory)
    if let to = reading.stream?.to, to != me, !standing.isMyself { throw refused("it is addressed to somebody else") }
    if let stream = reading.stream, let kind = memory.kind(of: stream.id, by: reading.author) {
      guard reading.streamKinds.contains(kind) else { throw refused("its stream was begun as one of another kind") }
    }
    switch reading {
    case .newer(let newer):
      guard standing.mayBeNewer else { throw refused("nobody but a contact may send what needs a newer node") }
      return .held(newer, with: siblings.filter { $0.isEmbedded && $0.isSigned })
    case .understood(let packet):
      try checkAllowed(packet, isAlone: siblings.count == 1)
      guard let embedded = packet.embedded else { return .accepted(packet, embedded: nil) }
      return try judge(embedded, in: packet, among: siblings)
    }
  }

  private func checkAuthor(_ part: PacketPart, _ reading: ReadPacket, _ memory: some Memory) throws(Refusal) {
    guard part.isSigned else { throw refused("the author's signature is missing or wrong") }
    if let pinned = standing.author {
      guard reading.author == pinned else { throw refused("its author is not the one that belongs to the signer") }
    }
    if let key = memory.key(of: reading.author), key != signer { throw refused("its author belongs to another key") }
  }

  private func checkAllowed(_ packet: Packet, isAlone: Bool) throws(Refusal) {
    if case .contactRequest = packet.action, !isAlone, !standing.isMyself {
      throw refused("a contact-request is not alone in its parcel")
    }
    guard standing.allows(packet.action) else { throw refused("this sender may not send a \(packet.action.elementName)") }
    if let binding = packet.binding, binding.fingerprint != signer {
      throw refused("its profile is bound to another key than the signer's")
    }
  }

  /// What a packet carries is judged by its carrier's rules only: it must be here, of the length and by the author that the carrier
  /// says, and of a kind that may be carried. Unfit, it makes its carrier refused.
  private func judge(
    _ embedded: Embedded, in carrier: Packet, among siblings: [PacketPart]
  ) throws(Refusal) -> Verdict {
    guard let part = siblings.first(where: { $0.sha256 == embedded.sha256 }) else { throw refused("what it carries is missing") }
    guard UInt64(part.signed.bytes.count) == embedded.size else { throw refused("what it carries has another length") }
    guard part.isSigned, case .success(let reading) = part.reading else { throw refused("what it carries cannot be read") }
    switch reading {
    case .newer(let newer):
      return .held(
        NewerPacket(
          id: carrier.id, author: carrier.author, created: carrier.created, stream: carrier.stream,
          kind: carrier.action.elementName, fallback: carrier.fallback ?? "", reason: newer.reason),
        with: [part])
    case .understood(let packet):
      guard carrier.mayEmbed(packet) else { throw refused("what it carries may not be carried so") }
      return .accepted(carrier, embedded: EmbeddedPacket(signed: part.signed, packet: packet))
    }
  }

  private func refused(_ reason: String) -> Refusal { Refusal(.packet, reason) }
}

extension ReadPacket {
  /// What its stream may have been begun as.
  fileprivate var streamKinds: Set<StreamKind> {
    switch self {
    case .understood(let packet): packet.streamKind.map { [$0] } ?? []
    case .newer(let newer): newer.streamKinds
    }
  }
}

extension Packet {
  /// The statement that ties the author to an OpenPGP key, where the packet makes one.
  var binding: Action.Profile.Binding? {
    switch action {
    case .profile(let profile): profile.binding
    case .contactRequest(let request): request.profile.binding
    case .contactAccept(let accept): accept.profile.binding
    default: nil
    }
  }
}
