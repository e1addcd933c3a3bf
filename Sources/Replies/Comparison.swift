internal import Feed

// Which lines of an answer are quotation. The bridge knows exactly what it sent, so this is a comparison; how lines look only decides
// how much must agree. In doubt a line is the author's, or is asked about: words are neither thrown away nor published on a guess.

extension AnswerLines {
  /// Words of a line in a row that are no coincidence.
  private static let sureRow = 3
  /// Words that lines without `>` must have in common with what was sent, in a row of lines.
  private static let sureChain = 8
  /// Words that may be missing between two lines of one quotation: buttons, names of pictures.
  private static let smallGap = 12

  /// Gives every line a verdict that has none yet.
  mutating func judge(quotesAreSecret: Bool) {
    if let sent {
      for index in lines.indices where lines[index].verdict == .open {
        if isButton(index, sent) { lines[index].verdict = .surrounding } else if isAnchor(lines[index]) { quote(index, sent) }
      }
      judgeUnmarkedChains(sent)
      judgeFollowers(sent)
      judgeInitials()
      judgeSigns(sent)
      judgeMarked(sent)
    }
    for index in lines.indices where lines[index].verdict == .open && !lines[index].isBlank {
      lines[index].verdict = quotesAreSecret && lines[index].depth > 0 ? .quoted(nil) : .own
    }
  }

  /// Lines that are quotation whatever stands around them.
  private func isAnchor(_ line: Line) -> Bool {
    guard line.isCovered else { return false }
    if line.depth > 0 { return line.row.count >= Self.sureRow || line.isPassage && line.words.count > 1 }
    return line.row.count >= Self.sureRow && Self.beginsWithMarker(line.content)
  }

  /// `[#2] …`: nobody writes it so by hand.
  private static func beginsWithMarker(_ content: String) -> Bool {
    guard content.hasPrefix("[#"), let close = content.firstIndex(of: "]") else { return false }
    return Int(content[..<close].dropFirst(2)) != nil
  }

  private mutating func quote(_ index: Int, _ sent: SentWords) {
    let row = lines[index].row
    lines[index].verdict = row.lowerBound >= sent.endOfOrder ? .surrounding : .quoted(row.last.flatMap { sent.words[$0].number })
  }

  // MARK: Lines without `>`, as Outlook quotes

  private mutating func judgeUnmarkedChains(_ sent: SentWords) {
    var chain: [Int] = []
    for index in lines.indices {
      let line = lines[index]
      if line.words.isEmpty { continue }
      let fits = line.depth == 0 && line.isCovered && (line.row.count == line.words.count || line.row.count >= Self.sureRow)
      if line.verdict == .program || !fits || !follows(line, chain, sent) {
        accept(chain, sent)
        chain = []
      }
      if fits, line.verdict != .program { chain.append(index) }
    }
    accept(chain, sent)
  }

  /// Whether a line goes on where the chain ends. What stands only in the HTML is in no order, and may stand between.
  private func follows(_ line: Line, _ chain: [Int], _ sent: SentWords) -> Bool {
    guard !isOnlyInHTML(line, sent), let last = chain.last(where: { !isOnlyInHTML(lines[$0], sent) }) else { return true }
    let end = lines[last].row.upperBound
    return (end...end + Self.smallGap).contains(line.row.lowerBound)
  }

  private func isOnlyInHTML(_ line: Line, _ sent: SentWords) -> Bool { line.row.lowerBound >= sent.endOfOrder && line.isPassage }

  /// A button's label with its link behind it, or on the next line.
  private func isButton(_ index: Int, _ sent: SentWords) -> Bool {
    let hasLink = lines[index].hasToken || index + 1 < lines.count && lines[index + 1].hasToken
    return hasLink && lines[index].isCovered && lines[index].row.lowerBound >= sent.endOfOrder
  }

  private mutating func accept(_ chain: [Int], _ sent: SentWords) {
    func isSureEdge(_ index: Int) -> Bool {
      !isOnlyInHTML(lines[index], sent) && (lines[index].row.count >= Self.sureRow || lines[index].isPassage)
    }
    guard let first = chain.firstIndex(where: isSureEdge), let last = chain.lastIndex(where: isSureEdge) else { return }
    let sure = chain[first...last]
    let common = sure.reduce(0) { isOnlyInHTML(lines[$1], sent) ? $0 : $0 + lines[$1].words.count }
    let hasAnchor = sure.contains { lines[$0].verdict != .open }
    guard common >= Self.sureChain, sure.count > 1 || lines[chain[first]].isPassage || hasAnchor else { return }
    for index in sure where lines[index].verdict == .open { quote(index, sent) }
  }

