/// An entity's header fields in the order in which they stand. Names are compared without case.
public struct Headers: Sendable, RandomAccessCollection {
  private let fields: [Header]

  /// These fields.
  public init(_ fields: [Header]) { self.fields = fields }

  /// The first field's index.
  public var startIndex: Int { fields.startIndex }
  /// The index behind the last field.
  public var endIndex: Int { fields.endIndex }
  /// The field that stands at this place.
  public subscript(position: Int) -> Header { fields[position] }

  /// All fields of a name, in order.
  public func all(_ name: String) -> [Header] {
    let name = name.lowercased()
    return fields.filter { $0.name.lowercased() == name }
  }

  /// How often a name stands.
  public func count(of name: String) -> Int { all(name).count }

  /// The first field of a name.
  public func first(_ name: String) -> Header? {
    let name = name.lowercased()
    return fields.first { $0.name.lowercased() == name }
  }

  /// The field of a name that stands exactly once; nothing where it is missing or doubled.
  public func only(_ name: String) -> Header? {
    let found = all(name)
    return found.count == 1 ? found.first : nil
  }
}

/// One header field as it stands in the message.
public struct Header: Hashable, Sendable {
  /// As written, without the white space that may stand before the colon.
  public let name: String
  /// Everything behind the colon, without the last line end.
  public let rawValue: [UInt8]

  /// A field of these bytes.
  public init(name: String, rawValue: [UInt8]) {
    self.name = name
    self.rawValue = rawValue
  }

  /// The value on one line, without white space around it. Bytes that are not UTF-8, and NUL, become U+FFFD.
  public var unfolded: String {
    let line = rawValue.filter { $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\n") }
    return String(decoding: line.trimmed(), as: UTF8.self).replacingNUL
  }

  /// ``unfolded`` with encoded words decoded (RFC 2047): for people, never for decisions.
  public var decoded: String { GMime.decodedText(unfolded) }

  /// What stands before the first `;`, comment or white space, in lower case: the keyword of Auto-Submitted (RFC 3834 5),
  /// Precedence, Content-Transfer-Encoding.
  public var keyword: String {
    var scanner = ValueScanner(unfolded)
    scanner.skipSpaceAndComments()
    return scanner.token().lowercased()
  }
}

extension Collection where Element == UInt8 {
  /// Without spaces and tabs at both ends.
  func trimmed() -> [UInt8] {
    func isSpace(_ byte: UInt8) -> Bool { byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t") }
    var bytes = Array(drop(while: isSpace))
    while let last = bytes.last, isSpace(last) { bytes.removeLast() }
    return bytes
  }
}
