internal import Feed
internal import Packets

/// How sure one may be of a key, and what becomes of keys (Protocol, "Keys and addresses").
extension Node {
  /// What the other reads out, the comparison code or the whole fingerprint of their key, is what is seen here: they are who they are.
  func verify(_ author: Author, _ said: String) throws -> [Change] {
    guard var contact = try state.contact(author), contact.state == .contact,
      let code = contact.comparisonCode(with: try state.myself())
    else { throw WishFailure.noContact(try title(of: author)) }
    guard said == code || said == contact.fingerprint.text else { throw WishFailure.anotherCode(contact.name) }
    guard contact.mark != .verified else { return [] }
    contact.mark = .verified
    return [.pin(contact)]
  }

  // MARK: Taken back

  /// Somebody took a key back that they are, or were, pinned with. Nothing is believed any more before the user has decided: whoever had
  /// the key may have said all that came last.
  func revoked(_ packet: Packet, _ arrival: Arrival) throws -> [Change] {
    guard arrival.proven == arrival.signer, let contact = try state.contact(packet.author) else {
      return [.refuse(gate: "packet", reason: "it was not proved that it takes the key back")]
    }
    let former = try state.formerKey(arrival.signer)
    // Said again, or decided before the view was made anew.
    if former?.isRevoked == true { return [.keep(arrival, .done)] }
    guard arrival.signer == contact.fingerprint || former?.successor != nil else {
      return [.keep(arrival, .silent(reason: "the key was never in force"))]
    }
    var key =
      former
      ?? FormerKey(
        author: contact.author, fingerprint: arrival.signer, certificate: contact.certificate, since: now)
    key.isRevoked = true
    return try [.keep(arrival, .done), .retire(key)]
      + freeze(contact, "\(contact.name) took a key back. Nothing of theirs is read, and nothing sent to them, until you decide.")
  }

  /// Nothing is read of them, and nothing sent, until the user decides.
  func freeze(_ contact: Contact, _ said: String) throws -> [Change] {
    guard [.contact, .requested, .frozen].contains(contact.state) else { return [] }
    var frozen = contact
    frozen.state = .frozen
    return [
      .pin(frozen), .cancel(.askAgain(contact.author, attempt: 0)), .notice(kind: "changed key", said: said),
      .tell(.key(contact.author)),
    ]
  }

  /// The user asked, in another way, and goes on with the key that is pinned.
  func unfreeze(_ author: Author) throws -> [Change] {
    guard var contact = try state.contact(author) else { throw WishFailure.noContact(try title(of: author)) }
    guard contact.state == .frozen else { throw WishFailure.notFrozen(contact.name) }
    guard try state.formerKey(contact.fingerprint)?.isRevoked != true else { throw WishFailure.theirKeyIsRevoked(contact.name) }
    // Who had not answered yet is no contact.
    contact.state = contact.theirHalf.isEmpty ? .removed : .contact
    return [.pin(contact)]
  }

  /// Tells all contacts, as the last that is said under the own key.
  func revoke(_ certificate: [UInt8], using random: inout some RandomNumberGenerator) throws -> [Change] {
    let myself = try state.myself()
    let words = try state.contacts().map { contact in
      Change.write(
        .revoke(Action.Revoke(certificate: certificate)), .direct(contact.author), id: PacketID(at: now, using: &random))
    }
    let key = FormerKey(
      author: myself.author, fingerprint: myself.fingerprint, certificate: myself.certificate, since: now, isRevoked: true)
    return words + [.retire(key)]
  }

  // MARK: Replaced

