import Feed
import Foundation
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

/// A computer: a database in a file that lies in memory, and a program upon it. To open a database and to compile its statements takes
/// longer than most runs, so one goes on from run to run, for somebody else: its file is overwritten, and SQLite sees that by the
/// file's change counter.
final class Machine: Sendable {
  private let file: URL
  private let settings: StoreSettings
  private let chance: Chance
  let database: DatabaseQueue
  private let program: Mutex<Store>
  var store: Store { program.withLock { $0 } }

  /// Where a machine's random numbers stand.
  private final class Chance: Sendable {
    let state = Mutex<UInt64>(0)
    func dice() -> Dice {
      Dice(
        state: state.withLock {
          $0 &+= 1_000_003
          return $0
        })
    }
  }

  /// A machine with an empty disk, or with a copy of one that has all the tables.
  init(_ number: Int, in directory: URL, disk: Data?) throws {
    let (file, chance) = (directory.appending(path: "\(number).sqlite"), Chance())
    settings = StoreSettings(domain: "example.org", hasLog: false, random: { chance.dice() })
    try disk?.write(to: file)
    var configuration = Store.configuration
    configuration.prepareDatabase { db in
      // What a machine that loses its power would need, none does here.
      try db.execute(sql: "PRAGMA journal_mode = MEMORY; PRAGMA synchronous = OFF")
    }
    let database = try DatabaseQueue(path: file.path, configuration: configuration)
    (self.file, self.chance, self.database) = (file, chance, database)
    program = Mutex(try Store(database, path: file.path, settings: settings))
  }

  private static let begun = Mutex<UInt32>(0)

  /// Begins a run with these bytes as its disk.
  func begin(with bytes: Data, chance seed: UInt64) throws {
    chance.state.withLock { $0 = seed }
    var bytes = bytes
    // SQLite keeps its pages while the change counter stands (SQLite, "Database File Format", 1.3.7), so it must be another one than any
    // that this machine had.
    let counter = Self.begun.withLock { begun in
      begun &+= 100_000
      return begun
    }
    for place in [24, 92] {
      for byte in 0..<4 { bytes[place + byte] = UInt8(truncatingIfNeeded: counter >> (24 - 8 * UInt32(byte))) }
    }
    let handle = try FileHandle(forWritingTo: file)
    try handle.write(contentsOf: bytes)
    try handle.truncate(atOffset: UInt64(bytes.count))
    try handle.close()
  }

  /// Its disk, when nothing is going on.
  func bytes() throws -> Data { try Data(contentsOf: file) }

  /// The program ends and begins again; the disk keeps what it has.
  func restart() throws {
    let store = try Store(database, path: file.path, settings: settings)
    program.withLock { $0 = store }
  }
}

/// One node in one run, on a machine from the moment when it is needed.
final class Resident {
  let identity: Identity
  private let machines: Machines
  private let seed: UInt64
  private let disk: Data?
  private var machine: Machine?
  /// What lies sealed on its disk.
  var sealed: [Int64: Sealing] = [:]
  var held: [Parcel] = []
  /// When its next alarm rings, as the village knows it.
  var alarm: Instant?

  var number: Int { identity.number }
  var author: Author { identity.key.author }
  /// Whether anything happened here in this run.
  var isTouched: Bool { machine != nil }

  init(_ identity: Identity, on machines: Machines, seed: UInt64, disk: Data? = nil) {
    (self.identity, self.machines, self.seed, self.disk) = (identity, machines, seed, disk)
  }

  private func begun() throws -> Machine {
    if let machine { return machine }
    let machine = try machines.next()
    try machine.begin(with: disk ?? machines.blank(), chance: seed &* 0x1_0000_0001 &+ UInt64(number) << 40)
    self.machine = machine
    return machine
  }

  func database() throws -> DatabaseQueue { try begun().database }
  func store() throws -> Store { try begun().store }
  func bytes() throws -> Data { try begun().bytes() }
  func restart() throws { try begun().restart() }

  func begin(at now: Instant) async throws {
    let myself = Myself(
      author: author, fingerprint: identity.fingerprint, certificate: Array("certificate \(number)".utf8),
      binding: Array("binding \(number)".utf8), name: identity.name, endpoints: [identity.address])
    try await store().begin(identity.key, myself, at: now)
  }

  /// What is to be done here: whether something waits to be sealed or sent, and when the next alarm rings.
  func agenda() async throws -> (sends: Bool, alarm: Instant?) {
    // No snapshot is needed: nobody else writes here.
    try await database().unsafeRead { db in
      let row = try Row.fetchOne(
        db.cachedStatement(
          sql: """
            SELECT EXISTS (SELECT 1 FROM body WHERE state IN ('open', 'sealing'))
              OR EXISTS (SELECT 1 FROM outpacket WHERE state = 'waiting') AS sends, (SELECT MIN(due) FROM timer) AS alarm
            """))
      return (row?["sends"] ?? false, (row?["alarm"] as Int64?).map(Instant.init(milliseconds:)))
    }
  }

  /// Forgets its alarms: for a beginning in which nothing is lost.
  func silence() async throws {
    try await database().write { db in try db.execute(sql: "DELETE FROM timer") }
    alarm = nil
  }
}

/// Machines for one village after the other.
final class Machines: Sendable {
  private struct Stock {
    var all: [Machine] = []
    var used = 0
    /// A disk with all the tables, which are made once.
    var blank: Data?
  }
  private let stock = Mutex(Stock())
  private let directory: URL

  init() throws {
    let memory = URL(filePath: "/dev/shm", directoryHint: .isDirectory)
    let place = FileManager.default.isWritableFile(atPath: memory.path) ? memory : FileManager.default.temporaryDirectory
    directory = place.appending(path: "socialnet-simulation-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  func next() throws -> Machine {
    try stock.withLock { stock in
      if stock.used == stock.all.count {
        stock.all.append(try Machine(stock.used, in: directory, disk: stock.blank))
        if stock.blank == nil { stock.blank = try stock.all.first?.bytes() }
      }
      defer { stock.used += 1 }
      return stock.all[stock.used]
    }
  }

  func blank() throws -> Data {
    guard let blank = stock.withLock({ $0.blank }) else { throw Absent() }
    return blank
  }

  /// A village is over: its machines serve the next.
  func free() { stock.withLock { $0.used = 0 } }
}
