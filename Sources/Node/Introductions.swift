internal import Feed
internal import Packets

/// People who come by other people: introduced by a contact, and given what was said before they came (Protocol, "Acquaintance").
extension Node {
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
