public import Packets

/// Where somebody says to be reached, and what became of it.
public struct Move: Hashable, Sendable, Codable {
  /// Who moves.
  public var author: Author
  /// Of the word that said so.
  public var revision: UInt64
  /// URIs in the order of preference.
  public var endpoints: [String]
  /// What the nonces are made of that were sent to its endpoints; empty once all came back, or where nothing could be sent.
  @Base64 public var nonce: [UInt8]
  /// When they were sent first.
  public var asked: Instant

  /// A move of these parts.
  public init(author: Author, revision: UInt64, endpoints: [String], nonce: [UInt8], asked: Instant) {
    self.author = author
    self.revision = revision
    self.endpoints = endpoints
    self.nonce = nonce
    self.asked = asked
  }
}
