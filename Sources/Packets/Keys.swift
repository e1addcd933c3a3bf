// What is said about keys.

extension Action {
  /// Takes a key back: an OpenPGP revocation certificate, made by the key that seals the parcel.
  public struct Revoke: Hashable, Sendable, Codable {
    /// One binary signature packet over the primary key.
    public var certificate: [UInt8]
    /// Takes a key back.
    public init(certificate: [UInt8]) { self.certificate = certificate }
  }

  /// Another OpenPGP key takes the place of the one that seals the parcel. The author stays.
  public struct KeyChange: Hashable, Sendable, Codable {
    /// Milliseconds since 1970 or more; a lower one than was seen changes nothing.
    public var revision: UInt64
    /// Binary certificate of the new key, at most 10 KiB.
    public var certificate: [UInt8]
    /// Detached signature of the old primary key over ``Derivation/keyChangeText(author:old:new:revision:)``.
    public var oldSignature: [UInt8]
    /// The same by the new primary key.
    public var newSignature: [UInt8]
    /// Another key with both signatures.
    public init(revision: UInt64, certificate: [UInt8], oldSignature: [UInt8], newSignature: [UInt8]) {
      self.revision = revision
      self.certificate = certificate
      self.oldSignature = oldSignature
      self.newSignature = newSignature
    }
  }
}
