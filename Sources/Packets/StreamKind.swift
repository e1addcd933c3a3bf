/// What a row of packets is for. A stream has one kind for life, and the first packet fixes it (Protocol, "Streams").
public enum StreamKind: String, Hashable, Sendable, CaseIterable {
  /// To the members of a circle; no `to`.
  case circle
  /// To one author, and what is in it may be embedded and shown to others.
  case open
  /// To one author, for nobody else.
  case `private`
  /// To oneself.
  case journal
}

extension Action {
  /// The name of the action's element: `contact-request`, `status`, …
  public var elementName: String {
    switch self {
    case .contactRequest: "contact-request"
    case .contactAccept: "contact-accept"
    case .profile: "profile"
    case .membership: "membership"
    case .status: "status"
    case .photo: "photo"
    case .comment: "comment"
    case .reaction: "reaction"
    case .retract: "retract"
    case .relay: "relay"
    case .share: "share"
    case .introduce: "introduce"
    case .unsupported: "unsupported"
    case .edit: "edit"
    case .message: "message"
    case .contactRemove: "contact-remove"
    case .move: "move"
    case .moveCheck: "move-check"
    case .moveAnswer: "move-answer"
    case .keyChange: "key-change"
    case .revoke: "revoke"
    case .heads: "heads"
    case .resendRequest: "resend-request"
    case .gone: "gone"
    case .journal: "journal"
    }
  }

  /// The kinds of stream that the action may stand in; what repairs streams stands in none.
  public var streamKinds: Set<StreamKind> {
    switch self {
    case .profile, .status, .photo, .relay, .share: [.circle]
    case .comment, .reaction: [.open]
    case .contactRequest, .contactAccept, .membership, .message, .contactRemove, .introduce, .keyChange, .revoke, .move,
      .moveCheck, .moveAnswer:
      [.private]
    case .retract(let retract): retract.root == nil ? [.circle, .private] : [.open]
    case .edit(let edit): edit.root == nil ? [.circle, .private] : [.open]
    case .journal: [.journal]
    case .heads, .resendRequest, .gone, .unsupported: []
    }
  }
}

extension Packet {
  /// The kind of the packet's stream, which the action and `to` fix together; nothing where they contradict each other or
  /// there is no stream. No packet that was read or signed contradicts itself.
  public var streamKind: StreamKind? {
    guard let stream else { return nil }
    let isDirect = stream.to != nil
    return action.streamKinds.first { ($0 == .open || $0 == .private) == isDirect }
  }
}

extension NewerPacket {
  /// The kinds that the packet's stream may have, as far as this node can tell: only whether it is to one author or not.
  public var streamKinds: Set<StreamKind> {
    guard let stream else { return [] }
    return stream.to == nil ? [.circle, .journal] : [.open, .private]
  }
}
