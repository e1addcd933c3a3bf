internal import Account
internal import Drivers
internal import Feed
internal import FoundationEssentials
internal import Logging
internal import MailDriver
internal import MIME
internal import OpenPGP
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
    guard let mail = mailDriver else {
      return Rebuilt(parcels: 0, journal: 0, items: 0)
    }
    let desk = RebuildDesk(desk: Desk(bridge: self), progress: progress)
    try await mail.rescan(into: desk)
    let all = try await store.waitingInpackets(limit: .max, at: clock.now())
    let own = try await openOwn(all) { progress("opening", $0, of: all.count) }
    let missing = try await store.restore(journal: own.journal, own: own.packets, at: clock.now())
    if missing > 0 {
      try await store.notice(
        kind: "journal", said: "\(missing) pieces of the journal are missing in the mailbox.", at: clock.now())
    }
    try await end(own) { progress("pictures", $0, of: own.withBlobs.count) }
    progress("reading", own.done.count, of: all.count)
    // What others sent and snapshots hold takes its place among what lies there still.
    try await store.take(own.folded.map(Self.received), position: nil, at: clock.now())
    let folded = Dictionary(own.folded.map { ($0.sha256, $0) }, uniquingKeysWith: { first, _ in first })
    while try await processInpackets(rebuilding: true, folded: folded) {}
    try await noteCaughtUp()
    return Rebuilt(
      parcels: all.count + own.folded.count, journal: own.journal.count, items: try await store.feed(limit: .max).count)
  }

  /// A database that is older than its mailbox, because a backup was put back, learns what it has said since before it says or reads
  /// anything else: who became a contact, what letters showed, which mails acted.
  func catchUp() async throws {
    for case let mail as MailDriver in drivers { try await mail.receiveOwn(into: Desk(bridge: self)) }
    let waiting = try await store.waitingInOwnFolder()
    if !waiting.isEmpty {
      let own = try await openOwn(waiting) { _ in }
      let count = try await store.catchUp(journal: own.journal, own: own.packets, at: clock.now())
      try await end(own) { _ in }
      if count > 0 { log.notice("\(count) packets of one's own were not known here: an older database was put back") }
    }
    try await noteCaughtUp()
  }

  /// The pictures of one's own parcels are kept, and then their files are not needed.
  private func end(_ own: OwnParcels, _ progress: (Int) -> Void) async throws {
    for (number, parcel) in own.withBlobs.enumerated() {
      progress(number)
      try await keepOwnBlobs(parcel)
    }
    for sha256 in own.done {
      try await store.transact(at: clock.now(), rebuilding: true) { try $0.finish(sha256, placement: .keep) }
      layout.remove(inpacket: sha256)
    }
  }

  private struct OwnParcels {
    var journal: [(SignedPacket, Packet)] = []
    var packets: [OwnPacket] = []
    var withBlobs: [OpenedParcel] = []
    var done: [Hash] = []
    /// What others sent, out of snapshots.
    var folded: [Folded] = []

    /// Sorts what is in one of them.
    mutating func take(_ parcel: OpenedParcel) {
      let embedded = parcel.contents.packets.filter(\.isEmbedded).map(\.signed)
      for part in parcel.contents.packets where !part.isEmbedded {
        guard case .success(.understood(let packet)) = part.reading else { continue }
        if case .journal = packet.action {
          journal.append((part.signed, packet))
        } else {
          packets.append(OwnPacket(signed: part.signed, packet: packet, embedded: embedded))
        }
      }
      if !parcel.contents.blobs.isEmpty { withBlobs.append(parcel) }
    }
  }

  private static func received(_ folded: Folded) -> Received {
    Received(
      kind: .parcel, sha256: folded.sha256, size: folded.size, arrived: folded.arrived,
      origin: Origin(driver: dropped, folder: "", file: folded.sha256.text), place: .own)
  }

  /// Opens what is one's own; what is not is left for the second pass, when its signers are known.
  private func openOwn(_ all: [Inpacket], _ progress: (Int) -> Void) async throws -> OwnParcels {
    var own = OwnParcels()
    let home = try await keyring.home()
    // The database that knows of every key is what is being made.
    let mine = mine.union(try await home.keysMadeHere().compactMap { Fingerprint(bytes: $0.fingerprint) })
    let address = ownAddress?.text.lowercased()
    let opener = Opener(home: home, mine: mine, scratch: scratch)
    let standings: Opener.Standings = { signer in mine.contains(signer) ? .myself(nil) : .stranger }
    for (number, inpacket) in all.enumerated() {
      progress(number)
      // The outer From is a hint only: it saves opening everybody else's parcels twice.
      guard let shape = try? Shape(of: layout.inpacket(inpacket.sha256)), shape.from?.text.lowercased() == address else {
        continue
      }
      switch try? await opener.open(shape, isFromOwnFolder: true, standings: standings) {
      case .opened(let parcel) where mine.contains(parcel.signer): own.take(parcel)
      case .snapshot(let snapshot):
        for folded in snapshot.folded {
          guard mine.contains(folded.signer) else {
            own.folded.append(folded)
            continue
          }
          if case .opened(let parcel) = try? await opener.open(folded, standings: standings) { own.take(parcel) }
        }
      default: continue
      }
      own.done.append(inpacket.sha256)
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
  func note(_ placements: [Origin: Placement]) async throws { try await desk.note(placements) }
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
