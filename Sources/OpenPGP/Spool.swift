public import FoundationEssentials
private import Glibc

/// Bytes that lie in memory where they are few, and in a file where they are many. They never change, are read by position, and
/// may be read from several tasks at once; the last holder frees them.
public struct Spool: Sendable {
  private enum Storage: Sendable {
    case memory([UInt8])
    case file(Descriptor)
  }

  private let storage: Storage
  private let range: Range<Int>

  /// Wraps bytes that are in memory already.
  public init(_ bytes: [UInt8]) {
    storage = .memory(bytes)
    range = 0..<bytes.count
  }

  /// Reads a file in place, or a part of it.
  ///
  /// - Parameters:
  ///   - file: it must not be changed as long as the spool is in use.
  ///   - part: the bytes that count, cut to the file's end; the whole file where it is not given.
  public init(reading file: URL, part: Range<Int>? = nil) throws(SpoolFailure) {
    let descriptor = try Descriptor(opening: file.path, O_RDONLY)
    let size = try descriptor.size()
    self.init(descriptor, range: (part ?? 0..<size).clamped(to: 0..<size))
  }

  init(_ descriptor: Descriptor, range: Range<Int>) {
    storage = .file(descriptor)
    self.range = range
  }

  /// How many bytes there are.
  public var size: Int { range.count }

  /// A part of these bytes, cut to what there is, without copying.
  public func part(_ part: Range<Int>) -> Spool {
    let part = part.clamped(to: 0..<size)
    return Spool(storage, range: range.lowerBound + part.lowerBound..<range.lowerBound + part.upperBound)
  }

  private init(_ storage: Storage, range: Range<Int>) {
    self.storage = storage
    self.range = range
  }

  /// Everything, in memory.
  ///
  /// - Parameter limit: the most bytes the caller is ready to hold; more throw ``SpoolFailure/tooLarge(limit:)``.
  public func bytes(limit: Int) throws(SpoolFailure) -> [UInt8] {
    guard size <= limit else { throw .tooLarge(limit: limit) }
    return try read(at: 0, count: size)
  }

  /// Up to `count` bytes from `offset` on; fewer only at the end, none behind it.
  public func read(at offset: Int, count: Int) throws(SpoolFailure) -> [UInt8] {
    let wanted = (offset..<max(offset, offset.addingReportingOverflow(count).partialValue)).clamped(to: 0..<size)
    switch storage {
    case .memory(let bytes):
      return Array(bytes[range.lowerBound + wanted.lowerBound..<range.lowerBound + wanted.upperBound])
    case .file(let descriptor):
      var failure: SpoolFailure?
      let bytes = unsafe [UInt8](unsafeUninitializedCapacity: wanted.count) { buffer, filled in
        do throws(SpoolFailure) {
          try unsafe descriptor.read(into: UnsafeMutableRawBufferPointer(buffer), at: range.lowerBound + wanted.lowerBound)
          filled = wanted.count
        } catch {
          failure = error
        }
      }
      if let failure { throw failure }
      return bytes
    }
  }

  /// Copies bytes from `offset` on into `buffer`, as many as fit and are there, and says how many.
  @unsafe func copy(into buffer: UnsafeMutableRawBufferPointer, from offset: Int) throws(SpoolFailure) -> Int {
    let count = min(buffer.count, size - offset)
    guard count > 0 else { return 0 }
    switch storage {
    case .memory(let bytes):
      let start = range.lowerBound + offset
      unsafe bytes[start..<start + count].withUnsafeBytes { unsafe buffer.copyMemory(from: $0) }
    case .file(let descriptor):
      try unsafe descriptor.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: range.lowerBound + offset)
    }
    return count
  }

  /// A file in which the bytes stand, and from where on: that of the spool, or a copy in memory.
  func asFile() throws(SpoolFailure) -> (file: Descriptor, offset: Int) {
    switch storage {
    case .file(let descriptor): return (descriptor, range.lowerBound)
    case .memory(let bytes):
      let file = try Descriptor.inMemory()
      var failure: SpoolFailure?
      unsafe bytes[range].withUnsafeBytes { bytes in
        do throws(SpoolFailure) { try unsafe file.write(bytes) } catch { failure = error }
      }
      if let failure { throw failure }
      return (file, 0)
    }
  }

  /// Lends a file descriptor of its own to a library that reads files, with the positions between which the bytes lie, and closes
  /// it afterwards. Does nothing, and returns nothing, where the bytes are in memory.
  public func withFileDescriptor<Value>(_ body: (Int32, Range<Int>) throws -> Value) throws -> Value? {
    guard case .file(let descriptor) = storage else { return nil }
    // A second open, not a dup: the position must not be shared with other readers of these bytes.
    let own = try Descriptor(opening: "/proc/self/fd/\(descriptor.number)", O_RDONLY)
    return try body(own.number, range)
  }
}

