/// Makes a value of one whole response (RFC 9051 9, "response").
enum ResponseGrammar {
  static func read(_ bytes: [UInt8], holes: [Int: LiteralHole], limits: GrammarLimits) throws(GrammarFailure) -> Response {
    var cursor = ResponseCursor(bytes, holes: holes, limits: limits)
    if cursor.skip("+") { return .continuation }
    if !cursor.skip("*") {
      let tag = try cursor.word("tag")
      try cursor.space()
      let word = try cursor.word("condition")
      guard let condition = Status.Condition(rawValue: word.uppercased()), [.ok, .no, .bad].contains(condition) else {
        throw .expected("OK, NO or BAD", at: cursor.at)
      }
      return .status(try status(condition, &cursor), tag: tag)
    }
    try cursor.space()
    if let byte = cursor.ahead, (48...57).contains(byte) { return try numbered(&cursor) }
    let word = try cursor.word("response").uppercased()
    if let condition = Status.Condition(rawValue: word) { return .status(try status(condition, &cursor), tag: nil) }
    return try untagged(word, &cursor)
  }

  private static func untagged(_ word: String, _ cursor: inout ResponseCursor) throws(GrammarFailure) -> Response {
    switch word {
    case "CAPABILITY":
      return .capability(capabilities(cursor.rest()))
    case "ENABLED":
      return .enabled(capabilities(cursor.rest()))
    case "SEARCH":
      return .search(try search(&cursor))
    case "VANISHED":
      try cursor.space()
      let isEarlier = cursor.isAhead("(")
      if isEarlier {
        try cursor.skipValue()
        try cursor.space()
      }
      let gone = try cursor.uidRanges()
      try cursor.end()
      return .vanished(gone, earlier: isEarlier)
    case "LIST":
      return .list(try list(&cursor))
    case "NAMESPACE":
      return .namespace(try namespace(&cursor))
    case "STATUS":
      try cursor.space()
      let name = try cursor.name()
      try cursor.space()
      return .folderStatus(name, try folderStatus(&cursor))
    case "QUOTA":
      return try quota(&cursor) ?? .other(word)
    default:
      return .other(word)
    }
  }

  /// RFC 9208 4.2.1: `* QUOTA "name" (STORAGE 10 512 MESSAGE 2 1000)`; nothing where storage is not limited.
  private static func quota(_ cursor: inout ResponseCursor) throws(GrammarFailure) -> Response? {
    var found: Response?
    try cursor.space()
    _ = try cursor.name()
    try cursor.space()
    try cursor.take("(", "opening parenthesis")
    while !cursor.skip(")") {
      let resource = try cursor.word("resource").uppercased()
      try cursor.space()
      let used = try cursor.number("usage", atMost: UInt64(Int64.max))
      try cursor.space()
      let limit = try cursor.number("limit", atMost: UInt64(Int64.max))
      if resource == "STORAGE" { found = .quota(used: Int(clamping: used), limit: Int(clamping: limit)) }
      while cursor.skip(" ") {}
    }
    try cursor.end()
    return found
  }

  /// `* 12 EXISTS`, `* 12 FETCH (…)`.
  private static func numbered(_ cursor: inout ResponseCursor) throws(GrammarFailure) -> Response {
    let number: UInt32 = try cursor.number("message number")
    try cursor.space()
    let word = try cursor.word("response").uppercased()
    switch word {
    case "EXISTS":
      try cursor.end()
      return .exists(number)
    case "EXPUNGE":
      try cursor.end()
      return .expunge(number)
    case "FETCH":
      try cursor.space()
      return .fetch(try FetchGrammar.read(number, &cursor))
    default: return .other(word)
    }
  }

  /// resp-text (RFC 9051 7.1): an optional code in brackets, and words.
  private static func status(_ condition: Status.Condition, _ cursor: inout ResponseCursor) throws(GrammarFailure) -> Status {
    var code: ResponseCode?
    _ = cursor.skip(" ")
    if cursor.isAhead("[") {
      code = try responseCode(&cursor)
      _ = cursor.skip(" ")
    }
    return Status(condition, code: code, text: harmless(cursor.rest()))
  }

  private static func responseCode(_ cursor: inout ResponseCursor) throws(GrammarFailure) -> ResponseCode {
    try cursor.take("[", "opening bracket")
    let word = try cursor.word("response code").uppercased()
    let code: ResponseCode
    switch word {
    case "UIDVALIDITY":
      try cursor.space()
      code = .uidValidity(try cursor.positive("UIDVALIDITY"))
    case "UIDNEXT":
      try cursor.space()
      code = .uidNext(try cursor.positive("UIDNEXT"))
    case "APPENDUID":
      try cursor.space()
      let validity = try cursor.positive("UIDVALIDITY")
      try cursor.space()
      guard let uid = try cursor.uids().first else { throw .expected("UID", at: cursor.at) }
      code = .appendUID(validity: validity, uid: uid)
    case "COPYUID":
      try cursor.space()
      let validity = try cursor.positive("UIDVALIDITY")
      try cursor.space()
      let from = try cursor.uids()
      try cursor.space()
      code = .copyUID(validity: validity, from: from, to: try cursor.uids())
    default:
      let arguments = try afterWord(&cursor)
      return word == "CAPABILITY" ? .capability(capabilities(arguments[...])) : .word(word)
    }
    try cursor.take("]", "closing bracket")
    return code
  }

