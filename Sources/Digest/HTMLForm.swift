internal import Feed
internal import Mustache
internal import Packets

/// A page as HTML: one column, no remote content, every word of the text form and the buttons.
struct HTMLForm {
  let html: String
  /// The thumbnails that the HTML shows, in order; the first is `cid:photo-1.…`.
  let thumbnails: [Thumbnail]
  /// What stands in the HTML and not in the text.
  let passages: [SentLetter.Passage]

  init(_ page: Page, _ template: MustacheTemplate, recipient: Recipient, subject: String, token: LetterToken) {
    let reference = Page.reference(token.text)
    func links(_ buttons: [Button]) -> [View.Link] {
      buttons.map { View.Link(label: $0.label, target: recipient.link($0, subject: subject, reference: reference)) }
    }
    var thumbnails: [Thumbnail] = []
    let sections = page.sections.map { section in
      View.Section(section, links: links(section.buttons)) { thumbnail in
        thumbnails.append(thumbnail)
        return Self.contentID(thumbnails.count, token, recipient)
      }
    }
    let view = View(
      subject: Markup(subject), title: Markup(page.title), subtitle: page.subtitle.isEmpty ? nil : Markup(page.subtitle),
      hints: page.hints.map(View.Hint.init),
      sections: sections,
      list: page.lines.isEmpty && page.remainder == nil
        ? nil
        : View.List(
          title: page.linesTitle,
          lines: page.lines.map { line in
            View.Line(marker: Markup(Page.marker(line.number)), text: Markup(line.text), links: links(line.buttons))
          },
          remainder: page.remainder.map { Markup($0) }),
      orders: page.orders.map { order in
        View.Order(
          purpose: Markup(order.purpose), says: Markup(order.says),
          target: Markup(recipient.link(Button(label: "", says: order.says), subject: subject, reference: reference)))
      },
      reference: Markup(reference))
    html = template.render(view)
    self.thumbnails = thumbnails
    passages =
      page.sections.flatMap { section in Self.onlyInHTML(section.number, section.initial, section.buttons) }
      + page.lines.flatMap { line in Self.onlyInHTML(line.number, "", line.buttons) }
  }

  /// The name of the picture with this number in the letter.
  static func contentID(_ number: Int, _ token: LetterToken, _ recipient: Recipient) -> String {
    "photo-\(number).\(token.text)@\(recipient.domain)"
  }

  private static func onlyInHTML(_ number: Int?, _ initial: String, _ buttons: [Button]) -> [SentLetter.Passage] {
    [initial, buttons.map(\.label).joined(separator: " ")]
      .filter { !$0.isEmpty }
      .map { SentLetter.Passage(number: number, text: $0) }
  }
}

/// Text with everything escaped that HTML could take for its own.
///
/// By code points, unlike Mustache's own escaping: to that, a quotation mark with an accent on it is another character, and a friend's
/// words could leave the attribute that they stand in.
struct Markup: CustomStringConvertible {
  let description: String

  init(_ text: String) {
    var escaped = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped.append(contentsOf: "&amp;".unicodeScalars)
      case "<": escaped.append(contentsOf: "&lt;".unicodeScalars)
      case ">": escaped.append(contentsOf: "&gt;".unicodeScalars)
      case "\"": escaped.append(contentsOf: "&quot;".unicodeScalars)
      case "'": escaped.append(contentsOf: "&#39;".unicodeScalars)
      default: escaped.append(scalar)
      }
    }
    description = String(escaped)
  }

  /// Lines below each other.
  init(lines: some Sequence<String>) { description = lines.map { Markup($0).description }.joined(separator: "<br>") }
}

extension Page.Section {
  /// The letter in the circle beside the name.
  var initial: String { colour == nil ? "" : String(who.prefix(1)).uppercased() }
}

/// What the template reads, by these names. Each name stands at one level only, because Mustache looks for a missing one further out.
private struct View {
  var subject: Markup
  var title: Markup
  var subtitle: Markup?
  var hints: [Hint]
  var sections: [Section]
  var list: List?
  var orders: [Order]
  var reference: Markup

