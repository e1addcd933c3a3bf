/// A folder's name exactly as the server spells it: opaque bytes, since servers differ in what encoding they mean.
public struct FolderName: Hashable, Sendable {
  /// What stands on the wire, unquoted. Never holds a NUL; `INBOX` is always in capitals (RFC 9051 5.1: case-insensitive).
  public let bytes: [UInt8]

  /// The folder where mail arrives.
  public static let inbox = FolderName(unchecked: Array("INBOX".utf8))

  /// Takes a name from the wire, or nothing where it is empty or holds a NUL, which no command can carry.
  public init?(bytes: [UInt8]) {
    guard !bytes.isEmpty, !bytes.contains(0) else { return nil }
    let capitals = bytes.map { (97...122).contains($0) ? $0 - 32 : $0 }
    self.init(unchecked: capitals == Self.inbox.bytes ? capitals : bytes)
  }

  /// Takes a name that is already in the server's spelling.
  public init?(_ text: String) { self.init(bytes: Array(text.utf8)) }

  /// The name as text that leads back to the same bytes, or nothing where they are not UTF-8.
  public var text: String? { String(validating: bytes, as: UTF8.self) }

  private init(unchecked bytes: [UInt8]) { self.bytes = bytes }
}

/// A sequence-set of UIDs (RFC 9051 9, "sequence-set"), in ascending order and as few ranges as possible.
public struct UIDSet: Hashable, Sendable {
  /// Ascending, neither touching nor overlapping.
  public private(set) var ranges: [ClosedRange<UInt32>] = []

  /// The set of these UIDs, in whatever order they come.
  public init(_ uids: some Sequence<UInt32>) {
    for uid in uids.sorted() {
      if let last = ranges.last, uid <= last.upperBound || uid - 1 == last.upperBound {
        ranges[ranges.count - 1] = last.lowerBound...max(uid, last.upperBound)
      } else {
        ranges.append(uid...uid)
      }
    }
  }

  /// All UIDs from one to another.
  public init(_ range: ClosedRange<UInt32>) { ranges = [range] }

  /// How it stands in a command: `3:7,9`. Empty for the empty set, which no command may carry.
  public var text: String {
    ranges.map { $0.count == 1 ? "\($0.lowerBound)" : "\($0.lowerBound):\($0.upperBound)" }.joined(separator: ",")
  }
}

/// UIDs as a server names them: never written out, because it may name all there can be.
public struct UIDRanges: Hashable, Sendable {
  /// As they stood, each with the lower number first.
  public var ranges: [ClosedRange<UInt32>]

  /// Whether a UID is among them.
  public func contains(_ uid: UInt32) -> Bool { ranges.contains { $0.contains(uid) } }

  /// How many there are.
  public var count: Int { ranges.reduce(0) { $0 + $1.count } }
}

/// What limits a conversation keeps, so that no server can make this process grow or stall.
public struct GrammarLimits: Hashable, Sendable {
  /// Bytes of one response without its literals. A `SEARCH` answer of a million UIDs fits.
  public var text = 8 << 20
  /// Bytes of one literal that is kept in memory (headers, names); longer ones are read past and reported as dropped.
  public var literal = 256 << 10
  /// Bytes of all literals of one response that are kept in memory.
  public var literals = 1 << 20
  /// Parentheses within parentheses.
  public var nesting = 32
  /// Members of a UID set in a response code.
  public var uids = 1 << 20

  /// The limits as above.
  public init() {}
}

/// Why a server's bytes are not IMAP. Each ends the connection: after it nothing that follows can be trusted to begin where we think.
public enum GrammarFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// A response is longer than this many bytes.
  case tooLong(limit: Int)
  /// A NUL outside a literal (RFC 9051 9: CHAR8 only in literals).
  case nul
  /// More parentheses within parentheses than this.
  case tooDeep(limit: Int)
  /// A number that does not fit, and what it was to be.
  case numberTooLarge(of: String)
  /// Something else stood there than must.
  case expected(String, at: Int)

  /// One sentence part: `UID beyond its range`.
  public var description: String {
    switch self {
    case .tooLong(let limit): "a response longer than \(limit) bytes"
    case .nul: "a NUL outside a literal"
    case .tooDeep(let limit): "more than \(limit) parentheses within each other"
    case .numberTooLarge(let what): "\(what) beyond its range"
    case .expected(let what, let offset): "no \(what) at byte \(offset)"
    }
  }
}
