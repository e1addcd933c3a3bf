public import FoundationEssentials

/// A message or a part to be written: deterministic in all, CRLF line ends, lines of at most 998 bytes.
///
/// Nothing is invented here: the caller brings dates, ids and boundaries.
public struct Entity: Sendable {
  /// All but those that ``content`` brings along: Content-Type and Content-Transfer-Encoding.
  public var headers: [HeaderField]
  /// Its media type; a multipart's boundary is added.
  public var contentType: ContentType
  /// The body.
  public var content: Content

  /// A body and how it is encoded.
  public enum Content: Sendable {
    /// Text as UTF-8: 7bit where it is ASCII in short lines, else quoted-printable.
    case text(String)
    /// Bytes as base64.
    case bytes([UInt8])
    /// A file's bytes as base64, read while writing.
    case file(URL)
    /// Lines as they are, CRLF ended, 7bit: the writer is called while writing and hands them on.
    case lines(@Sendable ((borrowing [UInt8]) throws(WritingFailure) -> Void) throws(WritingFailure) -> Void)
    /// Parts between boundaries. A boundary that begins with `=_` stands in no base64 and no quoted-printable.
    case parts([Entity], boundary: String)
  }

  /// An entity.
  public init(_ headers: [HeaderField] = [], _ contentType: ContentType, _ content: Content) {
    self.headers = headers
    self.contentType = contentType
    self.content = content
  }

  /// The whole in memory.
  public func bytes() throws(WritingFailure) -> [UInt8] {
    var whole: [UInt8] = []
    try write { piece throws(WritingFailure) in whole += copy piece }
    return whole
  }

  /// Hands the whole to `sink` in pieces. A sink's own troubles are ``WritingFailure/sink(reason:)``.
  public func write(to sink: (borrowing [UInt8]) throws(WritingFailure) -> Void) throws(WritingFailure) {
    var type = contentType
    if case .parts(_, let boundary) = content { type.parameters.append(.init("boundary", boundary)) }
    var block: [UInt8] = headers.flatMap(\.bytes)
    block += try HeaderField("Content-Type", type.mediaType, type.parameters).bytes
    if let encoding { block += try HeaderField("Content-Transfer-Encoding", tokens: encoding).bytes }
    try sink(block + crlf)
    switch content {
    case .text(let text):
      try sink(isPlain(text) ? text.lines.flatMap { Array($0.utf8) + crlf } : QuotedPrintable.encode(text))
    case .bytes(let bytes): try sink(Base64.lines(bytes[...]))
    case .file(let file): try writeFile(file, to: sink)
    case .lines(let writer): try writer(sink)
    case .parts(let parts, let boundary):
      for part in parts {
        try sink(Array("--\(boundary)\r\n".utf8))
        try part.write(to: sink)
        try sink(crlf)
      }
      try sink(Array("--\(boundary)--\r\n".utf8))
    }
  }

  private var encoding: String? {
    switch content {
    case .text(let text): isPlain(text) ? "7bit" : "quoted-printable"
    case .bytes, .file: "base64"
    case .lines, .parts: nil
    }
  }

  private func isPlain(_ text: String) -> Bool {
    text.utf8.allSatisfy { (32...126).contains($0) || $0 == 9 || $0 == 10 }
      && text.lines.allSatisfy { $0.utf8.count <= 78 && !$0.hasPrefix("From ") && $0 != "." }
  }

  private func writeFile(_ file: URL, to sink: (borrowing [UInt8]) throws(WritingFailure) -> Void) throws(WritingFailure) {
    func reading<Value>(_ read: () throws(MessageFailure) -> Value) throws(WritingFailure) -> Value {
      do { return try read() } catch { throw .unreadable(file.lastPathComponent, reason: error.description) }
    }
    let source = try reading { () throws(MessageFailure) in try Source(file: file) }
    // Whole lines at a time, so that the pieces join to one body.
    let step = Base64.lineLength << 10
    for offset in stride(from: 0, to: source.size, by: step) {
      let piece = try reading { () throws(MessageFailure) in try source.read(at: offset, count: step) }
      try sink(Base64.lines(piece[...]))
    }
  }
}

/// Why a message is not written.
public enum WritingFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// A header would not be one header: a mistake of the caller or a value from outside.
  case badHeader(name: String, reason: String)
  /// A file to be enclosed cannot be read.
  case unreadable(String, reason: String)
  /// What takes the bytes could not.
  case sink(reason: String)

  /// One sentence.
  public var description: String {
    switch self {
    case .badHeader(let name, let reason): "The header \(name) cannot be written: \(reason)."
    case .unreadable(let file, let reason): "\(file) cannot be enclosed: \(reason)"
    case .sink(let reason): "The message cannot be written: \(reason)."
    }
  }
}
