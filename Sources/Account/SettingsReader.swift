internal import TOMLKit

/// One table of `config.toml`, read key by key. It remembers which keys were asked for: what is left over at the end is unknown
/// to the program, and the nearest known one is probably what the user meant.
struct SettingsReader {
  /// Where this table stands, `mail.` or empty at the top.
  let prefix: String
  private let table: TOMLTable
  private var asked: Set<String> = []

  /// Reads a document.
  init(document: String) throws(ConfigurationFailure) {
    // The parser takes a C string: beyond a NUL it would see nothing, and say nothing.
    guard !document.utf8.contains(0) else { throw .syntax(line: 1, column: 1, reason: "a NUL byte") }
    do {
      table = try TOMLTable(string: document)
    } catch let failure as TOMLParseError {
      throw .syntax(
        line: failure.source.begin.line, column: failure.source.begin.column,
        reason: Printable.line(failure.description, limit: 300))
    } catch {
      throw .syntax(line: 1, column: 1, reason: "not TOML")
    }
    prefix = ""
  }

  private init(prefix: String, table: TOMLTable) {
    self.prefix = prefix
    self.table = table
  }

  /// A table inside this one; an empty one where it is missing.
  mutating func section(_ name: String) throws(ConfigurationFailure) -> SettingsReader {
    guard let value = value(name) else { return SettingsReader(prefix: prefix + name + ".", table: TOMLTable()) }
    guard let inner = value.table else { throw wrongKind(name, "a section, [\(name)]", value) }
    return SettingsReader(prefix: prefix + name + ".", table: inner)
  }

  mutating func text(_ key: String) throws(ConfigurationFailure) -> String? {
    guard let value = value(key) else { return nil }
    guard let text = value.string else { throw wrongKind(key, "a text in quotes", value) }
    return text
  }

  mutating func truth(_ key: String) throws(ConfigurationFailure) -> Bool? {
    guard let value = value(key) else { return nil }
    guard let truth = value.bool else { throw wrongKind(key, "true or false", value) }
    return truth
  }

  mutating func number(_ key: String, in range: ClosedRange<Int>) throws(ConfigurationFailure) -> Int? {
    guard let value = value(key) else { return nil }
    guard let number = value.int else { throw wrongKind(key, "a whole number", value) }
    guard range.contains(number) else {
      throw .wrongValue(key: prefix + key, reason: "\(number) is not from \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  mutating func texts(_ key: String) throws(ConfigurationFailure) -> [String]? {
    guard let value = value(key) else { return nil }
    let texts = value.array.map { Array($0).map(\.string) }
    guard let texts, !texts.contains(nil) else { throw wrongKind(key, "a list of texts, [\"…\", \"…\"]", value) }
    return texts.compactMap(\.self)
  }

  /// A whole number of seconds, or a text such as `10m`.
  mutating func span(_ key: String) throws(ConfigurationFailure) -> Duration? {
    guard let value = value(key) else { return nil }
    if let seconds = value.int, (0...864_000_000).contains(seconds) { return .seconds(seconds) }
    if let text = value.string, let span = Duration(text: text) { return span }
    throw wrongKind(key, "a span of time such as \"20s\", \"10m\" or \"7d\"", value)
  }

  /// A text that `read` understands.
  mutating func parsed<Value>(_ key: String, _ expected: String, _ read: (String) -> Value?) throws(ConfigurationFailure)
    -> Value?
  {
    guard let text = try text(key) else { return nil }
    guard let value = read(text) else {
      throw .wrongValue(key: prefix + key, reason: "“\(Printable.line(text))” is not \(expected)")
    }
    return value
  }

  /// Whether a key holds true or false.
  func isTruth(_ key: String) -> Bool { table[key]?.type == .bool }

  /// Whether a key holds a list.
  func isList(_ key: String) -> Bool { table[key]?.type == .array }

  /// Refuses what nobody asked for.
  func finish() throws(ConfigurationFailure) {
    for key in table.keys.sorted() where !asked.contains(key) {
      throw .unknownKey(Printable.line(prefix + key), nearest: Spelling.nearest(to: key, among: asked).map { prefix + $0 })
    }
  }

  private mutating func value(_ key: String) -> (any TOMLValueConvertible)? {
    asked.insert(key)
    return table[key]
  }

  private func wrongKind(_ key: String, _ expected: String, _ value: any TOMLValueConvertible) -> ConfigurationFailure {
    .wrongKind(key: prefix + key, expected: expected, found: value.type.description)
  }
}

/// Finds what the user probably meant.
enum Spelling {
  /// The nearest of `known`, where it is near enough to be meant: at most a third of its letters differ, or two (two letters
  /// swapped are two), in the shortest words one.
  static func nearest(to word: String, among known: some Collection<String>) -> String? {
    known.sorted().map { (name: $0, distance: distance(word, $0)) }
      .filter { $0.distance <= ($0.name.count < 4 ? 1 : max(2, $0.name.count / 3)) }
      .min { $0.distance < $1.distance }?.name
  }

  /// How many letters must be put in, left out or replaced.
  static func distance(_ one: String, _ other: String) -> Int {
    let other = Array(other)
    var row = Array(0...other.count)
    for (index, letter) in one.enumerated() {
      var corner = row[0]
      row[0] = index + 1
      for column in other.indices {
        let replaced = corner + (other[column] == letter ? 0 : 1)
        corner = row[column + 1]
        row[column + 1] = min(replaced, corner + 1, row[column] + 1)
      }
    }
    return row[other.count]
  }
}
