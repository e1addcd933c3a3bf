/// An action without envelope, as other programs put it into `outpackets/`: one element of the namespace, with `circle` or `to` on
/// it. Number, author and signature come later.
public struct ActionFile: Hashable, Sendable {
  /// What is to be said.
  public var action: Action
  /// The circle it is for, where one is named.
  public var circle: String?
  /// Whom it is for, where somebody is named.
  public var recipient: Author?

  /// Reads an action.
  ///
  /// - Throws: ``PacketFailure`` where it is none, or not of the form that the schema gives it.
  public init(_ bytes: [UInt8]) throws(PacketFailure) {
    try PacketLimits.check(bytes)
    guard let root = try ParsedDocument(bytes).root(namespace: Envelope.namespace) else { throw .notAPacket }
    guard Action.understood.contains(root.name) else { throw .misplaced(element: root.name) }
    action = try Action(root)
    circle = root["circle"]
    recipient = try root.optional("to") { Author(text: $0) }
  }
}
