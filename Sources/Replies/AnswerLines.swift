internal import Feed

/// The lines of an answer, each compared with what was sent.
struct AnswerLines {
  struct Line {
    /// As it stands.
    var raw: String
    /// How many `>` stand before it.
    var depth: Int
    /// Without them.
    var content: String
    /// Of the content, for comparison.
    var words: Range<Int>
    /// Whether the letter's token was in it, in the reference line or in the target of a link.
    var hasToken: Bool
    /// Whether all of its words were sent.
    var isCovered = false
    /// Its longest row of words, as it was sent.
    var row = 0..<0
    /// Whether the line is exactly one passage of what was sent.
    var isPassage = false
    var verdict = Verdict.open

    var isBlank: Bool { content.allSatisfy(\.isWhitespace) }
  }

  /// What a line was found to be.
  enum Verdict: Equatable {
    /// Not looked at yet.
    case open
    /// The author's.
    case own
    /// Stands in the letter; what it is about.
    case quoted(Int?)
    /// Belongs to the quotation and has no place in it: a button, a picture, the target of a link.
    case surrounding
    /// Said by the mail program: who wrote when, or whose telephone it is.
    case program
    /// Could be either.
    case doubtful
  }

  var lines: [Line] = []
  let words: [String]
  let sent: SentWords?
  /// For each word of the answer, the word that was sent.
  let places: [Int?]

  init(_ text: String, letter: SentLetter?) {
    var words: [String] = []
    for raw in text.split(separator: "\n", omittingEmptySubsequences: false) {
      let (depth, quoted) = Self.unquoted(raw)
      let content = letter.map { Self.without($0.token, quoted) } ?? quoted
      let hasToken = content != quoted
      let lineWords = Words.normalised(content)
      lines.append(
        Line(
          raw: depth == 0 ? content : String(raw), depth: depth, content: content,
          words: words.count..<words.count + lineWords.count,
          hasToken: hasToken, verdict: Self.isSurrounding(raw, content, hasToken) ? .surrounding : .open))
      words += lineWords
    }
    self.words = words
    sent = letter.map(SentWords.init)
    places = Self.compare(words, sent)
    for index in lines.indices { lines[index].find(places, sent) }
  }

  /// `>> words` and `> > words` are both two levels deep.
  private static func unquoted(_ raw: Substring) -> (depth: Int, content: String) {
    var depth = 0
    var rest = raw
    while true {
      let next = rest.first == " " && depth > 0 ? rest.dropFirst() : rest
      guard next.first == ">" else { break }
      depth += 1
      rest = next.dropFirst()
    }
    if depth > 0, rest.first == " " { rest = rest.dropFirst() }
    return (depth, String(rest))
  }

  /// Nobody writes a token by hand. What it stands in is taken out, not the line: some programs drop line ends from the words of a
  /// link, and the reference follows the answer at once.
  private static func without(_ token: LetterToken, _ content: String) -> String {
    guard content.contains(token.text) else { return content }
    return content.replacing("ref \(token.text)", with: "")
      .split(separator: " ", omittingEmptySubsequences: false).filter { !$0.contains(token.text) }.joined(separator: " ")
  }

  /// Whether a line is nothing but what programs put in place of pictures and links, or the reference.
  private static func isSurrounding(_ raw: Substring, _ content: String, _ hasToken: Bool) -> Bool {
    let rest = Words.withoutInsertions(content)
    return (hasToken || rest != content) && rest.allSatisfy(\.isWhitespace)
  }

  private static func compare(_ words: [String], _ sent: SentWords?) -> [Int?] {
    var places = [Int?](repeating: nil, count: words.count)
    guard let sent else { return places }
    var next = 0
    var expected = 0
    while next < words.count {
      guard let row = sent.longestRow(words[next...], expected: expected) else {
        next += 1
        continue
      }
      for (offset, place) in row.enumerated() { places[next + offset] = place }
      if row.count > 1, row.upperBound <= sent.endOfOrder { expected = row.upperBound }
      next += row.count
    }
    return places
  }
}

extension AnswerLines.Line {
  fileprivate mutating func find(_ places: [Int?], _ sent: SentWords?) {
    guard let sent, !words.isEmpty else { return }
    isCovered = places[words].allSatisfy { $0 != nil }
    var current = 0..<0
    for place in places[words] {
      guard let place else {
        current = 0..<0
        continue
      }
      current = !current.isEmpty && current.upperBound == place ? current.lowerBound..<place + 1 : place..<place + 1
      if current.count > row.count { row = current }
    }
    isPassage = row.count == words.count && sent.isWholePassage(row)
  }
}
