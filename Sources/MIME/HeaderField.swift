/// A header field to be written: folded, encoded, and free of anything that would begin another header.
public struct HeaderField: Hashable, Sendable {
  /// As it will stand.
  public let name: String
  /// The words of the value. A line may be broken before each of them.
  private let words: [String]

  private init(_ name: String, words: [String]) throws(WritingFailure) {
    guard !name.isEmpty, name.utf8.allSatisfy({ (33...126).contains($0) && $0 != UInt8(ascii: ":") }) else {
      throw .badHeader(name: name, reason: "a name is printable ASCII without a colon")
    }
    self.name = name
    self.words = words
  }

  /// Words for people: Subject. What is not ASCII, or too long for a line, becomes encoded words (RFC 2047).
  public init(_ name: String, text: String) throws(WritingFailure) {
    try Self.refuseControls(text, in: name)
    let isPlain = text.utf8.allSatisfy { $0 < 128 } && !text.contains("=?") && !text.hasPrefix(" ") && !text.hasSuffix(" ")
    let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    guard isPlain, words.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 900 }) else {
      try self.init(name, words: text.isEmpty ? [] : EncodedWord.encode(text))
      return
    }
    try self.init(name, words: words)
  }

  /// Tokens for programs, ASCII only; a line may be broken at every single space.
  public init(_ name: String, tokens: String) throws(WritingFailure) {
    try Self.refuseControls(tokens, in: name)
    let words = tokens.split(separator: " ").map(String.init)
    guard tokens.utf8.allSatisfy({ $0 < 128 }) else { throw .badHeader(name: name, reason: "tokens are ASCII") }
    guard words.allSatisfy({ $0.utf8.count <= 900 }) else {
      throw .badHeader(name: name, reason: "a word is too long for a line")
    }
    try self.init(name, words: words)
  }

  /// From, To, Reply-To.
  public init(_ name: String, _ addresses: [Address]) throws(WritingFailure) {
    var words: [String] = []
    for (index, address) in addresses.enumerated() {
      try Self.refuseControls(address.name ?? "", in: name)
      guard address.text.utf8.allSatisfy({ (33...126).contains($0) }), address.text.utf8.count <= 900 else {
        throw .badHeader(name: name, reason: "an address is at most 900 characters of ASCII")
      }
      let comma = index < addresses.count - 1 ? "," : ""
      guard let shown = address.name, !shown.isEmpty else {
        words.append(address.text + comma)
        continue
      }
      words += Self.phrase(shown) + ["<\(address.text)>\(comma)"]
    }
    try self.init(name, words: words)
  }

  /// Date, in seconds since 1970.
  public init(_ name: String, date seconds: Int64) throws(WritingFailure) {
    try self.init(name, words: MailDate.text(seconds).split(separator: " ").map(String.init))
  }

  /// Message-ID, In-Reply-To, References: ids without their angle brackets.
  public init(_ name: String, ids: [String]) throws(WritingFailure) {
    for id in ids where id.contains(where: { "<> \t".contains($0) }) {
      throw .badHeader(name: name, reason: "an id has brackets or white space")
    }
    try self.init(name, tokens: ids.map { "<\($0)>" }.joined(separator: " "))
  }

  /// Content-Type and Content-Disposition: a value with parameters, quoted where they must be.
  init(_ name: String, _ value: String, _ parameters: [ContentType.Parameter]) throws(WritingFailure) {
    var words = [value]
    for parameter in parameters {
      try Self.refuseControls(parameter.value, in: name)
      guard parameter.value.utf8.allSatisfy({ $0 < 128 }), parameter.value.utf8.count <= 800 else {
        throw .badHeader(name: name, reason: "a parameter is at most 800 characters of ASCII")
      }
      words[words.count - 1] += ";"
      words.append("\(parameter.name)=\(Self.isToken(parameter.value) ? parameter.value : Self.quoted(parameter.value))")
    }
    try self.init(name, words: words)
  }

  /// The field with its line end: lines of at most 78 characters where the words allow it, 998 in any case (RFC 5322 2.1.1).
  public var bytes: [UInt8] {
    var text = "\(name):"
    var column = text.utf8.count
    for (index, word) in words.enumerated() {
      let length = word.utf8.count + 1
      if index > 0, column + length > 78 {
        text += "\r\n"
        column = 0
      }
      text += " " + word
      column += length
    }
    return Array((text + "\r\n").utf8)
  }

  /// A name before an address: words of one kind if it is plain, a quoted string, or encoded words.
  private static func phrase(_ name: String) -> [String] {
    guard name.utf8.allSatisfy({ $0 < 128 }), name.utf8.count <= 200, !name.contains("=?") else {
      return EncodedWord.encode(name)
    }
    return [quoted(name)]
  }

  private static func quoted(_ text: String) -> String {
    "\"" + text.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") + "\""
  }

  /// RFC 2045 5.1
  private static func isToken(_ text: String) -> Bool {
    !text.isEmpty && text.utf8.allSatisfy { (33...126).contains($0) && !"()<>@,;:\\\"/[]?=".utf8.contains($0) }
  }

  private static func refuseControls(_ text: String, in name: String) throws(WritingFailure) {
    guard !text.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) else {
      throw .badHeader(name: name, reason: "a line break or control character would begin another header")
    }
  }
}

/// Words beyond ASCII in a header (RFC 2047).
enum EncodedWord {
  /// Encoded words of at most 64 characters, which decode to the text when joined. None breaks a character.
  static func encode(_ text: String) -> [String] {
    var words: [String] = []
    var pending: [UInt8] = []
    // 39 bytes are 52 characters, with `=?utf-8?b?` and `?=` 64: short enough to stand behind a header's name.
    for scalar in text.unicodeScalars {
      let bytes = Array(String(scalar).utf8)
      if pending.count + bytes.count > 39 {
        words.append(word(pending))
        pending = []
      }
      pending += bytes
    }
    return words + [word(pending)]
  }

  private static func word(_ bytes: [UInt8]) -> String { "=?utf-8?b?\(String(decoding: Base64.line(bytes), as: UTF8.self))?=" }
}
