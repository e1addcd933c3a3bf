internal import Feed
internal import Packets

/// How two people become contacts (Protocol, "Acquaintance").
extension Node {
  /// A request arrived: from a stranger, from somebody we asked ourselves, or from a contact.
  func asked(
    _ request: Action.ContactRequest, _ packet: Packet, _ arrival: Arrival, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    if let other = try state.contact(arrival.signer), other.author != packet.author {
      return [.refuse(gate: "packet", reason: "the key is known with another author")]
    }
    let known = try state.contact(packet.author)
    if let known, known.fingerprint != arrival.signer {
      return [.refuse(gate: "packet", reason: "the author is known with another key")]
    }
    // Decided before the view was made anew: it is only known again.
    if try state.decision(on: packet.id) != nil { return [.keep(arrival, .done)] }
    let proof = try check(request.proof, of: packet.author, arrival.signer)
    if case .wrong = proof { return [.refuse(gate: "packet", reason: "wrong proof for an invitation")] }

    // An invitation for a named address is answered from there, or proves no more than that it is known.
    var invites = false
    if case .good(let invitation) = proof { invites = fits(invitation, request.profile.endpoints) }
    switch known?.state {
    case .contact, .requested:
      // A crossing request acts like the accept; a new one from a contact is answered without asking.
      guard let known else { return [] }
      let endpoints = Self.fit(request.profile.endpoints)
      // Where a contact is from now on is looked at as after a `move`, unless it was the user who invited them from there.
      let isExpected = known.state == .requested || invites
      var contact = joined(known, half: request.half, endpoints: isExpected ? endpoints : [])
      contact.invitationSecret = try isOurs(known.request) ? [] : proof.secret
      let welcomed = try welcome(contact, wasContact: known.state == .contact, answering: packet.id, using: &random)
      let place =
        try isExpected
        ? believe(request.profile.revision, endpoints, by: packet.author)
        : saidByAsking(request.profile.revision, endpoints, by: Self.pinned(by: welcomed) ?? contact, using: &random)
      return [.keep(arrival, .done)] + (invites ? use(proof) : []) + welcomed + place
    case .blocked, .frozen:
      return [.refuse(gate: "signer", reason: "the contact is blocked or frozen")]
    case .removed, nil:
      let pending = PendingRequest(
        id: packet.id, author: packet.author, fingerprint: arrival.signer, name: Self.shown(request.profile.name),
        endpoints: request.profile.endpoints, certificate: request.certificate, half: request.half, received: arrival.arrived,
        proof: proof.isPresent)
      guard invites else { return try pend(pending, arrival) }
      return [.keep(arrival, .done)] + use(proof)
        + (try befriend(pending, mark: .invited, secret: proof.secret, using: &random))
    }
  }

  private enum ProofVerdict {
    case absent
    case good(GivenInvitation)
    case wrong
    case spent(GivenInvitation)

    var isPresent: Bool {
      switch self {
      case .good, .spent: true
      case .absent, .wrong: false
      }
    }

    /// The secret that was proved; empty where none was.
    var secret: [UInt8] {
      switch self {
      case .good(let invitation), .spent(let invitation): invitation.secret
      case .absent, .wrong: []
      }
    }
  }

  private func check(
    _ proof: Action.ContactRequest.Proof?, of author: Author, _ fingerprint: Fingerprint
  ) throws -> ProofVerdict {
    guard let proof, let invitation = try state.invitation(proof.invitation) else { return .absent }
    let myself = try state.myself()
    let expected = Derivation.invitationProof(
      secret: invitation.secret, inviter: myself.author, inviterFingerprint: myself.fingerprint,
      invitee: author, inviteeFingerprint: fingerprint)
    guard Derivation.equal(expected, proof.value) else { return .wrong }
    return invitation.used || invitation.expires < now ? .spent(invitation) : .good(invitation)
  }

  /// Whether a request that began an acquaintance is one of our own.
  private func isOurs(_ request: PacketID?) throws -> Bool {
    guard let request else { return false }
    return try state.packet(PacketName(author: state.myself().author, id: request)) != nil
  }

  private func use(_ proof: ProofVerdict) -> [Change] {
    guard case .good(let invitation) = proof else { return [] }
    return [.use(invitation: invitation.id)]
  }

  /// An invitation for a named address is answered from there, or the user is asked.
  private func fits(_ invitation: GivenInvitation, _ endpoints: [String]) -> Bool {
    guard let address = invitation.address?.lowercased() else { return true }
    return endpoints.contains { endpoint in
      let reached = endpoint.lowercased()
      guard reached.hasPrefix("mailto:") else { return false }
      return reached.dropFirst(7) == address || Self.withoutTag(String(reached.dropFirst(7))) == address
    }
  }

