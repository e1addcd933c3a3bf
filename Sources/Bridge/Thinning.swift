internal import Account
internal import Drivers
internal import FoundationEssentials
internal import Logging
internal import MailDriver
internal import MIME
internal import Packets
internal import Parcels
internal import Store
internal import Synchronization

/// Folds old parcels of the bridge's folder into few: read and opened, sealed together to oneself, appended, read back and compared, and
/// only then are exactly those deleted that it holds. What does not open stays where it is.
///
/// A crash between any two steps leaves parcels that lie there twice, which a rebuild knows by their names; the next thinning deletes them.
struct Thinning {
  let bridge: Bridge
  let mail: MailDriver
  /// What arrived before is folded.
  let cutoff: Instant
  /// Called between the steps; a test stops here.
  var reached: @Sendable (Step) throws -> Void = { _ in }

  /// What was done.
  enum Step: Hashable, CaseIterable {
    case sealed, appended, verified, deleted
  }

  func run(_ progress: ProgressReport) async throws -> Thinned {
    guard try await mail.canRemove() else {
      throw OperationFailure(
        .unavailable, "The server cannot delete single mails, so nothing can be folded together", remedy: "leave retention off.")
    }
    let directory = bridge.scratch.appending(path: "thin-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try await bridge.pinContacts()
    let (validity, lying) = try await mail.ownParcels()
    var work = Work(validity: validity, directory: directory)
    try await finishEarlier(lying, &work)
    // What is as large as a snapshot gains nothing by being in one.
    let due = lying.filter {
      $0.arrived < cutoff && !$0.isSnapshot && $0.size < Snapshot.mostBytes && !work.gone.contains($0.uid)
    }
    if due.count > 1 {
      // One that is small grows.
      let small = lying.filter { $0.isSnapshot && $0.size < Snapshot.mostBytes / 2 }
      for some in batches(small + due) {
        progress("folding", work.thinned.folded, of: due.count)
        for parcel in try await mail.fetchOwn(some.map(\.uid), validity: validity, into: directory) {
          try await take(parcel, &work)
        }
      }
      try await fold(&work)
    }
    return work.thinned
  }

  /// What is being folded.
  private struct Work {
    let validity: UInt32
    let directory: URL
    var thinned = Thinned()
    var folded: [Folded] = []
    /// The mails that hold what is being folded, and nothing else.
    var uids: [UInt32] = []
    var bytes = 0
    var gone: Set<UInt32> = []
  }

  private func batches(_ parcels: [LyingParcel]) -> [[LyingParcel]] {
    var batches: [[LyingParcel]] = [[]]
    var bytes = 0
    for parcel in parcels {
      if let last = batches.last, !last.isEmpty, last.count >= 128 || bytes + parcel.size > 32 << 20 {
        batches.append([])
        bytes = 0
      }
      batches[batches.count - 1].append(parcel)
      bytes += parcel.size
    }
    return batches
  }

  /// Opens one, and puts what it holds with the others.
  private func take(_ parcel: FetchedParcel, _ work: inout Work) async throws {
    defer { try? FileManager.default.removeItem(at: parcel.file) }
    guard let held = try await open(parcel), !held.isEmpty else {
      work.thinned.left += 1
      return
    }
    let bytes = held.reduce(0) { $0 + $1.size }
    if work.bytes + bytes > Snapshot.mostBytes || work.folded.count + held.count > Snapshot.mostParcels { try await fold(&work) }
    let known = Set(work.folded.map(\.sha256))
    work.folded += held.filter { !known.contains($0.sha256) }
    work.bytes += bytes
    work.uids.append(parcel.uid)
  }

  /// What a mail of the own folder holds, if it opens as a rebuild would open it.
  private func open(_ parcel: FetchedParcel) async throws -> [Folded]? {
    let opener = Opener(home: try await bridge.keyring.home(), mine: bridge.mine, scratch: bridge.scratch)
    guard let shape = try? Shape(of: parcel.file) else { return nil }
    do {
      let opening = try await opener.open(shape, isFromOwnFolder: true) { signer throws(TemporaryTrouble) in
        do { return try await bridge.standing(of: signer) } catch { throw TemporaryTrouble("\(error)") }
      }
      switch opening {
      case .opened(let opened): return [try Folded(opened, sha256: parcel.sha256, arrived: parcel.arrived)]
      case .snapshot(let snapshot): return snapshot.folded
      case .held: return nil
      }
    } catch OpeningFailure.refused {
      return nil
    } catch OpeningFailure.troubled(let trouble) {
      throw OperationFailure(.tryAgain, trouble.description)
    }
  }

  // MARK: The steps

  private func fold(_ work: inout Work) async throws {
    // A snapshot of one parcel, or of one snapshot, would be for nothing.
    guard work.uids.count > 1 else {
      work.thinned.left += work.uids.count
      (work.folded, work.uids, work.bytes) = ([], [], 0)
      return
    }
    let lies = try await append(work)
    try await verify(work.folded, lies, in: work.directory)
    try reached(.verified)
    try await delete(work.uids, &work)
    work.thinned.snapshots += 1
    try await bridge.store.thinned(through: lies.uid, validity: lies.validity, at: bridge.clock.now())
    (work.folded, work.uids, work.bytes) = ([], [], 0)
    try reached(.deleted)
  }

  private func append(_ work: Work) async throws -> (validity: UInt32, uid: UInt32) {
    guard let mine = bridge.ownAddress else { throw OperationFailure(.internalFault, "no address of one's own") }
    let now = bridge.clock.now()
    let file = work.directory.appending(path: "snapshot.eml")
    defer { try? FileManager.default.removeItem(at: file) }
    var random = SystemRandomNumberGenerator()
    // Known as ours before it is there, so that nobody takes it for news.
    let messageID = try await bridge.store.nameForOwnMail(kind: "snapshot", at: now)
    let size: Int
    do {
      size = try await Sealer(home: try await bridge.keyring.home(), me: bridge.me, scratch: bridge.scratch).seal(
        snapshot: work.folded, from: mine, date: now.milliseconds / 1000,
        copy: .init(recipient: bridge.me, to: mine, messageID: messageID, file: file), using: &random)
    } catch let failure as SealingFailure {
      throw OperationFailure(.tryAgain, "A snapshot could not be sealed (\(failure))", remedy: "nothing was changed; try again.")
    }
    try reached(.sealed)
    let lies = try await mail.appendOwn(file, size: size, messageID: messageID)
    try reached(.appended)
    return lies
  }

  /// Reads back what was appended: the server must give what it was given.
  private func verify(_ folded: [Folded], _ lies: (validity: UInt32, uid: UInt32), in directory: URL) async throws {
    let unsure = OperationFailure(
      .unavailable, "The server does not give back the snapshot that it was given",
      remedy: "nothing was deleted; try again later.")
    guard let fetched = try await mail.fetchOwn([lies.uid], validity: lies.validity, into: directory).first else { throw unsure }
    defer { try? FileManager.default.removeItem(at: fetched.file) }
    guard let there = try await open(fetched), there.count == folded.count else { throw unsure }
    for (one, other) in zip(folded, there) where try !one.isSame(as: other) { throw unsure }
  }

  private func delete(_ uids: [UInt32], _ work: inout Work) async throws {
    for start in stride(from: 0, to: uids.count, by: 500) {
      let some = Array(uids[start..<min(start + 500, uids.count)])
      guard try await mail.remove(parcels: some, validity: work.validity) else { return }
      work.gone.formUnion(some)
      work.thinned.folded += some.count
    }
  }

  /// A thinning that was cut off left a snapshot and what it holds side by side. What lies there twice, byte for byte, is deleted.
  private func finishEarlier(_ lying: [LyingParcel], _ work: inout Work) async throws {
    let done = try await bridge.store.thinned()
    let open = lying.filter { $0.isSnapshot && !(done?.validity == work.validity && $0.uid <= done?.uid ?? 0) }
    guard !open.isEmpty else { return }
    var held: [Hash: Folded] = [:]
    for snapshot in try await mail.fetchOwn(open.map(\.uid), validity: work.validity, into: work.directory) {
      defer { try? FileManager.default.removeItem(at: snapshot.file) }
      for folded in try await self.open(snapshot) ?? [] { held[folded.sha256] = folded }
    }
    var twice: [UInt32] = []
    for some in batches(lying.filter { $0.arrived < cutoff && !$0.isSnapshot }) {
      for parcel in try await mail.fetchOwn(some.map(\.uid), validity: work.validity, into: work.directory) {
        defer { try? FileManager.default.removeItem(at: parcel.file) }
        guard let folded = held[parcel.sha256], folded.arrived == parcel.arrived else { continue }
        twice.append(parcel.uid)
      }
    }
    try await delete(twice, &work)
    guard let last = open.map(\.uid).max() else { return }
    try await bridge.store.thinned(through: last, validity: work.validity, at: bridge.clock.now())
  }
}

extension Bridge {
  /// How often it is done by itself, in seconds.
  private static let betweenThinnings: Int64 = 30 * 86_400