/// A spool says how much it holds and never what: it is often private, and descriptions end in logs.
extension Spool: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The number of bytes.
  public var description: String { "\(size) bytes" }
  /// The number of bytes.
  public var debugDescription: String { description }
  /// Nothing of what is inside.
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Takes bytes as they come, and keeps them in memory up to 256 KiB, beyond that in a file without a name.
///
/// The file is unlinked as soon as it is open, so what is spooled, and often private, is gone with the process.
public final class SpoolWriter {
  /// Bytes that are kept in memory before a file is made, and at most between two writes to it.
  private static let inMemory = 256 << 10

  let directory: URL
  let limit: Int
  private var pending: [UInt8] = []
  private var file: Descriptor?
  /// Bytes taken so far.
  public private(set) var size = 0

  /// Begins an empty spool.
  ///
  /// - Parameters:
  ///   - directory: where a file is made if one is needed; nobody else should be able to read it (0700).
  ///   - limit: the most bytes it takes; the byte after it throws ``SpoolFailure/tooLarge(limit:)``.
  public init(directory: URL, limit: Int = .max) {
    self.directory = directory
    self.limit = limit
  }

  /// Adds bytes at the end.
  public func append(_ bytes: some Sequence<UInt8>) throws(SpoolFailure) {
    let chunk = Array(bytes)
    var failure: SpoolFailure?
    unsafe chunk.withUnsafeBytes { buffer in
      do throws(SpoolFailure) { try unsafe append(contentsOf: buffer) } catch { failure = error }
    }
    if let failure { throw failure }
  }

  @unsafe func append(contentsOf bytes: UnsafeRawBufferPointer) throws(SpoolFailure) {
    let (total, over) = size.addingReportingOverflow(bytes.count)
    guard !over, total <= limit else { throw .tooLarge(limit: limit) }
    size = total
    if pending.count + bytes.count > Self.inMemory { try flush() }
    if bytes.count > Self.inMemory {
      try unsafe file?.write(bytes)
    } else {
      unsafe pending.append(contentsOf: bytes)
    }
  }

  /// Takes a file that somebody else has filled in place of what was taken so far.
  func adopt(_ filled: Descriptor) throws(SpoolFailure) {
    let size = try filled.size()
    guard size <= limit else { throw .tooLarge(limit: limit) }
    if size > Self.inMemory {
      (file, pending) = (filled, [])
    } else {
      (file, pending) = (nil, try Spool(filled, range: 0..<size).read(at: 0, count: size))
    }
    self.size = size
  }

  /// The bytes, which from here on do not change. The writer is empty afterwards.
  public func finish() throws(SpoolFailure) -> Spool {
    defer {
      file = nil
      pending = []
      size = 0
    }
    guard file != nil else { return Spool(pending) }
    try flush()
    guard let file else { return Spool([]) }
    return Spool(file, range: 0..<size)
  }

  private func flush() throws(SpoolFailure) {
    let target: Descriptor
    if let file { target = file } else { target = try Descriptor.unnamed(in: directory.path) }
    file = target
    var failure: SpoolFailure?
    unsafe pending.withUnsafeBytes { buffer in
      do throws(SpoolFailure) { try unsafe target.write(buffer) } catch { failure = error }
    }
    if let failure { throw failure }
    pending.removeAll(keepingCapacity: true)
  }
}

/// Why bytes could not be kept or read back. All but ``tooLarge(limit:)`` are troubles of this machine: try again later.
public enum SpoolFailure: Error, Equatable {
  /// There are more bytes than the caller allows.
  case tooLarge(limit: Int)
  /// A file became shorter while it was read.
  case cutShort
  /// The system refused a call on the file system: a full disk, a missing directory.
  case system(call: String, error: Int32)
}
