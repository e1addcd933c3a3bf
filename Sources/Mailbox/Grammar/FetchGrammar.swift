/// Reads the attributes of a FETCH response (RFC 9051 7.5.2, "msg-att").
enum FetchGrammar {
  static func read(_ number: UInt32, _ cursor: inout ResponseCursor) throws(GrammarFailure) -> Fetched {
    var fetched = Fetched(number: number)
    try cursor.take("(", "opening parenthesis")
    while !cursor.skip(")") {
      try attribute(of: &fetched, &cursor)
      while cursor.skip(" ") {}
    }
    try cursor.end()
    return fetched
  }

  private static func attribute(of fetched: inout Fetched, _ cursor: inout ResponseCursor) throws(GrammarFailure) {
    let name = try cursor.word("attribute").uppercased()
    if name == "BODY", cursor.isAhead("[") {
      let section = try cursor.skipSection().uppercased()
      // The answer to a partial fetch names its origin: `BODY[3]<0>`.
      if cursor.isAhead("<") { _ = try cursor.word("origin") }
      try cursor.space()
      fetched.sections[section] = try cursor.nilOrString()
      return
    }
    if cursor.isAhead("[") { try cursor.skipSection() }
    try cursor.space()
    switch name {
    case "UID": fetched.uid = try cursor.positive("UID")
    case "FLAGS": fetched.flags = try flags(&cursor)
    case "RFC822.SIZE": fetched.size = Int(try cursor.number("size", atMost: UInt64(Int64.max)))
    case "INTERNALDATE":
      let at = cursor.at
      guard case .bytes(let text) = try cursor.string(), let moment = InternalDate.read(text) else {
        throw .expected("date", at: at)
      }
      fetched.arrived = moment
    default: try cursor.skipValue()
    }
  }

  private static func flags(_ cursor: inout ResponseCursor) throws(GrammarFailure) -> Set<String> {
    var flags: Set<String> = []
    try cursor.take("(", "opening parenthesis")
    while !cursor.skip(")") {
      flags.insert(try cursor.flag())
      while cursor.skip(" ") {}
    }
    return flags
  }
}

/// INTERNALDATE's form, `17-Jul-1996 02:44:25 -0700` (RFC 9051 9, "date-time").
enum InternalDate {
  /// Seconds since 1970, or nothing where it is no date of the years 1 to 9999.
  static func read(_ text: [UInt8]) -> Int64? {
    guard text.count == 26, [2, 6].allSatisfy({ text[$0] == UInt8(ascii: "-") }), text[11] == 32, text[20] == 32,
      [14, 17].allSatisfy({ text[$0] == UInt8(ascii: ":") }),
      let month = months.firstIndex(of: String(decoding: text[3..<6], as: UTF8.self).lowercased()),
      let day = digits(text[0] == 32 ? text[1..<2] : text[0..<2]), (1...31).contains(day),
      let year = digits(text[7..<11]), year > 0,
      let hour = digits(text[12..<14]), hour < 24,
      let minute = digits(text[15..<17]), minute < 60,
      let second = digits(text[18..<20]), second < 61,
      let zoneHour = digits(text[22..<24]), let zoneMinute = digits(text[24..<26]), zoneMinute < 60,
      text[21] == UInt8(ascii: "+") || text[21] == UInt8(ascii: "-")
    else { return nil }
    let east = Int64(zoneHour * 3600 + zoneMinute * 60) * (text[21] == UInt8(ascii: "+") ? 1 : -1)
    let local = days(year, month + 1, day) * 86400 + Int64(hour * 3600 + minute * 60 + second)
    return local - east
  }

  private static let months = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]

  private static func digits(_ text: ArraySlice<UInt8>) -> Int? {
    var value = 0
    for byte in text {
      guard (48...57).contains(byte) else { return nil }
      value = value * 10 + Int(byte - 48)
    }
    return value
  }

  /// Days since 1970-01-01 in the Gregorian calendar, counted in years that begin in March.
  private static func days(_ year: Int, _ month: Int, _ day: Int) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return Int64(shifted * 365 + shifted / 4 - shifted / 100 + shifted / 400 + dayOfYear - 719468)
  }
}