  /// `ben+socialnet@example.org` is an endpoint of `ben@example.org`.
  private static func withoutTag(_ address: String) -> String {
    guard let at = address.lastIndex(of: "@"), let plus = address.firstIndex(of: "+"), plus < at else { return address }
    return String(address[..<plus] + address[at...])
  }

  /// Bounded: the oldest gives way, and a newer request of the same key replaces the older.
  private func pend(_ request: PendingRequest, _ arrival: Arrival) throws -> [Change] {
    let waiting = try state.pendingRequests()
    var gone = waiting.filter { $0.fingerprint == request.fingerprint || $0.author == request.author }
    let left = waiting.count - gone.count
    if left >= state.rules.pendingRequests {
      gone += waiting.filter { !gone.contains($0) }.prefix(left - state.rules.pendingRequests + 1)
    }
    return [.keep(arrival, .done)] + gone.map { .decide(request: $0.id, .forgotten) } + [
      .pend(request), .wake(.forget(request: request.id), at: request.received.adding(seconds: 30 * 86_400)),
    ] + (state.rules.atOnce.contains("request") ? [.tell(.request(request.id))] : [])
  }

  /// The user says yes to a request that waited.
  func befriend(_ request: PendingRequest, using random: inout some RandomNumberGenerator) throws -> [Change] {
    guard case .contactRequest(let asked)? = try state.packet(PacketName(author: request.author, id: request.id))?.action else {
      throw WishFailure.noSuchRequest
    }
    let proof = try check(asked.proof, of: request.author, request.fingerprint)
    return try befriend(request, mark: .requested, secret: proof.secret, using: &random)
  }

  /// The user, or an invitation, says yes. To somebody known before, the half that they have already is said again.
  private func befriend(
    _ request: PendingRequest, mark: Contact.Mark, secret: [UInt8], using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    let known = try state.contact(request.author)
    var contact = Contact(
      author: request.author, fingerprint: request.fingerprint, name: request.name,
      state: .contact,
      mark: mark, since: now, certificate: request.certificate,
      ourHalf: known?.ourHalf ?? Random.bytes(32, using: &random), theirHalf: request.half, endpoints: request.endpoints,
      request: request.id, invitationSecret: secret)
    if let known, known.state == .requested {
      contact = joined(known, half: request.half, endpoints: request.endpoints)
      contact.invitationSecret = []
    }
    return [.decide(request: request.id, .accepted)]
      + (try welcome(contact, wasContact: false, answering: request.id, using: &random))
  }

  /// Somebody who was asked, or is a contact, spoke: from now on a contact with this half, reached there.
  private func joined(_ known: Contact, half: [UInt8], endpoints: [String]) -> Contact {
    var contact = known
    if contact.state != .contact { contact.since = now }
    contact.state = .contact
    contact.theirHalf = half
    if !endpoints.isEmpty { contact.endpoints = endpoints }
    return contact
  }

  /// How changes leave the contact that they are about, if they change it.
  private static func pinned(by changes: [Change]) -> Contact? {
    changes.compactMap { if case .pin(let contact) = $0 { contact } else { nil } }.last
  }

  /// What is over once somebody is a contact: asking again, and requests of theirs that still wait.
  private func settle(_ contact: Contact) throws -> [Change] {
    let waiting = try state.pendingRequests().filter { $0.author == contact.author && $0.id != contact.request }
    return [.cancel(.askAgain(contact.author, attempt: 0))] + waiting.map { .decide(request: $0.id, .accepted) }
  }

  /// Pins a contact, answers the request, and says from which number on our streams are for them.
  private func welcome(
    _ contact: Contact, wasContact: Bool, answering request: PacketID, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    let accept = Action.ContactAccept(
      request: request, profile: try profile(), certificate: try state.myself().certificate, half: contact.ourHalf)
    var answered = contact
    answered.request = request
    return [.pin(answered)] + (try settle(answered))
      + [.write(.contactAccept(accept), .direct(contact.author), id: PacketID(at: now, using: &random))]
      + (try admit(contact, isMember: wasContact, using: &random))
      + (wasContact ? [] : [.tell(.connected(contact.author)), nextHistory(for: contact.author)])
  }

