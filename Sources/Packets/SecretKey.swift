internal import CSodium

/// The secret half of an author: a 32-byte seed, from which the Ed25519 key is made. It is never printed.
public struct SecretKey: Hashable, Sendable {
  /// How many bytes a seed has.
  public static let seedLength = 32

  /// Who signs with this key.
  public let author: Author
  /// What the journal and a backup keep; nothing else may have it. 32 bytes.
  public let seed: [UInt8]

  /// The key of a seed, or nothing where it is not 32 bytes long.
  public init?(seed: [UInt8]) {
    guard seed.count == Self.seedLength else { return nil }
    var publicKey = [UInt8](repeating: 0, count: 32)
    var expanded = [UInt8](repeating: 0, count: 64)
    unsafe _ = crypto_sign_ed25519_seed_keypair(&publicKey, &expanded, seed)
    guard let author = Author(key: publicKey) else { return nil }
    self.author = author
    self.seed = seed
  }

  /// The Ed25519 signature over a message (RFC 8032 5.1.6), 64 bytes, the same each time.
  public func sign(_ message: [UInt8]) -> [UInt8] {
    var signature = [UInt8](repeating: 0, count: Author.signatureLength)
    // libsodium's secret key is the seed with the public key behind it.
    let expanded = seed + author.key
    unsafe _ = crypto_sign_ed25519_detached(&signature, nil, message, UInt64(message.count), expanded)
    return signature
  }
}

extension SecretKey: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// Says nothing.
  public var description: String { "•••" }
  /// Says nothing.
  public var debugDescription: String { description }
  /// Shows nothing to `dump` and debuggers.
  public var customMirror: Mirror { Mirror(self, children: [:]) }
}

extension Author {
  /// How many bytes an Ed25519 signature has.
  public static let signatureLength = 64

  /// Whether this author signed the message. Signatures in a non-canonical form and keys of small order never count
  /// (RFC 8032 5.1.7 leaves the second open; libsodium refuses both).
  public func verify(_ signature: [UInt8], over message: [UInt8]) -> Bool {
    guard signature.count == Self.signatureLength else { return false }
    return unsafe crypto_sign_ed25519_verify_detached(signature, message, UInt64(message.count), key) == 0
  }
}

/// Bytes by chance, from a generator that the caller chose.
public enum Random {
  /// So many random bytes.
  public static func bytes(_ count: Int, using random: inout some RandomNumberGenerator) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count {
      var eight = random.next()
      for _ in 0..<min(8, count - bytes.count) {
        bytes.append(UInt8(truncatingIfNeeded: eight))
        eight >>= 8
      }
    }
    return bytes
  }
}
