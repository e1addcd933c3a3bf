internal import CSodium
internal import Glibc

/// Our own disk failed: what was tried, on what, and why.
public struct FileFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// What was tried: `write`, `rename`.
  public var operation: String
  /// On which file.
  public var path: String
  /// The system's reason, an errno.
  public var code: Int32

  init(_ operation: String, _ path: String, code: Int32 = errno) {
    self.operation = operation
    self.path = path
    self.code = code
  }

  /// One sentence.
  public var description: String {
    let reason = unsafe strerror(code).map { unsafe String(cString: $0) } ?? "error \(code)"
    return "Could not \(operation) \(path): \(reason)."
  }
}

/// A message on its way from the network into a file, hashed as it passes. Removed again unless it is kept.
///
/// A class because the collector holds it across steps; it never leaves the thread of its connection.
final class ArrivingFile {
  let path: String
  private(set) var size = 0
  /// More came than is allowed: the rest is read past, and the file is not kept.
  private(set) var isTooLarge = false
  private let descriptor: Int32
  private let limit: Int
  private var digest = crypto_hash_sha256_state()
  private var isKept = false

  /// Makes a new file that must not exist yet.
  init(path: String, limit: Int) throws(FileFailure) {
    self.path = path
    self.limit = limit
    descriptor = unsafe open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw FileFailure("create", path) }
    unsafe crypto_hash_sha256_init(&digest)
  }

  deinit {
    close(descriptor)
    if !isKept { unsafe unlink(path) }
  }

  func write(_ bytes: [UInt8]) throws(FileFailure) {
    guard !isTooLarge, bytes.count <= limit - size else {
      isTooLarge = true
      return
    }
    size += bytes.count
    unsafe crypto_hash_sha256_update(&digest, bytes, UInt64(bytes.count))
    var written = 0
    while written < bytes.count {
      let count = unsafe bytes.withUnsafeBytes {
        unsafe Glibc.write(descriptor, $0.baseAddress?.advanced(by: written), $0.count - written)
      }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw FileFailure("write", path) }
      written += count
    }
  }

  /// Ends the file, and gives its SHA-256.
  func finish() -> [UInt8] {
    var hash = [UInt8](repeating: 0, count: 32)
    unsafe crypto_hash_sha256_final(&digest, &hash)
    return hash
  }

  /// Brings its bytes to the disk.
  func synchronize() throws(FileFailure) {
    guard fsync(descriptor) == 0 else { throw FileFailure("fsync", path) }
  }

  /// Gives the file its lasting name.
  func rename(to name: String) throws(FileFailure) {
    guard unsafe Glibc.rename(path, name) == 0 else { throw FileFailure("rename", path) }
    isKept = true
  }
}

/// A file read in pieces.
struct ReadingFile: ~Copyable {
  private let path: String
  private let descriptor: Int32

  init(_ path: String) throws(FileFailure) {
    self.path = path
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw FileFailure("open", path) }
  }

  deinit { close(descriptor) }

  /// The next bytes, at least one. A file that ends before its size is a failure: what was announced must be sent.
  mutating func read(atMost limit: Int) throws(FileFailure) -> [UInt8] {
    while true {
      var failed = false
      let piece = unsafe [UInt8](unsafeUninitializedCapacity: limit) { buffer, count in
        let got = unsafe Glibc.read(descriptor, buffer.baseAddress, limit)
        failed = got < 0
        count = max(0, got)
      }
      if failed && errno == EINTR { continue }
      guard !failed, !piece.isEmpty else { throw FileFailure("read", path, code: failed ? errno : EIO) }
      return piece
    }
  }
}
