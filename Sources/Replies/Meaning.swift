internal import Feed
internal import MIME
internal import Packets

/// What the author's words ask for, by the grammar and by what the letter's numbers stand for.
struct Meaning {
  let words: AuthorsWords
  let pictures: [Part]
  let letter: SentLetter
  let settings: ReplySettings
  let now: Instant
  let choice: Evidence.Choice?

  enum Outcome {
    case wishes([Answer.Said])
    case help
    case settled(Settlement)
  }

  /// How a question was answered; by whom is not known here.
  enum Settlement {
    case consent(Bool)
    case choice(Evidence.Choice.Target)
  }

  typealias Puzzle = Grammar.Puzzle

  /// A post is at most 64 KiB of text with its markup.
  static let longestWords = 60_000

  func outcome() throws(Puzzle) -> Outcome {
    if words.isDoubtful { throw Puzzle(question: .unclearQuotation) }
    guard words.text.utf8.count <= Self.longestWords else { throw Puzzle(question: .tooLong) }
    if words.pieces.isEmpty, pictures.isEmpty { throw Puzzle(question: .empty) }
    if let settlement { return .settled(settlement) }
    if let order = wholeOrder { return try outcome(of: order) }
    if let posting = try posting() { return .wishes(try withPictures([posting])) }
    switch letter.kind {
    case .digest, .which: return .wishes(try withPictures(try blocks()))
    case .item: return .wishes(try withPictures([try said(words.text, number: 1, isInside: isAllInside)]))
    case .receipt: return .wishes(try orders())
    case .request, .nonce, .notice: throw Puzzle(question: .wordsNotTaken)
    }
  }

  // MARK: Answers to questions

  private var settlement: Settlement? {
    guard words.pieces.count == 1, let piece = words.pieces.first, piece.lines.count == 1, !piece.isInsideQuotation else {
      return nil
    }
    switch letter.kind {
    case .nonce:
      return Order.consent(piece.text, settings.language).map { .consent($0) }
    case .which:
      let word = piece.text.trimmingSpaces.lowercased()
      if word == "post" { return .choice(.post) }
      guard let number = Int(word.first == "#" ? word.dropFirst() : word[...]),
        case .item? = letter.targets[number]
      else { return nil }
      return .choice(.number(number))
    default: return nil
    }
  }

  // MARK: Orders

  /// The whole answer, where it is an order.
  private var wholeOrder: Order? {
    guard words.pieces.count == 1, let piece = words.pieces.first, piece.lines.count == 1, !piece.isInsideQuotation else {
      return nil
    }
    return Order(piece.text, settings.language)
  }

  private func outcome(of order: Order) throws(Puzzle) -> Outcome {
    guard order.verb.exists else { throw Puzzle(question: .laterOrder(order.said)) }
    if order.verb.needsTarget {
      if order.verb == .stop, letter.kind == .receipt {
        return .wishes(try letter.targets.keys.sorted().map { (number) throws(Puzzle) in try said(order, number: number) })
      }
      guard let number = words.pieces.first?.under ?? onlyNumber else { throw Puzzle(question: .needsNumber(order: order.said)) }
      return .wishes([try said(order, number: number)])
    }
    switch order.verb {
    case .help: return .help
    case .pause: return .wishes([Self.plain(.pause(until: now.adding(seconds: order.duration ?? 7 * 86_400)))])
    case .resume: return .wishes([Self.plain(.resume)])
    default: return .wishes([Self.plain(.undo)])
    }
  }

  private func said(_ order: Order, number: Int) throws(Puzzle) -> Answer.Said {
    guard order.verb.exists else { throw Puzzle(question: .laterOrder(order.said)) }
    switch (order.verb, letter.targets[number]) {
    case (.like, .item(let item)): return Self.plain(.react(to: item, emoji: ["❤"]))
    case (.mute, .item(let item)): return Self.plain(.mute(item, until: order.duration.map { now.adding(seconds: $0) }))
    case (.unmute, .item(let item)): return Self.plain(.unmute(item))
    case (.stop, .item(let item)) where letter.kind == .receipt: return Self.plain(.stop(item))
    case (.accept, .request(let request)): return Self.plain(.acceptRequest(request))
    case (.decline, .request(let request)): return Self.plain(.declineRequest(request))
    case (.like, _), (.mute, _), (.unmute, _), (.stop, _), (.accept, _), (.decline, _):
      throw Puzzle(question: .unfitNumber(number))
    default: throw Puzzle(question: .unclearOrder(order.said))
    }
  }

  /// In the answer to a receipt, nothing but `stop`.
  private func orders() throws(Puzzle) -> [Answer.Said] {
    try blocks { (block) throws(Puzzle) in
      guard let number = block.number, !block.isInsideQuotation, let order = Order(block.text, settings.language) else {
        throw Puzzle(question: .wordsNotTaken)
      }
      return try said(order, number: number)
    }
  }

  // MARK: Words

  private func blocks() throws(Puzzle) -> [Answer.Said] {
    if words.pieces.isEmpty { return [try said("", number: nil, isInside: false)] }
    return try blocks { (block) throws(Puzzle) in
      try said(block.text, number: block.number, isInside: block.isInsideQuotation)
    }
  }

