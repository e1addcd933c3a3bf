/// A verb of the grammar, with its argument.
struct Order: Hashable {
  enum Verb: String, CaseIterable {
    case like, mute, unmute, accept, decline, pause, resume, stop, undo, help
    // Words of later versions: never taken for a comment meanwhile.
    case block, remove, daily, weekly, now, more, status

    /// Whether it is understood in this version.
    var exists: Bool { ![.block, .remove, .daily, .weekly, .now, .more, .status].contains(self) }

    /// Whether it is about one thing, which a number may name.
    var needsTarget: Bool { [.like, .mute, .unmute, .accept, .decline, .stop, .block, .remove].contains(self) }
  }

  var verb: Verb
  /// How long, in seconds.
  var duration: Int64?
  /// As the user wrote it.
  var said: String

  /// Reads a line that is an order and nothing else; case and a final `.` or `!` do not count.
  init?(_ text: some StringProtocol, _ language: ReplySettings.Language?) {
    var words = text.trimmingSpaces.lowercased()
    if words.last == "." || words.last == "!" { words.removeLast() }
    guard let (verb, rest) = Self.verb(atStartOf: words, language) else { return nil }
    self.verb = verb
    said = text.trimmingSpaces
    switch (verb, rest) {
    case (_, ""): duration = nil
    case (.mute, _), (.pause, _):
      guard let seconds = Self.duration(rest) else { return nil }
      duration = seconds
    case (.more, _): guard Int(rest) != nil else { return nil }
    default: return nil
    }
  }

  /// The verb that a line begins with, if it does, and what follows it.
  static func verb(
    atStartOf folded: String, _ language: ReplySettings.Language?
  ) -> (verb: Verb, rest: String)? {
    func match(_ phrase: String) -> String? {
      guard folded.hasPrefix(phrase) else { return nil }
      let rest = folded.dropFirst(phrase.count)
      return rest.isEmpty || rest.first == " " ? rest.trimmingSpaces : nil
    }
    for verb in Verb.allCases {
      for phrase in [verb.rawValue] + phrases(verb, language) {
        if let rest = match(phrase) { return (verb, rest) }
      }
    }
    return nil
  }

  /// `yes` and `no`, for the letter that asks who wrote something.
  static func consent(_ text: String, _ language: ReplySettings.Language?) -> Bool? {
    var word = text.trimmingSpaces.lowercased()
    if word.last == "." || word.last == "!" { word.removeLast() }
    switch (word, language) {
    case ("yes", _), ("ja", .german), ("oui", .french): return true
    case ("no", _), ("nein", .german), ("non", .french): return false
    default: return nil
    }
  }

  /// `7d`, `12h`, `2w`: at most a year.
  private static func duration(_ text: String) -> Int64? {
    guard let unit = text.last, let count = Int64(text.dropLast()), text.dropLast().allSatisfy(\.isNumber),
      (1...999).contains(count)
    else { return nil }
    let units: [Character: Int64] = ["h": 3_600, "d": 86_400, "w": 604_800]
    return units[unit].map { min($0 * count, 365 * 86_400) }
  }

  private static func phrases(_ verb: Verb, _ language: ReplySettings.Language?) -> [String] {
    switch language {
    case .german: german[verb] ?? []
    case .french: french[verb] ?? []
    case nil: []
    }
  }

  private static let german: [Verb: [String]] = [
    .like: ["gefällt mir", "mag ich"], .mute: ["stumm"], .unmute: ["nicht mehr stumm", "laut"], .accept: ["annehmen"],
    .decline: ["ablehnen"], .pause: ["pausieren"], .resume: ["weiter"], .stop: ["stopp", "anhalten"],
    .undo: ["rückgängig", "zurücknehmen"], .help: ["hilfe"], .block: ["sperren"], .remove: ["entfernen"], .daily: ["täglich"],
    .weekly: ["wöchentlich"], .now: ["jetzt"], .more: ["mehr"],
  ]
  private static let french: [Verb: [String]] = [
    .like: ["j'aime", "j’aime"], .mute: ["muet"], .unmute: ["plus muet"], .accept: ["accepter"], .decline: ["refuser"],
    .resume: ["reprendre"], .stop: ["arrêter"], .undo: ["annuler"], .help: ["aide"], .block: ["bloquer"], .remove: ["retirer"],
    .daily: ["quotidien"], .weekly: ["hebdomadaire"], .now: ["maintenant"], .more: ["plus"], .status: ["état"],
  ]
}
