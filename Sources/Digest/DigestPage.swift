internal import Feed
internal import Packets

/// How much of an edition is shown.
struct Measure {
  /// Items with their words, pictures and buttons.
  var whole = 10
  /// Everything else, a line each.
  var lines = 100
  /// Code points of an item's words.
  var words = 600
  /// In all.
  var thumbnails = 6

  /// The next smaller one, or nothing where it cannot become smaller.
  var smaller: Measure? {
    guard lines > 1 || whole > 1 else { return nil }
    var smaller = self
    if lines > 10 { smaller.lines = lines / 2 } else { (smaller.whole, smaller.words) = (max(1, whole / 2), max(100, words / 2)) }
    return smaller.whole == whole && smaller.lines == lines ? nil : smaller
  }
}

extension Page {
  /// The page of a digest: some things whole, the rest a line each.
  init(_ edition: Edition, _ measure: Measure, reader: Reader) {
    self.init(title: Self.summary(edition) + (edition.since == nil ? "." : ""))
    if let since = edition.since { subtitle = "since \(reader.local(since).spoken(at: reader.now))." }
    let example = min(2, edition.entries.count)
    hints = [
      .words("To answer, write under an item, or begin a line with its number:"),
      .examples(["\(example): lovely photo!", "\(example) ❤", "\(example) mute"]),
      .words("To post to all your friends, begin with post:"),
    ]
    var hidden = 0
    for (index, entry) in edition.entries.enumerated() {
      let number = index + 1
      if case .item(let story) = entry, sections.count < measure.whole {
        sections.append(reader.section(story, number: number, words: measure.words))
      } else if lines.count < measure.lines {
        lines.append(reader.line(entry, number: number))
      } else {
        hidden += 1
      }
    }
    linesTitle = sections.isEmpty ? nil : "Also:"
    if hidden > 0 { remainder = "And \(hidden) more; \"socialnet feed\" on your computer shows them." }
    orders = [.lessMail, .help]
    self = limited(thumbnails: measure.thumbnails)
  }

  /// `3 friends, 5 new things`.
  static func summary(_ edition: Edition) -> String {
    let friends = Set(
      edition.entries.compactMap { entry in
        switch entry {
        case .item(let story): story.item.author.author
        case .profile(let person, _): person.author
        case .request: nil
        }
      })
    let things = "\(edition.entries.count) new thing\(edition.entries.count == 1 ? "" : "s")"
    return friends.isEmpty ? things : "\(friends.count) friend\(friends.count == 1 ? "" : "s"), \(things)"
  }
}

extension Page.Order {
  static let lessMail = Page.Order(purpose: "Less mail", says: "pause 7d")
  static let help = Page.Order(purpose: "Help", says: "help")
}

/// Who reads, and when: turns the feed's values into words for that person.
struct Reader {
  var recipient: Recipient
  /// The letter's date.
  var now: LocalTime

  init(_ recipient: Recipient, now: Instant) {
    self.recipient = recipient
    self.now = LocalTime(now, in: recipient.zone)
  }

  func local(_ moment: Instant) -> LocalTime { LocalTime(moment, in: recipient.zone) }

  /// An item with everything that can be done to it.
  func section(_ story: Story, number: Int?, words limit: Int) -> Page.Section {
    let item = story.item
    let (words, isCut) = Harmless.beginning(of: item.words, scalars: limit)
    var paragraphs = Harmless.paragraphs(words)
    if isCut {
      let more = "… (more: socialnet show \(item.id.text.prefix(8)))"
      if let last = paragraphs.indices.last { paragraphs[last] += " " + more } else { paragraphs = [more] }
    }
    return Page.Section(
      number: number, who: name(item), colour: item.author.author.key.first.map(Int.init), what: "\(kind(story)), \(time(item))",
      paragraphs: paragraphs, photos: photos(story), tally: tally(item),
      buttons: item.held ? [] : [.like(number), .comment(number), .mute(number)])
  }

