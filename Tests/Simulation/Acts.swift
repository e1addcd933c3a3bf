import Feed
import Node
import Packets
import Store
import TestNodes

/// What people do.
extension Village {
  /// Somebody invites somebody, who accepts.
  func befriend(_ one: Int, _ other: Int) async throws {
    let invitation = try await residents[one].store().invitation(at: now)
    try await wish(.acceptInvitation(invitation, fingerprint: residents[one].identity.fingerprint, through: nil), by: other)
    rights.meets(one, other)
    allowance.acquaintances += 1
    try await settle(residents[other])
  }

  /// One of the things that people do. What they may not do is refused, and changes nothing.
  func doSomething(by who: Int) async throws {
    said += 1
    do { try await choose(for: who) } catch is WishFailure {}
    try await settle(residents[who])
  }

  private func choose(for who: Int) async throws {
    let text = "words \(said) of somebody"
    switch roll(40) {
    case 0..<11: try await post(text, by: who)
    case 11..<21: try await answer(by: who) { .comment(on: $0.id, text: text, pictures: []) }
    case 21..<25: try await answer(by: who) { .react(to: $0.id, emoji: ["❤", "👍", "🏠"].filter { _ in self.roll(2) == 0 }) }
    case 25..<28: try await answer(by: who, own: true) { .edit($0.id, text: text + ", or other ones") }
    case 28..<31: try await answer(by: who, own: true) { .retract($0.id) }
    case 31..<33:
      if let friend = friend(of: who) {
        try await wish(.message(to: residents[friend].author, text: text, pictures: []), by: who)
      }
    case 33..<36: try await changeCircle(of: who)
    case 36: try await part(who)
    case 37:
      let other = roll(residents.count)
      if other != who { try await befriend(who, other) }
    case 38: stumbles = true
    default: try residents[who].restart()
    }
  }

  private func post(_ text: String, by who: Int) async throws {
    let circle = roll(3) == 0 ? Self.circle : nil
    let name = try await wish(.post(text: text, pictures: [], circle: circle, share: false), by: who)
    // Some think better of it, before everybody has it.
    if roll(4) == 0 {
      try await settle(residents[who])
      try await wish(.retract(ItemID(name)), by: who)
    }
  }

  private func answer(by who: Int, own: Bool = false, with wishing: (FeedItem) -> Wish) async throws {
    let author = residents[who].author
    let feed = try await residents[who].store().feed(limit: 12).filter { !own || $0.author.author == author }
    guard let item = feed.randomElement(using: &dice) else { return }
    allowance.answer(to: item, rights)
    try await wish(wishing(item), by: who)
  }

  private func friend(of who: Int) -> Int? { rights.contacts[who].sorted().randomElement(using: &dice) }

  private func changeCircle(of who: Int) async throws {
    guard let friend = friend(of: who) else { return }
    let author = residents[friend].author
    if rights.members(of: Self.circle, at: who).contains(friend) {
      try await wish(.removeFromCircle(Self.circle, author), by: who)
      rights.dismiss(friend, from: Self.circle, at: who)
    } else {
      try await wish(.addToCircle(Self.circle, author), by: who)
      rights.admit(friend, to: Self.circle, at: who)
    }
  }

  private func part(_ who: Int) async throws {
    guard let friend = friend(of: who) else { return }
    let author = residents[friend].author
    try await wish(roll(2) == 0 ? .remove(author) : .block(author), by: who)
    try await noteContacts(of: residents[who])
  }
}
