private import CLinux
private import FoundationEssentials
private import Glibc

/// An open file of ours, closed with its last holder. Reads name their position, so that holders do not disturb each other.
final class Descriptor: Sendable {
  let number: Int32

  private init(_ number: Int32, call: String) throws(SpoolFailure) {
    guard number >= 0 else { throw .system(call: call, error: errno) }
    self.number = number
  }

  /// Takes over a descriptor that is open.
  init(owning number: Int32) { self.number = number }

  deinit { close(number) }

  convenience init(opening path: String, _ flags: Int32) throws(SpoolFailure) {
    try self.init(unsafe open(path, flags | O_CLOEXEC, 0o600), call: "open")
  }

  /// A new file in `directory` that loses its name at once.
  static func unnamed(in directory: String) throws(SpoolFailure) -> Descriptor {
    let path = "\(directory)/spool-\(UUID().uuidString)"
    let descriptor = try Descriptor(unsafe open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600), call: "open")
    guard unsafe unlink(path) == 0 else { throw .system(call: "unlink", error: errno) }
    return descriptor
  }

  /// A new file without a name or a place on disk, for what is small: its memory is not counted as this process's.
  static func inMemory() throws(SpoolFailure) -> Descriptor {
    try Descriptor(unsafe memfd_create("spool", 1), call: "memfd_create")
  }

  /// Puts a short text in place of what the file held.
  func replace(with text: String) throws(SpoolFailure) {
    guard ftruncate(number, 0) == 0, lseek(number, 0, SEEK_SET) == 0 else { throw .system(call: "ftruncate", error: errno) }
    var failure: SpoolFailure?
    unsafe Array(text.utf8).withUnsafeBytes { bytes in
      do throws(SpoolFailure) { try unsafe write(bytes) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  func size() throws(SpoolFailure) -> Int {
    var status = stat()
    guard unsafe fstat(number, &status) == 0 else { throw .system(call: "fstat", error: errno) }
    return Int(status.st_size)
  }

  /// Fills the whole buffer.
  @unsafe func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) throws(SpoolFailure) {
    var filled = 0
    while filled < buffer.count {
      let count = unsafe pread(
        number, buffer.baseAddress?.advanced(by: filled), buffer.count - filled, off_t(offset + filled))
      if count == 0 { throw .cutShort }
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { throw .system(call: "pread", error: errno) }
      filled += count
    }
  }

  /// Writes the whole buffer at the end.
  @unsafe func write(_ buffer: UnsafeRawBufferPointer) throws(SpoolFailure) {
    var written = 0
    while written < buffer.count {
      let count = unsafe Glibc.write(number, buffer.baseAddress?.advanced(by: written), buffer.count - written)
      if count < 0 && errno == EINTR { continue }
      guard count >= 0 else { throw .system(call: "write", error: errno) }
      written += count
    }
  }
}
