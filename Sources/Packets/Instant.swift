/// A moment in milliseconds since 1970 (UTC).
public struct Instant: Hashable, Sendable, Comparable, Codable {
  /// Milliseconds since 1970-01-01T00:00:00Z.
  public let milliseconds: Int64

  /// Takes milliseconds since 1970.
  public init(milliseconds: Int64) { self.milliseconds = milliseconds }

  /// Earlier first.
  public static func < (one: Instant, other: Instant) -> Bool { one.milliseconds < other.milliseconds }

  /// The moment so many seconds later (or earlier), stopping at the ends of the number line.
  public func adding(seconds: Int64) -> Instant {
    let (product, tooLarge) = seconds.multipliedReportingOverflow(by: 1000)
    let (sum, over) = milliseconds.addingReportingOverflow(tooLarge ? (seconds < 0 ? .min : .max) : product)
    return Instant(milliseconds: over ? (seconds < 0 ? .min : .max) : sum)
  }
}

extension Instant {
  /// The first moment that the text form can say, the year 1.
  private static let first: Int64 = -62_135_596_800_000
  /// The last one, at the end of the year 9999.
  private static let last: Int64 = 253_402_300_799_999
  private static let millisecondsInDay: Int64 = 86_400_000

  /// Reads `YYYY-MM-DDThh:mm:ss.sssZ`: exactly this, a date that the Gregorian calendar has (years 1 to 9999), no leap second.
  public init?(text: some StringProtocol) {
    let pattern = Array("dddd-dd-ddTdd:dd:dd.dddZ".utf8)
    let characters = Array(text.utf8)
    guard characters.count == pattern.count else { return nil }
    for (have, want) in zip(characters, pattern) {
      let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(have)
      guard want == UInt8(ascii: "d") ? isDigit : have == want else { return nil }
    }
    func number(_ range: Range<Int>) -> Int64 { characters[range].reduce(0) { $0 * 10 + Int64($1 - UInt8(ascii: "0")) } }
    let (year, month, day) = (number(0..<4), number(5..<7), number(8..<10))
    let (hour, minute, second) = (number(11..<13), number(14..<16), number(17..<19))
    guard year >= 1, hour < 24, minute < 60, second < 60 else { return nil }
    let days = Self.days(year: year, month: month, day: day)
    guard Self.date(days: days) == (year, month, day) else { return nil }
    let seconds = (hour * 60 + minute) * 60 + second
    self.init(milliseconds: days * Self.millisecondsInDay + seconds * 1000 + number(20..<23))
  }

  /// `YYYY-MM-DDThh:mm:ss.sssZ`; moments outside the years 1 to 9999 are written as the nearest that can be.
  public var text: String {
    let clamped = min(max(milliseconds, Self.first), Self.last)
    var days = clamped / Self.millisecondsInDay
    var rest = clamped % Self.millisecondsInDay
    if rest < 0 { (days, rest) = (days - 1, rest + Self.millisecondsInDay) }
    let (year, month, day) = Self.date(days: days)
    func digits(_ number: Int64, _ count: Int) -> String {
      let text = String(number)
      return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }
    let date = "\(digits(year, 4))-\(digits(month, 2))-\(digits(day, 2))"
    let time = "\(digits(rest / 3_600_000, 2)):\(digits(rest / 60_000 % 60, 2)):\(digits(rest / 1000 % 60, 2))"
    return "\(date)T\(time).\(digits(rest % 1000, 3))Z"
  }

  /// Days since 1970-01-01. Years are counted from 1 March, so that the leap day is the last of its year, and 1 March of the
  /// year 0 is 719,468 days before 1970. A month or day that does not exist gives the days of another date.
  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let year = month <= 2 ? year - 1 : year
    let monthSinceMarch = (month + 9) % 12
    return 365 * year + year / 4 - year / 100 + year / 400 + (153 * monthSinceMarch + 2) / 5 + day - 1 - 719_468
  }

  /// The date so many days after 1970-01-01, for the years from 1 on.
  private static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let daysIn400Years: Int64 = 146_097
    let sinceMarchOfYear0 = days + 719_468
    let (era, dayOfEra) = (sinceMarchOfYear0 / daysIn400Years, sinceMarchOfYear0 % daysIn400Years)
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let monthSinceMarch = (5 * dayOfYear + 2) / 153
    let month = monthSinceMarch < 10 ? monthSinceMarch + 3 : monthSinceMarch - 9
    let year = era * 400 + yearOfEra + (month <= 2 ? 1 : 0)
    return (year, month, dayOfYear - (153 * monthSinceMarch + 2) / 5 + 1)
  }
}
