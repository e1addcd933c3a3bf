internal import Account
internal import FoundationEssentials
internal import MailDriver
internal import Packets
internal import Store

/// A command, too, says nothing in a database that was put back before it knows what the mailbox does: a number would be given twice.
extension Bridge {
  /// A file that changes its place on the disk with every copy, whatever times the copy keeps.
  private var anchor: URL { layout.stateDirectory.appending(path: "caught-up") }

  /// Where that file lies now, and where the database does: both are somewhere else after either was put back.
  private var places: String? {
    let files = [anchor, URL(filePath: store.path)].compactMap { try? DurableFile.look(at: $0) }
    return files.count == 2 ? "\(files[0].place) \(files[1].inode)" : nil
  }

  /// To be called when this database knows all that the mailbox does.
  func noteCaughtUp() async throws {
    guard configuration.imap != nil else { return }
    try DurableFile.remove(anchor)
    try DurableFile.create(anchor, holding: [])
    if let places { try await store.note(places: places, at: clock.now()) }
  }

  /// Does what each start of the daemon does, if this database is not the one that last did it.
  ///
  /// - Throws: ``OperationFailure`` where the mailbox cannot be read: then nothing may be said.
  func catchUpIfPutBack() async throws {
    guard configuration.imap != nil else { return }
    if let places, try await store.places() == places { return }
    do {
      try await catchUp()
    } catch {
      let failure = OperationFailure(error)
      throw OperationFailure(
        failure.code, "This database was put here since it last saw the mailbox, which may know more (\(failure.message))",
        remedy: "say it again when the mailbox can be read.")
    }
    await mailDriver?.close()
  }
}
