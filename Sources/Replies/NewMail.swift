internal import Feed
internal import MIME
internal import Packets

/// A mail that answers nothing: a post, if it was written as one.
struct NewMail {
  let words: AuthorsWords
  let pictures: [Part]
  let subject: String
  /// Filed in the bridge's folder for posts, or sent to the bridge's own address. Otherwise only the subject says so.
  let isToBridge: Bool
  /// In-Reply-To or References stand in it.
  let isAnswer: Bool
  let settings: ReplySettings
  let now: Instant

  private static let answerPrefixes: Set<String> = ["re", "aw", "antw", "sv", "ref"]
  private static let forwardPrefixes: Set<String> = ["fwd", "fw", "wg", "tr", "rv", "enc", "i", "vs"]
  private static let forwardMarks = [
    "forwarded message", "weitergeleitete nachricht", "weitergeleiteten nachricht", "message transféré", "message réexpédié",
    "messaggio inoltrato", "mensaje reenviado", "doorgestuurd bericht",
  ]

  /// What the subject says: `post`, or `Post: title`; nothing where it is another.
  static func posting(subject: String, _ settings: ReplySettings) -> Posting? {
    let subject = subject.trimmingSpaces
    guard let posting = Posting(subject.lowercased() == "post" ? "post:" : subject) else { return nil }
    return posting.circle.map { settings.circle($0) == nil } == true ? nil : posting
  }

  func outcome() throws(Grammar.Puzzle) -> Meaning.Outcome {
    guard words.text.utf8.count <= Meaning.longestWords else { throw Grammar.Puzzle(question: .tooLong) }
    let titled = Self.posting(subject: subject, settings)
    let prefix = subject.prefix { $0 != ":" }.lowercased().trimmingSpaces
    if Self.forwardPrefixes.contains(prefix) && subject.contains(":") || isForwarded {
      throw Grammar.Puzzle(question: .forwarded)
    }
    if titled == nil, isAnswer || Self.answerPrefixes.contains(prefix) && subject.contains(":") {
      throw Grammar.Puzzle(question: .unknownLetter)
    }
    if titled == nil, let order { return try outcome(of: order) }
    guard var posting = Posting(words.text) ?? Posting("post:" + words.text) else { throw Grammar.Puzzle(question: .empty) }
    if let titled {
      posting.text = [titled.text, posting.text].filter { !$0.isEmpty }.joined(separator: "\n\n")
      posting.circle = posting.circle ?? titled.circle
    }
    return .wishes([try posting.said(settings, pictures: pictures)])
  }

  private var order: Order? {
    guard words.pieces.count == 1, let piece = words.pieces.first, piece.lines.count == 1 else { return nil }
    return Order(piece.text, settings.language)
  }

  private func outcome(of order: Order) throws(Grammar.Puzzle) -> Meaning.Outcome {
    switch order.verb {
    case .help: return .help
    case .pause:
      return .wishes([Answer.Said(wish: .pause(until: now.adding(seconds: order.duration ?? 7 * 86_400)), pictures: [])])
    case .resume: return .wishes([Answer.Said(wish: .resume, pictures: [])])
    case .undo: return .wishes([Answer.Said(wish: .undo, pictures: [])])
    default: throw Grammar.Puzzle(question: order.verb.exists ? .needsNumber(order: order.said) : .laterOrder(order.said))
    }
  }

  /// A mail of somebody else stands in the words.
  private var isForwarded: Bool {
    let lines = words.pieces.flatMap(\.lines).map { $0.lowercased() }
    let isMarked = lines.contains { line in line.count < 80 && Self.forwardMarks.contains(where: line.contains) }
    return isMarked || lines.indices.contains { Attribution.headerBlock(Array(lines[$0...].prefix(8)), [""]) > 0 }
  }
}
