/// Lays out the words of HTML as lines: knows what breaks a line, what is a paragraph, what is quoted and what is listed.
struct TextLayout {
  private var lines: [String] = []
  private var line = ""
  /// Whether an empty line is wanted before the next words.
  private var gap = false
  private var lastDepth = 0
  private var quoteDepth = 0
  private var preformatted = 0
  private var lists: [(isOrdered: Bool, count: Int)] = []
  private var marker = ""
  /// Quotation and lists deeper than this are shown at this depth: a prefix must not grow with hostile nesting.
  private static let shownDepth = 16

  static let invisible: Set<String> = [
    "head", "script", "style", "title", "template", "noscript", "object", "iframe", "svg", "math", "select", "textarea",
  ]
  private static let paragraphs: Set<String> = [
    "p", "blockquote", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "ul", "ol", "dl", "pre", "table",
  ]
  private static let blocks: Set<String> = [
    "address", "article", "aside", "body", "caption", "center", "dd", "div", "dt", "fieldset", "figcaption", "figure", "footer",
    "form", "header", "html", "li", "main", "nav", "section", "tr",
  ]

  mutating func open(_ element: String) {
    border(of: element, outerLists: lists.count)
    switch element {
    case "br": emit()
    case "blockquote": quoteDepth += 1
    case "pre": preformatted += 1
    case "ul", "ol": lists.append((element == "ol", 0))
    case "li":
      guard let list = lists.indices.last else { break }
      lists[list].count += 1
      let indent = String(repeating: "  ", count: min(list, Self.shownDepth))
      marker = indent + (lists[list].isOrdered ? "\(lists[list].count). " : "- ")
    case "td", "th": add(" ")
    default: break
    }
  }

  mutating func close(_ element: String) {
    border(of: element, outerLists: lists.count - 1)
    switch element {
    case "blockquote": quoteDepth -= 1
    case "pre": preformatted -= 1
    case "ul", "ol": lists.removeLast()
    case "li": marker = ""
    default: break
    }
  }

  /// Where a block begins or ends, so does a line; around a paragraph one is left empty, unless it is an item's first or a list's.
  private mutating func border(of element: String, outerLists: Int) {
    let isParagraph = Self.paragraphs.contains(element)
    guard isParagraph || Self.blocks.contains(element) else { return }
    if !line.isEmpty { emit() }
    let isNestedList = (element == "ul" || element == "ol") && outerLists > 0
    if isParagraph, marker.isEmpty, !isNestedList { gap = true }
  }

  mutating func add(_ text: String) {
    for character in text.unicodeScalars {
      switch character {
      case "\r": continue
      case "\n" where preformatted > 0: emit()
      case " ", "\t", "\n", "\u{0C}":
        if preformatted > 0 { append(" ") } else if !line.isEmpty, line.last != " " { line.append(" ") }
      case "\u{A0}": append(" ")
      default: append(character)
      }
    }
  }

  private mutating func append(_ character: Unicode.Scalar) {
    if line.isEmpty {
      line = marker
      marker = ""
    }
    line.unicodeScalars.append(character)
  }

  /// Ends the line, be it empty.
  private mutating func emit() {
    if gap, !lines.isEmpty, lines.last != "" { put("", depth: min(lastDepth, quoteDepth)) }
    gap = false
    put(String(line.trimmingTrailingSpaces), depth: quoteDepth)
    line = ""
  }

  private mutating func put(_ text: String, depth: Int) {
    let quotes = String(repeating: "> ", count: min(depth, Self.shownDepth))
    lines.append(text.isEmpty ? String(quotes.dropLast()) : quotes + text)
    lastDepth = depth
  }

  /// The text, without empty lines at both ends.
  mutating func finished() -> String {
    if !line.isEmpty { emit() }
    while lines.last?.isEmpty == true { lines.removeLast() }
    return lines.drop { $0.isEmpty }.joined(separator: "\n")
  }
}
