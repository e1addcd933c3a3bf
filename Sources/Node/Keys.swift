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
}
