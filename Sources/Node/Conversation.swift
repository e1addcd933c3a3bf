internal import Feed
internal import Packets

/// Posts, comments, reactions, relays and retractions (Protocol, "Conversation").
extension Node {
  /// A post of a contact.
  func published(_ packet: Packet, _ arrival: Arrival) throws -> [Change] {
    guard try state.tombstone(packet.name) == nil else {
      return [.keep(arrival, .silent(reason: "it was taken back before it came"))]
    }
    let entry = FeedEntry(post: packet, received: arrival.arrived)
    return [.keep(arrival, .done)] + (entry.map { [.show($0)] } ?? [])
  }

  // MARK: What reaches the root's author

  /// A comment or reaction to a post of ours: shown, and relayed to everyone who saw the post.
  func answered(
    _ packet: Packet, _ arrival: Arrival, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    guard let answer = Answering(packet.action) else { return [] }
    guard answer.root.author == (try state.myself().author) else {
      return [.refuse(gate: "packet", reason: "the root is not ours")]
    }
    guard let root = try state.packet(answer.root.name), root.sha256 == answer.root.sha256 else {
      return [.keep(arrival, .silent(reason: "it answers something that is not here"))]
    }
    if try state.isHandedOn(arrival.sha256) { return try handedOn(packet, arrival) }
    guard try state.wasSent(root, to: packet.author) else {
      return [.keep(arrival, .silent(reason: "its author was not in the audience"))]
    }
    // One that was lost and comes again may be behind its answer.
    if try isToCome(answer.target.name) {
      return [.keep(arrival, .waiting(for: answer.target.name))] + giveUp(answer.target.name)
    }
    guard try stands(answer.target, below: answer.root) else {
      return [.keep(arrival, .silent(reason: "it answers something that does not hang below this post"))]
    }
    if let reason = try reasonForSilence(about: packet, below: root, arrived: arrival.arrived) {
      return [.keep(arrival, .silent(reason: reason))]
    }
    let card = try title(of: packet.author)
    return [.keep(arrival, .done)] + (try show(packet, sha256: arrival.sha256, received: arrival.arrived, by: nil, card: ""))
      + (try relay(arrival.signed, packet, card: card, below: root, using: &random)) + tell(packet)
  }

  /// An answer that we relayed before this view was made: our word stands first, and what it answers may have been taken back since.
  private func handedOn(_ packet: Packet, _ arrival: Arrival) throws -> [Change] {
    guard try state.tombstone(packet.name) == nil else {
      return [.keep(arrival, .silent(reason: "it was taken back before it came"))]
    }
    return [.keep(arrival, .done)] + (try show(packet, sha256: arrival.sha256, received: arrival.arrived, by: nil, card: ""))
      + tell(packet)
  }

  /// What was taken back is not handed on, nor is more than a person says in a day. Days are those of the arrival (UTC), so that
  /// the same is counted however late it is decided, and when the view is made anew.
  private func reasonForSilence(about packet: Packet, below root: KnownPacket, arrived: Instant) throws -> String? {
    if try state.tombstone(packet.name) != nil { return "it was taken back before it came" }
    if try state.tombstone(root.name) != nil { return "what it answers was taken back" }
    guard case .comment = packet.action else { return nil }
    let sinceMidnight = arrived.milliseconds.quotientAndRemainder(dividingBy: 86_400_000).remainder
    let midnight = Instant(milliseconds: arrived.milliseconds - sinceMidnight)
    let today = try state.comments(
      by: packet.author, below: root.name, from: midnight, to: midnight.adding(seconds: 86_400))
    return today < state.rules.commentsADay ? nil : "more than \(state.rules.commentsADay) comments on one post and day"
  }

  /// Whether something is not here, or waits itself for what is not: then nobody can say yet what becomes of an answer to it.
  private func isToCome(_ name: PacketName) throws -> Bool { try state.packet(name)?.waits ?? true }

  /// Whether something is the root, or a comment below it that is here with these bytes. Who answers one that was taken back has not
  /// heard of it, and their words are not to be lost; whether it was shown before does not matter then, as a view that is made anew
  /// never shows it.
  private func stands(_ target: Reference, below root: Reference) throws -> Bool {
    if target == root { return true }
    guard let known = try state.packet(target.name), known.sha256 == target.sha256,
      case .comment(let comment) = known.action, comment.root == root
    else { return false }
    return try known.effective || state.tombstone(target.name) != nil
  }

