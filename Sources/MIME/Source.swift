internal import FoundationEssentials
internal import Glibc

/// The bytes of a message: in memory, or read piece by piece from elsewhere, so that a large one costs little memory.
struct Source: Sendable {
  /// Bytes.
  let size: Int
  private let fetch: Message.Fetch

  init(size: Int, _ fetch: @escaping Message.Fetch) {
    self.size = size
    self.fetch = fetch
  }

  init(_ bytes: [UInt8]) {
    self.init(size: bytes.count) { (range) in Array(bytes[range]) }
  }

  init(file: URL) throws(MessageFailure) {
    let file = try OpenFile(file)
    self.init(size: try file.size()) { (range) throws(MessageFailure) in
      try file.read(at: range.lowerBound, count: range.count)
    }
  }

  /// At most `count` bytes from `offset`; fewer only at the end, and where a file was cut short meanwhile.
  func read(at offset: Int, count: Int) throws(MessageFailure) -> [UInt8] {
    guard offset >= 0, offset < size, count > 0 else { return [] }
    return try fetch(offset..<offset + min(count, size - offset))
  }
}

/// An open file that closes itself. Only pread is ever called on it, which needs no position and so no lock.
private final class OpenFile: Sendable {
  private let descriptor: Int32

  init(_ file: URL) throws(MessageFailure) {
    let opened = unsafe file.withUnsafeFileSystemRepresentation { path in
      guard let path = unsafe path else { return Int32(-1) }
      return unsafe open(path, O_RDONLY | O_CLOEXEC)
    }
    guard opened >= 0 else { throw .unreadable(reason: reason(of: errno)) }
    descriptor = opened
  }

  deinit { close(descriptor) }

  func size() throws(MessageFailure) -> Int {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw .unreadable(reason: reason(of: errno)) }
    return Int(status.st_size)
  }

  func read(at offset: Int, count: Int) throws(MessageFailure) -> [UInt8] {
    var failure: Int32 = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let got = unsafe pread(descriptor, buffer.baseAddress.map { unsafe $0 + filled }, count - filled, off_t(offset + filled))
        if got > 0 {
          filled += got
        } else if got == 0 {
          return
        } else if errno != EINTR {
          failure = errno
          return
        }
      }
    }
    guard failure == 0 else { throw .unreadable(reason: reason(of: failure)) }
    return bytes
  }
}

private func reason(of error: Int32) -> String { unsafe String(cString: strerror(error)) }
