internal import CSodium

#if canImport(Glibc)
  private import Glibc
#elseif canImport(Musl)
  private import Musl
#elseif canImport(Darwin)
  private import Darwin
#endif

/// SHA-256 of bytes that come piece by piece.
public struct Hasher256: Sendable {
  private var state = crypto_hash_sha256_state()

  /// Has seen nothing yet.
  public init() { unsafe _ = crypto_hash_sha256_init(&state) }

  /// Takes the next bytes.
  public mutating func update(_ bytes: [UInt8]) { unsafe _ = crypto_hash_sha256_update(&state, bytes, UInt64(bytes.count)) }

  /// Takes the next bytes.
  public mutating func update(_ bytes: ArraySlice<UInt8>) {
    unsafe bytes.withUnsafeBufferPointer { unsafe _ = crypto_hash_sha256_update(&state, $0.baseAddress, UInt64($0.count)) }
  }

  /// The hash of everything seen so far; more may follow.
  public func finish() -> Hash {
    var copy = state
    var digest = [UInt8](repeating: 0, count: Hash.length)
    unsafe _ = crypto_hash_sha256_final(&copy, &digest)
    return Hash(digest: digest)
  }
}

extension Hash {
  /// SHA-256 of these bytes.
  public static func of(_ bytes: [UInt8]) -> Hash {
    var hasher = Hasher256()
    hasher.update(bytes)
    return hasher.finish()
  }

  /// SHA-256 of what stands in a file, read in pieces of 64 KiB.
  public static func of(file path: String) throws(HashFailure) -> Hash {
    let descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw .unreadable(path: path, errno: errno) }
    defer { _ = close(descriptor) }
    var hasher = Hasher256()
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = unsafe read(descriptor, &piece, piece.count)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .unreadable(path: path, errno: errno) }
      if count == 0 { return hasher.finish() }
      hasher.update(piece[..<count])
    }
  }
}

/// Why a file gave no hash.
public enum HashFailure: Error, Hashable, CustomStringConvertible {
  /// The file is missing, is no file, may not be read, or its disk failed; `errno` says which. Mend that and try again.
  case unreadable(path: String, errno: Int32)

  /// One sentence.
  public var description: String {
    switch self {
    case .unreadable(let path, let errno): "\(path) cannot be read (errno \(errno))"
    }
  }
}
