internal import Feed
internal import Packets

/// Where people are reached (Protocol, "Keys and addresses"): what they say is believed once something that was sent there came back, or
/// anybody could have our parcels sent to anybody.
extension Node {
  /// Endpoints of one contact that count, and bytes of one.
  private static var most: (endpoints: Int, bytes: Int) { (10, 1_000) }
  /// Nonces that one contact may have sent to endpoints of their choice in a day.
  private static var mostChecks: Int { 5 }
  /// A nonce is good for so long, in seconds: mail is tried for five days.
  private static var life: Int64 { 30 * 86_400 }

  /// A contact, as the changes before leave them, says by a `move` or a profile that they are reached elsewhere. What is known of it counts at
  /// once, unless the endpoint in use is to end before another is proved; the rest is looked at.
  func said(
    _ revision: UInt64, _ endpoints: [String], by contact: Contact?, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    let endpoints = Self.fit(endpoints)
    guard var contact, contact.state == .contact, !endpoints.isEmpty else { return [] }
    let before = try state.move(of: contact.author)
    guard revision > before?.revision ?? 0 else { return [] }
    var move = Move(author: contact.author, revision: revision, endpoints: endpoints, nonce: [], asked: now)
    if let before, before.endpoints == endpoints, !before.nonce.isEmpty, before.asked.adding(seconds: 6 * 86_400) > now {
      // The same by both: it is being asked.
      (move.nonce, move.asked) = (before.nonce, before.asked)
      return [.move(move)]
    }
    // What was asked for an older word is not waited for.
    var changes: [Change] = [.cancel(.lookAgain(contact.author, attempt: 0))]
    let known = endpoints.filter(contact.endpoints.contains)
    let inUse = contact.endpoints.first(where: state.isReachable) ?? contact.endpoints.first
    let isSafe = known.contains(where: { $0 == inUse }) || !known.isEmpty && open(move, of: contact).isEmpty
    if known != contact.endpoints, isSafe {
      contact.endpoints = known
      changes += [.pin(contact), moved(contact)]
    }
    guard known != endpoints else { return changes + [.move(move)] }
    guard !open(move, of: contact).isEmpty else {
      let said = "\(contact.name) says to be reached elsewhere, and it could not be looked whether that is so."
      return changes + [.move(move), .notice(kind: "moved", said: said)]
    }
    move.nonce = Random.bytes(16, using: &random)
    return try changes + [.move(move)] + look(for: move, of: contact, attempt: 0, using: &random)
  }

  /// What can be looked at and was not answered.
  private func open(_ move: Move, of contact: Contact) -> [String] {
    move.endpoints.filter { !contact.endpoints.contains($0) && state.isReachable($0) }
  }

  /// Each endpoint that is not known gets a nonce of its own: who reads one place could answer for another by the same. Each time it
  /// begins with others, as not all may find room in a day. `attempt` counts from 0.
  private func look(
    for move: Move, of contact: Contact, attempt: Int, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    let written = try state.written("move-check", to: move.author, since: now.adding(seconds: -86_400))
    let first = Self.mostChecks * attempt % move.endpoints.count
    var turn = move
    turn.endpoints = Array(move.endpoints[first...] + move.endpoints[..<first])
    let checks = open(turn, of: contact).prefix(max(0, Self.mostChecks - written)).map { endpoint in
      Change.write(
        .moveCheck(Self.nonce(of: move, for: endpoint)), .reached(move.author, at: endpoint),
        id: PacketID(at: now, using: &random))
    }
    return checks + lookNext(move.author, attempt: attempt + 1)
  }

  /// What was not answered, after 1, 3 and 6 days: the nonce was lost, or the answer, or this view was made anew since.
  func lookAgain(
    _ author: Author, attempt: Int, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    guard var move = try state.move(of: author), !move.nonce.isEmpty, let contact = try state.contact(author),
      contact.state == .contact, !open(move, of: contact).isEmpty
    else { return [] }
    if move.asked.adding(seconds: Self.life) < now {
      // This node slept over all of it.
      (move.nonce, move.asked) = (Random.bytes(16, using: &random), now)
    }
    return try [.move(move)] + look(for: move, of: contact, attempt: attempt, using: &random)
  }

