/// A packet's document with the action still as an element.
struct Envelope {
  static let namespace = "urn:socialnet:1"

  var root: Element
  var id: PacketID
  var author: Author
  var created: Instant
  var stream: Packet.Stream?
  var requires: [String]
  /// Nothing only where the version is newer.
  var action: Element?
  var fallback: String?
  var isNewer: Bool

  /// Reads what is judged of every packet, and of packets of version 1.0 the order of the parts.
  init(_ root: Element) throws(PacketFailure) {
    guard root.name == "packet" else { throw .notAPacket }
    self.root = root
    isNewer = try root.value("version", Self.isNewer)
    id = try root.value("id") { PacketID(text: $0) }
    author = try root.value("author") { Author(text: $0) }
    created = try root.value("created") { Instant(text: $0) }
    let envelope: Set = ["stream", "requires", "fallback"]
    let actions = root.children.filter { !envelope.contains($0.name) }
    let streams = root.all("stream")
    action = actions.first
    fallback = root.all("fallback").first?.text
    requires = []
    guard streams.count <= 1 else { throw .misplaced(element: "stream") }
    stream = try streams.first.map { element throws(PacketFailure) in
      try Self.stream(element, ofRequest: actions.first?.name == "contact-request")
    }
    if isNewer { return }
    try checkOrder(actions)
    requires = try root.all("requires").map { element throws(PacketFailure) in try element.value("feature", Element.token) }
  }

  /// `stream?, requires*`, exactly one action, `fallback?`.
  private func checkOrder(_ actions: [Element]) throws(PacketFailure) {
    guard actions.count == 1 else { throw .misplaced(element: "action") }
    let rank = ["stream": 0, "requires": 1, "fallback": 3]
    var previous = 0
    for child in root.children {
      let this = rank[child.name] ?? 2
      guard this >= previous else { throw .misplaced(element: rank[child.name] == nil ? "action" : child.name) }
      previous = this
    }
    guard root.all("fallback").count <= 1 else { throw .misplaced(element: "fallback") }
  }

  /// Number 0 belongs to the contact-request, which is always to somebody; every other number is from 1 on.
  private static func stream(_ element: Element, ofRequest isRequest: Bool) throws(PacketFailure) -> Packet.Stream {
    let sequence = try element.number("sequence")
    guard (sequence == 0) == isRequest else { throw .value(element: "stream", attribute: "sequence") }
    let id = try element.value("id") { StreamID(text: $0) }
    let to = try element.optional("to") { Author(text: $0) }
    guard to != nil || !isRequest else { throw .value(element: "stream", attribute: "to") }
    return Packet.Stream(id: id, sequence: sequence, to: to)
  }

  /// Whether a version is higher than 1.0, by (major, minor); nothing where it is no version, or lower.
  private static func isNewer(_ version: String) -> Bool? {
    let parts = version.split(separator: ".", omittingEmptySubsequences: false).map { Element.number(String($0)) }
    guard parts.count == 2, let major = parts[0], let minor = parts[1], major >= 1 else { return nil }
    return (major, minor) > (1, 0)
  }
}

extension Packet {
  /// Reads the action of an envelope.
  init(_ envelope: Envelope, _ element: Element) throws(PacketFailure) {
    self.init(
      id: envelope.id, author: envelope.author, created: envelope.created, stream: envelope.stream, requires: envelope.requires,
      action: try Action(element), fallback: envelope.fallback)
  }

  /// The packet as the root of its document.
  var element: Element {
    var children: [Element] = []
    if let stream {
      children.append(Element("stream", ["id": stream.id.text, "sequence": String(stream.sequence), "to": stream.to?.text]))
    }
    children += requires.map { Element("requires", ["feature": $0]) }
    children.append(action.element)
    if let fallback { children.append(Element("fallback", text: fallback)) }
    return Element(
      "packet", ["version": "1.0", "id": id.text, "author": author.text, "created": created.text], children: children)
  }
}
