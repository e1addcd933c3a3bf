internal import Account
internal import Drivers
internal import Feed
internal import FoundationEssentials
internal import Logging
internal import MailDriver
internal import MIME
internal import Packets
internal import Parcels
internal import Store

extension Bridge {
  /// Drops the view and makes it anew from the mailbox and the keys. The old one stays beside it until the new one is whole, and after.
  static func rebuild(
    layout: Layout, configuration: Configuration, clock: Clock, log: Logger, _ progress: ProgressReport
  ) async throws -> Rebuilt {
    guard configuration.imap != nil else {
      throw OperationFailure(
        .unavailable, "An account without a mailbox has no log to make the view from", remedy: "restore a backup of its folder.")
    }
    try layout.create()
    guard let lock = DaemonLock(at: layout.stateDirectory.appending(path: "daemon.lock").path) else {
      throw OperationFailure(.tryAgain, "The daemon of this account is running", remedy: "stop it first.")
    }
    let fresh = layout.stateDirectory.appending(path: "socialnet.sqlite.new")
    for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: fresh.path + suffix) }
    let next = try Bridge(layout: layout, configuration: configuration, clock: clock, log: log, database: fresh)
    do {
      let rebuilt = try await next.refill(progress)
      try await next.store.checkpoint()
      await next.close()
      try swap(fresh, layout)
      _ = consume lock
      return rebuilt
    } catch {
      await next.close()
      throw error
    }
  }

  private func refill(_ progress: ProgressReport) async throws -> Rebuilt {
    guard let mail = drivers.lazy.compactMap({ $0 as? MailDriver }).first else {
      return Rebuilt(parcels: 0, journal: 0, items: 0)
    }
    let desk = RebuildDesk(desk: Desk(bridge: self), progress: progress)
    try await mail.rescan(into: desk)
    let all = try await store.waitingInpackets(limit: .max, at: clock.now())
    let own = try await openOwn(all, progress)
    let missing = try await store.restore(journal: own.journal, own: own.packets, at: clock.now())
    if missing > 0 {
      try await store.notice(
        kind: "journal", said: "\(missing) pieces of the journal are missing in the mailbox.", at: clock.now())
    }
    for (number, parcel) in own.withBlobs.enumerated() {
      progress("pictures", number, of: own.withBlobs.count)
      try await keepOwnBlobs(parcel)
    }
    for sha256 in own.done {
      try await store.transact(at: clock.now(), rebuilding: true) { try $0.finish(sha256, placement: .keep) }
      layout.remove(inpacket: sha256)
    }
    progress("reading", own.done.count, of: all.count)
    while try await processInpackets(rebuilding: true) {}
    return Rebuilt(parcels: all.count, journal: own.journal.count, items: try await store.feed(limit: .max).count)
  }

  private struct OwnParcels {
    var journal: [(SignedPacket, Packet)] = []
    var packets: [OwnPacket] = []
    var withBlobs: [OpenedParcel] = []
    var done: [Hash] = []
  }

  /// Opens what is one's own; what is not is left for the second pass, when its signers are known.
  private func openOwn(_ all: [Inpacket], _ progress: ProgressReport) async throws -> OwnParcels {
    var own = OwnParcels()
    let mine = ownAddress?.text.lowercased()
    for (number, inpacket) in all.enumerated() {
      progress("opening", number, of: all.count)
      // The outer From is a hint only: it saves opening everybody else's parcels twice.
      guard let shape = try? Shape(of: layout.inpacket(inpacket.sha256)), shape.from?.text.lowercased() == mine,
        let opening = try? await Opener(home: try await keyring.home(), me: me, scratch: scratch).open(
          shape, isFromOwnFolder: true, standings: { [me] signer in signer == me ? .myself(nil) : .stranger }),
        case .opened(let parcel) = opening, parcel.signer == me
      else { continue }
      own.done.append(inpacket.sha256)
      let embedded = parcel.contents.packets.filter(\.isEmbedded).map(\.signed)
      for part in parcel.contents.packets where !part.isEmbedded {
        guard case .success(.understood(let packet)) = part.reading else { continue }
        if case .journal = packet.action {
          own.journal.append((part.signed, packet))
        } else {
          own.packets.append(OwnPacket(signed: part.signed, packet: packet, embedded: embedded))
        }
      }
      if !parcel.contents.blobs.isEmpty { own.withBlobs.append(parcel) }
    }
    return own
  }

  private func keepOwnBlobs(_ parcel: OpenedParcel) async throws {
    let blobs = Array(try await keepBlobs(of: parcel).values)
    try await store.transact(at: clock.now()) { transaction in for blob in blobs { try transaction.keep(blob: blob) } }
    await makeThumbnails(of: blobs)
  }

  /// Puts the new database in the old one's place, and the old one beside it.
  private static func swap(_ fresh: URL, _ layout: Layout) throws {
    let (old, files) = (layout.database.path, FileManager.default)
    for suffix in ["", "-wal", "-shm"] { try? files.removeItem(atPath: old + ".old" + suffix) }
    // Its log goes with it: it may hold what the database itself does not yet.
    for suffix in ["", "-wal", "-shm"] where files.fileExists(atPath: old + suffix) {
      try files.moveItem(atPath: old + suffix, toPath: old + ".old" + suffix)
    }
    try files.moveItem(atPath: fresh.path, toPath: old)
    for suffix in ["-wal", "-shm"] { try? files.removeItem(atPath: fresh.path + suffix) }
    try DurableFile.syncDirectory(layout.stateDirectory)
  }
}

/// Takes in what the rescan finds, and says how far it is. Gate 0 does not hold while everything is fetched again.
private struct RebuildDesk: Intake {
  let desk: Desk
  let fetched = Counter()
  let progress: ProgressReport

  var directory: URL { desk.directory }
  func position(of folder: String, at driver: String) async throws -> Position? {
    try await desk.position(of: folder, at: driver)
  }
  func admit(_ candidates: [Candidate]) async throws -> Set<Origin> { Set(candidates.map(\.origin)) }
  func take(_ batch: [Received], position: Position?) async throws {
    try await desk.take(batch, position: position)
    progress("fetching", await fetched.add(batch.count))
  }
  func unsettled(at driver: String) async throws -> [Origin: Placement] { try await desk.unsettled(at: driver) }
  func settled(_ origins: Set<Origin>) async throws { try await desk.settled(origins) }
  func wrote(messageID: String) async throws -> Bool { try await desk.wrote(messageID: messageID) }
  func report(_ condition: Condition) async { await desk.report(condition) }
  func tell(_ incident: Incident) async { await desk.tell(incident) }
}

/// Counts across tasks.
private actor Counter {
  private var count = 0

  /// Adds, and returns the sum.
  func add(_ number: Int) -> Int {
    count += number
    return count
  }
}
