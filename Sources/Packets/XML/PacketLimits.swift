/// How much a packet may hold. What can be counted without an XML parser is counted before one sees the bytes.
enum PacketLimits {
  /// Of the whole document.
  static let bytes = 256 * 1024
  /// Of elements inside each other, `packet` being the first.
  static let levels = 16
  /// In the whole document.
  static let elements = 10_000
  /// In one element, namespace declarations included: libxml2 compares each with all others, and 28,000 keep it busy for six
  /// seconds.
  static let attributes = 100
  /// Bytes of UTF-8 directly in one element.
  static let text = 64 * 1024
  /// The greatest number that every language's numbers hold exactly, 2^53-1.
  static let number: UInt64 = 9_007_199_254_740_991

  /// Refuses bytes that no XML parser should see. Passing says nothing about being well-formed.
  static func check(_ document: [UInt8]) throws(PacketFailure) {
    guard document.count <= bytes else { throw .tooLarge(bytes: document.count) }
    guard !document.starts(with: [0xef, 0xbb, 0xbf]), !document.contains(0) else { throw .notText }
    guard String(validating: document, as: UTF8.self) != nil else { throw .notText }
    for (index, byte) in document.enumerated() where byte == UInt8(ascii: "<") && index + 1 < document.count {
      let next = document[index + 1]
      guard next != UInt8(ascii: "!"), next != UInt8(ascii: "?") else { throw .forbiddenMarkup }
    }
    var count = TagCount()
    for byte in document { try count.take(byte) }
  }
}

/// Counts levels, elements and attributes, byte for byte. In a document without `<!` and `<?` every `<` begins a tag, and a
/// tag ends with the first `>` outside quotes; where that is not so, the parser stops at the same place.
private struct TagCount {
  private enum State {
    case text, tagBegins, closingTag, openingTag(quote: UInt8?)
  }
  private var state = State.text
  private var levels = 0
  private var elements = 0
  private var attributes = 0
  private var previous: UInt8 = 0

  mutating func take(_ byte: UInt8) throws(PacketFailure) {
    switch state {
    case .text:
      if byte == UInt8(ascii: "<") { state = .tagBegins }
    case .tagBegins:
      if byte == UInt8(ascii: "/") {
        state = .closingTag
        levels = max(0, levels - 1)
      } else {
        state = .openingTag(quote: nil)
        try open()
      }
    case .closingTag:
      if byte == UInt8(ascii: ">") { state = .text }
    case .openingTag(quote: nil):
      try takeInTag(byte)
    case .openingTag(quote: let quote?):
      if byte == quote { state = .openingTag(quote: nil) }
    }
    previous = byte
  }

  private mutating func open() throws(PacketFailure) {
    (levels, elements, attributes) = (levels + 1, elements + 1, 0)
    guard levels <= PacketLimits.levels else { throw .tooDeep }
    guard elements <= PacketLimits.elements else { throw .tooManyElements }
  }

  private mutating func takeInTag(_ byte: UInt8) throws(PacketFailure) {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "'"): state = .openingTag(quote: byte)
    case UInt8(ascii: "="):
      attributes += 1
      guard attributes <= PacketLimits.attributes else { throw .tooManyAttributes }
    case UInt8(ascii: ">"):
      state = .text
      if previous == UInt8(ascii: "/") { levels -= 1 }
    default: break
    }
  }
}
