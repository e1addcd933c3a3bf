internal import Feed

/// A page as plain text: one line a paragraph, to be wrapped by `format=flowed`.
struct TextForm {
  private(set) var passages: [SentLetter.Passage] = []

  init(_ page: Page, token: String) {
    add([page.title, page.subtitle].filter { !$0.isEmpty }.joined(separator: " "))
    if !page.hints.isEmpty { addBlank() }
    for hint in page.hints {
      switch hint {
      case .words(let words): add(words)
      case .examples(let examples): add("  " + examples.joined(separator: "      "))
      }
    }
    for section in page.sections { add(section) }
    if !page.lines.isEmpty { addBlank() }
    if !page.lines.isEmpty, let title = page.linesTitle { add(title) }
    for line in page.lines { add(Page.marker(line.number) + line.text, line.number) }
    if let remainder = page.remainder { add(remainder) }
    addBlank()
    if !page.orders.isEmpty { add(page.orders.map { "\($0.purpose): reply \"\($0.says)\"" }.joined(separator: "   ")) }
    add(Page.reference(token))
  }

  /// The text before wrapping; LF line ends.
  var text: String { passages.map { $0.text + "\n" }.joined() }

  private mutating func add(_ section: Page.Section) {
    addBlank()
    let heading = [section.who, section.what].filter { !$0.isEmpty }.joined(separator: ", ")
    if !heading.isEmpty { add(Page.marker(section.number) + heading, section.number) }
    for paragraph in section.paragraphs { add(paragraph, section.number) }
    for photo in section.photos { add("[photo\(photo.says.isEmpty ? "" : ": ")\(photo.says)]", section.number) }
    if let tally = section.tally { add("   " + tally, section.number) }
  }

  private mutating func add(_ text: String, _ number: Int? = nil) {
    passages.append(SentLetter.Passage(number: number, text: text))
  }

  private mutating func addBlank() { add("") }
}
