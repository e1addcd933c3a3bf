public import Packets

/// A key of somebody's, or of one's own, that is not what it was: another took its place, or its owner took it back.
public struct FormerKey: Hashable, Sendable, Codable {
  /// Whose it was.
  public var author: Author
  /// Its primary fingerprint.
  public var fingerprint: Fingerprint
  /// Binary certificate: what was sealed by it is read again when the view is made anew.
  @Base64 public var certificate: [UInt8]
  /// What took its place; nothing for one that was never in force, or was taken back.
  public var successor: Fingerprint?
  /// Of the word that replaced it.
  public var revision: UInt64
  /// When that was.
  public var since: Instant
  /// Its owner took it back.
  public var isRevoked: Bool

  /// A key that is not what it was.
  public init(
    author: Author, fingerprint: Fingerprint, certificate: [UInt8], successor: Fingerprint? = nil, revision: UInt64 = 0,
    since: Instant, isRevoked: Bool = false
  ) {
    self.author = author
    self.fingerprint = fingerprint
    self.certificate = certificate
    self.successor = successor
    self.revision = revision
    self.since = since
    self.isRevoked = isRevoked
  }
}

/// A new key of one's own, with what is said about it.
public struct NewKey: Hashable, Sendable, Codable {
  /// Its primary fingerprint.
  public var fingerprint: Fingerprint
  /// Its signature that binds it to the author.
  @Base64 public var binding: [UInt8]
  /// What contacts are told.
  public var change: Action.KeyChange

  /// A new key.
  public init(fingerprint: Fingerprint, binding: [UInt8], change: Action.KeyChange) {
    self.fingerprint = fingerprint
    self.binding = binding
    self.change = change
  }
}
