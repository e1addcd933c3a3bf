public import Feed
public import Packets

/// The node: it only decides. Events and state in, changes out; no clock, no randomness, no input or output of its own.
public struct Node<State: NodeState> {
  let state: State
  let now: Instant

  /// A node that sees this state at this moment.
  public init(state: State, now: Instant) {
    self.state = state
    self.now = now
  }

  /// What is to become of an event. `random` makes ids, secrets and halves.
  ///
  /// - Throws: ``WishFailure`` where a wish cannot be fulfilled, or what `state` throws.
  public func decide(_ event: Event, using random: inout some RandomNumberGenerator) throws -> [Change] {
    switch event {
    case .packet(let arrival): try receive(arrival, using: &random)
    case .wish(let wish, let id, let channel): try hear(wish, id: id, through: channel, using: &random)
    case .due(let alarm): try wake(for: alarm, using: &random)
    case .published(let signed, let packet): try follow(signed, packet, using: &random) + guardLast(of: packet.stream)
    }
  }

  // MARK: Gate 6, order

  /// Whether a packet is new and in its place; then what its action changes.
  private func receive(_ arrival: Arrival, using random: inout some RandomNumberGenerator) throws -> [Change] {
    let name = arrival.read.name
    if let known = try state.packet(name) {
      guard known.sha256 == arrival.sha256 else {
        return try equivocated(name.author) + [.refuse(gate: "order", reason: "another packet with this id came before")]
      }
      return try again(known, arrival)
    }
    if try name.author == state.myself().author { return try mine(arrival, using: &random) }
    var changes: [Change] = []
    if let stream = arrival.read.stream, stream.sequence > 0, arrival.sender == name.author {
      if let refusal = try place(stream, of: arrival) { return refusal }
      changes += try notice(stream, of: name.author, using: &random)
      if try state.packet(by: name.author, in: stream.id, at: stream.sequence) != nil {
        changes.append(
          .notice(kind: "doubled number", said: "\(try title(of: name.author)) used a number twice; both packets are shown."))
      }
    }
    switch arrival.read {
    case .newer(let newer): return changes + (try hold(arrival, fallback: newer.fallback, newer.reason, using: &random))
    case .understood(let packet):
      return try changes + act(packet, arrival, using: &random) + noticeBlobs(of: packet, arrival, using: &random)
    }
  }

  /// A stream keeps the kind of its first packet, and one contact opens a bounded number of them.
  private func place(_ stream: Packet.Stream, of arrival: Arrival) throws -> [Change]? {
    if let known = try state.stream(stream.id, of: arrival.read.name.author) {
      guard !known.kinds.isDisjoint(with: arrival.read.streamKinds) else {
        return [.refuse(gate: "packet", reason: "the stream is of another kind")]
      }
    } else if try state.streams(of: arrival.read.name.author) >= state.rules.streamsOfAContact {
      return [.refuse(gate: "order", reason: "more than \(state.rules.streamsOfAContact) streams of one contact")]
    }
    return nil
  }

  /// Shown by its fallback until an upgrade; it changes nothing else.
  func hold(
    _ arrival: Arrival, fallback: String, _ reason: NewerPacket.Reason, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    let held = try state.held(of: arrival.read.name.author)
    guard held.count < state.rules.heldPackets, held.bytes + arrival.signed.bytes.count <= state.rules.heldBytes else {
      return [.refuse(gate: "order", reason: "too much of this contact is held until a newer version reads it")]
    }
    let entry = FeedEntry(
      name: arrival.read.name, kind: .held, created: arrival.read.created, received: arrival.arrived,
      text: fallback.isEmpty ? "Something that needs a newer version of this program." : fallback)
    return try [.keep(arrival, .held)] + (arrival.read.stream == nil ? [] : [.show(entry)])
      + tellHeld(arrival, reason, using: &random)
  }

  func equivocated(_ author: Author) throws -> [Change] {
    [.notice(kind: "equivocation", said: "\(try title(of: author)) signed two different packets with one id.")]
  }

  /// Something that we signed and did not write here: another copy of this database, or another machine, has written to our
  /// streams. What it says is shown, and we never append to those streams again (Protocol, "Streams").
  private func mine(_ arrival: Arrival, using random: inout some RandomNumberGenerator) throws -> [Change] {
    var changes: [Change] = [.keep(arrival, .done)]
    if case .understood(let packet) = arrival.read {
      changes += try follow(arrival.signed, packet, using: &random).filter(\.isSeen)
    }
    if let stream = arrival.read.stream, try state.isBegunHere(stream.id) {
      changes += [
        .leaveStreams,
        .notice(kind: "another machine", said: "Something was written in your name by another copy of this account."),
      ]
    }
    return changes
  }