  /// Makes a contact a member of our streams, and sends our newest profile in its original bytes. Who is a member already stays
  /// one from the same number on: what they were sent before can still be answered.
  private func admit(
    _ contact: Contact, isMember: Bool, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    var changes: [Change] = []
    if let own = try state.ownStream(toCircle: Circle.everyone) {
      let first = isMember ? try state.firstNumber(for: contact.author, in: own.id) : nil
      if let first {
        changes.append(membership(contact.author, own.id, first: first, using: &random))
      } else {
        changes.append(.admit(contact.author, to: own.id, first: own.next))
        changes.append(membership(contact.author, own.id, first: own.next, using: &random))
      }
    } else {
      changes += try begin(Circle.everyone, alsoFor: contact.author, using: &random)
    }
    if let newest = try state.newestProfile(of: state.myself().author) {
      changes.append(.deliver([newest], to: contact.author))
    }
    return changes
  }

  /// A new stream to a circle: its members hear where it begins.
  func begin(
    _ circle: String, alsoFor newcomer: Author? = nil, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    guard let id = StreamID(bytes: Random.bytes(16, using: &random)) else { return [] }
    var members = try state.members(of: circle)
    if let newcomer, !members.contains(newcomer) { members.append(newcomer) }
    var changes: [Change] = [.begin(id, circle: circle, members: members)]
    for member in members { changes.append(membership(member, id, first: 1, using: &random)) }
    return changes
  }

  func membership(
    _ member: Author, _ stream: StreamID, first: UInt64, using random: inout some RandomNumberGenerator
  ) -> Change {
    .write(
      .membership(Action.Membership(stream: stream, span: .first(first))), .direct(member), id: PacketID(at: now, using: &random))
  }

  /// Somebody we asked said yes.
  func accepted(
    _ accept: Action.ContactAccept, _ packet: Packet, _ arrival: Arrival, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    guard let known = try state.contact(packet.author) else {
      return [.refuse(gate: "packet", reason: "an accept from somebody who was not asked")]
    }
    guard try isOpen(accept.request, to: packet.author, arrival) else {
      return [.refuse(gate: "packet", reason: "an accept that names no open request")]
    }
    // Where requests crossed, theirs has made them a contact already.
    guard known.state == .requested else { return [.keep(arrival, .done)] }
    var contact = joined(known, half: accept.half, endpoints: accept.profile.endpoints)
    // Both had asked: they take no notice of our invitation's secret either.
    if try state.pendingRequests().contains(where: { $0.author == contact.author }) { contact.invitationSecret = [] }
    return [.keep(arrival, .done), .pin(contact)] + (try settle(contact))
      + (try admit(contact, isMember: false, using: &random))
      + [.tell(.connected(contact.author)), nextHistory(for: contact.author)]
  }

  /// Whether a request of ours went to them not more than 30 days before the answer came, and no other accept named it.
  private func isOpen(_ request: PacketID, to author: Author, _ arrival: Arrival) throws -> Bool {
    let name = PacketName(author: try state.myself().author, id: request)
    guard let asked = try state.packet(name), case .contactRequest = asked.action, asked.stream?.to == author,
      asked.created.adding(seconds: 30 * 86_400) >= arrival.arrived
    else { return false }
    return try !state.isAnswered(request, by: author)
  }

  /// A packet that is here already. The same request from a contact is answered with the same bytes, once an hour at most.
  func again(_ known: KnownPacket, _ arrival: Arrival) throws -> [Change] {
    guard case .contactRequest = known.action, let contact = try state.contact(known.name.author), contact.state == .contact,
      let accept = try state.newest("contact-accept", to: contact.author),
      case .contactAccept(let said) = try state.packet(accept)?.action, said.request == known.name.id
    else { return [.duplicate] }
    if let last = try state.lastDelivery(of: accept, to: contact.author), last.adding(seconds: 3600) > now {
      return [.duplicate]
    }
    let membership = try state.newest("membership", to: contact.author).map { [$0] } ?? []
    return [.deliver([accept] + membership, to: contact.author)]
  }

  // MARK: Asking

