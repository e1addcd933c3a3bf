internal import Feed
internal import Packets

/// What is lost on the way is noticed by its number and asked for again (Protocol, "Repair").
extension Node {
  /// Pauses between one attempt and the next, in seconds: after a gap was seen an hour, and then 6 and 24 hours.
  private var pauses: [Int64] { [1, 6, 24].map { $0 * state.rules.patience } }
  /// Ranges, and blobs, of one request or answer.
  private static var mostAsked: Int { 100 }
  /// What one contact may have again in a day.
  private static var mostResent: Int { 1_000 }
  /// Older packets are kept, but not sent again, in seconds.
  private static var longestKept: Int64 { 90 * 86_400 }

  // MARK: Noticing

  /// Numbers are missing in front of this one: they may still be on their way.
  func notice(_ stream: Packet.Stream, of author: Author, using random: inout some RandomNumberGenerator) throws -> [Change] {
    guard try state.isMissing(before: stream, of: author) else { return [] }
    return try watch(author, using: &random)
  }

  /// Pictures that did not come with their packet travel in other parcels, perhaps.
  func noticeBlobs(
    of packet: Packet, _ arrival: Arrival, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    let carried = arrival.embedded.values.flatMap { part -> [Blob] in
      if case .understood(let packet) = part.read { packet.blobs } else { [] }
    }
    guard try (packet.blobs + carried).contains(where: { try !state.isHere($0.sha256) }) else { return [] }
    return try watch(arrival.sender, using: &random)
  }

  /// What the sender's streams hold for us, so that the last of each is not lost unseen.
  func told(
    _ heads: [Action.Head], _ packet: Packet, _ arrival: Arrival, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    var changes: [Change] = [.keep(arrival, .done)]
    var isBehind = false
    for head in heads.prefix(state.rules.streamsOfAContact) {
      changes.append(.head(of: packet.author, head))
      if try state.packet(by: packet.author, in: head.stream, at: head.last) == nil { isBehind = true }
    }
    return changes + (isBehind ? try watch(packet.author, using: &random) : [])
  }

  private func watch(_ author: Author, using random: inout some RandomNumberGenerator) throws -> [Change] {
    for attempt in 1...(pauses.count + 1) where try state.due(.repair(author, attempt: attempt)) != nil { return [] }
    // A random half hour more, so that not all who lost the same ask at once.
    let pause = pauses[0] + Int64.random(in: 0...(pauses[0] / 2), using: &random)
    return [.wake(.repair(author, attempt: 1), at: now.adding(seconds: pause))]
  }

  // MARK: Asking

  func repair(_ author: Author, attempt: Int, using random: inout some RandomNumberGenerator) throws -> [Change] {
    guard let contact = try state.contact(author), contact.state == .contact else { return [] }
    let missing = try state.missing(of: author, atMost: Self.mostAsked)
    guard !missing.ranges.isEmpty || !missing.blobs.isEmpty else { return [] }
    guard attempt <= pauses.count else { return try giveUp(missing, of: contact) }
    let next = attempt < pauses.count ? pauses[attempt] : 24 * state.rules.patience
    return (attempt == 1 ? [.asked(of: author, missing)] : []) + [
      .write(.resendRequest(missing), .unnumbered(author), id: PacketID(at: now, using: &random)),
      .wake(.repair(author, attempt: attempt + 1), at: now.adding(seconds: next)),
    ]
  }

  /// What was asked for in vain is waited for no longer. What was lost meanwhile has its own attempts.
  private func giveUp(_ missing: Action.Missing, of contact: Contact) throws -> [Change] {
    let asked = try state.asked(of: contact.author)
    let old = missing.common(with: asked)
    let count = old.ranges.reduce(UInt64(old.blobs.count)) { $0 &+ ($1.last - $1.first + 1) }
    let end: [Change] =
      count == 0
      ? []
      : [
        .close(of: contact.author, old),
        .notice(kind: "missing", said: "\(count) packet\(count == 1 ? "" : "s") or pictures of \(contact.name) did not come."),
      ]
    return end + (old == missing ? [] : [.wake(.repair(contact.author, attempt: 1), at: now)])
  }

  // MARK: Answering

