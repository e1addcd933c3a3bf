/// What stands in a letter, before it becomes text and HTML: both say the same words in the same order, because an answer may quote
/// either.
struct Page {
  /// The first words, large in HTML.
  var title: String
  /// Goes on where the title ends.
  var subtitle = ""
  /// How to answer.
  var hints: [Hint] = []
  /// Things shown whole.
  var sections: [Section] = []
  /// Stands above the lines.
  var linesTitle: String?
  /// Things shown as a line each.
  var lines: [Line] = []
  /// What is said behind the lines.
  var remainder: String?
  /// Orders that can always be given, with the words for it.
  var orders: [Order] = []

  /// One thing, shown whole.
  struct Section {
    var number: Int?
    /// Who says it.
    var who: String
    /// Chooses the colour beside the name; none where the letter itself speaks.
    var colour: Int?
    /// Follows the name: `status, Sat 14:05`.
    var what: String
    var paragraphs: [String]
    var photos: [Photo] = []
    /// A smaller line: `2 comments, ❤ Ben`.
    var tally: String?
    var buttons: [Button] = []
  }

  /// One thing in a line.
  struct Line {
    var number: Int?
    var text: String
    var buttons: [Button] = []
  }

  /// A picture; without a thumbnail only said.
  struct Photo {
    var says: String
    var thumbnail: Thumbnail?
  }

  /// How to answer.
  enum Hint {
    case words(String)
    case examples([String])
  }

  /// `Less mail: reply "pause 7d"`.
  struct Order {
    var purpose: String
    var says: String
  }
}

extension Page {
  /// Whether numbers are shown: `[#1]`.
  static func marker(_ number: Int?) -> String { number.map { "[#\($0)] " } ?? "" }

  /// The reference line of a letter.
  static func reference(_ token: String) -> String { "ref \(token)" }

  /// A copy with at most so many thumbnails; the photographs behind them are only said.
  func limited(thumbnails limit: Int) -> Page {
    var page = self
    var left = limit
    for section in page.sections.indices {
      for photo in page.sections[section].photos.indices where page.sections[section].photos[photo].thumbnail != nil {
        left -= 1
        if left < 0 { page.sections[section].photos[photo].thumbnail = nil }
      }
    }
    return page
  }
}
