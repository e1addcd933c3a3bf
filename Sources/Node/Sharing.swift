internal import Feed
internal import Packets

/// Handing on: a post to other people, a person to another one, and what was said before somebody came (Protocol, "Conversation" and
/// "Acquaintance").
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

  // MARK: People

  /// A contact would like us to meet somebody. The user decides, as about a request.
  func introduced(_ link: String, _ packet: Packet, _ arrival: Arrival) throws -> [Change] {
    guard let invitation = try? InvitationLink.read(link) else {
      return [.refuse(gate: "packet", reason: "what introduces somebody is no invitation")]
    }
    let known = try state.contact(invitation.author)?.state
    guard try state.decision(on: packet.id) == nil, invitation.author != (try state.myself().author), known != .contact,
      known != .blocked
    else { return [.keep(arrival, .done)] }
    let waiting = try state.introductions()
    let oldest = waiting.prefix(max(0, waiting.count - state.rules.pendingRequests + 1))
    return [.keep(arrival, .done)] + oldest.map { .decide(request: $0.id, .forgotten) } + [
      .introduced(Introduction(id: packet.id, by: packet.author, invitation: invitation, received: arrival.arrived)),
      .wake(.forget(request: packet.id), at: arrival.arrived.adding(seconds: 30 * 86_400)),
    ] + (state.rules.atOnce.contains("request") ? [.tell(.request(packet.id))] : [])
  }

  /// The user hands an invitation on; only one that a contact gave.
  func introduce(_ invitation: Invitation, to author: Author, id: PacketID) throws -> [Change] {
    guard try state.contact(author)?.state == .contact else { throw WishFailure.noContact(try title(of: author)) }
    guard invitation.author != author, try state.contact(invitation.author)?.state == .contact else {
      throw WishFailure.noContact(Self.shown(invitation.name))
    }
    try checkReads(author, "introduce")
    return [.write(.introduce(invitation: InvitationLink.text(of: invitation)), .direct(author), id: id)]
  }

  // MARK: What was said before

  /// The newest posts from before somebody was a contact, with what hangs below them, in their original bytes.
  func recall(for author: Author) throws -> [Change] {
    guard try state.contact(author)?.state == .contact else { return [] }
    let names = try state.history(for: author, postsOfACircle: Self.postsOfAHistory)
    return names.isEmpty ? [] : [.recall(names, for: author), .deliver(names, to: author)]
  }

  /// Posts of each circle.
  private static var postsOfAHistory: Int { 20 }

  /// A day after two have become contacts: long enough to take it back.
  func nextHistory(for author: Author) -> Change { .wake(.history(author), at: now.adding(seconds: 86_400)) }
}

/// What is not understood, here or there (Protocol, "What is not understood").
extension Node {
  /// Says once a day and cause that something of theirs is held. Only about what has its place in a stream: no word about such a word.
  func tellHeld(_ arrival: Arrival, _ reason: NewerPacket.Reason, using random: inout some RandomNumberGenerator) throws
    -> [Change]
  {
    let author = arrival.read.name.author
    guard arrival.read.stream != nil, arrival.sender == author, try state.contact(author)?.state == .contact else { return [] }
    let told = Alarm.mayTell(author, reason.rawValue)
    guard try !state.isSet(told) else { return [] }
    let target = Reference(author: author, id: arrival.read.name.id, sha256: arrival.sha256)
    return [
      .write(
        .unsupported(Action.Unsupported(target: target, reason: reason)), .unnumbered(author),
        id: PacketID(at: now, using: &random)),
      .wake(told, at: now.adding(seconds: 86_400)),
    ]
  }

  /// A contact's node holds something of ours. Until they have another profile, nothing of the kind is sent to them alone.
  func unread(_ word: Action.Unsupported, _ packet: Packet, _ arrival: Arrival) throws -> [Change] {
    guard let target = try state.packet(word.target.name), target.sha256 == word.target.sha256,
      target.name.author == (try state.myself().author), let kind = target.action?.elementName
    else { return [.keep(arrival, .silent(reason: "it is about nothing of ours"))] }
    let name = try title(of: packet.author)
    return [
      .keep(arrival, .done), .cannotRead(packet.author, kind),
      .notice(
        kind: "unsupported", said: "\(name) has a program that cannot read every “\(kind)” yet; they see a plain sentence."),
    ]
  }

  /// Senders use what the receiver can read.
  func checkReads(_ author: Author, _ kind: String) throws {
    if try state.cannotRead(author, kind) { throw WishFailure.unreadable(try title(of: author), kind) }
  }
}

extension ReadPacket {
  /// Why it is held, where it is.
  var reason: NewerPacket.Reason? {
    if case .newer(let newer) = self { newer.reason } else { nil }
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
