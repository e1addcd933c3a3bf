public import FoundationEssentials
internal import Glibc
public import Packets

/// Files that are whole or not there, whatever happens to the machine meanwhile.
///
/// The calls block until the disk has done its work: keep them off Swift's cooperative threads where files are large or many.
public enum DurableFile {
  /// Makes a file that is not there yet, readable by the user alone.
  public static func create(_ file: URL, holding bytes: [UInt8]) throws(DiskFailure) {
    let folder = file.deletingLastPathComponent()
    let path = file.path(percentEncoded: false)
    // The same name at the next attempt, so that what a dead process left is written over.
    let partial = folder.appending(path: ".\(file.lastPathComponent).part").path(percentEncoded: false)
    defer { unsafe unlink(partial) }
    let open = try OpenFile(partial, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW)
    try open.write(bytes[...])
    try open.sync()
    // link(2), unlike rename(2), never takes the place of another file.
    guard unsafe link(partial, path) == 0 else { throw DiskFailure(errno, path) }
    do { try syncDirectory(folder) } catch {
      // What the disk would not confirm is taken away again, if it lets that happen.
      guard unsafe unlink(path) == 0 else { throw .unsure(path) }
      throw error
    }
  }

  /// Gives a file that was written elsewhere on the same disk its lasting place, in place of one that may be there.
  public static func settle(_ file: URL, as place: URL) throws(DiskFailure) {
    try OpenFile(file.path(percentEncoded: false), O_RDONLY | O_NOFOLLOW).sync()
    try rename(file, to: place)
    try syncDirectory(place.deletingLastPathComponent())
  }

  /// Copies a file into a folder under the name that the folder driver's directories and `inpackets/` share, the SHA-256 of its
  /// bytes and `.eml`. Whoever reads the folder sees it whole or not at all. It lasts once ``syncDirectory(_:)`` was called for
  /// the folder.
  ///
  /// Links are not followed, and what is no file (a pipe would block, a directory never ends) is refused.
  ///
  /// - Parameters:
  ///   - file: what is copied.
  ///   - folder: where the copy appears.
  ///   - limit: bytes; a longer file is ``DiskFailure/tooLarge(_:)``.
  ///   - mode: who may read the copy, as in chmod(2).
  public static func copy(_ file: URL, intoFolder folder: URL, limit: Int, mode: UInt32 = 0o600) throws(DiskFailure) -> StoredFile
  {
    let source = try OpenFile.reading(file)
    let before = try source.look()
    guard before.size <= limit else { throw .tooLarge(source.path) }

    let partial = folder.appending(path: ".tmp-\(UUID().uuidString)")
    do throws(DiskFailure) {
      let target = try OpenFile(partial.path(percentEncoded: false), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW)
      try target.permit(mode)
      var hasher = Hasher256()
      var size = 0
      while let piece = try source.read() {
        size += piece.count
        guard size <= limit else { throw DiskFailure.tooLarge(source.path) }
        hasher.update(piece)
        try target.write(piece[...])
      }
      try target.sync()
      guard try source.look() == before, size == before.size else { throw DiskFailure.changing(source.path) }
      let sha256 = hasher.finish()
      try rename(partial, to: folder.appending(path: sha256.text + ".eml"))
      return StoredFile(sha256: sha256, look: before)
    } catch {
      unsafe unlink(partial.path(percentEncoded: false))
      throw error
    }
  }

  /// What a name stands for, without following a link.
  public static func look(at file: URL) throws(DiskFailure) -> FileLook {
    var status = stat()
    let path = file.path(percentEncoded: false)
    guard unsafe lstat(path, &status) == 0 else { throw DiskFailure(errno, path) }
    return FileLook(status)
  }

  /// SHA-256 of a regular file, which may be put there by anybody: a link is not followed, and a pipe not waited for.
  public static func hash(of file: URL) throws(DiskFailure) -> Hash {
    let open = try OpenFile.reading(file)
    var hasher = Hasher256()
    while let piece = try open.read() { hasher.update(piece) }
    return hasher.finish()
  }

  /// The first bytes of a regular file.
  public static func head(of file: URL, limit: Int) throws(DiskFailure) -> [UInt8] {
    let open = try OpenFile.reading(file)
    var head: [UInt8] = []
    while head.count < limit, let piece = try open.read() { head += piece }
    return Array(head.prefix(limit))
  }

  /// Gives a file another name on the same disk, in place of one that may be there.
  public static func rename(_ file: URL, to place: URL) throws(DiskFailure) {
    let (path, newPath) = (file.path(percentEncoded: false), place.path(percentEncoded: false))
    guard unsafe Glibc.rename(path, newPath) == 0 else { throw DiskFailure(errno, path) }
  }

  /// Takes a file, or a link, away; one that is not there is none the worse for it.
  public static func remove(_ file: URL) throws(DiskFailure) {
    let path = file.path(percentEncoded: false)
    guard unsafe unlink(path) == 0 || errno == ENOENT else { throw DiskFailure(errno, path) }
  }

  /// Returns when the names in a folder are on the disk.
  public static func syncDirectory(_ directory: URL) throws(DiskFailure) {
    try OpenFile(directory.path(percentEncoded: false), O_RDONLY | O_DIRECTORY).sync()
  }
}

/// A file that was copied whole.
public struct StoredFile: Hashable, Sendable {
  /// SHA-256 of its bytes; the copy's name is this and `.eml`.
  public let sha256: Hash
  /// What the original looked like.
  public let look: FileLook
}

