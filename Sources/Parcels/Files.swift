private import CLinux
internal import FoundationEssentials
private import Glibc

/// A file that is being written; closed when it goes.
final class NewFile {
  private let descriptor: Int32
  private let name: String

  /// Makes the file, or empties the one that stands there. Only its owner may read it.
  init(_ file: URL) throws(TemporaryTrouble) {
    name = file.lastPathComponent
    descriptor = unsafe open(file.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw trouble("make", name) }
  }

  deinit { _ = close(descriptor) }

  func write(_ bytes: borrowing [UInt8]) throws(TemporaryTrouble) {
    let whole = bytes.count
    let failed = unsafe bytes.withUnsafeBytes { buffer in
      var done = 0
      while done < whole {
        let count = unsafe Glibc.write(descriptor, buffer.baseAddress.map { unsafe $0 + done }, whole - done)
        if count < 0, errno != EINTR { return true }
        done += max(0, count)
      }
      return false
    }
    if failed { throw trouble("write", name) }
  }
}

/// Files that appear whole and durable, or not at all: written under a temporary name, synced, renamed.
enum DurableFiles {
  /// The name under which a file is written. Whoever lists a directory of parcels skips names with a leading dot.
  static func temporary(_ file: URL) -> URL {
    file.deletingLastPathComponent().appending(path: ".tmp-\(file.lastPathComponent)")
  }

  /// Makes what was written durable, gives the files their names, and makes the names durable.
  static func appear(_ files: [URL]) throws(TemporaryTrouble) {
    // A few are cheaper one by one; for many, one call for the file system costs a tenth of a flush of the disk for each.
    if files.count > 4, let first = files.first {
      try sync(temporary(first), syncfs)
    } else {
      for file in files { try sync(temporary(file)) }
    }
    for file in files {
      guard unsafe rename(temporary(file).path, file.path) == 0 else { throw trouble("rename", file.lastPathComponent) }
    }
    for directory in Set(files.map { $0.deletingLastPathComponent() }) { try sync(directory) }
  }

  private static func sync(_ file: URL, _ call: (Int32) -> Int32 = fsync) throws(TemporaryTrouble) {
    let descriptor = unsafe open(file.path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw trouble("open", file.lastPathComponent) }
    defer { _ = close(descriptor) }
    guard call(descriptor) == 0 else { throw trouble("sync", file.lastPathComponent) }
  }

  /// Removes what was begun.
  static func forget(_ files: [URL]) {
    for file in files { unsafe _ = unlink(temporary(file).path) }
  }
}

private func trouble(_ action: String, _ name: String) -> TemporaryTrouble {
  let reason = unsafe String(cString: strerror(errno))
  return TemporaryTrouble("cannot \(action) \(name): \(reason)")
}