  private func tell(_ packet: Packet) -> [Change] {
    guard case .comment = packet.action, state.rules.atOnce.contains("comment") else { return [] }
    return [.tell(.comment(packet.name))]
  }

  /// Hands something on in the root's circle, in its original bytes.
  func relay(
    _ signed: SignedPacket, _ packet: Packet, card: String, below root: KnownPacket,
    using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    let circle = try state.circle(of: root) ?? Circle.everyone
    let relay = Action.Relay(
      embedded: Embedded(sha256: Hash.of(signed.bytes), size: UInt64(signed.bytes.count)), cardAuthor: packet.author,
      cardName: packet.author == (try state.myself().author) ? try state.myself().name : card)
    let stream = try state.ownStream(toCircle: circle) == nil ? try begin(circle, using: &random) : []
    return stream + [.write(.relay(relay), .circle(circle), id: PacketID(at: now, using: &random))]
  }

  // MARK: What the root's author hands on

  /// A relay: members believe it only from the root's author.
  func relayed(
    _ relay: Action.Relay, _ carrier: Packet, _ arrival: Arrival, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    guard let part = arrival.embedded[relay.embedded.sha256] else {
      return [.refuse(gate: "packet", reason: "the relayed packet is missing")]
    }
    guard case .understood(let packet) = part.read else {
      return try hold(arrival, fallback: carrier.fallback ?? "", part.read.reason ?? .action, using: &random)
    }
    guard carrier.mayEmbed(packet), let root = packet.root else {
      return [.refuse(gate: "packet", reason: "a relay of what does not hang below its author's post")]
    }
    if let first = try state.packet(packet.name) {
      // Several relays of one packet: the first stays.
      return [.keep(arrival, .done)] + (first.sha256 == relay.embedded.sha256 ? [] : try equivocated(packet.author))
    }
    guard let known = try state.packet(root.name) else {
      return [.keep(arrival, .waiting(for: root.name))] + giveUp(root.name)
    }
    guard known.sha256 == root.sha256 else { return [.keep(arrival, .silent(reason: "it answers another packet of that name"))] }
    var inner = arrival
    inner.signed = part.signed
    inner.sha256 = relay.embedded.sha256
    inner.read = part.read
    inner.embedded = [:]
    if case .retract(let retract) = packet.action {
      return [.keep(arrival, .done), .keep(inner, .done)] + (try takeBack(retract.target, by: packet.author, below: root))
    }
    if case .edit(let edit) = packet.action {
      return [.keep(arrival, .done), .keep(inner, .done)] + amend(edit, of: packet, sha256: inner.sha256)
    }
    guard try state.tombstone(packet.name) == nil else {
      return [.keep(arrival, .done), .keep(inner, .silent(reason: "it was taken back before it came"))]
    }
    return [.keep(arrival, .done), .keep(inner, .done)]
      + (try show(
        packet, sha256: inner.sha256, received: arrival.arrived, by: carrier.author, card: Self.shown(relay.cardName)))
  }

  func giveUp(_ name: PacketName) -> [Change] { [.wake(.giveUp(name), at: now.adding(seconds: 30 * 86_400))] }

  /// A comment as a row of the feed, a reaction as a set.
  private func show(
    _ packet: Packet, sha256: Hash, received: Instant, by introducer: Author?, card: String
  ) throws -> [Change] {
    switch packet.action {
    case .comment(let comment):
      return [
        .show(
          FeedEntry(
            name: packet.name, kind: .comment, created: packet.created, received: received, text: comment.text,
            pictures: comment.pictures, root: comment.root.name, parent: comment.target.name, introducedBy: introducer,
            cardName: card))
      ]
    case .reaction(let reaction):
      let set = Reactions(
        target: reaction.target.name, author: packet.author, cardName: card, emoji: Reactions.fit(reaction.emoji),
        revision: reaction.revision, received: received, id: packet.id, sha256: sha256)
      if let newest = try state.reactions(of: packet.author, on: reaction.target.name), !set.beats(newest) { return [] }
      return [.react(set)]
    default: return []
    }
  }

  // MARK: Taking back

