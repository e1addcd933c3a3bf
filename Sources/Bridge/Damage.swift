internal import Account
internal import FoundationEssentials
internal import Logging
internal import Packets
internal import Store

/// A damaged database is noticed before anything is built on it.
extension LocalOperations {
  /// How many damaged databases are kept beside the present one.
  private static let kept = 2

  /// Opens the account for the daemon. SQLite looks over the whole file first, which takes a quarter of a second for 100,000 items.
  ///
  /// - Throws: where the database is damaged, after it was set aside: there is a mailbox to make it anew from.
  func openWhole() async throws -> Bridge {
    let configuration = try configuration()
    var opened: Bridge?
    do {
      let bridge = try Bridge(layout: layout, configuration: configuration, clock: clock, log: log)
      opened = bridge
      let flaws = try await bridge.store.flaws()
      if let flaw = flaws.first { throw StoreFailure.damaged(flaw) }
      return bridge
    } catch {
      try? opened?.store.close()
      await opened?.close()
      let failure = OperationFailure(error)
      guard failure.code == .badData else { throw failure }
      guard configuration.imap != nil else {
        throw OperationFailure(failure.code, failure.message, remedy: "restore a backup of its folder; there is no mailbox.")
      }
      throw try setAsideDatabase(failure)
    }
  }

  private func setAsideDatabase(_ failure: OperationFailure) throws -> OperationFailure {
    guard let lock = DaemonLock(at: layout.stateDirectory.appending(path: "daemon.lock").path) else {
      return OperationFailure(.tryAgain, "A daemon of this account runs already.")
    }
    let name = "\(layout.database.lastPathComponent).damaged-\(clock.now().text.prefix(19).replacing(":", with: "-"))"
    let place = layout.stateDirectory.appending(path: name)
    let files = FileManager.default
    // Its log goes with it: it may hold what the database itself does not yet.
    for suffix in ["", "-wal", "-shm"] where files.fileExists(atPath: layout.database.path + suffix) {
      try files.moveItem(atPath: layout.database.path + suffix, toPath: place.path + suffix)
    }
    try DurableFile.syncDirectory(layout.stateDirectory)
    forgetOldDamage()
    _ = consume lock
    log.error("\(failure.message)")
    return OperationFailure(
      .badData, "\(failure.message), and lies now beside as \(name)", remedy: "make it anew with `socialnet rebuild`.")
  }

  private func forgetOldDamage() {
    let prefix = "\(layout.database.lastPathComponent).damaged-"
    let names = ((try? FileManager.default.contentsOfDirectory(atPath: layout.stateDirectory.path)) ?? [])
      .filter { $0.hasPrefix(prefix) }
    let dates = Set(names.map { $0.dropFirst(prefix.count).prefix(19) }).sorted()
    for date in dates.dropLast(Self.kept) {
      for name in names where name.hasPrefix(prefix + date) {
        try? DurableFile.remove(layout.stateDirectory.appending(path: name))
      }
    }
  }
}
