/// What a node shows of a packet that it cannot read, in plain English.
public enum Fallback {
  /// A sentence about an action, or nothing for those whose own text serves. `authorName` is what its reader would call the
  /// author; where it is nil, the name that the action itself brings stands, or "Somebody".
  public static func text(for action: Action, authorName: String?) -> String? {
    let who = authorName ?? "Somebody"
    return switch action {
    case .contactRequest(let request): "\(authorName ?? request.profile.name) would like to connect."
    case .contactAccept(let accept): "\(authorName ?? accept.profile.name) accepted your request."
    case .profile(let profile): "\(authorName ?? profile.name) has a new profile."
    case .membership: "\(who) told your node which posts are for you."
    case .status, .comment, .message, .heads, .resendRequest, .gone, .unsupported: nil
    case .photo(let photo): Self.photo(photo, by: who)
    case .reaction(let reaction):
      reaction.emoji.isEmpty ? "\(who) took a reaction back." : "\(who) reacted: \(reaction.emoji.joined(separator: " "))"
    case .edit(let edit): Self.edit(edit, by: who)
    case .contactRemove: "\(who) ended being your contact."
    case .move(let move): "\(who) is reached at \(move.endpoints.joined(separator: " ")) now."
    case .moveCheck, .moveAnswer: "\(who) looks whether a new address works."
    case .keyChange: "\(who) has a new key."
    case .revoke: "\(who) took the key back that this was signed with: believe nothing more that comes under it."
    case .retract: "\(who) took something back."
    case .relay(let relay): "\(who) passes on what \(relay.cardName) wrote."
    case .share(let share): "\(who) shares what somebody posted" + (share.note.map { ": \($0)" } ?? ".")
    case .introduce: "\(who) would like to introduce somebody to you."
    case .journal: "A note of your own node to itself."
    }
  }

  private static func edit(_ edit: Action.Edit, by who: String) -> String {
    switch edit.replacement {
    case .words(let text): "\(who) changed earlier words to: \(text)"
    case .pictures: "\(who) changed the pictures of something."
    }
  }

  private static func photo(_ photo: Action.Photo, by who: String) -> String {
    let count = photo.pictures.count == 1 ? "a photo" : "\(photo.pictures.count) photos"
    return "\(who) posted \(count)" + (photo.caption.map { ": \($0)" } ?? ".")
  }
}

extension Packet {
  /// Whether the protocol asks for a fallback: not without a stream, and not where the action's own text serves.
  var needsFallback: Bool { stream != nil && Fallback.text(for: action, authorName: nil) != nil }
}
