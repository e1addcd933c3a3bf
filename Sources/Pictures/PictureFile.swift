#if canImport(Glibc)
  private import Glibc
#elseif canImport(Musl)
  private import Musl
#endif

/// An open file, read a few bytes at a time: the size of a picture stands in its first headers, and the rest stays on the disk.
struct PictureFile: ~Copyable {
  /// Bytes.
  let size: Int
  private let descriptor: Int32

  init(_ path: String) throws(PictureFailure) {
    descriptor = unsafe open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else { throw .unreadable(reason: unsafe String(cString: strerror(errno))) }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
      _ = close(descriptor)
      throw .unreadable(reason: "it is no file")
    }
    size = Int(status.st_size)
  }

  deinit { _ = close(descriptor) }

  /// These bytes, or fewer where the file ends.
  func bytes(at offset: Int, count: Int) throws(PictureFailure) -> [UInt8] {
    guard offset >= 0, offset < size else { return [] }
    var bytes = [UInt8](repeating: 0, count: min(count, size - offset))
    let read = unsafe pread(descriptor, &bytes, bytes.count, off_t(offset))
    guard read >= 0 else { throw .unreadable(reason: unsafe String(cString: strerror(errno))) }
    return Array(bytes.prefix(read))
  }

  /// A big-endian number of two bytes.
  func number16(at offset: Int) throws(PictureFailure) -> Int {
    let bytes = try bytes(at: offset, count: 2)
    guard bytes.count == 2 else { throw .damaged }
    return Int(bytes[0]) << 8 | Int(bytes[1])
  }

  /// A big-endian number of four bytes.
  func number32(at offset: Int) throws(PictureFailure) -> Int {
    try number16(at: offset) << 16 | number16(at: offset + 2)
  }
}
