public import FoundationEssentials
internal import Glibc

/// An open file, closed when it goes out of scope.
struct OpenFile: ~Copyable {
  let descriptor: Int32

  /// Opens a path; `flags` and `mode` as in open(2).
  init(_ path: String, _ flags: Int32, mode: mode_t = 0o600) throws(DiskFailure) {
    var opened = unsafe open(path, flags | O_CLOEXEC, mode)
    while opened < 0, errno == EINTR { opened = unsafe open(path, flags | O_CLOEXEC, mode) }
    guard opened >= 0 else { throw DiskFailure(errno, path) }
    descriptor = opened
  }

  /// Writes all of it.
  func write(_ bytes: ArraySlice<UInt8>, _ path: String) throws(DiskFailure) {
    var rest = bytes
    while !rest.isEmpty {
      let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw DiskFailure(written == 0 ? EIO : errno, path) }
      rest = rest.dropFirst(written)
    }
  }

  /// Returns when the file is on the disk.
  func sync(_ path: String) throws(DiskFailure) {
    guard fsync(descriptor) == 0 else { throw DiskFailure(errno, path) }
  }

  deinit { close(descriptor) }
}

/// Files that are whole or not there, whatever happens to the machine meanwhile.
public enum DurableFile {
  /// Makes a file that is not there yet, readable by the user alone.
  public static func create(_ file: URL, holding bytes: [UInt8]) throws(DiskFailure) {
    let path = file.path(percentEncoded: false)
    do {
      let open = try OpenFile(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
      try open.write(bytes[...], path)
      try open.sync(path)
    } catch {
      if case .exists = error {} else { unsafe unlink(path) }
      throw error
    }
    try syncDirectory(file.deletingLastPathComponent())
  }

  /// Returns when the names in a folder are on the disk.
  public static func syncDirectory(_ directory: URL) throws(DiskFailure) {
    let path = directory.path(percentEncoded: false)
    let open = try OpenFile(path, O_RDONLY | O_DIRECTORY)
    try open.sync(path)
  }
}

/// What the disk said no to.
public enum DiskFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// There is such a file already.
  case exists(String)
  /// There is none.
  case missing(String)
  /// The disk is full, or the user's part of it.
  case full(String)
  /// The permissions say no.
  case forbidden(String)
  /// Something else, with the number that the system gave.
  case failed(String, code: Int32)

  init(_ code: Int32, _ path: String) {
    self =
      switch code {
      case EEXIST: .exists(path)
      case ENOENT: .missing(path)
      case ENOSPC, EDQUOT: .full(path)
      case EACCES, EPERM, EROFS: .forbidden(path)
      default: .failed(path, code: code)
      }
  }

  /// One sentence.
  public var description: String {
    switch self {
    case .exists(let path): "\(path) is there already"
    case .missing(let path): "\(path) is not there"
    case .full(let path): "the disk is full: \(path) could not be written"
    case .forbidden(let path): "\(path) may not be written or read; check its permissions"
    case .failed(let path, let code): "\(path) could not be written or read (error \(code) of the system)"
    }
  }
}

extension DurableFile {
  /// Gives a file that was written under another name of the same disk its own, once it is on the disk whole. What stood there is
  /// replaced: files are named by what is in them.
  public static func settle(_ partial: URL, as file: URL) throws(DiskFailure) {
    let (from, to) = (partial.path(percentEncoded: false), file.path(percentEncoded: false))
    do {
      let open = try OpenFile(from, O_RDONLY | O_NOFOLLOW)
      try open.sync(from)
    }
    guard unsafe rename(from, to) == 0 else { throw DiskFailure(errno, to) }
    try syncDirectory(file.deletingLastPathComponent())
  }
}
