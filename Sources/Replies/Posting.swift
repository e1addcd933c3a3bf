/// `"post:" text`: words for everyone, or for a circle.
struct Posting: Hashable {
  var circle: String?
  var text: String

  /// Reads words that begin with `post:` or `post CIRCLE:`; nothing where they begin otherwise. Whether there is such a circle is
  /// another question.
  init?(_ text: String) {
    let line = text.prefix { $0 != "\n" }
    guard let colon = line.firstIndex(of: ":"), line[..<colon].lowercased().hasPrefix("post") else { return nil }
    let between = line[..<colon].dropFirst(4)
    guard between.isEmpty || between.first == " ", between.count <= 64 else { return nil }
    let name = between.trimmingSpaces
    circle = name.isEmpty ? nil : name
    self.text = text[text.index(after: colon)...].trimmingSpaces
  }
}