  /// Somebody's new key, signed by both keys. What comes under the old one after that is refused, and is asked for again: the new key
  /// may be there because somebody else has the old one.
  func changed(_ change: Action.KeyChange, _ packet: Packet, _ arrival: Arrival) throws -> [Change] {
    guard let new = arrival.proven, let contact = try state.contact(packet.author) else {
      return [.refuse(gate: "packet", reason: "its signatures were not proved")]
    }
    if let former = try state.formerKey(arrival.signer) {
      // Said again; or another key than the one that took the place: only one of the two words is the owner's.
      if former.successor == nil || former.successor == new { return [.keep(arrival, .done)] }
      guard contact.state == .contact, try state.formerKey(new) == nil else { return [.keep(arrival, .done)] }
      let claimed = FormerKey(author: contact.author, fingerprint: new, certificate: change.certificate, since: now)
      return try [.keep(arrival, .done), .retire(claimed)]
        + freeze(contact, "Two keys claim to be the new one of \(contact.name). Nothing goes on until you decide.")
    }
    guard arrival.signer == contact.fingerprint, contact.state == .contact else { return [.keep(arrival, .done)] }
    guard try state.contact(new) == nil, try state.formerKey(new) == nil, try state.myself().fingerprint != new else {
      return [.refuse(gate: "packet", reason: "its new key was known before")]
    }
    let newest = try state.formerKeys(of: contact.author).map(\.revision).max() ?? 0
    guard change.revision > newest else { return [.refuse(gate: "packet", reason: "its revision is old")] }
    var renewed = contact
    (renewed.fingerprint, renewed.certificate) = (new, change.certificate)
    // Nobody has compared the new one yet.
    if renewed.mark == .verified { renewed.mark = .invited }
    return try [.keep(arrival, .done)] + replaced(contact, by: new, revision: change.revision) + [
      .pin(renewed), .tell(.key(contact.author)),
      .notice(kind: "changed key", said: "\(contact.name) has a new key, which the one before has signed."),
    ]
  }

  /// What becomes of the key of somebody who is pinned with another from now on.
  func replaced(_ known: Contact?, by successor: Fingerprint, revision: UInt64 = 0) throws -> [Change] {
    guard let known, known.fingerprint != successor, try state.formerKey(known.fingerprint) == nil else { return [] }
    return [
      .retire(
        FormerKey(
          author: known.author, fingerprint: known.fingerprint, certificate: known.certificate, successor: successor,
          revision: revision, since: now))
    ]
  }

  /// A new key of one's own. Contacts hear of it under the old one; everything after that is sealed by the new. Who is not a contact yet
  /// knows the old one alone, and cannot be told: what was begun with them ends.
  func change(to key: NewKey, using random: inout some RandomNumberGenerator) throws -> [Change] {
    var myself = try state.myself()
    let words = try state.contacts().map { contact in
      Change.write(.keyChange(key.change), .direct(contact.author), id: PacketID(at: now, using: &random))
    }
    let old = FormerKey(
      author: myself.author, fingerprint: myself.fingerprint, certificate: myself.certificate, successor: key.fingerprint,
      revision: key.change.revision, since: now)
    (myself.fingerprint, myself.certificate, myself.binding) = (key.fingerprint, key.change.certificate, key.binding)
    var ended: [Change] = []
    for var asked in try state.people(in: .requested) {
      asked.state = .removed
      ended += [
        .pin(asked), .cancel(.askAgain(asked.author, attempt: 0)),
        .notice(
          kind: "changed key",
          said: "\(asked.name) was asked under your old key and has not answered: accept the invitation again."),
      ]
    }
    for pending in try state.pendingRequests() {
      ended += [
        .decide(request: pending.id, .forgotten),
        .notice(kind: "changed key", said: "\(pending.name) had asked you under your old key: invite them anew."),
      ]
    }
    return words + ended + [.retire(old), .describe(myself)] + sayNext(attempt: 1)
  }

  /// The same bytes again after 1, 3 and 6 days: nothing else can tell a contact that missed them.
  func sayKeyAgain(attempt: Int) throws -> [Change] {
    try state.contacts().compactMap { contact in
      try state.newest("key-change", to: contact.author).map { .deliver([$0], to: contact.author) }
    } + sayNext(attempt: attempt + 1)
  }

  private func sayNext(attempt: Int) -> [Change] {
    pause(before: attempt).map { [.wake(.sayKeyAgain(attempt: attempt), at: $0)] } ?? []
  }
}