  /// Lines without `>` right behind a quoted one: the second half of a line that was wrapped, or a row of buttons.
  private mutating func judgeFollowers(_ sent: SentWords) {
    var previous: Int?
    for index in lines.indices where !lines[index].isBlank {
      defer { previous = index }
      let line = lines[index]
      guard let previous, case .quoted = lines[previous].verdict, line.verdict == .open, line.depth == 0 else { continue }
      let isSecondHalf =
        previous == index - 1 && line.isCovered && line.row.count == line.words.count
        && line.row.lowerBound == lines[previous].row.upperBound
      if isSecondHalf || isOnlyInHTML(line, sent) && line.words.count > 1 { quote(index, sent) }
    }
  }

  /// The letter in the circle beside a name, which programs put on a line of its own before the name.
  private mutating func judgeInitials() {
    for index in lines.indices where lines[index].verdict == .open {
      let initial = lines[index].content.trimmingSpaces
      guard initial.count == 1, let next = lines[(index + 1)...].first(where: { !$0.isBlank }), case .quoted = next.verdict else {
        continue
      }
      let name = Self.beginsWithMarker(next.content) ? next.content.drop { $0 != " " }.dropFirst() : next.content[...]
      if name.uppercased().hasPrefix(initial) { lines[index].verdict = .surrounding }
    }
  }

  /// Lines without words, which cannot be found by their words: a friend's `:-)`, right behind the line that it follows in the letter.
  private mutating func judgeSigns(_ sent: SentWords) {
    var row = 0..<0
    for index in lines.indices where !lines[index].isBlank {
      if case .quoted = lines[index].verdict { row = lines[index].row }
      guard lines[index].verdict == .open else { continue }
      if lines[index].words.isEmpty, sent.hasSigns(lines[index].content.trimmingSpaces, after: row) {
        lines[index].verdict = .surrounding
      } else if lines[index].depth == 0 {
        row = 0..<0
      }
    }
  }

  // MARK: Lines behind `>` that are not plainly quotation

  /// Some programs let the author write inside the quotation, and some change what they quote. If nothing of the letter is missing where
  /// the line stands, it is the author's; if it resembles what is missing, it is quotation.
  private mutating func judgeMarked(_ sent: SentWords) {
    let anchors = lines.indices.filter { index in
      if case .quoted = lines[index].verdict {
        !lines[index].row.isEmpty && lines[index].row.upperBound <= sent.endOfOrder
      } else {
        false
      }
    }
    guard !anchors.isEmpty else { return }
    for index in lines.indices where lines[index].verdict == .open && lines[index].depth > 0 && !lines[index].isBlank {
      let line = lines[index]
      let before = anchors.last { $0 < index }
      let after = anchors.first { $0 > index }
      let start = before.map { lines[$0].row.upperBound } ?? 0
      let end = after.map { lines[$0].row.lowerBound } ?? sent.endOfOrder
      let missing = start <= end ? start..<end : 0..<sent.endOfOrder
      let number = before.flatMap { lines[$0].verdict.number }
      if isOnlyInHTML(line, sent) {
        lines[index].verdict = .surrounding
        continue
      }
      switch resemblance(of: line, to: missing) {
      case ..<0.2: lines[index].verdict = .own
      case 0.5...: lines[index].verdict = .quoted(number)
      default: lines[index].verdict = .doubtful
      }
    }
  }

  /// The share of a line's words that stand in the missing part next to a neighbour of theirs.
  private func resemblance(of line: Line, to missing: Range<Int>) -> Double {
    guard !line.words.isEmpty else { return 0 }
    let found = line.words.filter { word in
      guard let place = places[word], missing.contains(place) else { return false }
      if line.words.count == 1 { return true }
      let before = word > line.words.lowerBound ? places[word - 1] : nil
      let after = word + 1 < line.words.upperBound ? places[word + 1] : nil
      return before == place - 1 || after == place + 1
    }
    return Double(found.count) / Double(line.words.count)
  }
}

extension AnswerLines {
  /// The author's lines that stand among quoted ones, behind `>` like them.
  var insideQuotation: Set<Int> {
    var inside: Set<Int> = []
    for block in lines.indices.split(whereSeparator: { lines[$0].depth == 0 }) {
      let isQuotation = block.contains { if case .quoted = lines[$0].verdict { true } else { false } }
      if isQuotation { inside.formUnion(block.filter { lines[$0].verdict == .own }) }
    }
    return inside
  }
}

extension AnswerLines.Verdict {
  /// What a quoted line is about.
  var number: Int? {
    if case .quoted(let number) = self { number } else { nil }
  }
}
