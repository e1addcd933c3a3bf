import Account
import Drivers
import Feed
import Foundation
import Logging
import Packets
import Parcels
import Store
import Synchronization
import TestMail
import Testing

@testable import Bridge

/// Years of traffic under a clock of the test's own: the real node, store, queues' files, digests and housekeeping; without OpenPGP and
/// without servers, whose work for so many packets would take days.
///
/// Usually 2,000 packets in thirteen months; with `SOCIALNET_LONG=1`, 100,000 in fifty. The archive (posts, comments, what names them)
/// grows with what was said; nothing else may.
@Suite struct LongLifeTests {
  private static let isLong = ProcessInfo.processInfo.environment["SOCIALNET_LONG"] != nil
  private static let packets = isLong ? 100_000 : 2_000
  /// Packets a day, to everybody together.
  private static let aDay = 5

  @Test func `years go by, and neither memory nor descriptors nor tables nor folders grow`() async throws {
    let life = try await Life()
    var early: Life.Measure?
    var day = 0
    while life.count < Self.packets {
      try await life.live(packets: Self.aDay)
      day += 1
      // By then all that is kept for ninety days has been there for as long.
      if early == nil, day >= 250, life.count >= Self.packets / 3 { early = try await life.measure() }
    }
    let (before, after) = (try #require(early), try await life.measure())
    print("long life: \(life.count) packets in \(day) days; \(before) then, \(after) at the end")
    for (table, rows) in after.tables.sorted(by: { $0.key < $1.key }) {
      let earlier = before.tables[table] ?? 0
      if Life.archive.contains(table) || Life.listed.contains(table) && rows <= 1000 { continue }
      #expect(rows <= earlier + earlier / 4 + 20, "\(table) grew from \(earlier) to \(rows) rows")
    }
    for (folder, files) in after.files where folder != "blobs" {
      #expect(files <= (before.files[folder] ?? 0) + 5, "\(folder) grew to \(files) files")
    }
    #expect(after.files["blobs"] ?? 0 <= 2 * life.picturesShown + 4, "pictures that were taken back are kept")
    #expect(after.descriptors <= before.descriptors + 2)
    // What SQLite keeps of four connections, and what the allocator has not given back.
    #expect(after.memory <= before.memory + 24 << 20, "anonymous memory grew by \((after.memory - before.memory) >> 20) MB")
    #expect(after.log <= 32 << 20, "the database's log has \(after.log) bytes")
    #expect(try await life.anna.store.feed(limit: 1_000_000).count == life.shown)
    #expect(try await life.anna.store.flaws() == [])
    await life.end()
  }
}

/// Anna's bridge, and friends who are no more than a key.
private final class Life {
  /// Tables that are the archive, or grow with it.
  static let archive: Set<String> = [
    "packet", "feed", "feed_words", "feed_words_data", "feed_words_docsize", "feed_words_idx", "reaction", "tombstone", "shown",
    "packet_blob", "packet_embedded", "part", "blob", "act", "stream", "membership", "journal",
  ]
  /// Of these the newest thousand are kept.
  static let listed: Set<String> = ["refusal", "notice"]
  static let friends = 5

  struct Measure: CustomStringConvertible {
    var tables: [String: Int]
    var files: [String: Int]
    var descriptors: Int
    var memory: Int
    var log: Int

    var description: String { "\(memory >> 20) MB anonymous, \(descriptors) descriptors, \(tables.values.reduce(0, +)) rows" }
  }

  let anna: Bridge
  private let folder: URL
  private let layout: Layout
  private let now: @Sendable () -> Instant
  private let pass: @Sendable (Int64) -> Void
  private var friends: [Friend] = []
  private(set) var count = 0
  /// What the feed must show.
  private(set) var shown = 0
  private(set) var picturesShown = 0
  private var posts: [Reference] = []
  private var dice = Dice(state: 7)

  struct Friend {
    let key: SecretKey
    let fingerprint: Fingerprint
    let circle: StreamID
    let open: StreamID
    var next: UInt64 = 1
    var nextOpen: UInt64 = 1
  }

