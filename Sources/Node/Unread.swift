internal import Feed
internal import Packets

/// What is not understood, here or there (Protocol, "What is not understood").
extension Node {
  /// Says once a day and cause that something of theirs is held. Only about what has its place in a stream: no word about such a word.
  func tellHeld(_ arrival: Arrival, _ reason: NewerPacket.Reason, using random: inout some RandomNumberGenerator) throws
    -> [Change]
  {
    let author = arrival.read.name.author
    guard arrival.read.stream != nil, arrival.sender == author, try state.contact(author)?.state == .contact else { return [] }
    let told = Alarm.mayTell(author, reason.rawValue)
    guard try state.due(told) == nil else { return [] }
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
