internal import Feed
internal import Packets

/// Words to one person, and words in place of others (Protocol, "Conversation").
extension Node {
  /// A message of a contact.
  func heard(_ packet: Packet, _ arrival: Arrival) throws -> [Change] {
    guard try state.tombstone(packet.name) == nil else {
      return [.keep(arrival, .silent(reason: "it was taken back before it came"))]
    }
    let entry = FeedEntry(message: packet, received: arrival.arrived)
    return [.keep(arrival, .done)] + (entry.map { [.show($0)] } ?? [])
      + (state.rules.atOnce.contains("message") ? [.tell(.message(packet.name))] : [])
  }

  /// A change that came by itself: by the author in a circle or private stream, or by a commenter to us, the root's author.
  func edited(
    _ edit: Action.Edit, _ packet: Packet, _ arrival: Arrival, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    guard edit.target.author == packet.author else {
      return [.keep(arrival, .silent(reason: "only its author may change it"))]
    }
    let change = [.keep(arrival, .done)] + amend(edit, of: packet, sha256: arrival.sha256)
    guard let root = edit.root else { return change }
    guard root.author == (try state.myself().author), let known = try state.packet(root.name) else {
      return [.refuse(gate: "packet", reason: "the root is not ours")]
    }
    guard let target = try state.packet(edit.target.name), !target.waits else {
      return [.keep(arrival, .waiting(for: edit.target.name))] + giveUp(edit.target.name)
    }
    guard target.root.name == root.name else {
      return [.keep(arrival, .silent(reason: "its target hangs below another post"))]
    }
    let wasRelayed = try target.effective && state.tombstone(edit.target.name) == nil
    return change
      + (wasRelayed ? try relay(arrival.signed, packet, card: title(of: packet.author), below: known, using: &random) : [])
  }

  /// Other words or pictures, by who wrote what they replace.
  func amend(_ edit: Action.Edit, of packet: Packet, sha256: Hash) -> [Change] {
    guard edit.target.author == packet.author else { return [] }
    return [
      .amend(
        Amendment(target: edit.target.name, replacement: edit.replacement, revision: edit.revision, sha256: sha256))
    ]
  }

  // MARK: What the user wants

  /// Other words for something of one's own, to whoever got it.
  func change(
    _ item: ItemID, to text: String, id: PacketID, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    let target = try find(item)
    guard target.name.author == (try state.myself().author) else { throw WishFailure.notYours }
    guard !text.isEmpty else { throw WishFailure.nothingSaid }
    try checkLength(text)
    let newest = try state.revision(of: target.name) ?? 0
    var edit = Action.Edit(
      root: nil, target: target.reference, revision: max(newest &+ 1, UInt64(max(0, now.milliseconds))),
      replacement: .words(text))
    switch target.action {
    case .comment:
      edit.root = target.root
      return [.write(.edit(edit), .open(target.root.author), id: id)]
    case .message:
      guard let recipient = target.stream?.to else { throw WishFailure.noSuchItem }
      return [.write(.edit(edit), .direct(recipient), id: id)]
    case .status, .photo, .share:
      return try publish(.edit(edit), to: state.circle(of: target) ?? Circle.everyone, id: id, using: &random)
    default: throw WishFailure.notYours
    }
  }

  func message(_ text: String, _ pictures: [Picture], to author: Author, id: PacketID) throws -> [Change] {
    guard !text.isEmpty || !pictures.isEmpty else { throw WishFailure.nothingSaid }
    try checkLength(text)
    guard try state.contact(author)?.state == .contact else { throw WishFailure.noContact(try title(of: author)) }
    try checkReads(author, "message")
    return [.write(.message(Action.Message(text: text, pictures: pictures)), .direct(author), id: id)]
  }

  /// An answer to a message goes to the other of the two.
  func answer(_ message: KnownPacket, with text: String, _ pictures: [Picture], id: PacketID) throws -> [Change] {
    let isOwn = message.name.author == (try state.myself().author)
    guard let other = isOwn ? message.stream?.to : message.name.author else { throw WishFailure.noSuchItem }
    return try self.message(text, pictures, to: other, id: id)
  }
}

/// The end of an acquaintance (Protocol, "Acquaintance").
extension Node {
  /// Somebody ended being a contact. What came before one became a contact again is over.
  func left(
    _ packet: Packet, _ arrival: Arrival, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    guard var contact = try state.contact(packet.author), contact.state == .contact, contact.since <= arrival.arrived else {
      return [.keep(arrival, .done)]
    }
    contact.state = .removed
    return try dismiss(contact.author, using: &random) + [
      .keep(arrival, .done), .pin(contact), .notice(kind: "contact", said: "\(contact.name) is no longer a contact of yours."),
    ]
  }

  /// The other is told, and nothing more goes there.
  func remove(
    _ author: Author, id: PacketID, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    guard var contact = try state.contact(author), [.contact, .requested, .frozen].contains(contact.state) else {
      throw WishFailure.noContact(try title(of: author))
    }
    let farewell: [Change] = contact.state == .contact ? [.write(.contactRemove, .direct(author), id: id)] : []
    contact.state = .removed
    return try farewell + dismiss(author, using: &random) + [.pin(contact), .cancel(.askAgain(author, attempt: 0))]
  }

  /// Nothing is heard of them any more, and nothing sent.
  func block(_ author: Author, using random: inout some RandomNumberGenerator) throws -> [Change] {
    guard var contact = try state.contact(author) else { throw WishFailure.noContact(try title(of: author)) }
    contact.state = .blocked
    return try dismiss(author, using: &random) + [.pin(contact), .cancel(.askAgain(author, attempt: 0))]
  }

  func unblock(_ author: Author) throws -> [Change] {
    guard var contact = try state.contact(author), contact.state == .blocked else {
      throw WishFailure.noContact(try title(of: author))
    }
    contact.state = .removed
    return [.pin(contact)]
  }
}

extension FeedEntry {
  /// The row of a message.
  init?(message packet: Packet, received: Instant) {
    guard case .message(let message) = packet.action else { return nil }
    self.init(
      name: packet.name, kind: .message, created: packet.created, received: received, text: message.text,
      pictures: message.pictures, recipient: packet.stream?.to)
  }
}