  init() async throws {
    let memory = URL(filePath: "/dev/shm", directoryHint: .isDirectory)
    let place = FileManager.default.isWritableFile(atPath: memory.path) ? memory : URL(filePath: "/tmp")
    folder = place.appending(path: "life-\(UUID().uuidString.prefix(8))", directoryHint: .isDirectory)
    layout = Layout(home: folder)
    let time = Atomic64(1_795_348_800_000)
    now = { Instant(milliseconds: time.value) }
    pass = { time.add($0 * 1000) }
    let fingerprint = try #require(Fingerprint(bytes: [UInt8](repeating: 1, count: 20)))
    let address = try #require(EmailAddress("anna@anna.example"))
    var configuration = Configuration(
      account: .init(name: "Anna", address: address, endpoint: .mail(address), key: fingerprint))
    configuration.imap = try ServerURL("imap+plain://127.0.0.1:1")
    configuration.smtp = try ServerURL("smtp+plain://127.0.0.1:1")
    configuration.limits.packetsPerDay = 100_000
    var log = Logger(label: "life") { _ in SwiftLogNoOpLogHandler() }
    log.logLevel = .critical
    anna = try Bridge(layout: layout, configuration: configuration, clock: Clock(zone: .gmt, now: now), log: log)
    let key = try #require(SecretKey(seed: [UInt8](repeating: 1, count: 32)))
    let myself = Myself(
      author: key.author, fingerprint: fingerprint, certificate: [1], binding: [1], name: "Anna",
      endpoints: ["mailto:anna@anna.example"])
    try await anna.store.begin(key, myself, at: now())
    for number in 0..<Self.friends { try await befriend(number) }
  }

  func end() async {
    await anna.close()
    try? FileManager.default.removeItem(at: folder)
  }

