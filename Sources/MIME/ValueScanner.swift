/// Reads the pieces that structured header values are made of (RFC 5322 3.2).
struct ValueScanner {
  private var rest: Substring.UTF8View

  init(_ value: String) { rest = value[...].utf8 }

  var isAtEnd: Bool { rest.isEmpty }

  /// Comments may nest; one that does not end swallows the rest.
  mutating func skipSpaceAndComments() {
    var depth = 0
    while let byte = rest.first {
      switch byte {
      case UInt8(ascii: "("): depth += 1
      case UInt8(ascii: ")") where depth > 0: depth -= 1
      case UInt8(ascii: "\\") where depth > 0: rest = rest.dropFirst()
      case UInt8(ascii: " "), UInt8(ascii: "\t"): break
      default: if depth == 0 { return }
      }
      rest = rest.dropFirst()
    }
  }

  /// Takes one character if it stands here.
  mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard let byte = rest.first, UInt32(byte) == character.value else { return false }
    rest = rest.dropFirst()
    return true
  }

  /// Takes everything up to a space or one of these characters, or nothing.
  mutating func token(until ends: String = ";=(),<>\"") -> String {
    let token = rest.prefix { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") && !ends.utf8.contains($0) }
    rest = rest[token.endIndex...]
    return String(Substring(token))
  }

  /// Takes a quoted string or a token; nothing where neither stands or the quotes do not end.
  mutating func value(until ends: String = ";=(),<>\"") -> String? {
    guard take("\"") else {
      let token = token(until: ends)
      return token.isEmpty ? nil : token
    }
    var bytes: [UInt8] = []
    while let byte = rest.first {
      rest = rest.dropFirst()
      if byte == UInt8(ascii: "\"") { return String(decoding: bytes, as: UTF8.self) }
      if byte == UInt8(ascii: "\\"), let escaped = rest.first {
        rest = rest.dropFirst()
        bytes.append(escaped)
      } else {
        bytes.append(byte)
      }
    }
    return nil
  }

  /// Takes everything before the next character of this kind, and that character; nothing where none follows.
  mutating func text(before character: Character) -> String? {
    guard let ascii = character.asciiValue, let end = rest.firstIndex(of: ascii) else { return nil }
    defer { rest = rest[rest.index(after: end)...] }
    return String(Substring(rest[..<end]))
  }

  /// Goes on behind the next character of this kind outside quotes and comments; false where none follows.
  mutating func skip(past character: Unicode.Scalar) -> Bool {
    while !isAtEnd {
      skipSpaceAndComments()
      if take(character) { return true }
      if rest.first == UInt8(ascii: "\"") { _ = value() } else { rest = rest.dropFirst() }
    }
    return false
  }
}
