internal import Account
internal import Drivers
internal import Feed
internal import FoundationEssentials
internal import Logging
internal import Node
internal import OpenPGP
internal import Packets
internal import Store
internal import Synchronization

/// One account's bridge: it wires the rooms together and owns the clock, the tasks and the pacing. It decides nothing itself.
///
/// The same class serves the daemon and each command; they share the database, and a commit of either rings the other's bell.
final class Bridge: Sendable {
  /// Where things lie on disk.
  let layout: Layout
  /// What the user set.
  let configuration: Configuration
  /// The database.
  let store: Store
  let keyring: Keyring
  let drivers: [any Driver]
  let clock: Clock
  let log: Logger
  /// The account's own keys, the present one first: parcels come to any of them, and one's own lie there under each.
  let ownKeys: Mutex<[Fingerprint]>
  let scratch: URL
  /// Wakes the loop that opens, decides and seals.
  let work = Bell()
  /// Wakes the loop that hands parcels over.
  let dispatch = Bell()
  /// Wakes the loop that moves what was opened.
  let tidying = Bell()
  let troubles = Troubles()
  let outcomes = Outcomes()
  let atWork: AtWork
  /// When the house was last kept, by this process.
  let kept = Mutex(Kept())
  /// Which machine is the bridge.
  let lease: LeaseKeeper
  /// Wakes the loop that asks for it.
  let standing = Bell()
  /// Why the daemon ends by itself: what nothing but the user can mend.
  let beyondRepair = Mutex<OperationFailure?>(nil)
  /// When folding old parcels was last tried, by this process.
  let thinning = Mutex<Instant?>(nil)

  /// Opens an account that was set up.
  ///
  /// - Throws: ``OperationFailure``.
  convenience init(layout: Layout, configuration: Configuration, clock: Clock = .system, log: Logger) throws(OperationFailure) {
    try self.init(layout: layout, configuration: configuration, clock: clock, log: log, database: layout.database)
  }

  init(layout: Layout, configuration: Configuration, clock: Clock, log: Logger, database: URL) throws(OperationFailure) {
    self.layout = layout
    self.configuration = configuration
    self.clock = clock
    self.log = log
    ownKeys = Mutex([configuration.account.key])
    lease = LeaseKeeper(Machine(layout))
    scratch = layout.stateDirectory.appending(path: "scratch", directoryHint: .isDirectory)
    atWork = AtWork(in: scratch)
    do {
      let drivers = try Self.drivers(layout, configuration, clock, log)
      self.drivers = drivers
      try layout.create()
      store = try Store(path: database.path, settings: Self.settings(configuration, drivers))
      keyring = Keyring(Self.keyHome(layout, scratch: scratch))
    } catch {
      throw OperationFailure(error)
    }
  }

  /// The primary fingerprint of the present key.
  var me: Fingerprint { ownKeys.withLock { $0.first } ?? configuration.account.key }

  /// The primary fingerprints of all keys that the account has had.
  var mine: Set<Fingerprint> { Set(ownKeys.withLock { $0 }) }

  /// Learns which key is the present one: a command beside this process may have changed it.
  func knowOwnKeys() async throws {
    let known = try await store.ownKeys()
    guard !known.isEmpty else { return }
    ownKeys.withLock { $0 = known }
  }

  /// Rings all bells: something was committed.
  func wakeUp() async {
    await work.ring()
    await dispatch.ring()
    await tidying.ring()
    await standing.ring()
  }

  /// Lets go of the keys' agent, if it was started here.
  func close() async {
    atWork.close()
    await keyring.stop()
  }

  // MARK: Wiring

  private static func settings(_ configuration: Configuration, _ drivers: [any Driver]) -> StoreSettings {
    var rules = Rules()
    rules.undoForCommand = configuration.post.undo(byMail: false).components.seconds
    rules.undoForMail = configuration.post.undo(byMail: true).components.seconds
    rules.patience = max(1, configuration.limits.patience.components.seconds)
    rules.atOnce = Set(configuration.digest.atOnce.map(\.rawValue))
    return StoreSettings(
      rules: rules, domain: configuration.account.address?.domain ?? "node.invalid",
      version: LocalAccount.version, membersOfABody: configuration.post.sealOneByOne ? 1 : 500, hasLog: configuration.imap != nil,
      claims: { endpoint in drivers.contains { $0.claims(endpoint) } })
  }

  static func keyHome(_ layout: Layout, scratch: URL) -> KeyHome.Configuration {
    KeyHome.Configuration(directory: layout.gnupg, scratch: scratch, programs: GPGPrograms.found)
  }
}

/// The small programs that stand between GPGME and gpg.
enum GPGPrograms {
  /// Beside this program, or where `deploy/install` puts them; nothing where one is in neither place.
  static let found: KeyHome.Programs = {
    guard let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe") else {
      return KeyHome.Programs()
    }
    let folder = URL(filePath: program).deletingLastPathComponent()
    func find(_ name: String) -> URL? {
      [folder.appending(path: name), folder.appending(path: "../libexec/socialnet/\(name)").standardizedFileURL]
        .first { FileManager.default.isExecutableFile(atPath: $0.path) }
    }
    return KeyHome.Programs(launcher: find("gpg-launcher"), opener: find("gpg-opener"))
  }()
}

/// What the drivers last reported.
actor Troubles {
  private var conditions: [String: Condition] = [:]
  private var failures: [String: DriverFailure] = [:]

  /// How much is new in a report.
  enum News { case new, first, same }

  /// Notes a report.
  func note(_ condition: Condition) -> News {
    let driver =
      switch condition {
      case .working(let driver), .troubled(let driver, _, _): driver
      }
    let before = conditions.updateValue(condition, forKey: driver)
    switch (before, condition) {
    case (.working?, .working): return .same
    case (.troubled(_, let old, _)?, .troubled(_, let new, _)): return old == new ? .same : .new
    case (nil, _): return .first
    default: return .new
    }
  }

  /// Whether this has not just been said of the same work.
  func isNews(_ failure: DriverFailure, in work: String) -> Bool { failures.updateValue(failure, forKey: work) != failure }

  func isOver(_ work: String) { failures[work] = nil }
}
