public import Packets

/// What the user wants done, whether said by the command, by mail, or by a page. The node decides what it means.
public enum Wish: Hashable, Sendable, Codable {
  /// A status, or a photo where there are pictures; to everyone where no circle is named.
  case post(text: String, pictures: [Picture], circle: String?, share: Bool)
  /// Words under an item.
  case comment(on: ItemID, text: String, pictures: [Picture])
  /// The full set of one's emoji on an item; empty takes them back.
  case react(to: ItemID, emoji: [String])
  /// Puts other words in place of one's own.
  case edit(ItemID, text: String)
  /// Words to one contact.
  case message(to: Author, text: String, pictures: [Picture])
  /// Shows a post of somebody else to everyone, or to a circle.
  case share(ItemID, text: String, circle: String?)
  /// Hands an invitation of one contact on to another.
  case introduce(Invitation, to: Author)
  /// Sends a contact the newest posts from before the two were contacts.
  case sendHistory(to: Author)
  /// Ends being contacts; the other is told.
  case remove(Author)
  /// Hears nothing more of somebody, who is not told.
  case block(Author)
  /// Takes a block back; the two are no contacts then.
  case unblock(Author)
  /// Goes on with somebody whose keys were in doubt, with the key that is pinned.
  case unfreeze(Author)
  /// Is reached at these endpoints from now on.
  case move([String])
  /// Puts a new key of one's own in place of the present one.
  case changeKey(NewKey)
  /// Tells all contacts that the own key is not to be believed any more; nothing is said under it after that.
  case revoke([UInt8])
  /// Says what the other sees as comparison code, or as own fingerprint: right, it marks their key as verified.
  case verify(Author, code: String)
  /// A circle without members yet.
  case createCircle(String)
  /// Brings a contact into a circle.
  case addToCircle(String, Author)
  /// Takes a contact out of a circle.
  case removeFromCircle(String, Author)
  /// Takes back something of one's own, or a comment below one's own post.
  case retract(ItemID)
  /// An invitation, perhaps for one address.
  case invite(address: String?, name: String?)
  /// Answers an invitation link, whose certificate was looked at and has this primary fingerprint.
  /// `through` names the introduction that brought it.
  case acceptInvitation(Invitation, fingerprint: Fingerprint, through: PacketID?)
  /// Says yes to a waiting request.
  case acceptRequest(PacketID)
  /// Says nothing to a waiting request, for good.
  case declineRequest(PacketID)
  /// Sets a field of the profile; an empty value takes it out. Who may see it stays as it was where nothing is said.
  case setProfile(field: String, value: String, for: FieldAudience? = nil)
  /// Tells contacts of the identity's renewed certificate: new subkeys or another expiry of the same primary key.
  case renewCertificate([UInt8])
  /// No more of this conversation in digests until then; nothing means for ever.
  case mute(ItemID, until: Instant?)
  /// Takes a mute back.
  case unmute(ItemID)
  /// No digests until then.
  case pause(until: Instant)
  /// Digests again.
  case resume
  /// Throws away the newest thing of one's own that still waits for its time.
  case undo
  /// Throws away one waiting thing.
  case stop(ItemID)
}

/// What an invitation link holds.
public struct Invitation: Hashable, Sendable, Codable {
  /// Where the inviter is reached.
  public var endpoint: String
  /// The inviter's name.
  public var name: String
  /// The inviter's OpenPGP certificate, binary.
  @Base64 public var certificate: [UInt8]
  /// The inviter.
  public var author: Author
  /// 16 secret bytes, good for one acquaintance.
  @Base64 public var secret: [UInt8]

  /// An invitation of these parts.
  public init(endpoint: String, name: String, certificate: [UInt8], author: Author, secret: [UInt8]) {
    self.endpoint = endpoint
    self.name = name
    self.certificate = certificate
    self.author = author
    self.secret = secret
  }
}
