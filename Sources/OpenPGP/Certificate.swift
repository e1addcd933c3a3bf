/// What a certificate says, as gpg reads it: one primary key and its subkeys.
public struct Certificate: Hashable, Sendable {
  /// A key below the primary.
  public struct Subkey: Hashable, Sendable {
    /// Its version 4 fingerprint.
    public let key: Key
    /// Whether a message can be encrypted to it now: made for that, neither expired nor revoked.
    public let canEncrypt: Bool
  }

  /// The most bytes of a certificate (Protocol, "Parcel").
  public static let sizeLimit = 10 << 10

  /// The primary key, by which a person is pinned.
  public let key: Key
  /// The subkeys, in the order of the certificate.
  public let subkeys: [Subkey]
  /// The primary key's time is over.
  public let isExpired: Bool
  /// The primary key was revoked.
  public let isRevoked: Bool
  /// The primary key itself may sign messages.
  public let primaryCanSign: Bool

  /// Whether a message can be encrypted to it now.
  public var canEncrypt: Bool { !isExpired && !isRevoked && subkeys.contains(where: \.canEncrypt) }

  /// Every key id of the certificate. A fingerprint in common is a key id in common.
  public var keyIDs: Set<KeyID> { Set(subkeys.map(\.key.id) + [key.id]) }
}

/// Why bytes are no certificate that can be used.
public enum CertificateFailure: Error, Equatable {
  /// More than ``Certificate/sizeLimit`` bytes.
  case tooLarge
  /// Not a row of the packets that a binary certificate is made of: damaged, armored, or with a secret key in it.
  case malformed
  /// Not exactly one primary key.
  case notOneKey
  /// gpg takes nothing of it: no valid self-signature, an unknown algorithm, or not version 4.
  case unusable
  /// A key id of it belongs to another certificate that is pinned already.
  case overlaps(Key)
  /// It is of another primary key than the one that it renews.
  case anotherKey
  /// It does not take back the key that it has to.
  case notRevoked
  /// Nothing can be encrypted to it: no subkey for that, or all of it expired or revoked.
  case cannotEncrypt
  /// No certificate of this key is here.
  case unknown(Key)
  /// This machine's doing: try again.
  case trouble(EngineTrouble)
}

extension CertificateFailure: OperationFailure {}
