/// What the schema allows where: one for each path of element names from `packet` on, all patterns of that path taken together.
///
/// This is how the open schema comes from the strict one: a reader first takes away what no pattern allows in that place, and
/// what remains must match the strict schema.
struct Place: Hashable {
  private(set) var attributes: Set<String> = []
  private(set) var children: [String: Place] = [:]
  private(set) var allowsText = false
  /// The journal: everything below is its writer's business.
  private(set) var allowsAnything = false

  /// The place of the element `packet`, from a RELAX NG grammar in XML.
  static func packet(of grammar: Element) throws(PacketFailure) -> Place {
    var definitions: [String: [Element]] = [:]
    for define in grammar.all("define") { definitions[define["name"] ?? "", default: []] += define.children }
    let start = Place(grammar.all("start").flatMap(\.children), definitions)
    guard let packet = start.children["packet"] else { throw .unready }
    return packet
  }

  private init(_ patterns: [Element], _ definitions: [String: [Element]]) {
    var below: [String: [Element]] = [:]
    var waiting = patterns
    while let pattern = waiting.popLast() {
      switch pattern.name {
      case "element":
        if let name = pattern["name"] { below[name, default: []] += pattern.children } else { allowsAnything = true }
      case "attribute": if let name = pattern["name"] { attributes.insert(name) }
      case "text", "data", "value": allowsText = true
      case "ref": waiting += definitions[pattern["name"] ?? ""] ?? []
      default: waiting += pattern.children  // group, choice, optional, zeroOrMore, oneOrMore; `empty` has none
      }
    }
    children = below.mapValues { Place($0, definitions) }
  }

  /// The element without what is not allowed in this place.
  func pruned(_ element: Element) -> Element {
    var pruned = element
    pruned.attributes.removeAll { !attributes.contains($0.name) }
    if !allowsText { pruned.text = "" }
    if !allowsAnything {
      pruned.children = element.children.compactMap { child in children[child.name]?.pruned(child) }
    }
    return pruned
  }
}
