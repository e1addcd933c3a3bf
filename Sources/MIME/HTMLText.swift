internal import CLibXML2

/// The words of an HTML body as plain text: paragraphs and lines as a reader would see them, quotation behind `> `.
public enum HTMLText {
  /// Longer input is cut here before it is read, in bytes: markup of a person's letter is never so long.
  public static let limit = 2 << 20

  /// The text, with LF line ends. Scripts, styles, comments and what hides itself are left out; of pictures only emoji remain.
  public static func plain(_ html: String) -> String {
    let bytes = Array(html.replacingNUL.utf8.prefix(limit))
    let options = Int32(
      HTML_PARSE_RECOVER.rawValue | HTML_PARSE_NONET.rawValue | HTML_PARSE_NOERROR.rawValue | HTML_PARSE_NOWARNING.rawValue)
    let document = unsafe bytes.withUnsafeBytes { buffer in
      unsafe htmlReadMemory(
        buffer.baseAddress?.assumingMemoryBound(to: CChar.self), Int32(buffer.count), nil, "UTF-8", options)
    }
    guard let document = unsafe document else { return "" }
    defer { unsafe xmlFreeDoc(document) }
    guard let root = unsafe xmlDocGetRootElement(document) else { return "" }
    var walk = HTMLWalk()
    unsafe walk.walk(root)
    return walk.layout.finished()
  }
}

/// Goes through the tree without recursion: hostile markup nests a hundred thousand deep.
private struct HTMLWalk {
  var layout = TextLayout()

  mutating func walk(_ root: xmlNodePtr) {
    var node = unsafe root
    while true {
      let entered = unsafe enter(node)
      if entered, let child = unsafe node.pointee.children {
        unsafe node = child
        continue
      }
      if entered { unsafe leave(node) }
      while unsafe node != root, unsafe node.pointee.next == nil, let parent = unsafe node.pointee.parent {
        unsafe node = parent
        unsafe leave(node)
      }
      guard unsafe node != root, let next = unsafe node.pointee.next else { return }
      unsafe node = next
    }
  }

  /// Whether the node's children are to be seen, and ``leave(_:)`` called behind them.
  private mutating func enter(_ node: xmlNodePtr) -> Bool {
    if unsafe node.pointee.type == XML_TEXT_NODE || node.pointee.type == XML_CDATA_SECTION_NODE {
      if let content = unsafe node.pointee.content { unsafe layout.add(String(cString: content)) }
      return false
    }
    guard unsafe node.pointee.type == XML_ELEMENT_NODE else { return false }
    let name = unsafe Self.name(of: node)
    if TextLayout.invisible.contains(name) { return false }
    if let style = unsafe Self.attribute("style", of: node) {
      let compact = style.lowercased().filter { $0 != " " }
      if compact.contains("display:none") || compact.contains("visibility:hidden") { return false }
    }
    layout.open(name)
    if name == "img", let alternative = unsafe Self.attribute("alt", of: node), alternative.isEmoji { layout.add(alternative) }
    return true
  }

  private mutating func leave(_ node: xmlNodePtr) {
    unsafe layout.close(Self.name(of: node))
  }

  private static func name(of node: xmlNodePtr) -> String {
    guard let name = unsafe node.pointee.name else { return "" }
    return unsafe String(cString: name).lowercased()
  }

  private static func attribute(_ name: String, of node: xmlNodePtr) -> String? {
    var attribute = unsafe node.pointee.properties
    while let found = unsafe attribute {
      if unsafe String(cString: found.pointee.name).lowercased() == name {
        guard let content = unsafe found.pointee.children?.pointee.content else { return nil }
        return unsafe String(cString: content)
      }
      unsafe attribute = found.pointee.next
    }
    return nil
  }
}

extension String {
  /// Whether it is one to a few emoji and nothing else.
  fileprivate var isEmoji: Bool {
    !isEmpty && count <= 8
      && allSatisfy { character in
        character.unicodeScalars.contains { $0.properties.isEmojiPresentation || $0 == "\u{FE0F}" }
      }
  }
}
