/// The grammar of an answer (Replies, "What is meant"), without knowledge of what the numbers stand for.
///
/// ```
/// blocks = { target text | quoted-item text }        text runs to the next target or quotation
/// target = "#" N | N ":" SP | N ")" SP | N SP (emoji | verb)        at the start of a line
/// ```
struct Grammar {
  /// The numbers of the letter; empty where numbers mean nothing (mail about one thing, new mail).
  var numbers: ClosedRange<Int>?
  var language: ReplySettings.Language?

  /// Some words and the number that they are for.
  struct Block: Hashable {
    var number: Int?
    var text: String
    /// Written behind `>`: never an order.
    var isInsideQuotation = false
  }

  /// Cuts a piece of the author's words at its targets.
  func blocks(_ piece: AuthorsWords.Piece) throws(Puzzle) -> [Block] {
    var blocks: [(number: Int?, lines: [String])] = []
    for line in piece.lines {
      if !piece.isInsideQuotation, let target = try target(line) {
        blocks.append((target.number, [target.rest]))
      } else if blocks.isEmpty {
        blocks.append((piece.under, [line]))
      } else {
        blocks[blocks.count - 1].lines.append(line)
      }
    }
    return blocks.map { block in
      Block(
        number: block.number, text: block.lines.joined(separator: "\n").trimmingEmptyLines,
        isInsideQuotation: piece.isInsideQuotation)
    }
  }

  /// Why a line cannot be read.
  struct Puzzle: Error {
    var question: Question
  }

  /// The target at a line's start, and what follows it. A line that looks like one with a number that the letter has not is a puzzle.
  func target(_ line: String) throws(Puzzle) -> (number: Int, rest: String)? {
    guard let numbers else { return nil }
    let hasHash = line.first == "#"
    let digits = (hasHash ? line.dropFirst() : line[...]).prefix { $0.isASCII && $0.isNumber }
    guard (1...3).contains(digits.count), let number = Int(digits) else { return nil }
    let behind = line[digits.endIndex...]
    guard let rest = Self.rest(behind, hasHash: hasHash, isOrder: { isOrder($0) }) else {
      if let (verb, _) = Order.verb(atStartOf: behind.trimmingSpaces.lowercased(), language), verb.needsTarget,
        behind.first == " ", numbers.contains(number)
      {
        throw Puzzle(question: .unclearOrder(behind.trimmingSpaces))
      }
      return nil
    }
    guard numbers.contains(number) else { throw Puzzle(question: .unknownNumber(number)) }
    return (number, rest.trimmingSpaces)
  }

  /// What follows a number, if that makes it a target. The end of the line serves as the space, which programs trim.
  private static func rest(_ behind: Substring, hasHash: Bool, isOrder: (Substring) -> Bool) -> Substring? {
    func isSpace(_ text: Substring) -> Bool { text.first?.isWhitespace ?? true }
    if behind.first == ":" || behind.first == ")" {
      let rest = behind.dropFirst()
      return isSpace(rest) ? rest : nil
    }
    if hasHash { return isSpace(behind) ? behind : nil }
    guard behind.first == " " else { return nil }
    let rest = behind.drop { $0 == " " }
    guard let first = rest.first else { return nil }
    return Emoji.isEmoji(first) || isOrder(rest) ? rest : nil
  }

  private func isOrder(_ text: Substring) -> Bool { Order(text, language).map { $0.verb.needsTarget } ?? false }
}

extension String {
  /// Without empty lines at both ends.
  var trimmingEmptyLines: String {
    func isEmpty(_ line: Substring) -> Bool { line.allSatisfy(\.isWhitespace) }
    let lines = split(separator: "\n", omittingEmptySubsequences: false).drop(while: isEmpty)
    return lines.reversed().drop(while: isEmpty).reversed().joined(separator: "\n")
  }
}
