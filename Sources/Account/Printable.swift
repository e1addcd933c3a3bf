/// Words of strangers and of files, made fit to stand in a message or on a terminal: nothing in them can move a cursor, colour a
/// line, or turn the direction of the words around them.
public enum Printable {
  /// One line of at most `limit` characters; what was cut is shown as `…`.
  public static func line(_ text: some StringProtocol, limit: Int = 120) -> String {
    let cleaned = clean(text, lineEnds: false)
    return cleaned.count <= limit ? cleaned : String(cleaned.prefix(limit)) + "…"
  }

  /// Any number of lines; line ends and tabs stay.
  public static func text(_ text: some StringProtocol) -> String { clean(text, lineEnds: true) }

  private static func clean(_ text: some StringProtocol, lineEnds: Bool) -> String {
    var cleaned = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      switch scalar.properties.generalCategory {
      case .control where lineEnds && (scalar == "\n" || scalar == "\t"): cleaned.append(scalar)
      case .control, .lineSeparator, .paragraphSeparator: cleaned.append("\u{fffd}")
      // Unicode 9 (UAX 9): marks and embeddings; U+200D, which joins emoji, is another category's business and stays.
      case .format where scalar.properties.isBidiControl: cleaned.append("\u{fffd}")
      default: cleaned.append(scalar)
      }
    }
    return String(cleaned)
  }
}
