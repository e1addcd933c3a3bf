// What is said about where somebody is reached.

extension Action {
  /// The author is reached elsewhere; believed once a nonce that was sent there has come back.
  public struct Move: Hashable, Sendable, Codable {
    /// Milliseconds since 1970 or more; a lower one than was seen changes nothing.
    public var revision: UInt64
    /// URIs in the order of preference, at least one.
    public var endpoints: [String]
    /// Other endpoints.
    public init(revision: UInt64, endpoints: [String]) {
      self.revision = revision
      self.endpoints = endpoints
    }
  }
}
