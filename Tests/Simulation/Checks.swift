import Feed
import Foundation
import GRDB
import Packets
import Store

/// What a run did not keep.
struct Fault: CustomStringConvertible {
  enum Check: String {
    case sameFeeds
    case audience
    case knowledge
    case silence
  }

  var check: Check
  var said: String
  var description: String { "\(check.rawValue): \(said)" }
}

/// What must hold after every run.
extension Village {
  func faults(since begin: Instant) async throws -> [Fault] {
    try await faultsOfFeeds() + faultsOfAudience(since: begin) + faultsOfKnowledge() + faultsOfSilence(since: begin)
  }

  private var touched: [Resident] { residents.filter(\.isTouched) }

  // MARK: The same feeds

  /// What somebody reads, in its order: each item with its words and reactions.
  private struct Reading {
    var posts: [PacketName: (order: Int, kind: FeedItem.Kind, author: Author)] = [:]
    var threads: [ItemID: [String]] = [:]

    init(_ feed: [FeedItem]) {
      for (order, item) in feed.enumerated() {
        if item.root == nil { posts[item.name] = (order, item.kind, item.author.author) }
        let reactions = item.reactions.map { "\($0.emoji)\($0.by.sorted())" }.sorted().joined()
        threads[item.root ?? item.id, default: []].append(
          "\(item.id.text) \(item.text) \(reactions)\(item.edited ? " edited" : "")")
      }
    }
  }

  /// Every reader has what its author meant for them, with the same conversations, all in the same order.
  private func faultsOfFeeds() async throws -> [Fault] {
    var readings: [Int: Reading] = [:]
    for resident in touched {
      readings[resident.number] = Reading(try await resident.store().feed(limit: 1_000_000).reversed())
    }
    var faults: [Fault] = []
    for (author, there) in readings {
      let own = there.posts.filter { $0.value.author == residents[author].author }
      for reader in rights.contacts[author] where rights.contacts[reader].contains(author) {
        func counts(_ name: PacketName) -> Bool {
          rights.holders[name]?.contains(reader) == true
            && rights.isSteady(reader, in: rights.circleOf[name] ?? Circle.everyone, of: author)
        }
        let wanted = own.filter { counts($0.key) }.sorted { $0.value.order < $1.value.order }.map(\.key)
        let here = readings[reader]
        let found = (here?.posts ?? [:]).filter { $0.value.author == residents[author].author && counts($0.key) }
          .sorted { $0.value.order < $1.value.order }.map(\.key)
        if found != wanted {
          faults.append(
            Fault(check: .sameFeeds, said: "\(reader) has \(found.count) of \(author)'s \(wanted.count) posts, or other ones"))
        }
        for item in Set(found).intersection(wanted).map({ ItemID($0) }) where here?.threads[item] != there.threads[item] {
          faults.append(
            Fault(
              check: .sameFeeds,
              said: "\(reader) reads \(here?.threads[item] ?? []) where \(author) reads \(there.threads[item] ?? [])"))
        }
      }
      for notice in try await residents[author].store().notices(limit: 100) where notice.kind == "missing" {
        guard !rights.parted.contains(where: { $0.one == author || $0.other == author }) else { continue }
        faults.append(Fault(check: .sameFeeds, said: "\(author) is told: \(notice.said)"))
      }
    }
    return faults
  }

  // MARK: The audience

  /// No database holds a packet of this run that was not for its user.
  private func faultsOfAudience(since begin: Instant) async throws -> [Fault] {
    var faults: [Fault] = []
    for resident in touched {
      let me = resident.author.text
      let rows = try await resident.database().read { db in
        try Row.fetchAll(
          db.cachedStatement(
            sql: """
              SELECT author, id, kind FROM packet WHERE created >= ?1 AND author <> ?2 AND kind <> 'profile'
              UNION ALL SELECT author, id, kind FROM feed WHERE created >= ?1 AND author <> ?2
              UNION ALL SELECT author, id, 'reaction' FROM reaction WHERE received >= ?1 AND author <> ?2
              UNION ALL SELECT '', sha256, 'part' FROM part
                WHERE sha256 NOT IN (SELECT packet_embedded.sha256 FROM packet_embedded JOIN packet ON packet.sha256 = carrier)
              """), arguments: [begin.milliseconds, me]
        ).map { row -> (author: String, id: String, kind: String) in (row["author"], row["id"], row["kind"]) }
      }
      for (author, id, kind) in rows {
        if let author = Author(text: author), let id = PacketID(text: id),
          rights.holders[PacketName(author: author, id: id)]?.contains(resident.number) == true
        {
          continue
        }
        let number = Author(text: author).flatMap { rights.numbers[$0] } ?? -1
        faults.append(
          Fault(check: .audience, said: "\(resident.number) holds a \(kind) of \(number), \(id), that was not for them"))
      }
    }
    return faults
  }

  // MARK: Names and addresses

  /// No database holds the name of somebody who was never met, nor anything of theirs that was for its user; nor the address of
  /// somebody who was never a contact.
  private func faultsOfKnowledge() async throws -> [Fault] {
    var heard = Array(repeating: Set<Int>(), count: residents.count)
    for (name, holders) in rights.holders {
      guard let author = rights.numbers[name.author] else { continue }
      for holder in holders { heard[holder].insert(author) }
    }
    var faults: [Fault] = []
    for resident in touched {
      let text = try await resident.database().read { db in
        try String.fetchOne(
          db.cachedStatement(
            sql: """
              SELECT group_concat(said, ' ') FROM (SELECT CAST(bytes AS TEXT) AS said FROM packet
                UNION ALL SELECT CAST(bytes AS TEXT) FROM part UNION ALL SELECT card_name || ' ' || text FROM feed
                UNION ALL SELECT card_name FROM reaction UNION ALL SELECT content FROM amendment
                UNION ALL SELECT name || ' ' || claimed || ' ' || endpoints || ' ' || fields FROM contact
                UNION ALL SELECT name || ' ' || endpoints FROM request UNION ALL SELECT endpoint FROM outpacket
                UNION ALL SELECT said FROM notice UNION ALL SELECT content FROM at_once)
              """)) ?? ""
      }
      let (addresses, me) = (rights.met[resident.number].union([resident.number]), resident.number)
      for other in Self.numbers(behind: Identity.addressMark, in: text).subtracting(addresses) {
        faults.append(Fault(check: .knowledge, said: "\(me) has the address of \(other)"))
      }
      for other in Self.numbers(behind: Identity.nameMark, in: text).subtracting(addresses).subtracting(heard[me]) {
        faults.append(Fault(check: .knowledge, said: "\(me) has the name of \(other)"))
      }
    }
    return faults
  }

  private static func numbers(behind mark: String, in text: String) -> Set<Int> {
    Set(text.components(separatedBy: mark).dropFirst().compactMap { Int($0.prefix(4)) }.map { $0 - 1000 })
  }

  // MARK: Silence

  /// Nothing is to happen any more, the last copy left within four weeks, and there were not too many.
  private func faultsOfSilence(since begin: Instant) -> [Fault] {
    let weeks = Int((network.badUntil.milliseconds - begin.milliseconds) / (7 * 86_400_000))
    var faults = allowance.excess(network, rights, weeks: weeks).map { Fault(check: .silence, said: $0) }
    if let next = calendar.first { faults.append(Fault(check: .silence, said: "something is still to happen on \(next.text)")) }
    if let last = network.last, last > network.badUntil.adding(seconds: 28 * 86_400) {
      faults.append(Fault(check: .silence, said: "the last copy left on \(last.text)"))
    }
    return faults
  }
}
