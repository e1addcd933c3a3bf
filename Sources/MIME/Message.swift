public import FoundationEssentials

/// A message of any program: its structure as values, its bodies read from the source when they are asked for.
///
/// The structure is found by a scanner of our own, because GMime cannot be stopped while it parses: 40 MiB of empty parts cost it
/// 11 GB and 25 s. GMime reads the header values and knows the charsets; its cryptography is never used.
public struct Message: Sendable {
  /// The whole, whose parts hang below it.
  public let root: Part
  let source: Source

  /// Reads the structure of a message in memory.
  public init(_ bytes: [UInt8], limits: Limits = Limits()) throws(MessageFailure) {
    try self.init(Source(bytes), limits)
  }

  /// Reads the structure of a file, which stays open for the bodies. It must not change meanwhile.
  public init(file: URL, limits: Limits = Limits()) throws(MessageFailure) {
    try self.init(Source(file: file), limits)
  }

  /// Reads the structure of what `fetch` gives: at most the bytes of a range within `size`, fewer where they end early.
  public init(size: Int, limits: Limits = Limits(), fetch: @escaping Fetch) throws(MessageFailure) {
    try self.init(Source(size: size, fetch), limits)
  }

  /// Gives the bytes of a range of a message that lies elsewhere.
  public typealias Fetch = @Sendable (Range<Int>) throws(MessageFailure) -> [UInt8]

  private init(_ source: Source, _ limits: Limits) throws(MessageFailure) {
    guard source.size <= limits.size else { throw .tooLarge(limit: limits.size) }
    self.source = source
    root = try Structure.read(source, limits)
  }

  /// The headers of the whole.
  public var headers: Headers { root.headers }

  /// The header block as it stands, with the empty line behind it; empty where the source cannot be read any more.
  public var headerBlock: [UInt8] { (try? bytes(in: root.entity.lowerBound..<root.body.lowerBound)) ?? [] }

  /// Bytes of the whole.
  public var size: Int { source.size }

  /// The raw bytes of a range, for instance of a part that a signature covers.
  public func bytes(in range: Range<Int>) throws(MessageFailure) -> [UInt8] {
    try source.read(at: range.lowerBound, count: range.count)
  }

  /// What a message may be at most (Protocol, gate 1). What goes beyond is refused while reading, before it costs anything.
  public struct Limits: Hashable, Sendable {
    /// Bytes of the whole.
    public var size: Int
    /// Entities within each other; the message itself is the first.
    public var depth: Int
    /// Entities in all, the message itself and every multipart counted.
    public var parts: Int
    /// Bytes of the headers of one entity.
    public var headerBlock: Int

    /// The protocol's limits: 40 MiB, 10, 100, 64 KiB.
    public init(size: Int = 40 << 20, depth: Int = 10, parts: Int = 100, headerBlock: Int = 64 << 10) {
      self.size = size
      self.depth = depth
      self.parts = parts
      self.headerBlock = headerBlock
    }
  }
}

/// Why a message is not read.
public enum MessageFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// More bytes than allowed: never to be read.
  case tooLarge(limit: Int)
  /// More entities within each other than allowed: never to be read.
  case tooDeep(limit: Int)
  /// More entities than allowed: never to be read.
  case tooManyParts(limit: Int)
  /// One entity's headers are longer than allowed: never to be read.
  case headersTooLong(limit: Int)
  /// A body decodes to more bytes than the caller takes.
  case bodyTooLong(limit: Int)
  /// The file cannot be read now; the operating system's reason.
  case unreadable(reason: String)

  /// One sentence.
  public var description: String {
    switch self {
    case .tooLarge(let limit): "The message is larger than \(limit) bytes."
    case .tooDeep(let limit): "The message nests its parts deeper than \(limit) levels."
    case .tooManyParts(let limit): "The message has more than \(limit) parts."
    case .headersTooLong(let limit): "A header block of the message is longer than \(limit) bytes."
    case .bodyTooLong(let limit): "A part of the message is longer than \(limit) bytes."
    case .unreadable(let reason): "The message cannot be read: \(reason)."
    }
  }
}