  struct Hint {
    var words: Markup?
    var examples: [Markup]

    init(_ hint: Page.Hint) {
      switch hint {
      case .words(let words): (self.words, examples) = (Markup(words), [])
      case .examples(let examples): (words, self.examples) = (nil, examples.map(Markup.init))
      }
    }
  }

  struct Section {
    var head: Head?
    var paragraphs: [Paragraph]
    var large: Photo?
    var rows: [Row]
    var said: [Markup]
    var tally: Markup?
    var bar: Bar?

    init(_ section: Page.Section, links: [Link], contentID: (Thumbnail) -> String) {
      head = section.who.isEmpty ? nil : Head(section)
      paragraphs = section.paragraphs.split(separator: "").map { Paragraph(paragraph: Markup(lines: $0)) }
      let shown = section.photos.compactMap { photo in photo.thumbnail.map { Photo(photo.says, $0, contentID($0)) } }
      large = shown.count == 1 ? shown.first : nil
      rows = shown.count == 1 ? [] : stride(from: 0, to: shown.count, by: 2).map { Row(photos: Array(shown[$0...].prefix(2))) }
      said = section.photos.filter { $0.thumbnail == nil }.map { Markup("[photo\($0.says.isEmpty ? "" : ": ")\($0.says)]") }
      tally = section.tally.map { Markup($0) }
      bar = links.isEmpty ? nil : Bar(buttons: links)
    }
  }

  struct Head {
    var portrait: Portrait?
    var sectionMarker: Markup
    var who: Markup
    var what: Markup

    init(_ section: Page.Section) {
      portrait = section.colour.map { Portrait(initial: Markup(section.initial), colour: Palette.colour($0)) }
      sectionMarker = Markup(Page.marker(section.number))
      who = Markup(section.who)
      what = Markup(section.what)
    }
  }

  struct Bar { var buttons: [Link] }

  struct Paragraph { var paragraph: Markup }
  struct Row { var photos: [Photo] }
  struct Portrait {
    var initial: Markup
    var colour: String
  }

  struct Photo {
    var name: Markup
    var says: Markup
    var width: Int
    var height: Int

    init(_ says: String, _ thumbnail: Thumbnail, _ contentID: String) {
      name = Markup(contentID)
      self.says = Markup(says.isEmpty ? "photo" : "photo: \(says)")
      // As wide as the column, if the picture is; a narrow one is not blown up.
      let column = 552
      width = min(column, max(1, thumbnail.width))
      height = max(1, thumbnail.height) * width / max(1, thumbnail.width)
    }
  }

  struct Link {
    var label: Markup
    var target: Markup
    var heart: Bool

    init(label: String, target: String) {
      heart = label == "❤"
      self.label = Markup(label)
      self.target = Markup(target)
    }
  }

  struct List {
    var above: Markup?
    var lines: [Line]
    var remainder: Markup?

    init(title: String?, lines: [Line], remainder: Markup?) {
      above = title.map { Markup($0) }
      self.lines = lines
      self.remainder = remainder
    }
  }

  struct Line {
    var lineMarker: Markup
    var line: Markup
    var actions: [Link]

    init(marker: Markup, text: Markup, links: [Link]) {
      lineMarker = marker
      line = text
      actions = links
    }
  }

  struct Order {
    var purpose: Markup
    var order: Markup
    var destination: Markup

    init(purpose: Markup, says: Markup, target: Markup) {
      self.purpose = purpose
      order = says
      destination = target
    }
  }
}

/// Colours for the circle beside a name: white letters are readable on each, in light and dark.
enum Palette {
  private static let colours = [
    "#b0413e", "#a8590b", "#7a6a00", "#3c7a3c", "#157a75", "#2a6db0", "#5a5fc7", "#8e4bb0", "#b03a7a", "#6b6259",
  ]

  static func colour(_ number: Int) -> String { colours[abs(number % colours.count)] }
}
