/// Cuts the server's bytes into responses, and passes message bodies through without holding them.
///
/// Bytes go in with ``receive(_:)`` in pieces of any length; ``next()`` gives what is complete. A literal that stands for `BODY[]` is
/// handed out in pieces as it arrives, before the response it belongs to; any other literal is kept, within limits.
public struct ResponseParser: Sendable {
  /// What came out.
  public enum Output: Hashable, Sendable {
    case response(Response)
    case body(BodyPiece)
  }

  private let limits: GrammarLimits
  private var buffer: [UInt8] = []
  /// Where in `buffer` the unread begins, and how far it was searched for a line end.
  private var start = 0
  private var searched = 0
  /// The response under way: text, and literals that are kept, as they stood on the wire.
  private var response: [UInt8] = []
  private var textLength = 0
  /// Literals of this response that were not kept, by the offset in `response` at which they would stand.
  private var holes: [Int: LiteralHole] = [:]
  private var literal: Literal?

  private struct Literal {
    var remaining: Int
    var fate: Fate
    enum Fate { case keep, stream, drop }
  }

  /// A parser at the beginning of a response, as after a login.
  public init(limits: GrammarLimits = GrammarLimits()) { self.limits = limits }

  /// Whether nothing of an unfinished response waits.
  public var isBetweenResponses: Bool { start == buffer.count && response.isEmpty && literal == nil }

  /// Takes in what arrived.
  public mutating func receive(_ bytes: some Sequence<UInt8>) {
    if start > 0 {
      buffer.removeSubrange(..<start)
      searched -= start
      start = 0
    }
    buffer.append(contentsOf: bytes)
  }

  /// The next complete response, or the next piece of a body; nothing where more bytes are needed.
  public mutating func next() throws(GrammarFailure) -> Output? {
    while true {
      if literal != nil {
        if let output = passLiteral() { return output }
        if literal != nil { return nil }
      }
      guard try takeLine() else { return nil }
      if try beginLiteral() {
        if case .some(let open) = literal, case .stream = open.fate { return .body(.began(size: open.remaining)) }
        continue
      }
      defer {
        response = []
        textLength = 0
        holes = [:]
      }
      return .response(try ResponseGrammar.read(response, holes: holes, limits: limits))
    }
  }

  /// Moves what is there of the open literal to where it belongs.
  private mutating func passLiteral() -> Output? {
    guard var open = literal else { return nil }
    let count = min(open.remaining, buffer.count - start)
    let piece = start..<(start + count)
    start += count
    searched = max(searched, start)
    open.remaining -= count
    literal = open
    switch open.fate {
    case .keep: response.append(contentsOf: buffer[piece])
    case .drop: break
    case .stream where count > 0: return .body(.bytes(Array(buffer[piece])))
    case .stream where open.remaining == 0:
      literal = nil
      return .body(.ended)
    case .stream: return nil
    }
    if open.remaining == 0 { literal = nil }
    return nil
  }

  /// Appends one line with its CRLF to the response under way. A server that leaves the CR out is understood.
  private mutating func takeLine() throws(GrammarFailure) -> Bool {
    searched = max(searched, start)
    while searched < buffer.count, buffer[searched] != UInt8(ascii: "\n") {
      if buffer[searched] == 0 { throw .nul }
      searched += 1
    }
    guard textLength + (searched - start) <= limits.text else { throw .tooLong(limit: limits.text) }
    guard searched < buffer.count else { return false }
    let length = searched - start - (searched > start && buffer[searched - 1] == UInt8(ascii: "\r") ? 1 : 0)
    response.append(contentsOf: buffer[start..<(start + length)])
    response.append(contentsOf: "\r\n".utf8)
    textLength += length + 2
    searched += 1
    start = searched
    return true
  }

  /// Whether the line just taken announces a literal: `{5}` or `~{5}` at its end (RFC 9051 4.3).
  private mutating func beginLiteral() throws(GrammarFailure) -> Bool {
    guard !endsInWordsForPeople, response.count >= 5 else { return false }
    var at = response.count - 3
    guard response[at] == UInt8(ascii: "}") else { return false }
    at -= 1
    let lastDigit = at
    while at >= 0, (48...57).contains(response[at]) { at -= 1 }
    guard at >= 0, at < lastDigit, response[at] == UInt8(ascii: "{") else { return false }
    guard let size = Int(String(decoding: response[(at + 1)...lastDigit], as: UTF8.self)), size <= Int(UInt32.max) else {
      throw .numberTooLarge(of: "literal length")
    }
    if at > 0, response[at - 1] == UInt8(ascii: "~") { at -= 1 }
    let kept = response.count - textLength
    if response[..<at].endsInsensitively(with: "BODY[] ") {
      holes[response.count] = .streamed(size)
      literal = Literal(remaining: size, fate: .stream)
    } else if size > limits.literal || kept + size > limits.literals {
      holes[response.count] = .dropped(size)
      literal = size == 0 ? nil : Literal(remaining: size, fate: .drop)
    } else {
      literal = size == 0 ? nil : Literal(remaining: size, fate: .keep)
    }
    return true
  }

  /// A status response ends in free text, in which `{5}` at the end means nothing (RFC 9051 7.1).
  private var endsInWordsForPeople: Bool {
    guard response.first == UInt8(ascii: "*") else { return true }
    let head = response.prefix(10)
    return ["* OK ", "* NO ", "* BAD ", "* BYE ", "* PREAUTH "].contains { head.startsInsensitively(with: $0) }
  }
}

/// A message's bytes on their way through.
public enum BodyPiece: Hashable, Sendable {
  /// A body of so many bytes begins. The response that names its UID comes after its end.
  case began(size: Int)
  case bytes([UInt8])
  case ended
}

/// A literal that is not in memory.
enum LiteralHole: Hashable, Sendable {
  case streamed(Int)
  case dropped(Int)
}

extension ArraySlice<UInt8> {
  func startsInsensitively(with text: String) -> Bool {
    text.utf8.count <= count && zip(self, text.utf8).allSatisfy { $0.capital == $1.capital }
  }

  func endsInsensitively(with text: String) -> Bool {
    suffix(text.utf8.count).startsInsensitively(with: text)
  }
}

extension UInt8 {
  /// The capital of an ASCII letter; any other byte itself.
  var capital: UInt8 { (97...122).contains(self) ? self - 32 : self }
}