  private func act(_ packet: Packet, _ arrival: Arrival, using random: inout some RandomNumberGenerator) throws -> [Change] {
    switch packet.action {
    case .contactRequest(let request): try asked(request, packet, arrival, using: &random)
    case .contactAccept(let accept): try accepted(accept, packet, arrival, using: &random)
    case .profile(let profile): try described(profile, packet, arrival, using: &random)
    case .membership(let membership): [.keep(arrival, .done), .membership(of: packet.author, membership)]
    case .status, .photo: try published(packet, arrival)
    case .comment, .reaction: try answered(packet, arrival, using: &random)
    case .retract(let retract): try retracted(retract, packet, arrival, using: &random)
    case .relay(let relay): try relayed(relay, packet, arrival, using: &random)
    case .share(let share): try shared(share, packet, arrival, using: &random)
    case .introduce(let invitation): try introduced(invitation, packet, arrival)
    case .unsupported(let word): try unread(word, packet, arrival)
    case .edit(let edit): try edited(edit, packet, arrival, using: &random)
    case .message: try heard(packet, arrival)
    case .contactRemove: try left(packet, arrival, using: &random)
    case .move(let move):
      [.keep(arrival, .done)] + (try said(move.revision, move.endpoints, by: state.contact(packet.author), using: &random))
    case .moveCheck(let nonce): try checked(nonce, packet, arrival, using: &random)
    case .moveAnswer(let nonce): try answered(nonce, packet, arrival)
    case .keyChange(let change): try changed(change, packet, arrival)
    case .revoke: try revoked(packet, arrival)
    case .heads(let heads): try told(heads, packet, arrival, using: &random)
    case .resendRequest(let missing): try asked(again: missing, packet, arrival, using: &random)
    case .gone(let missing): [.keep(arrival, .done), .close(of: packet.author, missing)]
    case .journal: [.keep(arrival, .done)]
    }
  }

  // MARK: Alarms

  private func wake(for alarm: Alarm, using random: inout some RandomNumberGenerator) throws -> [Change] {
    switch alarm {
    case .release(let id):
      guard let draft = try state.drafts().first(where: { $0.id == id }) else { return [] }
      do {
        return [.discard(id)] + (try speak(draft.wish, id: id, using: &random))
      } catch let failure as WishFailure {
        return [.discard(id), .notice(kind: "not posted", said: "What you wrote was not posted: \(failure.said)")]
      }
    case .askAgain(let author, let attempt): return try askAgain(author, attempt: attempt)
    case .lookAgain(let author, let attempt): return try lookAgain(author, attempt: attempt, using: &random)
    case .repair(let author, let attempt): return try repair(author, attempt: attempt, using: &random)
    case .heads: return try tellHeads(using: &random)
    case .history(let author): return try recall(for: author)
    case .mayTell: return []
    case .sayKeyAgain(let attempt): return try sayKeyAgain(attempt: attempt)
    case .forget(let request): return [.decide(request: request, .forgotten)]
    case .giveUp(let name):
      return try state.waiting(for: name).map { .keep($0, .silent(reason: "what it is about did not come within 30 days")) }
    }
  }

  // MARK: Names

  /// How the user knows an author.
  func title(of author: Author) throws -> String {
    if try state.myself().author == author { return "You" }
    return try state.contact(author)?.name ?? "Somebody you do not know"
  }
}

extension ReadPacket {
  /// Author and id, of a packet that is understood or not.
  public var name: PacketName {
    switch self {
    case .understood(let packet): packet.name
    case .newer(let newer): PacketName(author: newer.author, id: newer.id)
    }
  }

  /// The kinds that its stream may have.
  public var streamKinds: Set<StreamKind> {
    switch self {
    case .understood(let packet): Set([packet.streamKind].compactMap { $0 })
    case .newer(let newer): newer.streamKinds
    }
  }

  /// When, by the author's clock.
  public var created: Instant {
    switch self {
    case .understood(let packet): packet.created
    case .newer(let newer): newer.created
    }
  }

  /// The place in a stream.
  public var stream: Packet.Stream? {
    switch self {
    case .understood(let packet): packet.stream
    case .newer(let newer): newer.stream
    }
  }
}

extension Change {
  /// Whether it changes only what the user sees.
  var isSeen: Bool {
    switch self {
    case .show, .react, .amend, .tombstone: true
    default: false
    }
  }
}