  /// A retraction that came by itself: by the author in a circle stream, by a commenter to us, or by the root's author.
  func retracted(
    _ retract: Action.Retract, _ packet: Packet, _ arrival: Arrival, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    if let root = retract.root {
      guard root.author == (try state.myself().author), let known = try state.packet(root.name) else {
        return [.refuse(gate: "packet", reason: "the root is not ours")]
      }
      guard retract.target.author == packet.author else {
        return [.keep(arrival, .silent(reason: "only its author may take it back"))]
      }
      // What was relayed below another post cannot be taken back where its readers are not, and nothing twice.
      let target = try state.packet(retract.target.name)
      guard target == nil || target?.root.name == root.name else {
        return [.keep(arrival, .silent(reason: "its target hangs below another post"))]
      }
      let wasRelayed = try target?.effective == true && state.tombstone(retract.target.name) == nil
      return [.keep(arrival, .done), .tombstone(retract.target.name, by: packet.author)]
        + (wasRelayed ? try relay(arrival.signed, packet, card: title(of: packet.author), below: known, using: &random) : [])
    }
    if retract.target.author == packet.author {
      return [.keep(arrival, .done), .tombstone(retract.target.name, by: packet.author)]
        + (try takeBackShares(of: retract.target.name, using: &random))
    }
    guard let known = try state.packet(retract.target.name) else {
      return [.keep(arrival, .waiting(for: retract.target.name))] + giveUp(retract.target.name)
    }
    guard known.root.author == packet.author, known.root.name != known.name else {
      return [.keep(arrival, .silent(reason: "only its author, or the post's, may take it back"))]
    }
    return [.keep(arrival, .done), .tombstone(retract.target.name, by: packet.author)]
  }

  private func takeBack(_ target: Reference, by author: Author, below root: Reference) throws -> [Change] {
    guard target.author == author else { return [] }
    return [.tombstone(target.name, by: author)]
  }

  // MARK: What we wrote ourselves

  /// A packet of our own now has its number and signature: show it, and relay what stands below our own posts.
  func follow(
    _ signed: SignedPacket, _ packet: Packet, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    switch packet.action {
    case .status, .photo:
      return try state.tombstone(packet.name) == nil
        ? FeedEntry(post: packet, received: packet.created).map { [.show($0)] } ?? [] : []
    case .comment, .reaction:
      return (try show(packet, sha256: signed.sha256, received: packet.created, by: nil, card: ""))
        + (try relayOwn(signed, packet, using: &random))
    case .retract(let retract):
      return [.tombstone(retract.target.name, by: packet.author)]
        + (try retract.root == nil
          ? takeBackShares(of: retract.target.name, using: &random) : relayOwn(signed, packet, using: &random))
    case .edit(let edit):
      return amend(edit, of: packet, sha256: signed.sha256)
        + (edit.root == nil ? [] : try relayOwn(signed, packet, using: &random))
    case .share(let share): return try state.tombstone(packet.name) == nil ? try shown(share, packet) : []
    case .message:
      return FeedEntry(message: packet, received: packet.created).map { [.show($0)] } ?? []
    case .profile, .membership, .contactRequest, .contactAccept, .contactRemove, .relay, .journal, .heads, .resendRequest, .gone,
      .introduce, .unsupported, .move, .moveCheck, .moveAnswer, .keyChange, .revoke:
      return []
    }
  }

  /// The root's author writes own comments to nobody, and relays them like others'.
  func relayOwn(
    _ signed: SignedPacket, _ packet: Packet, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    guard let reference = packet.root, reference.author == packet.author,
      let root = try state.packet(reference.name)
    else { return [] }
    return try relay(signed, packet, card: "", below: root, using: &random)
  }
}

/// What a comment and a reaction have in common.
private struct Answering {
  let root: Reference
  let target: Reference

  init?(_ action: Action) {
    switch action {
    case .comment(let comment): (root, target) = (comment.root, comment.target)
    case .reaction(let reaction): (root, target) = (reaction.root, reaction.target)
    default: return nil
    }
  }
}

extension FeedEntry {
  /// The row of a status or photo.
  init?(post packet: Packet, received: Instant) {
    switch packet.action {
    case .status(let status):
      self.init(name: packet.name, kind: .status, created: packet.created, received: received, text: status.text)
    case .photo(let photo):
      self.init(
        name: packet.name, kind: .photo, created: packet.created, received: received, text: photo.caption ?? "",
        pictures: photo.pictures)
    default: return nil
    }
  }
}
