public import Drivers
internal import Mailbox
internal import Packets

extension MailDriver {
  /// Brings back every parcel of the mailbox, for a database that is made anew: first all of the bridge's own folders (the journal lies
  /// there), then INBOX. Bytes read follow the parcels, not the private mail, because the server searches.
  ///
  /// Reading afterwards goes on from where the mailbox ended when this began.
  public func rescan(into intake: any Intake) async throws(DriverFailure) {
    let directory = try messages(intake)
    do throws(FolderReader.Failure) {
      let layout = try await connect(worker).layout
      for folder in layout.ownTree + [.inbox] {
        try await search(folder, intake, directory)
      }
      for folder in [layout.sent, layout.junk].compactMap({ $0 }) {
        var bookmark = Bookmark()
        var status: FolderStatus?
        try await reader(folder, connect(worker), intake, directory)?.find(&bookmark, &status)
        set(bookmark, in: folder)
      }
    } catch {
      throw DriverFailure(error)
    }
  }

  /// Brings back the parcels of one folder, around any message that breaks the conversation.
  private func search(
    _ folder: FolderName, _ intake: any Intake, _ directory: MessageDirectory
  ) async throws(FolderReader.Failure) {
    var bookmark = Bookmark()
    var last: UInt32?
    var attempts = 20
    while true {
      guard var reader = reader(folder, try await connect(worker), intake, directory) else { return }
      do throws(FolderReader.Failure) {
        reader.takesOwn = true
        if last == nil { last = try await reader.begin(again: sorting.parcels, &bookmark) }
        try await reader.read(&bookmark, upTo: last)
        bookmark.succeed()
        try await reader.keep(bookmark)
        return set(bookmark, in: folder)
      } catch {
        if let uid = bookmark.learn(from: error, at: settings.now()) { await reader.setAside(uid, DriverFailure(error).said) }
        attempts -= 1
        guard error.isWorthAnotherTry, attempts > 0 else { throw error }
      }
    }
  }
}