  /// A contact lost something of ours: the same bytes again, or the word that they are gone. Who asks gets only what was theirs.
  func asked(
    again wanted: Action.Missing, _ packet: Packet, _ arrival: Arrival, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    let me = try state.myself().author
    var room = try Self.mostResent - state.resent(to: packet.author, since: now.adding(seconds: -86_400))
    var again: [PacketName] = []
    var gone = Action.Missing()
    for range in wanted.ranges.prefix(Self.mostAsked) {
      guard let own = try state.span(of: range.stream, for: packet.author) else { continue }
      let (first, last) = (max(range.first, own.first), min(range.last, own.last))
      guard first <= last else { continue }
      for number in first...min(last, first + UInt64(Self.mostResent)) {
        guard room > 0 else { break }
        guard let known = try state.packet(by: me, in: range.stream, at: number), try isToBeHad(known) else {
          gone.add(range.stream, number)
          room -= 1
          continue
        }
        // What still waits to be sent comes by itself.
        if try !state.isUnderWay(known.name, to: packet.author) { again.append(known.name) }
        room -= 1
      }
    }
    for blob in wanted.blobs.prefix(Self.mostAsked) where room > 0 {
      guard let known = try state.packet(with: blob, for: packet.author), try isToBeHad(known) else {
        gone.blobs.append(blob)
        continue
      }
      if try !again.contains(known.name) && !state.isUnderWay(known.name, to: packet.author) { again.append(known.name) }
      room -= 1
    }
    return [.keep(arrival, .done)] + (again.isEmpty ? [] : [.deliver(again, to: packet.author)])
      + (gone.ranges.isEmpty && gone.blobs.isEmpty
        ? [] : [.write(.gone(gone), .unnumbered(packet.author), id: PacketID(at: now, using: &random))])
  }

  /// A move-check goes to one endpoint, and proves it by having come there: asked for again it would come to another. What was taken back
  /// is not handed out anew, and neither is a relay that carries it.
  private func isToBeHad(_ known: KnownPacket) throws -> Bool {
    if case .moveCheck = known.action { return false }
    if case .relay(let relay) = known.action, let carried = try state.packet(ofBytes: relay.embedded.sha256),
      try state.tombstone(carried.read().name) != nil
    {
      return false
    }
    return try known.created.adding(seconds: Self.longestKept) >= now && state.tombstone(known.name) == nil
  }

  // MARK: The last of each stream

  private static var day: Int64 { 86_400 }

  /// What was said may be the last of its stream for long: whoever lost it would never know. Other streams go on meanwhile, so a moment
  /// that is set is not put off; one that is further away than any should be was set by another clock.
  func guardLast(of stream: Packet.Stream?) throws -> [Change] {
    guard stream != nil else { return [] }
    if let due = try state.due(.heads), due <= now.adding(seconds: 7 * Self.day) { return [] }
    return [.wake(.heads, at: now.adding(seconds: Self.day))]
  }

  /// Tells everybody how far those streams reach for them that moved lately, and not within the last day: once a week at most, and two
  /// or three times, as this too may be lost. What a clock that was ahead has dated says nothing.
  func tellHeads(using random: inout some RandomNumberGenerator) throws -> [Change] {
    let week = 7 * Self.day
    if let last = try state.headsTold(), last <= now, last.adding(seconds: week) > now {
      return [.wake(.heads, at: last.adding(seconds: week))]
    }
    let lately = now.adding(seconds: -2 * week - 2 * Self.day)
    var isMoving = false
    let words = try state.contacts().compactMap { contact -> Change? in
      let moved = try state.heads(for: contact.author, movedSince: lately)
      let heads = moved.filter { $0.moved <= now.adding(seconds: -Self.day) || $0.moved > now }.map(\.head)
      if heads.count < moved.count { isMoving = true }
      guard !heads.isEmpty else { return nil }
      return .write(.heads(heads), .unnumbered(contact.author), id: PacketID(at: now, using: &random))
    }
    guard !words.isEmpty || isMoving else { return [] }
    return words + [.wake(.heads, at: now.adding(seconds: words.isEmpty ? Self.day : week))]
  }
}

extension Action.Missing {
  /// What both have.
  fileprivate func common(with other: Action.Missing) -> Action.Missing {
    let ranges = ranges.flatMap { one in
      other.ranges.compactMap { two -> Range? in
        guard one.stream == two.stream, max(one.first, two.first) <= min(one.last, two.last) else { return nil }
        return Range(stream: one.stream, first: max(one.first, two.first), last: min(one.last, two.last))
      }
    }
    return Action.Missing(ranges: ranges, blobs: blobs.filter(other.blobs.contains))
  }

  /// Numbers that follow each other make one range.
  fileprivate mutating func add(_ stream: StreamID, _ number: UInt64) {
    if let last = ranges.last, last.stream == stream, last.last + 1 == number {
      ranges[ranges.count - 1].last = number
    } else {
      ranges.append(Range(stream: stream, first: number, last: number))
    }
  }
}
