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
      let open = try await connect(worker)
      for folder in open.layout.ownTree + [.inbox] {
        guard var reader = reader(folder, open, intake, directory) else { continue }
        reader.takesOwn = true
        set(try await reader.readAll(sorting.parcels), of: folder)
      }
      for folder in [open.layout.sent, open.layout.junk].compactMap({ $0 }) {
        guard let reader = reader(folder, open, intake, directory) else { continue }
        set(try await reader.begin(), of: folder)
      }
    } catch {
      throw DriverFailure(error)
    }
  }
}
