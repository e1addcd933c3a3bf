internal import Account
internal import FoundationEssentials
internal import Packets

/// Moments as a person reads and writes them, in the person's own time zone.
enum Moments {
  /// `2026-11-22 14:05`.
  static func text(_ moment: Instant, in zone: TimeZone) -> String {
    let wall = moment.adding(seconds: Int64(zone.secondsFromGMT(for: Date(moment))))
    return String(wall.text.prefix(16).replacing("T", with: " "))
  }

  /// Reads `7d` (so long ago), `2026-11-22` (from its midnight on), `2026-11-22T14:05` or a whole RFC 3339 date in UTC.
  static func parse(_ text: String, now: Instant, in zone: TimeZone) -> Instant? {
    if let span = Duration(text: text) { return now.adding(seconds: -span.wholeSeconds) }
    if let moment = Instant(text: text) { return moment }
    switch text.utf8.count {
    case 20 where text.hasSuffix("Z"): return Instant(text: text.dropLast() + ".000Z")
    case 16: return wall(text + ":00.000Z", in: zone)
    case 10: return wall(text + "T00:00:00.000Z", in: zone)
    default: return nil
    }
  }

  /// The moment at which the wall clock shows this. The offset is looked up twice: the first guess may lie beyond a change of it.
  private static func wall(_ text: String, in zone: TimeZone) -> Instant? {
    guard let wall = Instant(text: text) else { return nil }
    let guess = wall.adding(seconds: -Int64(zone.secondsFromGMT(for: Date(wall))))
    return wall.adding(seconds: -Int64(zone.secondsFromGMT(for: Date(guess))))
  }
}

extension Date {
  fileprivate init(_ moment: Instant) { self.init(timeIntervalSince1970: Double(moment.milliseconds) / 1000) }
}
