import Feed
import GRDB
import Packets
import Store
import Synchronization
import TestNodes

/// Keys and names: the same in each run, and made once.
struct Identity: Sendable {
  let number: Int
  let key: SecretKey
  let fingerprint: Fingerprint
  /// No word of any text begins so, nor any address: who finds one of them in a database knows whose it is.
  var name: String { "\(Self.nameMark)\(number + 1000)" }
  var address: String { "\(Self.addressMark)\(number + 1000)@example.org" }

  static let nameMark = "Person-"
  static let addressMark = "mailto:box-"

  init(_ number: Int) throws {
    let bytes = [UInt8(truncatingIfNeeded: number), UInt8(truncatingIfNeeded: number >> 8), 1]
    guard let key = SecretKey(seed: bytes + [UInt8](repeating: 7, count: 29)),
      let fingerprint = Fingerprint(bytes: bytes + [UInt8](repeating: 0x5e, count: 17))
    else { throw Absent() }
    (self.number, self.key, self.fingerprint) = (number, key, fingerprint)
  }

  /// The first so many, made once for the process.
  static func first(_ count: Int) throws -> ArraySlice<Identity> {
    try all.withLock { all in
      while all.count < count { all.append(try Identity(all.count)) }
      return all.prefix(count)
    }
  }
  private static let all = Mutex<[Identity]>([])
}

/// One node: its database in memory, and the store upon it. The database is copied when it is first needed.
final class Resident {
  let identity: Identity
  private let settings: StoreSettings
  private let template: DatabaseQueue?
  private var queue: DatabaseQueue?
  private var opened: Store?
  /// What lies sealed on its disk.
  var sealed: [Int64: Sealing] = [:]
  var held: [Parcel] = []
  /// When its next alarm rings, as the village knows it.
  var alarm: Instant?

  var number: Int { identity.number }
  var author: Author { identity.key.author }
  /// Whether anything happened here since the template.
  var isTouched: Bool { opened != nil }

  init(_ identity: Identity, seed: UInt64, template: DatabaseQueue?) {
    (self.identity, self.template) = (identity, template)
    let counter = Mutex(seed &* 0x1_0000_0001 &+ UInt64(identity.number) << 40)
    settings = StoreSettings(
      domain: "example.org", hasLog: false,
      random: {
        Dice(
          state: counter.withLock {
            $0 &+= 1_000_003
            return $0
          })
      })
  }

  func database() throws -> DatabaseQueue {
    if let queue { return queue }
    let queue = try DatabaseQueue(configuration: Store.configuration)
    try template?.backup(to: queue)
    self.queue = queue
    return queue
  }

  func store() throws -> Store {
    if let opened { return opened }
    let store = try Store(database(), path: ":memory:", settings: settings)
    opened = store
    return store
  }

  /// The program ends and begins again; the disk keeps what it has.
  func restart() { opened = queue == nil ? nil : try? Store(database(), path: ":memory:", settings: settings) }

  func begin(at now: Instant) async throws {
    let myself = Myself(
      author: author, fingerprint: identity.fingerprint, certificate: Array("certificate \(number)".utf8),
      binding: Array("binding \(number)".utf8), name: identity.name, endpoints: [identity.address])
    try await store().begin(identity.key, myself, at: now)
  }

  /// What is to be done here: whether something waits to be sealed or sent, and when the next alarm rings.
  func agenda() async throws -> (sends: Bool, alarm: Instant?) {
    try await database().read { db in
      let row = try Row.fetchOne(
        db.cachedStatement(
          sql: """
            SELECT EXISTS (SELECT 1 FROM body WHERE state IN ('open', 'sealing'))
              OR EXISTS (SELECT 1 FROM outpacket WHERE state = 'waiting') AS sends, (SELECT MIN(due) FROM timer) AS alarm
            """))
      return (row?["sends"] ?? false, (row?["alarm"] as Int64?).map(Instant.init(milliseconds:)))
    }
  }
}