  private func blocks(_ read: (Grammar.Block) throws(Puzzle) -> Answer.Said) throws(Puzzle) -> [Answer.Said] {
    let grammar = Grammar(numbers: numbers, language: settings.language)
    var said: [Answer.Said] = []
    for piece in words.pieces {
      for block in try grammar.blocks(piece) { said.append(try read(block)) }
    }
    return said
  }

  /// Words for a number; without one, for what the user chose when asked.
  private func said(_ text: String, number: Int?, isInside: Bool) throws(Puzzle) -> Answer.Said {
    guard let number = number ?? onlyNumber else { return try unaddressed(text) }
    let firstLine = text.prefix { $0 != "\n" }
    if let order = Order(firstLine, settings.language) {
      guard !isInside else { throw Puzzle(question: .unclearQuotation) }
      guard firstLine.count == text.count else { throw Puzzle(question: .unclearOrder(order.said)) }
      return try said(order, number: number)
    }
    guard let target = letter.targets[number], case .item(let item) = target else { throw Puzzle(question: .unfitNumber(number)) }
    if let emoji = Emoji.only(text.trimmingSpaces) { return Self.plain(.react(to: item, emoji: [emoji])) }
    guard !text.isEmpty || !pictures.isEmpty else { throw Puzzle(question: .empty) }
    return Self.plain(.comment(on: item, text: text, pictures: []))
  }

  private func unaddressed(_ text: String) throws(Puzzle) -> Answer.Said {
    switch choice?.target {
    case .number(let number): return try said(text, number: number, isInside: false)
    case .post: return Self.plain(.post(text: text, pictures: [], circle: nil, share: settings.sharesPosts))
    case nil:
      guard settings.postsUnaddressed, !text.isEmpty, Int(text) == nil else { throw Puzzle(question: .which) }
      return Self.plain(.post(text: text, pictures: [], circle: nil, share: settings.sharesPosts))
    }
  }

  /// `post:` at the beginning of the whole answer. Elsewhere at a line's start it is not clear what is meant for whom.
  private func posting() throws(Puzzle) -> Answer.Said? {
    guard let first = words.pieces.first else { return nil }
    let isPost = Posting(first.text).map { $0.circle == nil || !first.isInsideQuotation } ?? false
    let later = words.pieces.flatMap(\.lines).dropFirst(isPost ? 1 : 0)
    let hasAnother = later.contains { line in
      Posting(line).map { posting in posting.circle.map { name in settings.circle(name) != nil } ?? true } ?? false
    }
    guard !hasAnother else { throw Puzzle(question: .mixedPost) }
    guard isPost, let posting = Posting(first.text) else { return nil }
    let grammar = Grammar(numbers: numbers, language: settings.language)
    var hasTarget = false
    for line in posting.text.split(separator: "\n") where try grammar.target(String(line)) != nil { hasTarget = true }
    guard words.pieces.count == 1, !first.isInsideQuotation, !hasTarget else { throw Puzzle(question: .mixedPost) }
    return try posting.said(settings, pictures: pictures)
  }

  // MARK: Numbers

  /// The numbers that stand in the letter; none in mail about one thing.
  private var numbers: ClosedRange<Int>? {
    guard [.digest, .which, .receipt].contains(letter.kind) else { return nil }
    let all = letter.passages.compactMap(\.number) + letter.targets.keys
    guard let last = all.max(), last >= 1 else { return nil }
    return 1...last
  }

  /// The one thing that a letter is about.
  private var onlyNumber: Int? {
    switch letter.kind {
    case .item, .request: 1
    case .receipt, .digest: numbers == 1...1 ? 1 : nil
    case .which, .nonce, .notice: nil
    }
  }

  private var isAllInside: Bool { words.pieces.allSatisfy(\.isInsideQuotation) }

  private static func plain(_ wish: Wish) -> Answer.Said { Answer.Said(wish: wish, pictures: []) }

  /// Pictures belong to the words that they come with: clear where there is one wish that can take them.
  private func withPictures(_ said: [Answer.Said]) throws(Puzzle) -> [Answer.Said] {
    guard !pictures.isEmpty else { return said }
    guard said.count == 1, var only = said.first else { throw Puzzle(question: .whosePictures) }
    switch only.wish {
    case .comment, .post: only.pictures = pictures
    case .react: throw Puzzle(question: .whosePictures)
    default: break
    }
    return [only]
  }
}

extension Posting {
  /// The wish, if there is such a circle and something to be posted.
  func said(_ settings: ReplySettings, pictures: [Part]) throws(Grammar.Puzzle) -> Answer.Said {
    var known: String?
    if let circle {
      known = settings.circle(circle)
      guard known != nil else { throw Grammar.Puzzle(question: .unknownCircle(circle)) }
    }
    guard !text.isEmpty || !pictures.isEmpty else { throw Grammar.Puzzle(question: .empty) }
    return Answer.Said(wish: .post(text: text, pictures: [], circle: known, share: settings.sharesPosts), pictures: pictures)
  }
}

extension ReplySettings {
  /// The circle of this name, whatever its case.
  func circle(_ name: String) -> String? { circles.first { $0.lowercased() == name.lowercased() } }
}
