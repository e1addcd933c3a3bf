import Feed
import Foundation
import Packets
import Store
import TestNodes
import Testing

/// What a virtual month of many people takes, by name only: `SOCIALNET_MONTH=500 swift test -c release -Xswiftc -enable-testing
/// --filter MonthTests`; `500x30x20` also says how many days, and how many contacts they have about. What must hold after every run must hold after this one.
@Suite struct MonthTests {
  private static let size: (people: Int, days: Int, contacts: Int)? = {
    let parts = ProcessInfo.processInfo.environment["SOCIALNET_MONTH"]?.split(separator: "x").compactMap { Int($0) }
    guard let people = parts?.first else { return nil }
    return (people, parts?.dropFirst().first ?? 30, parts?.dropFirst(2).first ?? 40)
  }()

  @Test(.enabled(if: size != nil)) func `a month of many people is counted, and everybody has the same at its end`() async throws
  {
    let (people, days, contacts) = try #require(Self.size)
    let seed = SimulationTests.seeds.first ?? 0
    let clock = ContinuousClock()
    let begun = clock.now
    let machines = try Machines()
    let friendships = Template.smallWorld(people, degree: contacts / 2...contacts * 3 / 2, reach: min(40, people / 2), seed: seed)
    let template = try await Template(count: people, friendships: friendships, on: machines, seed: seed)
    let village = Village(template, on: machines, seed: seed)
    let ready = clock.now
    let month = Month(village, days: days)
    try await village.run()
    let lived = clock.now
    let faults = try await village.faults(since: template.now)
    #expect(faults.isEmpty, "SOCIALNET_SEED=\(seed): \(faults.count) faults, \(faults.prefix(5))")
    print(
      month.table(
        contacts: 2 * friendships.count, seed: seed,
        seconds: (made: (ready - begun).seconds, lived: (lived - ready).seconds, checked: (clock.now - lived).seconds)))
  }
}

/// A month in a village: everybody posts a status a day, reads twice, and answers a tenth of the posts that they read, half of them in
/// words, and every fiftieth comment. One copy in a hundred is lost, one doubled, and five come hours late.
private final class Month {
  private let village: Village
  private let begin: Instant
  private let days: Int
  private var read: [Instant]
  private var counts: [String: Int] = [:]
  private var today: Int64 = -1

  init(_ village: Village, days: Int) {
    (self.village, begin, self.days) = (village, village.now, days)
    read = Array(repeating: village.now, count: village.residents.count)
    (village.network.loss, village.network.doubling, village.network.delay) = (1, 1, 5)
    village.network.badUntil = begin.adding(seconds: Int64(days) * 86_400)
    for day in 0..<days {
      for who in village.residents.indices {
        for _ in 0..<2 {
          village.calendar.put(.act(who), at: begin.adding(seconds: Int64(day) * 86_400 + Int64(village.roll(86_400))))
        }
      }
    }
    village.perform = { [unowned self] village, who in try await live(who) }
  }

  private func live(_ who: Int) async throws {
    let (resident, now) = (village.residents[who], village.now)
    let day = (now.milliseconds - begin.milliseconds) / 86_400_000
    if day > today {
      today = day
      print("simulation: day \(day + 1) of \(days), \(village.network.mails) mails so far")
    }
    let unread = try await resident.store().feed(limit: 1000, since: read[who]).filter { $0.author.author != resident.author }
    read[who] = now
    for item in unread {
      switch (item.root, village.roll(100)) {
      case (nil, 0..<5), (.some, 0..<2):
        try await answer(item, .comment(on: item.id, text: Self.words, pictures: []), who, "comments")
      case (nil, 5..<10): try await answer(item, .react(to: item.id, emoji: ["❤"]), who, "reactions")
      default: break
      }
    }
    counts["read", default: 0] += unread.count
    // Half of the two moments of a day.
    if village.roll(2) == 0 {
      counts["posts", default: 0] += 1
      try await village.wish(.post(text: Self.words, pictures: [], circle: nil, share: false), by: who)
    }
    try await village.settle(resident)
  }

  private func answer(_ item: FeedItem, _ wish: Wish, _ who: Int, _ kind: String) async throws {
    counts[kind, default: 0] += 1
    village.allowance.answer(to: item, village.rights)
    try await village.wish(wish, by: who)
    try await village.settle(village.residents[who])
  }

  private static let words = "Some words, as people write them: not long, and not of great importance to anybody else."

  /// The figures, to be pasted.
  func table(contacts: Int, seed: UInt64, seconds: (made: Double, lived: Double, checked: Double)) -> String {
    let (people, network) = (village.residents.count, village.network)
    func each(_ count: Int) -> String { String(format: "%.1f", Double(count) / Double(people * days)) }
    return """
      | a month of \(people) people, \(days) days, seed \(seed) | |
      |---|---|
      | contacts of each, on average | \(String(format: "%.1f", Double(contacts) / Double(people))) |
      | a person and day: posts, comments, reactions | \(each(counts["posts"] ?? 0)), \(each(counts["comments"] ?? 0)), \
      \(each(counts["reactions"] ?? 0)) |
      | items read, a person and day | \(each(counts["read"] ?? 0)) |
      | mails sent, a person and day | \(each(network.mails)) |
      | of them words, heads, repair | \(each(network.words)), \(each(network.heads)), \(each(network.repairs)) |
      | bytes of packets sent, a person and day | \(each(network.bytes)) |
      | bytes on the wire, a person and day (reckoned) | \(each(network.wire)) |
      | copies lost or late | \(network.disturbed) of \(network.mails) |
      | silent after the last word for | \(network.last.map { ($0.milliseconds - network.badUntil.milliseconds) / 86_400_000 } ?? 0) days of heads |
      | virtual time | \((village.now.milliseconds - begin.milliseconds) / 86_400_000) days |
      | real time: acquaintance, month, checks | \(String(format: "%.0f s, %.0f s, %.0f s", seconds.made, seconds.lived, seconds.checked)) |
      """
  }
}

extension Duration {
  fileprivate var seconds: Double { Double(components.seconds) + Double(components.attoseconds) / 1e18 }
}