  private func lookNext(_ author: Author, attempt: Int) -> [Change] {
    pause(before: attempt).map { [.wake(.lookAgain(author, attempt: attempt), at: $0)] } ?? []
  }

  private static func nonce(of move: Move, for endpoint: String) -> [UInt8] {
    Array(Derivation.hmac(key: move.nonce, Array(endpoint.utf8)).prefix(16))
  }

  private func moved(_ contact: Contact) -> Change {
    .notice(kind: "moved", said: "\(contact.name) is reached at \(contact.endpoints.joined(separator: " ")) now.")
  }

  /// Those of the endpoints that somebody names which count, each once.
  static func fit(_ endpoints: [String]) -> [String] {
    var seen: Set<String> = []
    return endpoints.prefix(most.endpoints).filter { $0.utf8.count <= most.bytes && seen.insert($0).inserted }
  }

  /// What somebody says about their endpoints is believed without a look: older words, and nonces that are out, count no more.
  func believe(_ revision: UInt64, _ endpoints: [String], by author: Author) throws -> [Change] {
    guard try revision > state.move(of: author)?.revision ?? 0 else { return [] }
    return [.move(Move(author: author, revision: revision, endpoints: endpoints, nonce: [], asked: now))]
  }

  /// A contact asks to become one, from where nobody invited them. The answer goes where they are known to be: whoever has lost that
  /// place does not get it, and only the user can mend that.
  func saidByAsking(
    _ revision: UInt64, _ endpoints: [String], by contact: Contact, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    let changes = try said(revision, endpoints, by: contact, using: &random)
    guard changes.contains(where: { if case .write = $0 { true } else { false } }) else { return changes }
    let said = "\(contact.name) asks from elsewhere than known. If the known address is lost to them, invite them anew."
    return changes + [.notice(kind: "moved", said: said)]
  }

  /// A contact looks whether we are where we say. That it came here is the answer.
  func checked(
    _ nonce: [UInt8], _ packet: Packet, _ arrival: Arrival, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    [
      .keep(arrival, .done),
      .write(.moveAnswer(nonce), .direct(packet.author), id: PacketID(at: now, using: &random)),
    ]
  }

  /// A nonce came back: they are where it was sent. What is proved stands in the order of their word, and takes the place of what that
  /// does not name. Another nonce, or one that comes late, is nothing.
  func answered(_ nonce: [UInt8], _ packet: Packet, _ arrival: Arrival) throws -> [Change] {
    guard var move = try state.move(of: packet.author), !move.nonce.isEmpty,
      move.asked.adding(seconds: Self.life) >= arrival.arrived,
      var contact = try state.contact(packet.author), contact.state == .contact,
      let proved = move.endpoints.first(where: { Derivation.equal(Self.nonce(of: move, for: $0), nonce) }),
      !contact.endpoints.contains(proved)
    else { return [.keep(arrival, .done)] }
    contact.endpoints = move.endpoints.filter { $0 == proved || contact.endpoints.contains($0) }
    if contact.endpoints == move.endpoints { move.nonce = [] }
    return [.keep(arrival, .done), .pin(contact), .move(move), moved(contact)]
  }

  /// The user is reached elsewhere: contacts hear of it, and whoever comes later by the profile.
  func move(to endpoints: [String], id: PacketID, using random: inout some RandomNumberGenerator) throws -> [Change] {
    for endpoint in endpoints where !state.isReachable(endpoint) || endpoint.utf8.count > Self.most.bytes {
      throw WishFailure.badEndpoint(endpoint)
    }
    guard (1...Self.most.endpoints).contains(endpoints.count) else { throw WishFailure.badEndpoint(endpoints.last ?? "") }
    var myself = try state.myself()
    guard myself.endpoints != endpoints else { return [] }
    myself.endpoints = endpoints
    let profile = try describe(myself, hasRenewed: isRenewed(), id: id, using: &random)
    // One revision for both, so that neither makes the other old.
    let revision = profile.compactMap { change -> UInt64? in
      if case .write(.profile(let profile), _, _) = change { profile.revision } else { nil }
    }.first
    let move = Action.Move(revision: revision ?? UInt64(max(0, now.milliseconds)), endpoints: endpoints)
    let words = try state.contacts().map { contact in
      Change.write(.move(move), .direct(contact.author), id: PacketID(at: now, using: &random))
    }
    return words + profile
  }
}
