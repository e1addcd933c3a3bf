/// Reads the small pieces of IMAP's grammar (RFC 9051 9) from one whole response. Every step is checked: the bytes are a stranger's.
struct ResponseCursor {
  let bytes: [UInt8]
  let holes: [Int: LiteralHole]
  let limits: GrammarLimits
  private(set) var at = 0

  init(_ bytes: [UInt8], holes: [Int: LiteralHole], limits: GrammarLimits) {
    self.bytes = bytes
    self.holes = holes
    self.limits = limits
  }

  /// Steps over one byte.
  mutating func advance() { at = min(at + 1, bytes.count) }

  /// The byte that comes next; nothing at the end.
  var ahead: UInt8? { at < bytes.count ? bytes[at] : nil }

  func isAhead(_ character: Unicode.Scalar) -> Bool { ahead == UInt8(ascii: character) }

  /// Steps over this character if it comes next.
  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard isAhead(character) else { return false }
    at += 1
    return true
  }

  mutating func take(_ character: Unicode.Scalar, _ what: String) throws(GrammarFailure) {
    guard skip(character) else { throw .expected(what, at: at) }
  }

  mutating func space() throws(GrammarFailure) { try take(" ", "space") }

  /// The end of the response. Servers that leave a space before it are forgiven.
  mutating func end() throws(GrammarFailure) {
    while skip(" ") {}
    guard skip("\r"), skip("\n"), at == bytes.count else { throw .expected("end of response", at: at) }
  }

  /// What is left of the line, without its CRLF.
  mutating func rest() -> ArraySlice<UInt8> {
    let rest = bytes[at...].dropLast(2)
    at = max(at, bytes.count - 2)
    return rest
  }

  /// A keyword or an atom: all up to the next space, parenthesis, bracket, brace or quote.
  mutating func word(_ what: String) throws(GrammarFailure) -> String {
    try run(what) { byte in
      switch byte {
      case 0...0x20, 0x7f, UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"),
        UInt8(ascii: "\""):
        false
      default: true
      }
    }
  }

  /// A flag or an attribute, in which brackets may stand: all up to the next space or parenthesis.
  mutating func flag() throws(GrammarFailure) -> String {
    try run("flag") { byte in byte > 0x20 && byte != 0x7f && byte != UInt8(ascii: "(") && byte != UInt8(ascii: ")") }
  }

  private mutating func run(_ what: String, while belongs: (UInt8) -> Bool) throws(GrammarFailure) -> String {
    let start = at
    while let byte = ahead, belongs(byte) { at += 1 }
    guard at > start else { throw .expected(what, at: at) }
    return String(decoding: bytes[start..<at], as: UTF8.self)
  }

  /// A number of at most `limit`.
  mutating func number(_ what: String, atMost limit: UInt64) throws(GrammarFailure) -> UInt64 {
    let start = at
    var value: UInt64 = 0
    while let byte = ahead, (48...57).contains(byte) {
      let (product, tooLarge) = value.multipliedReportingOverflow(by: 10)
      let (sum, over) = product.addingReportingOverflow(UInt64(byte - 48))
      guard !tooLarge, !over, sum <= limit else { throw .numberTooLarge(of: what) }
      value = sum
      at += 1
    }
    guard at > start else { throw .expected(what, at: at) }
    return value
  }

  /// RFC 9051 9, "number": 32 bits.
  mutating func number(_ what: String) throws(GrammarFailure) -> UInt32 {
    UInt32(truncatingIfNeeded: try number(what, atMost: UInt64(UInt32.max)))
  }

  /// RFC 9051 9, "nz-number": a UID or UIDVALIDITY is never 0.
  mutating func positive(_ what: String) throws(GrammarFailure) -> UInt32 {
    let start = at
    let value: UInt32 = try number(what)
    guard value > 0 else { throw .expected(what, at: start) }
    return value
  }

  /// `3:7,9` written out, in the order in which it stands (RFC 4315 4: uid-set).
  mutating func uids() throws(GrammarFailure) -> [UInt32] {
    let named = try uidRanges()
    guard named.count <= limits.uids else { throw .numberTooLarge(of: "UID set") }
    return named.ranges.flatMap { Array($0) }
  }

  /// `3:7,9` as it stands.
  mutating func uidRanges() throws(GrammarFailure) -> UIDRanges {
    var ranges: [ClosedRange<UInt32>] = []
    repeat {
      let first = try positive("UID")
      let last = skip(":") ? try positive("UID") : first
      ranges.append(min(first, last)...max(first, last))
    } while skip(",")
    return UIDRanges(ranges: ranges)
  }

  /// A quoted string or a literal (RFC 9051 4.3).
  mutating func string() throws(GrammarFailure) -> Fetched.Section {
    if skip("\"") { return .bytes(try quoted()) }
    _ = skip("~")
    try take("{", "string")
    let size = Int(try number("literal length", atMost: UInt64(UInt32.max)))
    try take("}", "closing brace")
    guard skip("\r"), skip("\n") else { throw .expected("literal", at: at) }
    switch holes[at] {
    case .streamed(let size): return .streamed(size)
    case .dropped(let size): return .dropped(size)
    case nil: break
    }
    guard size <= bytes.count - at else { throw .expected("whole literal", at: at) }
    defer { at += size }
    return .bytes(Array(bytes[at..<(at + size)]))
  }

  private mutating func quoted() throws(GrammarFailure) -> [UInt8] {
    var content: [UInt8] = []
    while let byte = ahead, byte != UInt8(ascii: "\r"), byte != UInt8(ascii: "\n") {
      at += 1
      if byte == UInt8(ascii: "\"") { return content }
      if byte == UInt8(ascii: "\\") {
        guard let escaped = ahead, escaped == UInt8(ascii: "\"") || escaped == UInt8(ascii: "\\") else {
          throw .expected("quote or backslash after a backslash", at: at)
        }
        at += 1
        content.append(escaped)
      } else {
        content.append(byte)
      }
    }
    throw .expected("closing quote", at: at)
  }

  /// NIL or a string.
  mutating func nilOrString() throws(GrammarFailure) -> Fetched.Section {
    if isAhead("\"") || isAhead("{") || isAhead("~") { return try string() }
    guard try word("string or NIL").uppercased() == "NIL" else { throw .expected("string or NIL", at: at) }
    return .absent
  }

  /// A name: an atom or a string (RFC 9051 9, "astring"; a closing bracket may stand in it).
  mutating func name() throws(GrammarFailure) -> FolderName {
    let start = at
    if isAhead("\"") || isAhead("{") {
      guard case .bytes(let bytes) = try string(), let name = FolderName(bytes: bytes) else {
        throw .expected("folder name", at: start)
      }
      return name
    }
    while let byte = ahead, byte > 0x20, byte != UInt8(ascii: "("), byte != UInt8(ascii: ")") { at += 1 }
    guard let name = FolderName(bytes: Array(bytes[start..<at])) else { throw .expected("folder name", at: at) }
    return name
  }

  /// Steps over one value of any kind: a word, a string, a list of such.
  mutating func skipValue(depth: Int = 0) throws(GrammarFailure) {
    guard depth < limits.nesting else { throw .tooDeep(limit: limits.nesting) }
    if isAhead("\"") || isAhead("{") || isAhead("~") {
      _ = try string()
    } else if skip("(") {
      while !skip(")") {
        try skipValue(depth: depth + 1)
        while skip(" ") {}
      }
    } else {
      _ = try word("value")
      if isAhead("[") { try skipSection() }
    }
  }

  /// Steps over `[…]`, and gives what stands in it.
  @discardableResult
  mutating func skipSection() throws(GrammarFailure) -> String {
    try take("[", "opening bracket")
    let start = at
    while let byte = ahead, byte != UInt8(ascii: "]"), byte != UInt8(ascii: "\r") { at += 1 }
    let section = String(decoding: bytes[start..<at], as: UTF8.self)
    try take("]", "closing bracket")
    return section
  }
}
