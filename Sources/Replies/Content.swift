internal import Feed
internal import MIME

/// What a mail holds for a reader: its text as plain lines, and pictures.
struct Content {
  /// LF line ends; what HTML quotes stands behind `> `.
  private(set) var text = ""
  /// Parts with photographs; logos and our own thumbnails are none.
  private(set) var pictures: [Part] = []

  /// Bytes of all text; a post is 64 KiB at most, quotation may be longer.
  static let longestText = 256 << 10
  /// A picture that HTML shows within the words, and that is smaller, is taken for a logo or a tracking pixel. Bytes.
  private static let smallestInlinePhotograph = 20_000

  /// Reads the part that is shown, and only what is signed where something is signed.
  init(_ message: Message, of part: Part) throws(MessageFailure) {
    try read(part, in: message, isRelated: false)
  }

  private mutating func read(_ part: Part, in message: Message, isRelated: Bool) throws(MessageFailure) {
    switch part.contentType.type {
    case "multipart": try readParts(part, in: message)
    case "text": if !isAttachment(part) { try readText(part, in: message) }
    case "image": if isPhotograph(part, isRelated: isRelated) { pictures.append(part) }
    default: break
    }
  }

  private mutating func readParts(_ part: Part, in message: Message) throws(MessageFailure) {
    switch part.contentType.subtype {
    case "alternative":
      // Plain text is what the author's program made of the words itself. HTML only where there is none.
      let plain = part.parts.first { $0.contentType.mediaType == "text/plain" }
      let words = try plain.map { (plain) throws(MessageFailure) in try message.text(of: plain, limit: Self.longestText) } ?? ""
      let isEmpty = words.allSatisfy { $0.isWhitespace }
      for choice in part.parts where choice.contentType.mediaType != "text/plain" {
        var other = Content()
        try other.read(choice, in: message, isRelated: false)
        pictures += other.pictures
        if isEmpty, !other.text.isEmpty { try add(other.text) }
      }
      if !isEmpty { try add(words) }
    case "related":
      for (index, child) in part.parts.enumerated() { try read(child, in: message, isRelated: index > 0) }
    case "signed":
      if let signed = part.parts.first { try read(signed, in: message, isRelated: false) }
    default:
      for child in part.parts { try read(child, in: message, isRelated: false) }
    }
  }

  private init() {}

  private mutating func readText(_ part: Part, in message: Message) throws(MessageFailure) {
    let words = try message.text(of: part, limit: Self.longestText)
    switch part.contentType.subtype {
    case "plain": try add(words)
    case "html": try add(Self.withoutGaps(HTMLText.plain(words)))
    default: break
    }
  }

  /// Empty paragraphs are how HTML editors make one empty line.
  private static func withoutGaps(_ text: String) -> String {
    var lines: [Substring] = []
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) where !line.isEmpty || lines.last?.isEmpty != true {
      lines.append(line)
    }
    return lines.joined(separator: "\n")
  }

  private mutating func add(_ words: String) throws(MessageFailure) {
    guard text.utf8.count + words.utf8.count <= Self.longestText else { throw .bodyTooLong(limit: Self.longestText) }
    text += text.isEmpty || text.hasSuffix("\n") ? words : "\n" + words
  }

  private func isAttachment(_ part: Part) -> Bool { part.disposition?.kind == "attachment" }

  private func isPhotograph(_ part: Part, isRelated: Bool) -> Bool {
    if let id = part.contentID, LetterToken.first(in: id) != nil { return false }
    return !isRelated || isAttachment(part) || part.body.count * 3 / 4 >= Self.smallestInlinePhotograph
  }
}

extension LetterToken {
  /// The token in one of our ids: `socialnet-TOKEN@…`, `photo-1.TOKEN@…`.
  static func first(in id: String) -> LetterToken? {
    id.prefix { $0 != "@" }.split { $0 == "-" || $0 == "." }.lazy.compactMap { LetterToken(text: $0) }.first
  }
}
