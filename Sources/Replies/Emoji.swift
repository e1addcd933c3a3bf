/// What counts as an emoji: one character, whatever it is made of (skin tones, flags, families).
enum Emoji {
  /// Whether a character is one. Digits are none, though Unicode calls them so, unless they stand on a key.
  static func isEmoji(_ character: Character) -> Bool {
    let scalars = character.unicodeScalars
    guard let first = scalars.first else { return false }
    if scalars.contains("\u{20e3}") { return true }
    return first.value > 0xff && first.properties.isEmoji
  }

  /// The emoji, where the text is exactly one.
  static func only(_ text: some StringProtocol) -> String? {
    guard text.count == 1, let character = text.first, isEmoji(character) else { return nil }
    return String(character)
  }
}
