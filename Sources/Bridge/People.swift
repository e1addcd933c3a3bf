internal import Feed
internal import FoundationEssentials
internal import Packets
internal import Store

/// People, as the user names them.
extension Bridge {
  /// The one that a name, an address, an author or a fingerprint means, among those in the given states.
  func contact(_ text: String, in states: Set<Contact.State> = [.contact]) async throws -> Contact {
    let folded = text.lowercased()
    let found = try await store.contacts().filter { contact in
      contact.author.text == text || contact.fingerprint.text.lowercased() == folded.replacing(" ", with: "")
        || contact.name.lowercased() == folded || contact.endpoints.contains { $0.lowercased() == "mailto:\(folded)" }
    }
    let fit = found.filter { states.contains($0.state) }
    guard let only = fit.first else {
      guard let other = found.first else {
        throw OperationFailure(.noInput, "Nobody here is called “\(text)”", remedy: "`socialnet contacts` shows who is.")
      }
      throw OperationFailure(.badData, "\(other.name) is \(other.state.said)", remedy: "`socialnet contacts` shows who is what.")
    }
    guard fit.count == 1 else {
      throw OperationFailure(
        .badData, "More than one is called “\(text)”",
        remedy: "give the address, or the fingerprint that `socialnet contacts` shows.")
    }
    return only
  }

  /// Does something about somebody. Returns the name.
  func wish(about text: String, in states: Set<Contact.State>, _ wish: (Author) -> Wish) async throws -> String {
    let contact = try await contact(text, in: states)
    try await self.wish(wish(contact.author))
    return contact.name
  }

  /// A circle's name as it is spelled, whatever case the user writes it in.
  func circle(_ name: String) async throws -> String {
    try await store.circles().first { $0.name.lowercased() == name.lowercased() }?.name ?? name
  }

  /// Words to one contact. Returns the new item.
  func message(to text: String, _ words: String, photos: [PhotoFile]) async throws -> ItemID {
    let contact = try await contact(text)
    return try await wish(.message(to: contact.author, text: words, pictures: try await prepare(photos)))
  }
}

extension Contact.State {
  fileprivate var said: String {
    switch self {
    case .contact: "a contact of yours"
    case .requested: "asked, and has not answered yet"
    case .blocked: "blocked"
    case .removed: "no contact of yours any more"
    case .frozen: "frozen: the key is in doubt"
    }
  }
}
