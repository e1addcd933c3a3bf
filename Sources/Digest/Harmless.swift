/// Makes what others say fit to be shown: nothing in it controls the terminal, turns the direction of the lines around it, buries
/// them under accents, or looks like one of the letter's own marks.
enum Harmless {
  /// Marks on one letter that are kept; no script needs more, and a pile of them covers the neighbours.
  private static let marksOnALetter = 4

  /// Words as paragraphs, without empty ones at the ends and without two in a row.
  static func paragraphs(_ text: String) -> [String] {
    var paragraphs: [String] = []
    for line in cleaned(text).split(separator: "\n", omittingEmptySubsequences: false) {
      let paragraph = withoutOurMarks(line)
      if paragraph.isEmpty, paragraphs.last?.isEmpty != false { continue }
      paragraphs.append(paragraph)
    }
    if paragraphs.last?.isEmpty == true { paragraphs.removeLast() }
    return paragraphs
  }

  /// Words on one line: a name, what stands for a picture.
  static func line(_ text: String) -> String {
    paragraphs(text).joined(separator: " ").split(separator: " ").joined(separator: " ")
  }

  /// The beginning of some words on one line, cut between words.
  static func excerpt(_ text: String, scalars: Int) -> String {
    let whole = line(text)
    let (beginning, isCut) = Harmless.beginning(of: whole, scalars: scalars)
    return isCut ? beginning + "…" : whole
  }

  /// As much as fits, cut between words if there are any, else between characters. Counted in code points, because one character
  /// may be made of any number of them.
  static func beginning(of text: String, scalars limit: Int) -> (text: String, isCut: Bool) {
    guard text.unicodeScalars.count > limit else { return (text, false) }
    var count = 0
    let fitting = text.prefix { character in
      count += character.unicodeScalars.count
      return count <= limit
    }
    let atWord = fitting.lastIndex(where: \.isWhitespace).map { fitting[..<$0] } ?? fitting
    return (atWord.trimmedEnd, true)
  }

  /// Without what must not be shown; every line end is LF, and tabs are spaces.
  private static func cleaned(_ text: String) -> String {
    var scalars = String.UnicodeScalarView()
    var marks = 0
    var previous: Unicode.Scalar?
    for scalar in text.unicodeScalars {
      defer { previous = scalar }
      marks = isMark(scalar) ? marks + 1 : 0
      switch scalar {
      case "\n" where previous == "\r": continue
      case "\n", "\r", "\u{85}", "\u{2028}", "\u{2029}": scalars.append("\n")
      case "\t": scalars.append(" ")
      default: if marks <= marksOnALetter, !isHidden(scalar) { scalars.append(scalar) }
      }
    }
    return String(scalars)
  }

  private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    [.nonspacingMark, .enclosingMark].contains(scalar.properties.generalCategory)
  }

  private static func isHidden(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x061c, 0x202a...0x202e, 0x2066...0x2069: true  // turn the direction of writing (UAX 9)
    case 0x200b, 0x2060, 0xfeff, 0xfff9...0xfffb: true  // have no width; U+200C and U+200D stay, writing and emoji need them
    default: scalar.properties.generalCategory == .control
    }
  }

  /// `[#2]` would begin a thing of the letter, and `-- ` on a line would end it in every mail program.
  private static func withoutOurMarks(_ line: some StringProtocol) -> String {
    line.split(separator: " ", omittingEmptySubsequences: false)
      .map { $0 == "--" ? "–" : String($0).replacing("[#", with: "[ #") }
      .joined(separator: " ")
      .trimmedEnd
  }
}

extension StringProtocol {
  /// Without white space at the end.
  var trimmedEnd: String { String(reversed().drop(while: \.isWhitespace).reversed()) }
}
