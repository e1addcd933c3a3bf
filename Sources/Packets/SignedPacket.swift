extension SignedPacket {
  /// Writes a packet and signs its bytes. What readers would refuse is refused here, with the same failure.
  ///
  /// Where ``Packet/fallback`` is nil and the action needs one, a plain sentence is written (``Fallback``). Characters that
  /// XML 1.0 has not are dropped, line ends become LF.
  public static func sign(_ packet: Packet, with key: SecretKey) throws(PacketFailure) -> SignedPacket {
    guard packet.author == key.author else { throw .foreignAuthor }
    if case .journal(let journal) = packet.action, !journal.hasPlainNames { throw .value(element: "journal", attribute: nil) }
    var written = packet
    if packet.fallback == nil, packet.needsFallback { written.fallback = Fallback.text(for: packet.action, authorName: nil) }
    let bytes = written.element.document(namespace: Envelope.namespace)
    try PacketLimits.check(bytes)
    let document = try ParsedDocument(bytes)
    guard let root = try document.root(namespace: Envelope.namespace), let schema = Schema.strict else { throw .unready }
    let envelope = try Envelope(root)
    guard let action = envelope.action else { throw .misplaced(element: "action") }
    _ = try Packet(envelope, action)
    guard try document.isAllowed(by: schema) else { throw .invalid(action: action.name) }
    return SignedPacket(bytes: bytes, signature: key.sign(Derivation.signedText(packet: bytes)))
  }

  /// Reads the bytes by the open schema: what the strict one does not allow in its place is skipped, what remains must match
  /// it (Protocol, "What is not understood"). The signature is another question: ``verifySignature(by:)``.
  ///
  /// - Parameters:
  ///   - features: what this node can do beyond version 1.0; a packet that requires more is held.
  ///   - actions: those that this node acts on.
  public func read(
    features: Set<String> = [], actions: Set<String> = Action.understood
  ) throws(PacketFailure) -> ReadPacket {
    try PacketLimits.check(bytes)
    guard let root = try ParsedDocument(bytes).root(namespace: Envelope.namespace) else { throw .notAPacket }
    let envelope = try Envelope(root)
    if envelope.isNewer { return .newer(NewerPacket(envelope, .version)) }
    guard let action = envelope.action, actions.contains(action.name) else {
      return .newer(NewerPacket(envelope, .action))
    }
    guard features.isSuperset(of: envelope.requires) else { return .newer(NewerPacket(envelope, .feature)) }
    guard let schema = Schema.strict else { throw .unready }
    let known = schema.packet.pruned(root)
    // Values first: they fail with the better reason.
    let packet = try Packet(envelope, known.child(action.name))
    let isAllowed = try ParsedDocument(known.document(namespace: Envelope.namespace)).isAllowed(by: schema)
    guard isAllowed else { throw .invalid(action: action.name) }
    return .understood(packet)
  }

  /// Whether the author signed exactly these bytes.
  public func verifySignature(by author: Author) -> Bool { author.verify(signature, over: Derivation.signedText(packet: bytes)) }

  /// What `<embedded>`, ``Reference`` and the journal call these bytes.
  public var sha256: Hash { Hash.of(bytes) }
}

extension NewerPacket {
  fileprivate init(_ envelope: Envelope, _ reason: Reason) {
    self.init(
      id: envelope.id, author: envelope.author, created: envelope.created, stream: envelope.stream,
      kind: envelope.action?.name ?? "", fallback: envelope.fallback ?? "", reason: reason)
  }
}
