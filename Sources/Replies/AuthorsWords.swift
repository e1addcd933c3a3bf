internal import Feed

/// What the author wrote, in pieces between what is quoted.
struct AuthorsWords {
  struct Piece {
    /// Lines as written, without empty ones at both ends.
    var lines: [String]
    /// The number of the thing that is quoted directly above.
    var under: Int?
    /// Written behind `>`, as some programs have it: words, never an order.
    var isInsideQuotation: Bool

    var text: String { lines.joined(separator: "\n") }
  }

  /// None of them empty.
  private(set) var pieces: [Piece] = []
  /// What was taken out, in order, one string a run of lines.
  private(set) var cut: [String] = []
  /// Whether some line could be the author's or a quotation.
  private(set) var isDoubtful = false

  /// All that the author wrote.
  var text: String { pieces.map(\.text).joined(separator: "\n\n") }

  /// - Parameters:
  ///   - letter: what was answered; none for a new mail, in which nothing is quotation but what mail programs write.
  ///   - names: how the bridge and the user's addresses stand in attributions, lower case.
  ///   - quotesAreSecret: nothing quoted may be published, recognised or not: the mail came encrypted.
  init(_ text: String, letter: SentLetter?, names: Set<String>, quotesAreSecret: Bool = false) {
    var answer = AnswerLines(text, letter: letter)
    answer.findAttributions(names: names)
    answer.judge(quotesAreSecret: quotesAreSecret)
    let inside = answer.insideQuotation
    var own: [AnswerLines.Line] = []
    var isInside = false
    var taken: [String] = []
    var under: Int?
    for (index, line) in answer.lines.enumerated() {
      switch line.verdict {
      case .own, .open:
        if !line.isBlank { cutOff(&taken) }
        if line.verdict == .own, isInside != inside.contains(index) {
          finish(&own, under, isInside)
          isInside = inside.contains(index)
        }
        if !own.isEmpty || !line.isBlank { own.append(line) }
      case .quoted, .program, .surrounding, .doubtful:
        finish(&own, under, isInside)
        switch line.verdict {
        case .doubtful: isDoubtful = true
        case .surrounding: break
        default: under = line.verdict.number
        }
        taken.append(line.raw)
      }
    }
    cutOff(&taken)
    finish(&own, under, isInside)
  }

  private mutating func finish(_ own: inout [AnswerLines.Line], _ under: Int?, _ isInside: Bool) {
    // A sign `>` without words is an empty line of the quotation that follows; elsewhere the sign is the author's too.
    let lines = own.map { $0.isBlank ? "" : isInside ? $0.content : $0.raw }
    own = []
    let start = Signature.start(in: lines)
    let signature = lines[start...].joined(separator: "\n")
    if !signature.allSatisfy(\.isWhitespace) { cut.append(signature) }
    var words = lines[..<start]
    while let last = words.last, last.allSatisfy(\.isWhitespace) { words.removeLast() }
    if !words.isEmpty {
      pieces.append(Piece(lines: words.map(\.withoutTrailingSpaces), under: under, isInsideQuotation: isInside))
    }
  }

  private mutating func cutOff(_ lines: inout [String]) {
    if !lines.isEmpty { cut.append(lines.joined(separator: "\n")) }
    lines = []
  }
}

extension String {
  fileprivate var withoutTrailingSpaces: String {
    var text = self
    while text.last?.isWhitespace == true { text.removeLast() }
    return text
  }
}
