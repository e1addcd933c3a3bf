/// Finds the parts of a message (RFC 2046 5.1) in one pass over its lines, counting as it goes: beyond a limit it stops at once.
struct Structure {
  private var lines: LineReader
  private let limits: Message.Limits
  /// The boundaries of the multiparts around the current line, innermost last, each with its two hyphens in front.
  private var boundaries: [[UInt8]] = []
  private var count = 0

  static func read(_ source: Source, _ limits: Message.Limits) throws(MessageFailure) -> Part {
    var structure = Structure(LineReader(source), limits)
    return try structure.entity(depth: 1).part
  }

  private init(_ lines: LineReader, _ limits: Message.Limits) {
    self.lines = lines
    self.limits = limits
  }

  /// What ended an entity, and where its last byte lies.
  private struct End {
    var cause: Cause
    /// Behind the last byte of content. The line end before a boundary belongs to the boundary.
    var content: Int

    /// A boundary is told by its place in ``boundaries``.
    enum Cause: Equatable { case delimiter(Int), close(Int), source }
  }

  private mutating func entity(depth: Int) throws(MessageFailure) -> (part: Part, end: End) {
    guard depth <= limits.depth else { throw .tooDeep(limit: limits.depth) }
    count += 1
    guard count <= limits.parts else { throw .tooManyParts(limit: limits.parts) }
    let start = lines.offset
    let (headers, early) = try headerBlock()
    let bodyStart = lines.offset
    let type = ContentType(headers)
    let encoding = TransferEncoding(headers)
    let (parts, end) = if let early { ([Part](), early) } else { try content(type, encoding, depth) }
    let upper = max(start, end.content)
    let part = Part(
      headers: headers, contentType: type, encoding: encoding, entity: start..<upper, body: min(bodyStart, upper)..<upper,
      parts: parts)
    return (part, end)
  }

  /// Reads up to what ends the entity whose headers were just read.
  private mutating func content(
    _ type: ContentType, _ encoding: TransferEncoding, _ depth: Int
  ) throws(MessageFailure) -> (parts: [Part], end: End) {
    if type.type == "multipart", let boundary = type["boundary"], (1...200).contains(boundary.utf8.count) {
      let level = boundaries.count
      boundaries.append(Array("--\(boundary)".utf8))
      var parts: [Part] = []
      var end = try skipToBoundary()  // the preamble
      while end.cause == .delimiter(level) {
        let (part, next) = try entity(depth: depth + 1)
        parts.append(part)
        end = next
      }
      boundaries.removeLast()
      if end.cause == .close(level) { end = try skipToBoundary() }  // the epilogue
      return (parts, end)
    }
    if type.mediaType == "message/rfc822", encoding == .identity {
      let (part, end) = try entity(depth: depth + 1)
      return ([part], end)
    }
    return ([], try skipToBoundary())
  }

  private mutating func skipToBoundary() throws(MessageFailure) -> End {
    while try lines.next(keeping: 256) {
      if let end = endAtBoundary() { return end }
    }
    return End(cause: .source, content: lines.offset)
  }

  /// What the current line ends, if it is one of the boundaries around it: the hyphens, the boundary, for the last one two more
  /// hyphens, and nothing but white space behind.
  private func endAtBoundary() -> End? {
    guard lines.line.starts(with: [UInt8(ascii: "-"), UInt8(ascii: "-")]) else { return nil }
    for (level, boundary) in boundaries.enumerated().reversed() where lines.line.starts(with: boundary) {
      let rest = lines.line.dropFirst(boundary.count).trimmed()
      if rest.isEmpty { return End(cause: .delimiter(level), content: lines.previousContentEnd) }
      if rest.elementsEqual("--".utf8) { return End(cause: .close(level), content: lines.previousContentEnd) }
    }
    return nil
  }

  /// Reads headers up to and with the empty line. Where a boundary or the end comes first, that is the entity's end.
  private mutating func headerBlock() throws(MessageFailure) -> (headers: Headers, early: End?) {
    let start = lines.offset
    var fields: [Header] = []
    var open: (name: String, value: [UInt8])?
    var early: End? = End(cause: .source, content: lines.offset)
    while try lines.next(keeping: limits.headerBlock) {
      guard lines.offset - start <= limits.headerBlock else { throw .headersTooLong(limit: limits.headerBlock) }
      early = endAtBoundary()
      if early != nil || lines.line.isEmpty { break }
      if let first = lines.line.first, first == UInt8(ascii: " ") || first == UInt8(ascii: "\t") {
        open?.value += [UInt8(ascii: "\r"), UInt8(ascii: "\n")] + lines.line
      } else {
        if let open { fields.append(Header(name: open.name, rawValue: open.value)) }
        open = Self.field(lines.line)
      }
      early = End(cause: .source, content: lines.offset)
    }
    if let open { fields.append(Header(name: open.name, rawValue: open.value)) }
    return (Headers(fields), early)
  }

  /// Name and value of a header line. What is none, such as an mbox line, is skipped with its continuation.
  private static func field(_ line: [UInt8]) -> (name: String, value: [UInt8])? {
    guard let colon = line.firstIndex(of: UInt8(ascii: ":")) else { return nil }
    let name = line[..<colon].trimmed()
    guard !name.isEmpty, name.allSatisfy({ (33...126).contains($0) }) else { return nil }
    return (String(decoding: name, as: UTF8.self), Array(line[(colon + 1)...]))
  }
}