/// Why a wish cannot be fulfilled; each says what to do.
public enum WishFailure: Error, Hashable, Sendable {
  /// Nothing in the feed has this name.
  case noSuchItem
  /// It is somebody else's, and hangs below nothing of the user's.
  case notYours
  /// There is nothing to post.
  case nothingSaid
  /// Words, or more than 16 different emoji.
  case noEmoji
  /// A message was meant; nobody but its two people see what hangs on it.
  case noReaction
  /// Only who is a contact can be written to, or removed.
  case noContact(String)
  /// Longer than a packet can hold.
  case tooLong
  /// Its author does not let it be shared, or it is no post.
  case notShareable
  /// Their program has said that it does not know this kind of thing.
  case unreadable(String, String)
  /// No circle has this name.
  case noSuchCircle(String)
  /// A name that no circle can have.
  case badCircle(String)
  /// There is one of this name.
  case circleExists(String)
  /// They are not in it.
  case notInCircle(String, String)
  /// No request with this id waits.
  case noSuchRequest
  /// The invitation is the user's own.
  case ownInvitation
  /// The two are contacts already.
  case alreadyContact(String)
  /// The inviter is blocked.
  case blocked(String)
  /// The key in the invitation belongs to somebody else.
  case otherKey(String)
  /// No driver here reaches it.
  case badEndpoint(String)
  /// Their keys are not in doubt.
  case notFrozen(String)
  /// Their owner took the key back: there is nothing to go on with.
  case theirKeyIsRevoked(String)
  /// The user took the own key back.
  case ownKeyIsRevoked
  /// What the other sees is not what is seen here.
  case anotherCode(String)
  /// Nothing waits that could be stopped.
  case nothingToStop
  /// A field that a profile cannot have.
  case badField(String)
  /// A name that nobody can have.
  case badName(String)

  /// One sentence that says what happened and what to do.
  public var said: String {
    switch self {
    case .noSuchItem: "There is nothing with this id; `socialnet feed` shows what there is."
    case .notYours: "This was written by somebody else; only its author can take it back."
    case .nothingSaid: "There is nothing to post; write some words, or give a photo."
    case .noEmoji: "A reaction is made of emoji, each once and at most 16; write words as a comment."
    case .noReaction: "A message takes no reaction; write words as an answer."
    case .noContact(let name): "\(name) is no contact of yours."
    case .tooLong: "This is longer than 60,000 characters; make it shorter."
    case .notShareable: "This cannot be shared: it is no post, or its author does not want it to go further."
    case .unreadable(let name, let kind):
      "\(name) has a program that cannot read a “\(kind)” yet; write an ordinary mail, or try again when they have a newer one."
    case .noSuchCircle(let name): "There is no circle “\(name)”; `socialnet circles` shows which there are."
    case .badCircle(let name):
      "“\(name)” cannot be a circle's name; it has 1 to 64 characters, and none that control or turn the text."
    case .circleExists(let name): "There is a circle “\(name)” already; `socialnet circles add` brings people into it."
    case .notInCircle(let name, let circle): "\(name) is not in the circle “\(circle)”."
    case .noSuchRequest: "No request with this id waits; `socialnet requests` shows those that do."
    case .ownInvitation: "This invitation is your own; send it to a friend."
    case .alreadyContact(let name): "You and \(name) are contacts already."
    case .blocked(let name): "\(name) is blocked; nothing was sent."
    case .otherKey(let name): "The key in this invitation belongs to \(name), whom you know by another author; ask for a new one."
    case .badEndpoint(let uri): "“\(uri)” is nothing that can be reached; write mailto:you@example.org, or file:///directory."
    case .notFrozen(let name): "The key of \(name) is not in doubt."
    case .theirKeyIsRevoked(let name):
      "\(name) took this key back, and nothing can go on under it; `socialnet accept` takes a new invitation of theirs."
    case .ownKeyIsRevoked: "You took your key back, and nobody believes it any more; `socialnet setup` makes a new account."
    case .anotherCode(let name):
      "That is not what is seen here: one of you may have another's key in place of the other's; write nothing to \(name) that nobody else may read, and compare once more."
    case .nothingToStop: "Nothing waits that could be stopped; `socialnet retract` takes back what has gone out."
    case .badField(let name): "“\(name)” is no field of a profile; write it in lower-case letters and hyphens, at most 32."
    case .badName(let name): "“\(name)” cannot be a name; it has 1 to 64 characters, and none that control or turn the text."
    }
  }
}
