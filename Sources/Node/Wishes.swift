public import Feed
internal import Packets

/// What the user wants done.
extension Node {
  /// A wish by the command takes effect at once, one by mail can be stopped for a while (a setting changes either).
  func hear(
    _ wish: Wish, id: PacketID, through channel: Channel, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    let pause = channel == .mail ? state.rules.undoForMail : state.rules.undoForCommand
    let receipt: [Change] = channel == .mail && wish.publishes ? [.tell(.receipt(id))] : []
    let spoken = try speak(wish, id: id, using: &random)
    guard wish.publishes, pause > 0 else { return spoken + receipt }
    let draft = Draft(id: id, wish: wish, said: now, release: now.adding(seconds: pause))
    return [.draft(draft), .wake(.release(id), at: draft.release)] + receipt
  }

  /// Makes packets and decisions of a wish.
  func speak(_ wish: Wish, id: PacketID, using random: inout some RandomNumberGenerator) throws -> [Change] {
    if try wish.needsKey && state.formerKey(state.myself().fingerprint) != nil { throw WishFailure.ownKeyIsRevoked }
    switch wish {
    case .post(let text, let pictures, let circle, let share):
      return try post(text, pictures, to: circle, share: share, id: id, using: &random)
    case .comment(let item, let text, let pictures):
      guard !text.isEmpty || !pictures.isEmpty else { throw WishFailure.nothingSaid }
      try checkLength(text)
      let target = try find(item)
      if case .message = target.action { return try answer(target, with: text, pictures, id: id) }
      let comment = Action.Comment(root: target.root, target: target.reference, text: text, pictures: pictures)
      return [.write(.comment(comment), .open(target.root.author), id: id)]
    case .react(let item, let emoji):
      let target = try find(item)
      if case .message = target.action { throw WishFailure.noReaction }
      let fit = Reactions.fit(emoji)
      guard Set(fit) == Set(emoji) else { throw WishFailure.noEmoji }
      let newest = try state.reactions(of: state.myself().author, on: target.name)?.revision ?? 0
      let reaction = Action.Reaction(
        root: target.root, target: target.reference, revision: max(newest &+ 1, UInt64(max(0, now.milliseconds))), emoji: fit)
      return [.write(.reaction(reaction), .open(target.root.author), id: id)]
    case .share(let item, let text, let circle): return try share(item, text, to: circle, id: id, using: &random)
    case .introduce(let invitation, let author): return try introduce(invitation, to: author, id: id)
    case .sendHistory(let author):
      guard try state.contact(author)?.state == .contact else { throw WishFailure.noContact(try title(of: author)) }
      return try recall(for: author) + [.cancel(.history(author))]
    case .edit(let item, let text): return try change(item, to: text, id: id, using: &random)
    case .message(let author, let text, let pictures): return try message(text, pictures, to: author, id: id)
    case .remove(let author): return try remove(author, id: id, using: &random)
    case .block(let author): return try block(author, using: &random)
    case .createCircle(let name): return try create(circle: name, using: &random)
    case .addToCircle(let name, let author): return try add(author, to: name, using: &random)
    case .removeFromCircle(let name, let author): return try take(author, outOf: name, using: &random)
    case .unblock(let author): return try unblock(author)
    case .verify(let author, let code): return try verify(author, code)
    case .unfreeze(let author): return try unfreeze(author)
    case .move(let endpoints): return try move(to: endpoints, id: id, using: &random)
    case .changeKey(let key): return try change(to: key, using: &random)
    case .revoke(let certificate): return try revoke(certificate, using: &random)
    case .retract(let item): return try retract(item, id: id, using: &random)
    case .invite(let address, let name): return invite(address, name, using: &random)
    case .acceptInvitation(let invitation, let fingerprint, let introduction):
      return try ask(invitation, fingerprint: fingerprint, through: introduction, id: id, using: &random)
    case .acceptRequest(let request):
      guard let pending = try state.pendingRequests().first(where: { $0.id == request }) else { throw WishFailure.noSuchRequest }
      return try befriend(pending, using: &random)
    case .declineRequest(let request):
      guard
        try state.pendingRequests().contains(where: { $0.id == request })
          || state.introductions().contains(where: { $0.id == request })
      else { throw WishFailure.noSuchRequest }
      return [.decide(request: request, .declined)]
    case .setProfile(let field, let value, let audience): return try describe(field, value, for: audience, id: id, using: &random)
    case .renewCertificate(let certificate): return try renew(certificate, id: id, using: &random)
    case .mute(let item, let until): return [.mute(try find(item).root.name, until: until)]
    case .unmute(let item): return [.unmute(try find(item).root.name)]
    case .pause(let until): return [.set(.pausedUntil, String(until.milliseconds))]
    case .resume: return [.set(.pausedUntil, nil)]
    case .undo:
      guard let newest = try state.drafts().last else { throw WishFailure.nothingToStop }
      return stop(newest)
    case .stop(let item):
      let author = try state.myself().author
      guard let draft = try state.drafts().first(where: { ItemID(PacketName(author: author, id: $0.id)) == item }) else {
        throw WishFailure.nothingToStop
      }
      return stop(draft)
    }
  }

  private func stop(_ draft: Draft) -> [Change] { [.discard(draft.id), .cancel(.release(draft.id))] }

