internal import Digest
internal import Feed

extension Notice {
  /// What the user has to know about somebody's key.
  init(aboutKeyOf contact: Contact) {
    guard contact.state == .frozen else {
      self.init(
        title: "\(contact.name) has a new key",
        paragraphs: [
          "The key before has signed it, and all goes on. Whoever has the old key could have done that too: compare with \(contact.name)"
            + " once more (socialnet verify)."
        ])
      return
    }
    self.init(
      title: "The key of \(contact.name) is in doubt",
      paragraphs: [
        "Nothing of theirs is read, and nothing sent to them, until you decide. Whoever had the key may have written what came last.",
        "Ask \(contact.name) in another way, by telephone or face to face. With a new invitation of theirs you go on under a new key"
          + " (socialnet accept). If all is well with the key that you have, call socialnet unfreeze; otherwise socialnet remove.",
      ])
  }
}