/// What a name stands for: two looks at an unchanged file are equal.
public struct FileLook: Hashable, Sendable {
  /// Whether it is a file, and not a link, a folder or a pipe.
  public let isRegular: Bool
  /// Bytes.
  public let size: Int
  /// When the bytes were last changed.
  public let modified: Instant
  /// The same name may stand for another file later.
  private let device: UInt64
  /// Its number on the disk.
  public let inode: UInt64
  private let nanoseconds: Int
  private let changed: [Int]

  /// Tells these bytes under this name from all others on the machine, also after a restart.
  public var mark: String { "\(device).\(inode).\(size).\(modified.milliseconds).\(nanoseconds)" }

  /// Another after every copy, also where the copy keeps all times and takes the same file's place (cp -a).
  public var place: String { "\(device).\(inode).\(changed[0]).\(changed[1])" }

  init(_ status: stat) {
    isRegular = status.st_mode & S_IFMT == S_IFREG
    size = Int(status.st_size)
    // By place, not by name: which C module the names of timespec belong to changes with the build (MemberImportVisibility).
    let (seconds, nanoseconds) = unsafe unsafeBitCast(status.st_mtim, to: (Int, Int).self)
    modified = Instant(milliseconds: 0).adding(seconds: Int64(seconds)).adding(milliseconds: nanoseconds / 1_000_000)
    self.nanoseconds = nanoseconds
    let change = unsafe unsafeBitCast(status.st_ctim, to: (Int, Int).self)
    changed = [change.0, change.1]
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
  }
}

extension Instant {
  fileprivate func adding(milliseconds: Int) -> Instant {
    let (sum, over) = self.milliseconds.addingReportingOverflow(Int64(milliseconds))
    return over ? self : Instant(milliseconds: sum)
  }
}

/// An open file, closed when it goes out of scope.
struct OpenFile: ~Copyable {
  let path: String
  private let descriptor: Int32

  /// Opens a path; `flags` and `mode` as in open(2).
  init(_ path: String, _ flags: Int32, mode: mode_t = 0o600) throws(DiskFailure) {
    var opened = unsafe open(path, flags | O_CLOEXEC, mode)
    while opened < 0, errno == EINTR { opened = unsafe open(path, flags | O_CLOEXEC, mode) }
    guard opened >= 0 else { throw DiskFailure(errno, path) }
    descriptor = opened
    self.path = path
  }

  /// Opens a regular file; a link, a folder or a pipe is refused, and none of them blocks.
  static func reading(_ file: URL) throws(DiskFailure) -> OpenFile {
    let open = try OpenFile(file.path(percentEncoded: false), O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    guard try open.look().isRegular else { throw .notAFile(open.path) }
    return open
  }

  /// Writes all of it.
  func write(_ bytes: ArraySlice<UInt8>) throws(DiskFailure) {
    var rest = bytes
    while !rest.isEmpty {
      let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw DiskFailure(written == 0 ? EIO : errno, path) }
      rest = rest.dropFirst(written)
    }
  }

  /// The next bytes, at most 64 KiB; nothing at the end.
  func read() throws(DiskFailure) -> [UInt8]? {
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = unsafe piece.withUnsafeMutableBytes { unsafe Glibc.read(descriptor, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw DiskFailure(errno, path) }
      return count == 0 ? nil : Array(piece[..<count])
    }
  }

  /// Says who may read and write it, whatever the process keeps from its new files (umask(2)).
  func permit(_ mode: mode_t) throws(DiskFailure) {
    guard fchmod(descriptor, mode) == 0 else { throw DiskFailure(errno, path) }
  }

  /// What it is.
  func look() throws(DiskFailure) -> FileLook {
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else { throw DiskFailure(errno, path) }
    return FileLook(status)
  }

  /// Returns when the file is on the disk.
  func sync() throws(DiskFailure) {
    guard fsync(descriptor) == 0 else { throw DiskFailure(errno, path) }
  }

  deinit { close(descriptor) }
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
  /// It is a link, a folder or a pipe.
  case notAFile(String)
  /// It holds more than is allowed.
  case tooLarge(String)
  /// Somebody wrote to it while it was read.
  case changing(String)
  /// The other place is on another disk.
  case elsewhere(String)
  /// The disk did not confirm what was written, and did not take it back either.
  case unsure(String)
  /// Something else, with the number that the system gave.
  case failed(String, code: Int32)

  init(_ code: Int32, _ path: String) {
    self =
      switch code {
      case EEXIST: .exists(path)
      case ENOENT, ENOTDIR: .missing(path)
      case ENOSPC, EDQUOT: .full(path)
      case EACCES, EPERM, EROFS: .forbidden(path)
      // open(2): a link, where O_NOFOLLOW forbids it.
      case ELOOP, EISDIR, ENXIO: .notAFile(path)
      case EXDEV: .elsewhere(path)
      default: .failed(path, code: code)
      }
  }

  /// Which file it was about.
  public var path: String {
    switch self {
    case .exists(let path), .missing(let path), .full(let path), .forbidden(let path), .notAFile(let path), .tooLarge(let path),
      .changing(let path), .elsewhere(let path), .unsure(let path), .failed(let path, _):
      path
    }
  }

  /// One sentence.
  public var description: String {
    switch self {
    case .exists(let path): "\(path) is there already"
    case .missing(let path): "\(path) is not there"
    case .full(let path): "\(path) could not be written; the disk is full, make room"
    case .forbidden(let path): "\(path) may not be written or read; check its permissions"
    case .notAFile(let path): "\(path) is not a plain file"
    case .tooLarge(let path): "\(path) is too large"
    case .unsure(let path):
      "\(path) was written and the disk did not confirm it, and it may have taken effect; look before you say it again"
    case .changing(let path): "\(path) is being written to; try again"
    case .elsewhere(let path): "\(path) cannot be moved to another disk"
    case .failed(let path, let code): "\(path) could not be written or read (error \(code) of the system)"
    }
  }
}
