// What hands on: somebody else's post, an invitation of somebody who wants to be known; and the word that something was not understood.

extension Action {
  /// Shows the sender's circle what somebody else has posted and lets be shared. Its comments hang below the share itself.
  public struct Share: Hashable, Sendable, Codable {
    /// The post, in its author's bytes; its blobs travel along.
    public var embedded: Embedded
    /// The sharer's own words.
    public var note: String?
    /// Shares a post, with words or without.
    public init(embedded: Embedded, note: String?) {
      self.embedded = embedded
      self.note = note
    }
  }

  /// Says that a packet is held, since this node does not know its action, a feature it requires, or its version.
  public struct Unsupported: Hashable, Sendable, Codable {
    /// The packet.
    public var target: Reference
    /// What is lacking.
    public var reason: NewerPacket.Reason
    /// A word about a packet.
    public init(target: Reference, reason: NewerPacket.Reason) {
      self.target = target
      self.reason = reason
    }
  }

  /// Whether it is a post that its author lets be shared.
  public var isShareable: Bool {
    switch self {
    case .status(let status): status.share
    case .photo(let photo): photo.share
    default: false
    }
  }
}