  func find(_ item: ItemID) throws -> KnownPacket {
    guard let known = try state.item(item), known.action != nil, try state.tombstone(known.name) == nil,
      try state.tombstone(known.root.name) == nil
    else {
      throw WishFailure.noSuchItem
    }
    return known
  }

  func checkLength(_ text: String) throws {
    // 64 KiB is what a reader takes in one element; ampersands and angle brackets grow when written.
    guard text.utf8.count <= 60_000 else { throw WishFailure.tooLong }
  }

  // MARK: Posting

  private func post(
    _ text: String, _ pictures: [Picture], to circle: String?, share: Bool, id: PacketID,
    using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    let circle = circle ?? Circle.everyone
    guard try state.circles().contains(circle) else { throw WishFailure.noSuchCircle(circle) }
    guard !text.isEmpty || !pictures.isEmpty else { throw WishFailure.nothingSaid }
    try checkLength(text)
    let action: Action =
      pictures.isEmpty
      ? .status(Action.Status(share: share, text: text))
      : .photo(Action.Photo(share: share, pictures: pictures, caption: text.isEmpty ? nil : text))
    return try publish(action, to: circle, id: id, using: &random)
  }

  /// Writes to a circle, in a new stream where this database has begun none.
  func publish(
    _ action: Action, to circle: String, id: PacketID, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    let stream = try state.ownStream(toCircle: circle) == nil ? try begin(circle, using: &random) : []
    return stream + [.write(action, .circle(circle), id: id)]
  }

  private func retract(
    _ item: ItemID, id: PacketID, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    let me = try state.myself().author
    let target = try find(item)
    switch target.action {
    case .comment, .reaction:
      if target.name.author == me {
        let retract = Action.Retract(root: target.root, target: target.reference)
        return [.write(.retract(retract), .open(target.root.author), id: id)]
      }
      guard target.root.author == me else { throw WishFailure.notYours }
    case .status, .photo, .share:
      guard target.name.author == me else { throw WishFailure.notYours }
    case .message:
      guard target.name.author == me, let recipient = target.stream?.to else { throw WishFailure.notYours }
      return [.write(.retract(Action.Retract(root: nil, target: target.reference)), .direct(recipient), id: id)]
    default: throw WishFailure.notYours
    }
    let circle = try state.packet(target.root.name).flatMap { try state.circle(of: $0) } ?? Circle.everyone
    return try publish(.retract(Action.Retract(root: nil, target: target.reference)), to: circle, id: id, using: &random)
  }

  // MARK: People

  private func invite(_ address: String?, _ name: String?, using random: inout some RandomNumberGenerator) -> [Change] {
    let secret = Random.bytes(16, using: &random)
    let invitation = GivenInvitation(
      id: Derivation.invitationID(secret: secret), secret: secret, expires: now.adding(seconds: state.rules.invitationLife),
      address: address, name: name)
    return [.invite(invitation)]
  }

  private func describe(
    _ field: String, _ value: String, for audience: FieldAudience?, id: PacketID, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    var myself = try state.myself()
    try checkLength(value)
    if field == "name" {
      guard PersonName.isFit(value) else { throw WishFailure.badName(value) }
      myself.name = value
    } else {
      // An NMTOKEN of the schema, kept to what is easy to type.
      guard (1...32).contains(field.utf8.count), field.utf8.allSatisfy({ (97...122).contains($0) || $0 == 45 }) else {
        throw WishFailure.badField(field)
      }
      myself.fields[field] = value.isEmpty ? nil : value
      if let audience { myself.audiences = (myself.audiences ?? [:]).merging([field: audience]) { $1 } }
      if value.isEmpty { myself.audiences?[field] = nil }
    }
    return try describe(myself, hasRenewed: isRenewed(), id: id, using: &random)
  }

  /// The user's key has new subkeys, or another time to live: contacts hear of it with the profile.
  private func renew(
    _ certificate: [UInt8], id: PacketID, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    var myself = try state.myself()
    guard myself.certificate != certificate else { return [] }
    myself.certificate = certificate
    return try describe(myself, hasRenewed: true, id: id, using: &random)
  }

  func describe(
    _ myself: Myself, hasRenewed: Bool, id: PacketID, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    var profile = try profile()
    profile.name = myself.name
    profile.endpoints = myself.endpoints
    profile.fields = Self.fields(of: myself, for: .contacts)
    profile.certificate = hasRenewed ? myself.certificate : nil
    return [.describe(myself)] + (try publish(.profile(profile), to: Circle.everyone, id: id, using: &random))
  }

  /// Once renewed, the certificate stands in every later profile: who missed the one that brought it gets it with the next.
  func isRenewed() throws -> Bool {
    guard let newest = try state.newestProfile(of: state.myself().author),
      case .profile(let profile) = try state.packet(newest)?.action
    else { return false }
    return profile.certificate != nil
  }
}

extension Wish {
  /// Whether others get to read something because of it, so that it can be stopped for a while.
  public var publishes: Bool {
    switch self {
    case .post, .comment, .react, .message, .share: true
    default: false
    }
  }

  /// Whether somebody else has to believe the own key because of it.
  fileprivate var needsKey: Bool {
    switch self {
    case .post, .comment, .react, .edit, .message, .retract, .invite, .acceptInvitation, .acceptRequest, .setProfile,
      .renewCertificate, .move, .changeKey, .revoke:
      true
    default: false
    }
  }
}
