public import Packets

/// What this node knows of whoever sealed a parcel, by the fingerprint of the primary key (Protocol, gate 3).
public enum Standing: Hashable, Sendable {
  /// A pinned contact, with the pair keys whose tags are taken: the current one, and for 30 days an older one.
  case contact(Author, pairKeys: [[UInt8]])
  /// Asked to become a contact, pinned by the invitation, and has not answered yet.
  case asked(Author)
  /// This node itself. Nobody to compare with only while a lost database is made again and the author is not known yet.
  case myself(Author?)
  /// Blocked by the user.
  case blocked
  /// Set aside until the user decides about a contact's keys.
  case frozen(Author)
  /// A contact, under a key that another took the place of.
  case retired(Author)
  /// Under a key that its owner took back.
  case revoked
  /// Never heard of, only asked by them, or a contact no longer.
  case stranger

  /// The author that is pinned with the key.
  var author: Author? {
    switch self {
    case .contact(let author, _), .asked(let author), .frozen(let author), .retired(let author): author
    case .myself(let author): author
    case .blocked, .revoked, .stranger: nil
    }
  }

  var pairKeys: [[UInt8]] {
    if case .contact(_, let keys) = self { keys } else { [] }
  }

  var isMyself: Bool {
    if case .myself = self { true } else { false }
  }

  var mayBeNewer: Bool {
    switch self {
    case .contact, .myself: true
    case .asked, .blocked, .frozen, .retired, .revoked, .stranger: false
    }
  }

  /// Whether an action may come from such a sender at all (Protocol, "Actions of version 1.0").
  func allows(_ action: Action) -> Bool {
    switch (self, action) {
    case (.myself, _): true
    // That a key is not to be believed is heard whenever it comes.
    case (.frozen, .revoke), (.retired, .revoke), (.retired, .keyChange): true
    case (.blocked, _), (.frozen, _), (.retired, _), (.revoked, _): false
    case (_, .contactRequest): true
    case (.contact, .journal): false
    case (.contact, _): true
    case (.asked, .contactAccept): true
    case (.asked, _), (.stranger, _): false
    }
  }
}
