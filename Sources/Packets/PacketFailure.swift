/// Why a packet is refused. Nothing of a peer's text is repeated here, only names that the protocol itself has.
public enum PacketFailure: Error, Hashable, CustomStringConvertible {
  /// More than 256 KiB; write less, or spread it over several packets.
  case tooLarge(bytes: Int)
  /// A byte order mark, a zero byte, or bytes that are not UTF-8.
  case notText
  /// Contains `<!` or `<?`: document types, comments, CDATA and processing instructions have no place in a packet.
  case forbiddenMarkup
  /// More than 16 levels of elements.
  case tooDeep
  /// More than 10,000 elements.
  case tooManyElements
  /// More than 100 attributes and namespace declarations in one element.
  case tooManyAttributes
  /// More than 64 KiB of text directly in one element.
  case tooMuchText
  /// No well-formed XML with namespaces; the line where reading stopped.
  case notWellFormed(line: Int)
  /// The root element is not `packet` in the namespace `urn:socialnet:1`.
  case notAPacket
  /// An element of the packet (`action`: whichever it is) is missing, stands too often, or stands out of order.
  case misplaced(element: String)
  /// The schema refuses the action: its parts stand in another number or order, or it stands in a stream of another kind.
  case invalid(action: String)
  /// An attribute (or, where it is nil, an element's text) has a form or value that the protocol does not allow there.
  case value(element: String, attribute: String?)
  /// Only when signing: the packet names another author than the key's.
  case foreignAuthor
  /// The built-in schema could not be loaded: this copy of the program is broken; install it anew.
  case unready

  /// One sentence.
  public var description: String {
    switch self {
    case .tooLarge(let bytes): "the packet has \(bytes) bytes, and at most \(PacketLimits.bytes) are allowed"
    case .notText: "the packet is not plain UTF-8 without a byte order mark"
    case .forbiddenMarkup: "the packet contains <! or <?"
    case .tooDeep: "the packet has more than \(PacketLimits.levels) levels of elements"
    case .tooManyElements: "the packet has more than \(PacketLimits.elements) elements"
    case .tooManyAttributes: "an element of the packet has more than \(PacketLimits.attributes) attributes"
    case .tooMuchText: "an element of the packet holds more than \(PacketLimits.text) bytes of text"
    case .notWellFormed(let line): "the packet is not well-formed XML in line \(line)"
    case .notAPacket: "the document is not a packet of urn:socialnet:1"
    case .misplaced(let element): "the packet's element \(element) is missing, stands too often or stands out of order"
    case .invalid(let action): "the schema refuses the packet's \(action): the number or order of its parts, or its stream"
    case .value(let element, nil): "the text of the packet's element \(element) is malformed"
    case .value(let element, let attribute?):
      "the attribute \(attribute) of the packet's element \(element) is missing or malformed"
    case .foreignAuthor: "the packet names another author than the key that was to sign it"
    case .unready: "the built-in schema cannot be loaded; install the program anew"
    }
  }
}
