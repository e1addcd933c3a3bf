// What a packet names: other packets, blobs, and packets inside it.

extension Reference {
  /// Points at a signed packet, whose values are `packet`.
  public init(to signed: SignedPacket, _ packet: Packet) {
    self.init(author: packet.author, id: packet.id, sha256: signed.sha256)
  }
}

extension Packet {
  /// Every blob that the packet names, in its order; one named twice stands twice.
  public var blobs: [Blob] {
    switch action {
    case .photo(let photo): photo.pictures.map(\.blob)
    case .comment(let comment): comment.pictures.map(\.blob)
    case .profile(let profile): profile.blobs
    case .contactRequest(let request): request.profile.blobs
    case .contactAccept(let accept): accept.profile.blobs
    case .message(let message): message.pictures.map(\.blob)
    case .edit(let edit): edit.blobs
    case .membership, .contactRemove, .heads, .resendRequest, .gone, .unsupported, .status, .reaction, .retract, .relay, .share,
      .introduce, .move, .moveCheck, .moveAnswer, .keyChange, .revoke, .journal:
      []
    }
  }

  /// The packet that must travel beside this one.
  public var embedded: Embedded? {
    switch action {
    case .relay(let relay): relay.embedded
    case .share(let share): share.embedded
    default: nil
    }
  }

  /// The post that the action hangs on, where it is one that goes to a root's author.
  public var root: Reference? {
    switch action {
    case .comment(let comment): comment.root
    case .reaction(let reaction): reaction.root
    case .retract(let retract): retract.root
    case .edit(let edit): edit.root
    default: nil
    }
  }

  /// Whether another packet may travel inside this one: a relay hands on only what was written to its author, about a post of
  /// its author, under the name of who wrote it; a share only a post whose author lets it be shared. The bytes themselves
  /// (``embedded``) are compared where they are.
  public func mayEmbed(_ other: Packet) -> Bool {
    switch action {
    case .relay(let relay):
      other.streamKind == .open && other.root?.author == author && other.stream?.to == author && other.author == relay.cardAuthor
    case .share: other.streamKind == .circle && other.action.isShareable
    default: false
    }
  }
}

extension Action.Edit {
  fileprivate var blobs: [Blob] {
    if case .pictures(let pictures) = replacement { pictures.map(\.blob) } else { [] }
  }
}

extension Action.Profile {
  fileprivate var blobs: [Blob] { picture.map { [$0.blob] } ?? [] }
}
