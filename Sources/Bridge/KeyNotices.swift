internal import Digest
internal import Feed

extension Notice {
  /// What the user has to know about somebody's key.
  init(aboutKeyOf contact: Contact) {
    self.init(
      title: "The key of \(contact.name) is in doubt",
      paragraphs: [
        "Nothing of theirs is read, and nothing sent to them, until you decide. Whoever had the key may have written what came last.",
        "Ask \(contact.name) in another way, by telephone or face to face. With a new invitation of theirs you go on under a new key"
          + " (socialnet accept). If all is well with the key that you have, call socialnet unfreeze; otherwise socialnet remove.",
      ])
  }
}