  /// Folds what is older than the user wants it to lie, once in thirty days.
  func thinIfDue() async throws {
    guard let retention = configuration.mail.retention, let mail = mailDriver else { return }
    let now = clock.now()
    if let last = try await store.thinned()?.at, last.adding(seconds: Self.betweenThinnings) > now { return }
    let isDue = thinning.withLock { tried in
      guard tried.map({ $0.adding(seconds: 86_400) <= now }) ?? true else { return false }
      tried = now
      return true
    }
    guard isDue else { return }
    do {
      let thinned = try await thin(mail, before: now.adding(seconds: -retention.wholeSeconds), .none)
      log.info("folded \(thinned.folded) parcels into \(thinned.snapshots)")
    } catch {
      let failure = OperationFailure(error)
      log.warning("old parcels could not be folded: \(failure.sentence)")
      try await store.notice(kind: "retention", said: "Old parcels could not be folded together: \(failure.message).", at: now)
    }
  }

  /// Folds what arrived before a moment. Only one process does so at a time.
  func thin(_ mail: MailDriver, before cutoff: Instant, _ progress: ProgressReport) async throws -> Thinned {
    guard let lock = DaemonLock(at: layout.stateDirectory.appending(path: "thin.lock").path) else {
      throw OperationFailure(.tryAgain, "Parcels are being folded together already", remedy: "try again later.")
    }
    let thinned = try await Thinning(bridge: self, mail: mail, cutoff: cutoff).run(progress)
    // Also where nothing was old enough, so that it is not looked at every day.
    try await store.thinned(through: nil, validity: 0, at: clock.now())
    _ = consume lock
    return thinned
  }

  var mailDriver: MailDriver? { drivers.lazy.compactMap { $0 as? MailDriver }.first }
}
