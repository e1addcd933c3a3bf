import Account
import FoundationEssentials
import Foundation
import Packets
import Testing

private let berlin = TimeZone(identifier: "Europe/Berlin")
private let kathmandu = TimeZone(identifier: "Asia/Kathmandu")

/// A moment, `2026-03-29T00:30:00Z`.
private func moment(_ text: String) throws -> Instant {
  Instant(milliseconds: Int64(try Date(text, strategy: .iso8601).timeIntervalSince1970 * 1000))
}

@Suite struct ScheduleTests {
  @Test(arguments: [
    ("daily@07:00", "2026-11-22T05:59:59Z", "2026-11-22T06:00:00Z", "later today"),
    ("daily@07:00", "2026-11-22T06:00:00Z", "2026-11-23T06:00:00Z", "exactly now is past"),
    ("daily@07:00,19:00", "2026-11-22T06:00:00Z", "2026-11-22T18:00:00Z", "the second one of a day"),
    ("daily@19:00,7:00", "2026-11-22T18:30:00Z", "2026-11-23T06:00:00Z", "times in any order"),
    ("daily@00:00", "2026-11-22T22:59:00Z", "2026-11-22T23:00:00Z", "midnight"),
    ("daily@07:00", "2026-03-28T12:00:00Z", "2026-03-29T05:00:00Z", "the day the clock leaps is an hour shorter"),
    ("daily@02:30", "2026-03-28T12:00:00Z", "2026-03-29T01:30:00Z", "a time that the clock leaps over comes an hour later"),
    ("daily@02:30", "2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z", "a time that comes twice counts the first time"),
    ("daily@02:30", "2026-10-25T00:45:00Z", "2026-10-26T01:30:00Z", "and not the second time"),
    ("weekly@Mon07:00", "2026-11-22T12:00:00Z", "2026-11-23T06:00:00Z", "a Sunday before"),
    ("weekly@Mon07:00", "2026-11-23T06:00:00Z", "2026-11-30T06:00:00Z", "a week later"),
    ("weekly@sun07:00", "2026-11-23T06:00:00Z", "2026-11-29T06:00:00Z", "days in any case"),
    ("hourly", "2026-11-22T12:00:00Z", "2026-11-22T13:00:00Z", "the next full hour"),
    ("now", "2026-11-22T12:00:01Z", "2026-11-22T12:00:01Z", "at once"),
    ("daily@07:00", "1969-12-31T12:00:00Z", "1970-01-01T06:00:00Z", "before 1970"),
  ]) func `the next time of a schedule`(text: String, after: String, expected: String, why: String) throws {
    let schedule = try #require(Schedule(text: text))
    let zone = try #require(berlin)
    #expect(schedule.next(after: try moment(after), in: zone) == (try moment(expected)), "\(why)")
  }

  @Test func `an hour is full on the wall, not in UTC`() throws {
    let zone = try #require(kathmandu)
    #expect(Schedule.hourly.next(after: try moment("2026-11-22T12:00:00Z"), in: zone) == (try moment("2026-11-22T12:15:00Z")))
  }

  @Test func `off is never`() throws {
    #expect(Schedule.off.next(after: try moment("2026-11-22T12:00:00Z"), in: try #require(berlin)) == nil)
  }

  @Test func `what was missed in sleep is due once`() throws {
    let schedule = try #require(Schedule(text: "daily@07:00"))
    let zone = try #require(berlin)
    let waking = try moment("2026-11-22T12:00:00Z")
    #expect(schedule.isDue(last: try moment("2026-11-18T06:00:00Z"), now: waking, in: zone))
    #expect(!schedule.isDue(last: waking, now: waking.adding(seconds: 60), in: zone))
  }

  @Test func `the ends of the number line do not trap`() throws {
    let schedule = try #require(Schedule(text: "daily@07:00"))
    let zone = try #require(TimeZone(secondsFromGMT: 3600))
    for milliseconds in [Int64.min, Int64.max] {
      _ = schedule.next(after: Instant(milliseconds: milliseconds), in: zone)
      _ = Schedule.hourly.next(after: Instant(milliseconds: milliseconds), in: zone)
    }
  }

  @Test(arguments: ["daily@07:00", "daily@00:05,23:59", "weekly@Thu12:30", "hourly", "now", "off"])
  func `a schedule is written as it is read`(text: String) throws {
    #expect(Schedule(text: text)?.description == text)
  }

  @Test(arguments: [
    ("", "nothing"), ("daily", "no time"), ("daily@", "no time"), ("daily@7", "no minutes"), ("daily@24:00", "hour"),
    ("daily@07:60", "minute"), ("daily@07:00,", "an empty time"), ("daily@+7:00", "a sign"), ("weekly@07:00", "no day"),
    ("weekly@Mo07:00", "half a day"), ("weekly@Monday07:00", "a long day"), ("Hourly", "case"), ("daily@07:00 ", "white space"),
    ("daily@٠٧:٠٠", "other digits"),
  ]) func `what is no schedule is refused`(text: String, why: String) {
    #expect(Schedule(text: text) == nil, "\(why)")
  }
}

@Suite struct DurationTests {
  @Test(arguments: [("0", 0), ("0s", 0), ("20s", 20), ("10m", 600), ("2h", 7200), ("7d", 604_800)])
  func `spans are read`(text: String, seconds: Int) {
    #expect(Duration(text: text) == .seconds(seconds))
  }

  @Test(arguments: ["", "s", "10", "-1s", "+1s", "1.5h", "10 m", "10M", "9999999999d", "999999999d", "1d1h", "١s"])
  func `what is no span is refused`(text: String) {
    #expect(Duration(text: text) == nil)
  }

  @Test(arguments: ["0", "20s", "90s", "10m", "2h", "7d"]) func `spans are written as they are read`(text: String) {
    #expect(Duration(text: text)?.text == text)
  }
}
