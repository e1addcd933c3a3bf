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

  /// What becomes of the key of somebody who is pinned with another from now on.
  func replaced(_ known: Contact?, by successor: Fingerprint) throws -> [Change] {
    guard let known, known.fingerprint != successor, try state.formerKey(known.fingerprint) == nil else { return [] }
    return [
      .retire(
        FormerKey(
          author: known.author, fingerprint: known.fingerprint, certificate: known.certificate, successor: successor, since: now))
    ]
  }
}