  /// Anything on one line.
  func line(_ entry: Edition.Entry, number: Int) -> Page.Line {
    switch entry {
    case .item(let story):
      let words = Harmless.excerpt(story.item.words, scalars: 80)
      let what = "\(name(story.item)), \(kind(story)), \(time(story.item))"
      return Page.Line(number: number, text: words.isEmpty ? what : "\(what): \(words)")
    case .request(let request):
      return Page.Line(
        number: number,
        text: "\(Harmless.line(request.person.name)) wants to connect: \"\(number) accept\" or \"\(number) decline\"",
        buttons: [.accept(number), .decline(number)])
    case .profile(let person, _):
      return Page.Line(number: number, text: "\(Harmless.line(person.name)) has a new profile")
    }
  }

  /// `Anna Berg`, or `Ben, says Anna` where Ben is no contact.
  private func name(_ item: FeedItem) -> String {
    let name = Harmless.line(item.author.name)
    return item.introducedBy.map { "\(name), says \(Harmless.line($0))" } ?? name
  }

  /// `status`, `3 photos`, `on your photo "Sunset over …"`.
  func kind(_ story: Story) -> String {
    let item = story.item
    if item.held { return "needs a newer version" }
    switch item.kind {
    case .status: return "status"
    case .photo: return item.photos.count > 1 ? "\(item.photos.count) photos" : "photo"
    case .message: return "message"
    case .share:
      let whose = item.shared.map { $0.author.author == recipient.author ? "your post" : "a post" } ?? "a post"
      return "shares \(whose)"
    case .held: return "needs a newer version"
    case .comment: return story.root.map { "on \(post($0))" } ?? "comment"
    }
  }

  /// `your photo "Sunset over the harbour."`.
  func post(_ root: FeedItem) -> String {
    let whose = root.author.author == recipient.author ? "your" : "\(Harmless.line(root.author.name))'s"
    let words = Harmless.excerpt(root.text, scalars: 40)
    return "\(whose) \(root.kind == .photo ? "photo" : "post")" + (words.isEmpty ? "" : " \"\(words)\"")
  }

  /// An author's clock may run ahead: nothing is shown as made after it came.
  private func time(_ item: FeedItem) -> String { local(min(item.created, item.received)).brief(at: now) }

  private func photos(_ story: Story) -> [Page.Photo] {
    story.item.photos.indices.map { index in
      let says = story.item.photos[index].alternative.map { Harmless.excerpt($0, scalars: 120) } ?? ""
      return Page.Photo(says: says, thumbnail: index < story.thumbnails.count ? story.thumbnails[index] : nil)
    }
  }

  /// `2 comments, ❤ Ben and Eva`; nothing where there is nothing to count.
  private func tally(_ item: FeedItem) -> String? {
    var said: [String] = []
    if item.comments > 0 { said.append("\(item.comments) comment\(item.comments == 1 ? "" : "s")") }
    for (emoji, names) in reactions(item) { said.append("\(emoji) \(several(names))") }
    return said.isEmpty ? nil : said.joined(separator: ", ")
  }

  /// One heart for all forms of it: programs differ in whether they write the variation selector (U+FE0F).
  private func reactions(_ item: FeedItem) -> [(emoji: String, names: [String])] {
    var sums: [(emoji: String, names: [String])] = []
    for reaction in item.reactions {
      let plain = String(String.UnicodeScalarView(reaction.emoji.unicodeScalars.filter { $0 != "\u{fe0f}" }))
      let emoji = Harmless.excerpt(plain, scalars: 16)
      let names = reaction.by.map(Harmless.line)
      if let known = sums.firstIndex(where: { $0.emoji == emoji }) {
        sums[known].names += names.filter { !sums[known].names.contains($0) }
      } else {
        sums.append((emoji, names))
      }
    }
    return sums
  }

  private func several(_ names: [String]) -> String {
    switch names.count {
    case 0...1: names.first ?? ""
    case 2...3: names.dropLast().joined(separator: ", ") + " and " + (names.last ?? "")
    default: names.prefix(2).joined(separator: ", ") + " and \(names.count - 2) others"
    }
  }
}
