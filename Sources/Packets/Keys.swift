// What is said about keys.

extension Action {
  /// Takes a key back: an OpenPGP revocation certificate, made by the key that seals the parcel.
  public struct Revoke: Hashable, Sendable, Codable {
    /// One binary signature packet over the primary key.
    public var certificate: [UInt8]
    /// Takes a key back.
    public init(certificate: [UInt8]) { self.certificate = certificate }
  }
}
