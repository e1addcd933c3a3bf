internal import Feed

/// The words that were sent, in order, so that an answer can be compared with them however it is wrapped.
struct SentWords {
  struct Word {
    var text: String
    var number: Int?
    var passage: Int
  }

  private(set) var words: [Word] = []
  /// How many words each passage has.
  private(set) var lengths: [Int] = []
  /// Passages without any words, of signs alone.
  private(set) var signs: [Int: String] = [:]
  /// From this word on they stand only in the HTML: buttons, and the letter beside a name. They are in no order with the others.
  private(set) var endOfOrder = 0
  private var places: [String: [Int]] = [:]
  /// Places of one word that are looked at; more make no difference but to the time that a hostile digest costs.
  private static let placesOfAWord = 64

  init(_ letter: SentLetter) {
    for (index, passage) in letter.passages.enumerated() {
      let passageWords = Words.normalised(passage.text)
      for word in passageWords { add(Word(text: word, number: passage.number, passage: index)) }
      lengths.append(passageWords.count)
      if passageWords.isEmpty { signs[index] = passage.text.trimmingSpaces }
      if passage.text.contains(letter.token.text) { endOfOrder = words.count }
    }
    if endOfOrder == 0 { endOfOrder = words.count }
  }

  private mutating func add(_ word: Word) {
    places[word.text, default: []].append(words.count)
    words.append(word)
  }

  /// The longest row of these words that was sent, from `start` on; of equal ones the nearest behind `expected`.
  func longestRow(_ said: ArraySlice<String>, expected: Int) -> Range<Int>? {
    guard let first = said.first, let all = places[first] else { return nil }
    let nearest = all.firstIndex { $0 >= expected } ?? 0
    let candidates = all[nearest...].prefix(Self.placesOfAWord) + all[..<nearest].prefix(Self.placesOfAWord)
    var best: Range<Int>?
    for place in candidates {
      let length = zip(said, words[place...]).prefix { $0 == $1.text }.count
      if length > (best?.count ?? 0) { best = place..<place + length }
    }
    return best
  }

  /// Whether signs without words stand right behind the passage that a row ends in.
  func hasSigns(_ text: String, after row: Range<Int>) -> Bool {
    guard let last = row.last else { return false }
    var passage = words[last].passage + 1
    while let said = signs[passage] {
      if said == text { return true }
      passage += 1
    }
    return false
  }

  /// Whether a row is exactly one passage.
  func isWholePassage(_ row: Range<Int>) -> Bool {
    guard let first = row.first, let last = row.last, words[first].passage == words[last].passage else { return false }
    return lengths[words[first].passage] == row.count
  }
}

/// What makes words comparable.
enum Words {
  /// Words in lower case without punctuation around them, without what mail programs add to links and pictures. Where a script has no
  /// spaces between words, each character is one, since lines may be wrapped behind any; so is each emoji.
  static func normalised(_ text: some StringProtocol) -> [String] {
    var words: [String] = []
    var word = ""
    func finish() {
      let trimmed = word.drop { !counts($0) }.reversed().drop { !counts($0) }.reversed()
      if !trimmed.isEmpty { words.append(String(trimmed).lowercased()) }
      word = ""
    }
    for character in withoutInsertions(String(text)) {
      if character.isWhitespace {
        finish()
      } else if standsAlone(character) {
        finish()
        words.append(String(String.UnicodeScalarView(character.unicodeScalars.filter { !isInvisible($0) })))
      } else {
        for scalar in character.unicodeScalars where !isInvisible(scalar) { word.unicodeScalars.append(scalar) }
      }
    }
    finish()
    return words
  }

  private static func standsAlone(_ character: Character) -> Bool {
    guard let scalar = character.unicodeScalars.first else { return false }
    switch scalar.value {
    case 0x0e00...0x0eff, 0x1000...0x109f, 0x1780...0x17ff: return character.isLetter  // Thai, Lao, Burmese, Khmer
    case 0x3040...0x30ff, 0x3400...0x9fff, 0xf900...0xfaff, 0x20000...0x3ffff: return character.isLetter  // Kana and Han
    default: return Emoji.isEmoji(character)
    }
  }

  private static func counts(_ character: Character) -> Bool {
    character.isLetter || character.isNumber
  }

  private static func isInvisible(_ scalar: Unicode.Scalar) -> Bool {
    [0xad, 0x200b, 0x200e, 0x200f, 0x2060, 0xfe0e, 0xfe0f, 0xfeff].contains(scalar.value)
  }

  /// Programs write a link's target behind it and a name in place of a picture: `<mailto:…>`, `[cid:…]`, `[image: …]`.
  static func withoutInsertions(_ text: String) -> String {
    var kept = ""
    var rest = text[...]
    while let open = rest.firstIndex(where: { $0 == "<" || $0 == "[" }) {
      kept += rest[..<open]
      rest = rest[open...]
      let start = rest.dropFirst().prefix(longestInsertionName).lowercased()
      let end = rest.dropFirst().firstIndex { "<[>]".contains($0) }
      if insertionNames.contains(where: start.hasPrefix), let end, rest[end] == (rest.first == "<" ? ">" : "]") {
        kept += " "
        rest = rest[rest.index(after: end)...]
      } else {
        kept.append(rest.removeFirst())
      }
    }
    return kept + rest
  }

  private static let insertionNames = ["mailto:", "http:", "https:", "cid:", "image:", "bild:"]
  private static let longestInsertionName = 7
}