  /// Answers an invitation: pins the inviter, and asks with the proof.
  func ask(
    _ invitation: Invitation, fingerprint: Fingerprint, through introduction: PacketID?, id: PacketID,
    using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    let myself = try state.myself()
    guard invitation.author != myself.author else { throw WishFailure.ownInvitation }
    let known = try state.contact(invitation.author)
    if known?.state == .contact { throw WishFailure.alreadyContact(known?.name ?? "") }
    if known?.state == .blocked { throw WishFailure.blocked(known?.name ?? "") }
    if let other = try state.contact(fingerprint), other.author != invitation.author { throw WishFailure.otherKey(other.name) }
    let former = try state.formerKey(fingerprint)
    if let former, former.isRevoked || former.author != invitation.author {
      throw WishFailure.theirKeyIsRevoked(try title(of: former.author))
    }
    let half = known?.ourHalf ?? Random.bytes(32, using: &random)
    let proof = Action.ContactRequest.Proof(
      invitation: Derivation.invitationID(secret: invitation.secret),
      value: Derivation.invitationProof(
        secret: invitation.secret, inviter: invitation.author, inviterFingerprint: fingerprint,
        invitee: myself.author, inviteeFingerprint: myself.fingerprint))
    // Who is only asked learns the name, where to answer, and what anyone may see.
    var profile = try profile()
    profile.fields = Self.fields(of: myself, for: .anyone)
    let request = Action.ContactRequest(profile: profile, certificate: myself.certificate, half: half, proof: proof)
    let contact = Contact(
      author: invitation.author, fingerprint: fingerprint, name: Self.shown(invitation.name), state: .requested,
      mark: introduction == nil ? .invited : .introduced, since: now, certificate: invitation.certificate, ourHalf: half,
      theirHalf: [], endpoints: [invitation.endpoint], request: id, invitationSecret: invitation.secret)
    return try (introduction.map { [.decide(request: $0, .accepted)] } ?? []) + replaced(known, by: fingerprint) + [
      .pin(contact), .cancel(.askAgain(contact.author, attempt: 0)),
      .write(.contactRequest(request), .request(contact.author), id: id),
    ] + nextAsking(of: contact.author, attempt: 1)
  }

  /// Unanswered: the same bytes again after 1, 3 and 6 days.
  func askAgain(_ author: Author, attempt: Int) throws -> [Change] {
    guard let contact = try state.contact(author), contact.state == .requested, let request = contact.request else { return [] }
    let name = PacketName(author: try state.myself().author, id: request)
    return [.deliver([name], to: author)] + nextAsking(of: author, attempt: attempt + 1)
  }

  private func nextAsking(of author: Author, attempt: Int) -> [Change] {
    pause(before: attempt).map { [.wake(.askAgain(author, attempt: attempt), at: $0)] } ?? []
  }

  /// When something that was not answered is said again, so that it falls 1, 3 and 6 days after the first time; `attempt` counts from 1.
  func pause(before attempt: Int) -> Instant? {
    // Days between one attempt and the next.
    let pauses: [Int64] = [1, 2, 3]
    guard (1...pauses.count).contains(attempt) else { return nil }
    return now.adding(seconds: pauses[attempt - 1] * 86_400)
  }

  // MARK: Profile

  /// A contact's new profile. A renewed certificate in it takes the place of the pinned one, and is journalled: once the old one has
  /// expired, nothing else could show that the contact's parcels are good. That it is of the same key was judged before.
  func described(
    _ profile: Action.Profile, _ packet: Packet, _ arrival: Arrival, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    var changes: [Change] = [.keep(arrival, .done)]
    if try state.isNews(profile, sha256: arrival.sha256, of: packet.author), var contact = try state.contact(packet.author) {
      if let certificate = profile.certificate, contact.fingerprint == arrival.signer, contact.certificate != certificate {
        contact.certificate = certificate
        changes.append(.pin(contact))
      }
      changes += try said(profile.revision, profile.endpoints, by: contact, using: &random)
    }
    return changes + [.claim(by: packet.author, profile, sha256: arrival.sha256)]
  }

  /// The user's profile as a new revision: higher than any before, also where the clock went back.
  func profile() throws -> Action.Profile {
    let myself = try state.myself()
    var newest: UInt64 = 0
    if let name = try state.newestProfile(of: myself.author), case .profile(let profile) = try state.packet(name)?.action {
      newest = profile.revision
    }
    return Action.Profile(
      revision: max(newest &+ 1, UInt64(max(0, now.milliseconds))), name: myself.name,
      fields: Self.fields(of: myself, for: .contacts),
      endpoints: myself.endpoints,
      binding: Action.Profile.Binding(fingerprint: myself.fingerprint, signature: myself.binding))
  }

  static func fields(of myself: Myself, for audience: FieldAudience) -> [Action.Profile.Field] {
    myself.fields(for: audience).map { Action.Profile.Field(name: $0.name, value: $0.value) }
  }

  /// A name as it may be shown; what a name may not have is left out (Protocol, "Names").
  static func shown(_ name: String) -> String {
    if PersonName.isFit(name) { return name }
    let fit = name.unicodeScalars.filter { PersonName.isFit(String($0)) }.prefix(PersonName.longest)
    return fit.isEmpty ? "Somebody" : String(String.UnicodeScalarView(fit))
  }
}
