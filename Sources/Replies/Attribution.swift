// What mail programs say around a quotation: who wrote when, in the line or the block of lines before it.

extension AnswerLines {
  /// Finds attributions. They name the bridge or one of the user's addresses, since it is the bridge's letter that is quoted.
  mutating func findAttributions(names: Set<String>) {
    var index = 0
    while index < lines.count {
      let length = lines[index].verdict == .open ? attribution(at: index, names) : 0
      for line in index..<index + length { lines[line].verdict = .program }
      index += max(1, length)
    }
    findSeparators()
  }

  /// How many lines from this one on are an attribution.
  private func attribution(at index: Int, _ names: Set<String>) -> Int {
    let depth = lines[index].depth
    let group = lines[index...].prefix(12).prefix { $0.verdict == .open && !$0.isBlank && $0.depth == depth }.map(\.content)
    let block = Attribution.headerBlock(group, names)
    if block > 0 { return block }
    return (1...3).first { $0 <= group.count && Attribution.isSentence(group.prefix($0).joined(separator: " "), names) } ?? 0
  }

  /// `-----Original Message-----` and rows of dashes before a block, as Outlook writes.
  private mutating func findSeparators() {
    for index in lines.indices where lines[index].verdict == .open {
      let content = lines[index].content.trimmingSpaces
      guard content.count >= 5, content.hasPrefix("--") || content.hasPrefix("__"),
        content.hasSuffix("--") || content.hasSuffix("__")
      else { continue }
      let next = lines[(index + 1)...].first { !$0.isBlank }
      if next?.verdict == .program { lines[index].verdict = .program }
    }
  }
}

/// What attributions look like.
enum Attribution {
  /// How they begin, in lower case, before a date.
  private static let openers: Set<String> = [
    "on", "am", "le", "il", "el", "op", "em", "den", "dne", "w", "ons", "at", "date:",
  ]
  /// "Wrote", in lower case, in the languages of the programs.
  private static let verbs = [
    "wrote", "writes", "schrieb", "a écrit", "ha scritto", "escribió", "escreveu", "schreef", "skrev", "napsal", "napisał",
    "написал",
    "kirjoitti", "írta", "さんのメッセージ", "写道",
  ]
  /// UTF-8 bytes.
  private static let longestSentence = 600
  private static let fromLabels: Set<String> = ["from", "von", "de", "da", "van", "fra", "från", "od", "expéditeur", "lähettäjä"]
  private static let subjectLabels: Set<String> = [
    "subject", "betreff", "objet", "oggetto", "asunto", "onderwerp", "assunto", "emne", "ämne", "předmět", "temat", "aihe",
  ]
  private static let furtherLabels: Set<String> = [
    "sent", "date", "to", "cc", "reply-to", "importance", "gesendet", "datum", "an", "antwort an", "envoyé", "à", "répondre à",
    "inviato",
    "data", "a", "enviado", "enviada", "fecha", "para", "verzonden", "aan", "til", "sendt", "skickat", "till", "odesláno", "komu",
    "wysłano",
    "do",
  ]

  /// `On Sun, 22 Nov 2026 at 07:00, SocialNet <anna@example.org> wrote:`, on as many lines as it was wrapped to.
  static func isSentence(_ text: String, _ names: Set<String>) -> Bool {
    guard text.utf8.count <= longestSentence else { return false }
    let folded = text.lowercased().trimmingSpaces
    let opener = folded.prefix { !$0.isWhitespace }
    guard openers.contains(String(opener)) || opener.first?.isNumber == true, folded.contains(where: \.isNumber) else {
      return false
    }
    let isEnded = folded.hasSuffix(":") || folded.hasSuffix("：") || verbs.contains(where: folded.hasSuffix)
    guard isEnded, names.contains(where: folded.contains) else { return false }
    return folded.hasSuffix(">:") || verbs.contains(where: folded.contains)  // in any language: a date, our address, a colon
  }

  /// `From:`, `Sent:`, `To:`, `Subject:` in some order: the number of lines, or 0.
  static func headerBlock(_ lines: [String], _ names: Set<String>) -> Int {
    var labels: [String] = []
    for line in lines {
      guard let colon = line.firstIndex(where: { $0 == ":" || $0 == "：" }) else { break }
      let label = line[..<colon].lowercased().filter { $0 != "*" }.trimmingSpaces
      guard fromLabels.contains(label) || subjectLabels.contains(label) || furtherLabels.contains(label) else { break }
      labels.append(label)
    }
    let block = lines.prefix(labels.count).joined(separator: " ").lowercased()
    let isBlock =
      labels.count >= 3 && labels.contains(where: fromLabels.contains) && labels.contains(where: subjectLabels.contains)
      && names.contains(where: block.contains)
    return isBlock ? labels.count : 0
  }
}

/// What stands at the end of an author's words and is not meant for this answer.
enum Signature {
  /// Lines behind `-- ` that are taken for a signature; more are doubtful, and stay.
  private static let longest = 12
  /// Behind `--` without its space, which some programs eat.
  private static let longestWithoutSpace = 6

  private static let mobileOpeners = [
    "sent from", "sent with", "sent via", "get outlook for", "von meinem", "gesendet von", "gesendet mit",
    "diese nachricht wurde von",
    "envoyé de", "envoyé depuis", "envoyé à partir", "télécharger outlook", "outlook für", "inviato da", "enviado desde",
    "verstuurd vanaf",
  ]
  private static let mobileThings = [
    "iphone", "ipad", "ios", "android", "outlook", "galaxy", "samsung", "gmail", "mail", "yahoo", "thunderbird", "proton",
    "huawei",
    "blackberry", "windows", "telefon", "phone", "mobile", "handy", "tablet",
  ]

  /// From where on the lines are a signature; their number where there is none.
  static func start(in lines: [String]) -> Int {
    for (index, line) in lines.enumerated().reversed() where line.hasPrefix("--") && line.trimmingSpaces == "--" {
      let length = lines.count - index - 1
      if length <= (line == "-- " ? longest : longestWithoutSpace) { return index }
    }
    guard let last = lines.lastIndex(where: { !$0.allSatisfy(\.isWhitespace) }), isMobileLine(lines[last]) else {
      return lines.count
    }
    return last == 0 || lines[last - 1].allSatisfy(\.isWhitespace) ? last : lines.count
  }

  /// `Sent from my iPhone`, and its like.
  private static func isMobileLine(_ line: String) -> Bool {
    let folded = line.lowercased().prefix { $0 != "<" }
    return folded.count <= 60 && mobileOpeners.contains(where: folded.hasPrefix) && mobileThings.contains(where: folded.contains)
  }
}

extension StringProtocol {
  /// Without white space at both ends.
  var trimmingSpaces: String { String(drop(while: \.isWhitespace).reversed().drop(while: \.isWhitespace).reversed()) }
}