  private func befriend(_ number: Int) async throws {
    let key = try #require(SecretKey(seed: [UInt8](repeating: UInt8(number + 2), count: 32)))
    let fingerprint = try #require(Fingerprint(bytes: [UInt8](repeating: UInt8(number + 2), count: 20)))
    let friend = Friend(
      key: key, fingerprint: fingerprint, circle: try #require(StreamID(bytes: Random.bytes(16, using: &dice))),
      open: try #require(StreamID(bytes: Random.bytes(16, using: &dice))))
    // As it stands after the two have become friends, for which OpenPGP would be needed.
    try sql(
      """
      INSERT INTO contact (author, fingerprint, name, state, mark, since, certificate, our_half, their_half, endpoints)
      VALUES ('\(key.author.text)', '\(fingerprint.text)', 'Friend \(number)', 'contact', 'invited', 0, x'01',
        zeroblob(32), zeroblob(32), '["mailto:friend\(number)@friend.example"]');
      INSERT INTO membership (author, stream, member) SELECT author, id, '\(key.author.text)' FROM stream WHERE kind = 'circle';
      """)
    friends.append(friend)
  }

  // MARK: A day

  /// A day in which so many packets come and go.
  func live(packets: Int) async throws {
    for _ in 0..<packets {
      pass(86_400 / Int64(packets + 1))
      try await event()
      try await work()
    }
    pass(86_400 / Int64(packets + 1))
    try await work()
  }

  /// What a round of the daemon does, but for OpenPGP and the servers.
  private func work() async throws {
    try await anna.keepHouse()
    for alarm in try await anna.store.dueAlarms(at: now()) { try await anna.store.ring(alarm, at: now()) }
    _ = try await anna.mailAtOnce()
    _ = try await anna.mailDigest()
    while let sealing = try await anna.store.nextSealing(at: now()) {
      for copy in sealing.copies { try Data("sealed".utf8).write(to: layout.outpacket(copy.messageID)) }
      try await anna.store.sealed(sealing.body, at: now())
    }
    while case let due = try await anna.store.dueOutpackets(limit: 200, at: now()), !due.isEmpty {
      // One in a hundred comes to nothing.
      let outcomes = due.map { copy -> (Int64, Outcome) in
        (copy.id, copy.append == nil && copy.id % 100 == 0 ? .refused(reason: "no such user") : .handedOver(reply: "ok"))
      }
      let over = Set(try await anna.store.record(outcomes, at: now()))
      for copy in due where over.contains(copy.id) { try FileManager.default.removeItem(at: layout.outpacket(copy.messageID)) }
    }
    for driver in ["mail", Bridge.dropped] {
      try await anna.store.settled(Set(anna.store.unsettled(at: driver).keys), at: now())
    }
  }

  private func event() async throws {
    count += 1
    let number = Int.random(in: 0..<Self.friends, using: &dice)
    switch Int.random(in: 0..<20, using: &dice) {
    case 0..<8: try await receive(.status(.init(share: false, text: "Words number \(count)")), from: number)
    case 8..<11: try await comment(from: number)
    case 11..<14: try await own()
    case 14: try await picture(from: number)
    case 15: try await refused()
    case 16: try await draft()
    case 17: _ = try await anna.store.perform(.invite(address: "somebody@example.org", name: nil), at: now())
    default:
      try await receive(.status(.init(share: false, text: "More words, number \(count)")), from: number)
    }
  }

  /// A post of Anna's, which can be commented on.
  private func own() async throws {
    let me = try await anna.store.myself().author
    let wish = Wish.post(text: "Mine, number \(count)", pictures: [], circle: nil, share: false)
    let id = try await anna.store.perform(wish, at: now())
    let name = PacketName(author: me, id: id)
    let bytes = try #require(try await anna.store.signedBytes(of: ItemID(name)))
    posts.append(Reference(author: me, id: id, sha256: bytes.sha256))
    if posts.count > 5 { posts.removeFirst() }
    shown += 1
  }

  /// Something said by mail, half of which is thought better of.
  private func draft() async throws {
    let isStopped = Bool.random(using: &dice)
    let (words, now) = ("By mail, number \(count)", now())
    try await anna.store.transact(at: now) { transaction in
      _ = try transaction.actOnce("mail \(words)")
      try transaction.handle(
        .wish(.post(text: words, pictures: [], circle: nil, share: false), id: transaction.newPacketID(), through: .mail))
      if isStopped { try transaction.handle(.wish(.undo, id: transaction.newPacketID(), through: .mail)) }
    }
    shown += isStopped ? 0 : 1
  }

  private func comment(from number: Int) async throws {
    guard let post = posts.randomElement(using: &dice) else { return try await own() }
    let comment = Action.Comment(root: post, target: post, text: "Indeed, number \(count)", pictures: [])
    try await receive(.comment(comment), from: number)
  }

  /// A photograph, which is taken back two times out of three.
  private func picture(from number: Int) async throws {
    let bytes = Array("picture \(count)".utf8)
    let blob = Blob(sha256: Hash.of(bytes), size: UInt64(bytes.count), type: "image/jpeg")
    try Data(bytes).write(to: layout.blob(blob.sha256))
    try Data(bytes).write(to: layout.thumbnail(blob.sha256))
    let now = now()
    try await anna.store.transact(at: now) { try $0.keep(blob: blob) }
    let picture = Picture(width: 1, height: 1, alternative: nil, blob: blob)
    let name = try await receive(.photo(.init(share: false, pictures: [picture], caption: "number \(count)")), from: number)
    picturesShown += 1
    guard count % 3 != 0 else { return }
    _ = try await receive(.retract(.init(root: nil, target: name)), from: number)
    shown -= 1
    picturesShown -= 1
  }

  /// What is no parcel, from another program.
  private func refused() async throws {
    let sha256 = Hash.of(Array("refused \(count)".utf8))
    try await take(sha256, place: .directory)
    let inpacket = try #require(try await anna.store.inpacket(sha256))
    try await anna.refuse(inpacket, Refusal(.shape, "no parcel"), from: "", .leave)
    let file = layout.refused.appending(path: "\(sha256.text).eml")
    for file in [file, file.deletingPathExtension().appendingPathExtension("txt")] {
      try FileManager.default.setAttributes(
        [.modificationDate: Date(timeIntervalSince1970: Double(now().milliseconds) / 1000)], ofItemAtPath: file.path)
    }
  }

  // MARK: Receiving

  private func take(_ sha256: Hash, place: Received.Place) async throws {
    try Data("parcel".utf8).write(to: layout.inpacket(sha256))
    let origin = Origin(
      driver: place == .directory ? Bridge.dropped : "mail", folder: "INBOX", validity: 1, uid: UInt32(count), file: sha256.text)
    let received = Received(kind: .parcel, sha256: sha256, size: 6, arrived: now(), origin: origin, place: place)
    let position = Position(driver: "mail", folder: "INBOX", validity: 1, uid: UInt32(count))
    try await anna.store.take([received], position: position, at: now())
  }

  @discardableResult
  private func receive(_ action: Action, from number: Int) async throws -> Reference {
    let me = try await anna.store.myself().author
    let isOpen: Bool = if case .comment = action { true } else { false }
    let friend = friends[number]
    let stream = Packet.Stream(
      id: isOpen ? friend.open : friend.circle, sequence: isOpen ? friend.nextOpen : friend.next, to: isOpen ? me : nil)
    if isOpen { friends[number].nextOpen += 1 } else { friends[number].next += 1 }
    let now = now()
    let packet = Packet(
      id: PacketID(at: now, using: &dice), author: friend.key.author, created: now, stream: stream, action: action, fallback: nil)
    let signed = try SignedPacket.sign(packet, with: friend.key)
    let parcel = Hash.of(Array("parcel \(count) \(stream.sequence)".utf8))
    try await take(parcel, place: .inbox)
    let arrival = Arrival(
      signed: signed, sha256: signed.sha256, read: try signed.read(), sender: friend.key.author, signer: friend.fingerprint,
      arrived: now)
    try await anna.store.transact(at: now) { transaction in
      try transaction.count(parcel, of: friend.fingerprint)
      for case .refuse(_, let reason) in try transaction.handle(.packet(arrival)) { throw ProgramRefused(reason: reason) }
      try transaction.finish(parcel, placement: .keep)
    }
    layout.remove(inpacket: parcel)
    if case .retract = action {} else { shown += 1 }
    return Reference(author: friend.key.author, id: packet.id, sha256: signed.sha256)
  }

  struct ProgramRefused: Error { let reason: String }

  // MARK: Measuring

  @discardableResult
  private func sql(_ statements: String) throws -> [String] {
    try runProgram("/usr/bin/sqlite3", [layout.database.path, statements]).split(separator: "\n").map(String.init)
  }

  func measure() async throws -> Measure {
    var tables: [String: Int] = [:]
    for name in try sql("SELECT name FROM sqlite_schema WHERE type = 'table'") {
      tables[name] = try sql("SELECT COUNT(*) FROM \"\(name)\"").first.flatMap { Int($0) }
    }
    let files = FileManager.default
    var counts: [String: Int] = [:]
    for folder in [layout.inpackets, layout.outpackets, layout.refused, layout.blobs, anna.scratch, layout.stateDirectory] {
      counts[folder.lastPathComponent] = (try? files.contentsOfDirectory(atPath: folder.path).count) ?? 0
    }
    let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8).split(separator: "\n")
    let anonymous = status.first { $0.hasPrefix("RssAnon:") }.flatMap { Int($0.filter(\.isNumber)) } ?? 0
    return Measure(
      tables: tables, files: counts, descriptors: try files.contentsOfDirectory(atPath: "/proc/self/fd").count,
      memory: anonymous << 10,
      log: (try files.attributesOfItem(atPath: layout.database.path + "-wal")[.size] as? Int) ?? 0)
  }
}

/// A number that several may move.
private final class Atomic64: Sendable {
  private let number: Mutex<Int64>
  init(_ number: Int64) { self.number = Mutex(number) }
  var value: Int64 { number.withLock { $0 } }
  func add(_ more: Int64) { number.withLock { $0 += more } }
}

/// The same numbers in each run: SplitMix64.
private struct Dice: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
