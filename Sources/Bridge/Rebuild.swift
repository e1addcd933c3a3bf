internal import Account
internal import Drivers
internal import Feed
internal import FoundationEssentials
internal import MailDriver
internal import Packets
internal import Parcels
public import Store

extension Bridge {
  /// How far a long piece of work is.
  public struct Progress: Sendable {
    /// What is being done.
    public var what: String
    /// How many are done.
    public var done: Int
    /// How many there are, if that is known.
    public var of: Int?
  }

  /// Drops the view and makes it anew from the mailbox and the keys. The old one stays beside it until the new one is whole.
  ///
  /// - Returns: how many journal packets are missing.
  public func rebuild(_ progress: @escaping @Sendable (Progress) -> Void) async throws -> Int {
    guard configuration.imap != nil else {
      throw BridgeFailure.unavailable(
        "An account without a mailbox has no log to make the view from.", remedy: "Restore a backup of its folder.")
    }
    guard let lock = DaemonLock(at: layout.stateDirectory.appending(path: "daemon.lock").path) else {
      throw BridgeFailure.temporary("The daemon of this account is running; stop it first.")
    }
    let fresh = layout.stateDirectory.appending(path: "socialnet.sqlite.new")
    for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: fresh.path + suffix) }
    let next = try Bridge(layout: layout, configuration: configuration, clock: clock, log: log, database: fresh)
    let missing: Int
    do {
      missing = try await next.refill(progress)
    } catch {
      await next.close()
      throw error
    }
    try await next.store.checkpoint()
    await next.close()
    try swap(fresh)
    _ = consume lock
    return missing
  }

  private func refill(_ progress: @escaping @Sendable (Progress) -> Void) async throws -> Int {
    guard let mail = drivers.compactMap({ $0 as? MailDriver }).first else { return 0 }
    progress(Progress(what: "fetching", done: 0, of: nil))
    try await mail.rescan(into: RebuildDesk(desk: Desk(bridge: self), progress: progress))
    let all = try await store.waitingInpackets(limit: .max, at: clock.now())
    let own = try await openOwn(all, progress)
    let missing = try await store.restore(journal: own.journal, own: own.packets, at: clock.now())
    for (number, blobs) in own.blobs.enumerated() {
      try await keepOwnBlobs(blobs)
      progress(Progress(what: "pictures", done: number + 1, of: own.blobs.count))
    }
    for sha256 in own.done {
      try await store.transact(at: clock.now()) { try $0.finish(sha256, placement: .keep) }
      layout.remove(inpacket: sha256)
    }
    try await processInpackets(rebuilding: true)
    return missing
  }

  private struct OwnParcels {
    var journal: [(SignedPacket, Packet)] = []
    var packets: [OwnPacket] = []
    var blobs: [OpenedParcel] = []
    var done: [Hash] = []
  }

  /// Opens what is one's own; what is not is left for the second pass, when its signers are known.
  private func openOwn(_ all: [Inpacket], _ progress: @escaping @Sendable (Progress) -> Void) async throws -> OwnParcels {
    var own = OwnParcels()
    let mine = ownAddress?.text.lowercased()
    for (number, inpacket) in all.enumerated() {
      progress(Progress(what: "opening", done: number, of: all.count))
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
      if !parcel.contents.blobs.isEmpty { own.blobs.append(parcel) }
    }
    return own
  }

  private func keepOwnBlobs(_ parcel: OpenedParcel) async throws {
    let blobs = Array(try await keepBlobs(of: parcel).values)
    try await store.transact(at: clock.now()) { transaction in for blob in blobs { try transaction.keep(blob: blob) } }
    await makeThumbnails(of: blobs)
  }

  /// Puts the new database in the old one's place, and the old one beside it.
  private func swap(_ fresh: URL) throws {
    let old = layout.database.path
    for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: old + suffix) }
    if FileManager.default.fileExists(atPath: old) {
      try? FileManager.default.removeItem(atPath: old + ".old")
      try FileManager.default.moveItem(atPath: old, toPath: old + ".old")
    }
    try FileManager.default.moveItem(atPath: fresh.path, toPath: old)
    for suffix in ["-wal", "-shm"] { try? FileManager.default.removeItem(atPath: fresh.path + suffix) }
    try DurableFile.syncDirectory(layout.stateDirectory)
  }
}

/// Takes in what the rescan finds, and says how far it is. Gate 0 does not hold while everything is fetched again.
private struct RebuildDesk: Intake {
  let desk: Desk
  let progress: @Sendable (Bridge.Progress) -> Void

  var directory: URL { desk.directory }
  func position(of folder: String, at driver: String) async throws -> Position? {
    try await desk.position(of: folder, at: driver)
  }
  func admit(_ candidates: [Candidate]) async throws -> Set<Origin> { Set(candidates.map(\.origin)) }
  func take(_ batch: [Received], position: Position?) async throws {
    try await desk.take(batch, position: position)
    progress(Bridge.Progress(what: "fetching", done: batch.count, of: nil))
  }
  func unsettled(at driver: String) async throws -> [Origin: Placement] { try await desk.unsettled(at: driver) }
  func settled(_ origins: Set<Origin>) async throws { try await desk.settled(origins) }
  func wrote(messageID: String) async throws -> Bool { try await desk.wrote(messageID: messageID) }
  func report(_ condition: Condition) async { await desk.report(condition) }
}
