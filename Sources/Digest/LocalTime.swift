internal import FoundationEssentials
internal import Packets

/// A moment as the user's clock and calendar show it.
struct LocalTime {
  private static let weekdays = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"]
  private static let months = [
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December",
  ]
  /// A weekday without a date means the last one of its name: six days, so that it never means today.
  private static let weekdaysSpeakFor: Int64 = 6 * 86_400

  private let moment: Int64
  private let days: Int64
  private let second: Int64
  private let offset: Int64
  private let year: Int64
  private let month: Int
  private let day: Int64

  /// Moments outside the years 1970 to 9999, which only a broken clock can say, become the nearest within.
  init(_ instant: Instant, in zone: TimeZone) {
    moment = min(max(0, instant.milliseconds / 1000), 253_402_214_400)
    offset = Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: TimeInterval(moment))))
    let local = max(0, moment + offset)
    (days, second) = local.quotientAndRemainder(dividingBy: 86_400)
    // Years are counted from 1 March, so that the leap day is the last of its year.
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let sinceMarch = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * sinceMarch + 2) / 5 + 1
    month = Int(sinceMarch < 10 ? sinceMarch + 3 : sinceMarch - 9)
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// `14:05`.
  var clock: String { "\(two(second / 3600)):\(two(second / 60 % 60))" }

  /// `Sat 14:05`, `14 Nov 14:05`, or `14 Nov 2025`, as near as it is.
  func brief(at now: LocalTime) -> String {
    if isNear(now) { return "\(weekday.prefix(3)) \(clock)" }
    let date = "\(day) \(monthName.prefix(3))"
    return year == now.year ? "\(date) \(clock)" : "\(date) \(year)"
  }

  /// `Saturday 07:00`, `14 November`, or `14 November 2025`, as near as it is.
  func spoken(at now: LocalTime) -> String {
    if isNear(now) { return "\(weekday) \(clock)" }
    return year == now.year ? "\(day) \(monthName)" : "\(day) \(monthName) \(year)"
  }

  /// `14:05`, or with the day where it is another one.
  func due(at now: LocalTime) -> String { days == now.days ? clock : "\(weekday) \(clock)" }

  /// `Sat, 21 Nov 2026 14:05:00 +0100` (RFC 5322 3.3).
  var mailDate: String {
    let minutes = abs(offset) / 60
    let zone = "\(offset < 0 ? "-" : "+")\(two(minutes / 60))\(two(minutes % 60))"
    return "\(weekday.prefix(3)), \(two(day)) \(monthName.prefix(3)) \(year) \(clock):\(two(second % 60)) \(zone)"
  }

  private var weekday: String { Self.weekdays[Int(days % 7)] }
  private var monthName: String { Self.months[(month + 11) % 12] }
  private func isNear(_ now: LocalTime) -> Bool { abs(now.moment - moment) < Self.weekdaysSpeakFor }
  private func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
}
