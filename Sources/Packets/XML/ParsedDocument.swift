internal import CLibXML2

/// A well-formed document, as libxml2 holds it. Nothing is ever fetched, and no entity is ever replaced but XML's own five.
///
/// Safe to use: the pointer leads to memory of this value alone, which frees it.
@safe
struct ParsedDocument: ~Copyable {
  private let document: xmlDocPtr

  /// Parses; what the document may hold was checked before (``PacketLimits``).
  init(_ bytes: [UInt8]) throws(PacketFailure) {
    guard let context = unsafe xmlNewParserCtxt() else { throw .unready }
    defer { unsafe xmlFreeParserCtxt(context) }
    let options = XML_PARSE_NONET.rawValue | XML_PARSE_NOERROR.rawValue | XML_PARSE_NOWARNING.rawValue
    let parsed = unsafe bytes.withUnsafeBytes { bytes in
      unsafe xmlCtxtReadMemory(
        context, bytes.bindMemory(to: CChar.self).baseAddress, Int32(clamping: bytes.count), nil, "UTF-8", Int32(options))
    }
    let line = unsafe Int(xmlCtxtGetLastError(context)?.pointee.line ?? 0)
    guard let parsed = unsafe parsed else { throw .notWellFormed(line: line) }
    guard unsafe context.pointee.nsWellFormed == 1 else {
      unsafe xmlFreeDoc(parsed)
      throw .notWellFormed(line: line)
    }
    unsafe document = parsed
  }

  deinit { unsafe xmlFreeDoc(document) }

  /// The root with everything of a namespace below it; nothing where the root itself is of another one.
  func root(namespace: String) throws(PacketFailure) -> Element? {
    guard let root = unsafe xmlDocGetRootElement(document) else { return nil }
    return try unsafe Self.element(of: root, namespace: namespace)
  }

  /// Whether the schema allows the document.
  func isAllowed(by schema: Schema) throws(PacketFailure) -> Bool { try unsafe schema.allows(document) }

  private static func element(of node: xmlNodePtr, namespace: String) throws(PacketFailure) -> Element? {
    let isOurs = unsafe node.pointee.ns.map { unsafe string($0.pointee.href) } == namespace
    var element = unsafe Element(name: string(node.pointee.name))
    var next = unsafe node.pointee.children
    while let child = unsafe next {
      switch unsafe child.pointee.type {
      case XML_ELEMENT_NODE:
        if let child = try unsafe Self.element(of: child, namespace: namespace) { element.children.append(child) }
      case XML_TEXT_NODE: unsafe element.text += string(child.pointee.content)
      default: break  // Comments and the like were refused before; the schema itself has some.
      }
      unsafe next = child.pointee.next
    }
    guard element.text.utf8.count <= PacketLimits.text else { throw .tooMuchText }
    guard isOurs else { return nil }
    unsafe element.attributes = attributes(of: node)
    return element
  }

  private static func attributes(of node: xmlNodePtr) -> [Element.Attribute] {
    var attributes: [Element.Attribute] = []
    var next = unsafe node.pointee.properties
    while let attribute = unsafe next {
      if unsafe attribute.pointee.ns == nil {
        var value = ""
        var piece = unsafe attribute.pointee.children
        while let text = unsafe piece {
          unsafe value += string(text.pointee.content)
          unsafe piece = text.pointee.next
        }
        unsafe attributes.append(Element.Attribute(name: string(attribute.pointee.name), value: value))
      }
      unsafe next = attribute.pointee.next
    }
    return attributes
  }

  private static func string(_ text: UnsafePointer<xmlChar>?) -> String {
    guard let text = unsafe text else { return "" }
    return unsafe String(cString: text)
  }
}
