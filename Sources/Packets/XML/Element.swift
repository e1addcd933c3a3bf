/// An element of one namespace as a value: what stands between XML bytes and a ``Packet``, both ways.
///
/// Elements and attributes of other namespaces are not in it, and of text only what stands directly in the element, as one
/// piece: no element of the protocol has both text and children.
struct Element: Hashable {
  struct Attribute: Hashable {
    var name: String
    var value: String
  }

  var name: String
  var attributes: [Attribute] = []
  var children: [Element] = []
  var text = ""

  /// An attribute's value, if it stands.
  subscript(name: String) -> String? { attributes.first { $0.name == name }?.value }

  /// The children of a name, in order.
  func all(_ name: String) -> [Element] { children.filter { $0.name == name } }
}

// MARK: What is read from a packet

extension Element {
  /// An attribute's value, read strictly.
  func value<Value>(_ attribute: String, _ read: (String) -> Value?) throws(PacketFailure) -> Value {
    guard let text = self[attribute], let value = read(text) else { throw .value(element: name, attribute: attribute) }
    return value
  }

  /// The value of an attribute that may be missing, but not malformed.
  func optional<Value>(_ attribute: String, _ read: (String) -> Value?) throws(PacketFailure) -> Value? {
    self[attribute] == nil ? nil : try value(attribute, read)
  }

  /// The element's text, read strictly.
  func content<Value>(_ read: (String) -> Value?) throws(PacketFailure) -> Value {
    guard let value = read(text) else { throw .value(element: name, attribute: nil) }
    return value
  }

  /// The first child of a name, which must stand.
  func child(_ name: String) throws(PacketFailure) -> Element {
    guard let child = children.first(where: { $0.name == name }) else { throw .misplaced(element: name) }
    return child
  }

  /// A decimal number without leading zeros, at most 2^53-1.
  func number(_ attribute: String) throws(PacketFailure) -> UInt64 { try value(attribute, Self.number) }

  static func number(_ text: String) -> UInt64? {
    guard text.utf8.allSatisfy((UInt8(ascii: "0")...UInt8(ascii: "9")).contains),
      text == "0" || text.utf8.first != UInt8(ascii: "0"),
      let number = UInt64(text), number <= PacketLimits.number
    else { return nil }
    return number
  }

  /// A name without white space in it; of values with it, XML would take parts away.
  static func token(_ text: String) -> String? {
    text.isEmpty || text.utf8.contains { [0x20, 0x09, 0x0a, 0x0d].contains($0) } ? nil : text
  }
}

// MARK: What is written

extension Element {
  init(_ name: String, _ attributes: KeyValuePairs<String, String?> = [:], text: String = "", children: [Element] = []) {
    self.name = name
    self.attributes = attributes.compactMap { name, value in value.map { Attribute(name: name, value: $0) } }
    self.children = children
    self.text = text
  }

  /// The document with this element as its root, in the one form that this program writes: the root's children on lines of
  /// their own, no other white space. The same element gives the same bytes.
  func document(namespace: String) -> [UInt8] {
    var bytes = Array("<\(name) xmlns=\"\(namespace)\"".utf8)
    Self.write(attributes, to: &bytes)
    bytes += ">\n".utf8
    for child in children {
      bytes += "  ".utf8
      child.write(to: &bytes)
      bytes += "\n".utf8
    }
    bytes += "</\(name)>".utf8
    return bytes
  }

  private func write(to bytes: inout [UInt8]) {
    bytes += "<\(name)".utf8
    Self.write(attributes, to: &bytes)
    guard !children.isEmpty || !text.isEmpty else {
      bytes += "/>".utf8
      return
    }
    bytes += ">".utf8
    Self.escape(text, to: &bytes)
    for child in children { child.write(to: &bytes) }
    bytes += "</\(name)>".utf8
  }

  private static func write(_ attributes: [Attribute], to bytes: inout [UInt8]) {
    for attribute in attributes {
      bytes += " \(attribute.name)=\"".utf8
      escape(attribute.value, to: &bytes, inAttribute: true)
      bytes += "\"".utf8
    }
  }

  /// Writes text so that a reader gets it back, without the characters that XML 1.0 has not, and with line ends as LF.
  private static func escape(_ text: String, to bytes: inout [UInt8], inAttribute: Bool = false) {
    var afterReturn = false
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": bytes += "&amp;".utf8
      case "<": bytes += "&lt;".utf8
      case ">": bytes += "&gt;".utf8
      case "\"" where inAttribute: bytes += "&quot;".utf8
      case "\t" where inAttribute: bytes += "&#9;".utf8
      case "\n" where afterReturn: break
      case "\n", "\r": bytes += (inAttribute ? "&#10;" : "\n").utf8
      case "\t", "\u{20}"..."\u{d7ff}", "\u{e000}"..."\u{fffd}", "\u{10000}"..."\u{10ffff}":  // XML 1.0 2.2
        bytes += UTF8.encode(scalar) ?? UTF8.encodedReplacementCharacter
      default: break
      }
      afterReturn = scalar == "\r"
    }
  }
}
