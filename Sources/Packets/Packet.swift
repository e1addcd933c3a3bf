/// One action of one author. Immutable once signed.
public struct Packet: Hashable, Sendable {
  /// With the author, its name in the whole network.
  public var id: PacketID
  /// Who says it.
  public var author: Author
  /// When the author's clock says it was made.
  public var created: Instant
  /// Its place in a row of packets to one audience; none for what repairs rows.
  public var stream: Stream?
  /// Features without which the packet must be held, not acted on.
  public var requires: [String]
  /// What is said.
  public var action: Action
  /// What a node shows that does not know the action.
  public var fallback: String?

  /// A packet of these parts.
  public init(
    id: PacketID, author: Author, created: Instant, stream: Stream?, requires: [String] = [], action: Action, fallback: String?
  ) {
    self.id = id
    self.author = author
    self.created = created
    self.stream = stream
    self.requires = requires
    self.action = action
    self.fallback = fallback
  }

  /// Author and id.
  public var name: PacketName { PacketName(author: author, id: id) }

  /// A number in a stream, and to whom, if to one.
  public struct Stream: Hashable, Sendable {
    /// Which stream of this author.
    public var id: StreamID
    /// 1 for the first; 0 for a contact-request; at most 2^53-1.
    public var sequence: UInt64
    /// The recipient of a direct stream; none in a circle's or the journal's.
    public var to: Author?

    /// A place in a stream.
    public init(id: StreamID, sequence: UInt64, to: Author? = nil) {
      self.id = id
      self.sequence = sequence
      self.to = to
    }
  }
}

/// A packet's exact bytes with the author's signature over them: what travels, and what is kept for ever.
public struct SignedPacket: Hashable, Sendable {
  /// The XML document.
  public let bytes: [UInt8]
  /// Ed25519, 64 bytes.
  public let signature: [UInt8]

  /// Bytes and their signature, not yet checked.
  public init(bytes: [UInt8], signature: [UInt8]) {
    self.bytes = bytes
    self.signature = signature
  }
}

/// What a reader makes of a packet's bytes.
public enum ReadPacket: Hashable, Sendable {
  /// Understood whole.
  case understood(Packet)
  /// Well formed, but of a newer version, with an unknown action or a feature that this node lacks.
  case newer(NewerPacket)
}

/// Of a packet that needs a newer node, only this is judged.
public struct NewerPacket: Hashable, Sendable {
  /// With the author, its name.
  public var id: PacketID
  /// Who says it.
  public var author: Author
  /// When, by the author's clock.
  public var created: Instant
  /// Its place in a stream, if it has one.
  public var stream: Packet.Stream?
  /// The action's element name; empty where a newer version has none that this node could find.
  public var kind: String
  /// Text to show meanwhile; empty where the packet brought none.
  public var fallback: String
  /// Why it is held.
  public var reason: Reason

  /// What a newer node would have to bring.
  public enum Reason: String, Sendable, Codable {
    /// An action that this node does not know.
    case action
    /// A `<requires feature="…"/>` that this node lacks.
    case feature
    /// A version higher than 1.0.
    case version
  }

  /// The judged parts of a packet from the future.
  public init(
    id: PacketID, author: Author, created: Instant, stream: Packet.Stream?, kind: String, fallback: String, reason: Reason
  ) {
    self.id = id
    self.author = author
    self.created = created
    self.stream = stream
    self.kind = kind
    self.fallback = fallback
    self.reason = reason
  }
}