  /// The rest of a code that has no shape known here, up to its closing bracket.
  private static func afterWord(_ cursor: inout ResponseCursor) throws(GrammarFailure) -> [UInt8] {
    var inQuotes = false
    let start = cursor.at
    while let byte = cursor.ahead, byte != UInt8(ascii: "\r"), inQuotes || byte != UInt8(ascii: "]") {
      if byte == UInt8(ascii: "\"") { inQuotes.toggle() }
      cursor.advance()
    }
    let arguments = Array(cursor.bytes[start..<cursor.at])
    try cursor.take("]", "closing bracket")
    return arguments
  }

  private static func capabilities(_ bytes: ArraySlice<UInt8>) -> Set<String> {
    Set(bytes.split(separator: UInt8(ascii: " ")).map { String(decoding: $0, as: UTF8.self).uppercased() })
  }

  private static func search(_ cursor: inout ResponseCursor) throws(GrammarFailure) -> [UInt32] {
    var found: [UInt32] = []
    while cursor.skip(" ") {
      // RFC 7162 3.1.5: `(MODSEQ 917162500)` may follow the numbers.
      if cursor.isAhead("(") {
        try cursor.skipValue()
      } else if !cursor.isAhead("\r") {
        found.append(try cursor.positive("UID"))
      }
    }
    try cursor.end()
    return found
  }

  private static func list(_ cursor: inout ResponseCursor) throws(GrammarFailure) -> ListedFolder {
    try cursor.space()
    try cursor.take("(", "opening parenthesis")
    var attributes: Set<String> = []
    while !cursor.skip(")") {
      attributes.insert(try cursor.flag().lowercased())
      while cursor.skip(" ") {}
    }
    try cursor.space()
    let separator = try separator(&cursor)
    try cursor.space()
    // RFC 5258 and 9051 add extended data behind the name, which tells nothing that is used here.
    return ListedFolder(attributes: attributes, separator: separator, name: try cursor.name())
  }

  /// A hierarchy separator: one quoted character or NIL.
  private static func separator(_ cursor: inout ResponseCursor) throws(GrammarFailure) -> Character? {
    switch try cursor.nilOrString() {
    case .absent: return nil
    case .bytes(let bytes) where bytes.count == 1 && bytes[0] < 0x80: return Character(Unicode.Scalar(bytes[0]))
    default: throw .expected("hierarchy separator", at: cursor.at)
    }
  }

  /// RFC 2342 5, of which only the first personal namespace matters: `(("INBOX." "."))`.
  private static func namespace(_ cursor: inout ResponseCursor) throws(GrammarFailure) -> Namespace? {
    try cursor.space()
    guard cursor.skip("(") else {
      try cursor.skipValue()
      return nil
    }
    try cursor.take("(", "opening parenthesis")
    guard case .bytes(let prefix) = try cursor.string() else { throw .expected("prefix", at: cursor.at) }
    try cursor.space()
    return Namespace(prefix: prefix, separator: try separator(&cursor))
  }

  private static func folderStatus(_ cursor: inout ResponseCursor) throws(GrammarFailure) -> FolderStatus {
    var status = FolderStatus()
    try cursor.take("(", "opening parenthesis")
    while !cursor.skip(")") {
      let item = try cursor.word("status item").uppercased()
      try cursor.space()
      switch item {
      case "UIDVALIDITY": status.uidValidity = try cursor.positive("UIDVALIDITY")
      case "UIDNEXT": status.uidNext = try cursor.positive("UIDNEXT")
      case "MESSAGES": status.messages = try cursor.number("number of messages")
      // RFC 7162 7: 63 bits.
      case "HIGHESTMODSEQ": status.highestModseq = try cursor.number("HIGHESTMODSEQ", atMost: UInt64(Int64.max))
      default: try cursor.skipValue()
      }
      while cursor.skip(" ") {}
    }
    try cursor.end()
    return status
  }

  /// A server's words made fit for a log: no control characters, not long.
  private static func harmless(_ words: ArraySlice<UInt8>) -> String {
    let text = String(decoding: words.prefix(1200), as: UTF8.self).unicodeScalars.filter { !$0.properties.isControl }
    return String(String(String.UnicodeScalarView(text)).prefix(300))
  }
}

extension Unicode.Scalar.Properties {
  fileprivate var isControl: Bool {
    switch generalCategory {
    case .control, .format, .lineSeparator, .paragraphSeparator: true
    default: false
    }
  }
}
