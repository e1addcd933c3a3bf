public import FoundationEssentials
public import Packets

/// When digests are sent: `daily@07:00`, `daily@07:00,19:00`, `weekly@Mon07:00`, `hourly`, `now` or `off`.
public enum Schedule: Hashable, Sendable, CustomStringConvertible {
  /// Every day at these times, in order, at least one.
  case daily([TimeOfDay])
  /// Once a week.
  case weekly(Weekday, TimeOfDay)
  /// At every full hour.
  case hourly
  /// As soon as there is something.
  case now
  /// Never.
  case off

  /// Minutes since midnight, on the user's wall clock.
  public struct TimeOfDay: Hashable, Sendable, Comparable {
    /// 0 to 1439.
    public let minutes: Int

    /// Reads `07:00` or `7:00`.
    public init?(text: some StringProtocol) {
      let parts = text.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 2, (1...2).contains(parts[0].utf8.count), parts[1].utf8.count == 2 else { return nil }
      guard text.utf8.allSatisfy({ (48...58).contains($0) }), let hour = Int(parts[0]), let minute = Int(parts[1]) else {
        return nil
      }
      guard hour < 24, minute < 60 else { return nil }
      minutes = hour * 60 + minute
    }

    /// `07:00`.
    public var text: String {
      let (hour, minute) = minutes.quotientAndRemainder(dividingBy: 60)
      return (hour < 10 ? "0" : "") + "\(hour):" + (minute < 10 ? "0" : "") + "\(minute)"
    }

    /// Earlier in the day first.
    public static func < (one: TimeOfDay, other: TimeOfDay) -> Bool { one.minutes < other.minutes }
  }

  /// Days of the week as the schedule names them.
  public enum Weekday: String, CaseIterable, Sendable {
    case sunday = "Sun"
    case monday = "Mon"
    case tuesday = "Tue"
    case wednesday = "Wed"
    case thursday = "Thu"
    case friday = "Fri"
    case saturday = "Sat"
  }

  /// Reads a schedule; anything else is nothing. Days of the week in any case.
  public init?(text: some StringProtocol) {
    switch text {
    case "hourly": self = .hourly
    case "now": self = .now
    case "off": self = .off
    case let daily where daily.hasPrefix("daily@"):
      let times = daily.dropFirst(6).split(separator: ",", omittingEmptySubsequences: false).map { TimeOfDay(text: $0) }
      let good = times.compactMap(\.self)
      guard good.count == times.count, (1...24).contains(good.count) else { return nil }
      self = .daily(Set(good).sorted())
    case let weekly where weekly.hasPrefix("weekly@"):
      let name = weekly.dropFirst(7).prefix(3).lowercased()
      guard let day = Weekday.allCases.first(where: { $0.rawValue.lowercased() == name }) else { return nil }
      guard let time = TimeOfDay(text: weekly.dropFirst(10)) else { return nil }
      self = .weekly(day, time)
    default: return nil
    }
  }

  /// The form that ``init(text:)`` reads.
  public var description: String {
    switch self {
    case .daily(let times): "daily@" + times.map(\.text).joined(separator: ",")
    case .weekly(let day, let time): "weekly@" + day.rawValue + time.text
    case .hourly: "hourly"
    case .now: "now"
    case .off: "off"
    }
  }

  /// The first moment of this schedule later than `moment`; nothing for ``off``.
  ///
  /// A time that the clock leaps over in spring comes as much later as the clock leapt; one that comes twice in autumn counts
  /// once, the first time.
  public func next(after moment: Instant, in zone: TimeZone) -> Instant? {
    switch self {
    case .off: return nil
    case .now: return moment
    case .hourly:
      let hour: Int64 = 3_600_000
      // Hours of the wall clock: some zones are 30 or 45 minutes off the hour of UTC.
      let offset = Int64(zone.secondsFromGMT(for: Date(moment))) * 1000
      let wall = Self.clamped(moment) + offset
      return Instant(milliseconds: (Self.floorDivided(wall, by: hour) + 1) * hour - offset)
    case .daily(let times): return Self.first(after: moment, in: zone, times: times) { _ in true }
    case .weekly(let day, let time): return Self.first(after: moment, in: zone, times: [time]) { $0 == day }
    }
  }

  /// Whether a digest is due: a time of the schedule came after the last one was sent. One missed in sleep is due on waking,
  /// once.
  public func isDue(last: Instant, now: Instant, in zone: TimeZone) -> Bool {
    next(after: last, in: zone).map { $0 <= now } ?? false
  }

  private static func first(
    after moment: Instant, in zone: TimeZone, times: [TimeOfDay], on fits: (Weekday) -> Bool
  ) -> Instant? {
    let now = clamped(moment)
    let wallNow = floorDivided(now, by: 1000) + Int64(zone.secondsFromGMT(for: Date(moment)))
    let today = floorDivided(wallNow, by: 86_400)
    // From yesterday: where a zone changes its day, or the clock leaps at midnight, the wall's date is no guide by itself.
    for day in (today - 1)...(today + 8) where fits(weekday(ofDay: day)) {
      for time in times {
        let instant = Self.instant(wall: day * 86_400 + Int64(time.minutes) * 60, in: zone)
        if instant.milliseconds > now { return instant }
      }
    }
    return nil
  }

  /// The moment at which the wall clock shows `wall`, given in seconds as if the wall clock were UTC.
  private static func instant(wall: Int64, in zone: TimeZone) -> Instant {
    func offset(at second: Int64) -> Int64 { Int64(zone.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second)))) }
    let before = offset(at: wall - 86_400)
    let after = offset(at: wall + 86_400)
    if offset(at: wall - before) == before { return Instant(milliseconds: (wall - before) * 1000) }
    if offset(at: wall - after) == after { return Instant(milliseconds: (wall - after) * 1000) }
    return Instant(milliseconds: (wall - before) * 1000)
  }

  /// 1970-01-01, day 0, was a Thursday.
  private static func weekday(ofDay day: Int64) -> Weekday { Weekday.allCases[Int(((day + 4) % 7 + 7) % 7)] }

  private static func floorDivided(_ number: Int64, by divisor: Int64) -> Int64 {
    let (quotient, remainder) = number.quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? quotient - 1 : quotient
  }

  /// Far from the ends of the number line, so that a few days more cannot overflow.
  private static func clamped(_ moment: Instant) -> Int64 { min(max(moment.milliseconds, -(1 << 60)), 1 << 60) }
}

extension Date {
  fileprivate init(_ moment: Instant) { self.init(timeIntervalSince1970: Double(moment.milliseconds) / 1000) }
}
