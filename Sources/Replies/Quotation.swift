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

  /// Whether a row is exactly one passage.
  func isWholePassage(_ row: Range<Int>) -> Bool {
    guard let first = row.first, let last = row.last, words[first].passage == words[last].passage else { return false }
    return lengths[words[first].passage] == row.count
  }
}

/// What makes words comparable.
enum Words {
  /// Words in lower case without punctuation around them, without what mail programs add to links and pictures.
  static func normalised(_ text: some StringProtocol) -> [String] {
    withoutInsertions(String(text)).split(whereSeparator: \.isWhitespace).compactMap { word in
      var visible = ""
      for scalar in word.unicodeScalars where !isInvisible(scalar) { visible.unicodeScalars.append(scalar) }
      let trimmed = visible.drop { !counts($0) }.reversed().drop { !counts($0) }.reversed()
      return trimmed.isEmpty ? nil : String(trimmed).lowercased()
    }
  }

  private static func counts(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || Emoji.isEmoji(character)
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
      let inside = rest.dropFirst().lowercased()
      let starts =
        rest.first == "<" ? ["mailto:", "http:", "https:", "cid:"] : ["cid:", "image:", "mailto:", "http:", "https:", "bild:"]
      if starts.contains(where: inside.hasPrefix), let close = rest.firstIndex(of: rest.first == "<" ? ">" : "]") {
        kept += " "
        rest = rest[rest.index(after: close)...]
      } else {
        kept.append(rest.removeFirst())
      }
    }
    return kept + rest
  }
}
