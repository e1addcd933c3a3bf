internal import Feed
internal import Packets

/// What somebody else posted, handed on (Protocol, "Conversation").
extension Node {
  /// A contact shows what somebody else posted.
  func shared(
    _ share: Action.Share, _ carrier: Packet, _ arrival: Arrival, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    guard let part = arrival.embedded[share.embedded.sha256] else {
      return [.refuse(gate: "packet", reason: "the shared packet is missing")]
    }
    guard case .understood(let post) = part.read else {
      return try hold(arrival, fallback: carrier.fallback ?? "", part.read.reason ?? .action, using: &random)
    }
    guard carrier.mayEmbed(post) else { return [.refuse(gate: "packet", reason: "a share of what may not be shared")] }
    guard try state.tombstone(carrier.name) == nil else {
      return [.keep(arrival, .silent(reason: "it was taken back before it came"))]
    }
    let entry = FeedEntry(share, of: post, in: carrier, received: arrival.arrived)
    return [.keep(arrival, .done)] + (entry.map { [.show($0)] } ?? [])
  }

  /// One's own share, as it was numbered.
  func shown(_ share: Action.Share, _ carrier: Packet) throws -> [Change] {
    guard let post = try state.packet(ofBytes: share.embedded.sha256), case .understood(let packet) = try post.read() else {
      return []
    }
    return FeedEntry(share, of: packet, in: carrier, received: carrier.created).map { [.show($0)] } ?? []
  }

  /// The user shares a post.
  func share(
    _ item: ItemID, _ note: String, to circle: String?, id: PacketID, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    let target = try find(item)
    guard target.action?.isShareable == true, let size = try state.size(of: target.name) else { throw WishFailure.notShareable }
    try checkLength(note)
    let circle = circle ?? Circle.everyone
    guard try state.circles().contains(circle) else { throw WishFailure.noSuchCircle(circle) }
    let share = Action.Share(
      embedded: Embedded(sha256: target.sha256, size: UInt64(size)), note: note.isEmpty ? nil : note)
    return try publish(.share(share), to: circle, id: id, using: &random)
  }

  /// What its author has taken back, or what of one's own was, is no longer handed on either.
  func takeBackShares(of post: PacketName, using random: inout some RandomNumberGenerator) throws -> [Change] {
    guard let known = try state.packet(post) else { return [] }
    return try state.shares(of: known.sha256).flatMap { share in
      let retract = Action.Retract(root: nil, target: share.reference)
      let circle = try state.circle(of: share) ?? Circle.everyone
      return try publish(.retract(retract), to: circle, id: PacketID(at: now, using: &random), using: &random)
    }
  }
}

extension FeedEntry {
  /// The row of a share: the sharer's words, and the post.
  init?(_ share: Action.Share, of post: Packet, in carrier: Packet, received: Instant) {
    guard let shown = FeedEntry(post: post, received: received) else { return nil }
    self.init(
      name: carrier.name, kind: .share, created: carrier.created, received: received, text: share.note ?? "",
      pictures: shown.pictures, shared: Shared(author: post.author, text: shown.text))
  }
}
