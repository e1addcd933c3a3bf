public import Drivers
internal import FoundationEssentials
internal import Mailbox
internal import Packets

/// Carries parcels by mail: reads them from the user's own mailbox, and hands them to the user's own provider. How it behaves in the
/// mailbox is told in <doc:MailboxEtiquette>.
///
/// Two IMAP connections: one watches INBOX, the other polls the remaining folders, settles, and appends. SMTP has its own.
public actor MailDriver: Driver {
  static let name = "mail"

  let settings: MailSettings
  let sorting: Sorting
  /// For everything but watching INBOX.
  let worker: Access
  /// Watches INBOX.
  let watcher: Access
  let gate: LoginGate
  let mailer: Mailer
  let poller = Poller()
  private var bookmarks: [FolderName: Bookmark] = [:]
  /// When a folder was last gone through again because it was no longer what it had been.
  private var begunAgain: [FolderName: Instant] = [:]
  /// The halves of receiving that do not work, or are not known to work yet.
  var failing: Set<Work> = [.watching, .polling]
  enum Work { case watching, polling }
  /// What lies in the own folder by our own doing: moved there (COPYUID) or appended (APPENDUID).
  private var arrivals: (validity: UInt32, uids: Set<UInt32>) = (0, [])

  /// What is being settled at this moment.
  var underWay: Set<Origin> = []
  /// What lies in another folder already, and could not be removed from this one.
  var copied: Set<Copied> = []
  struct Copied: Hashable {
    var folder: FolderName
    var validity: UInt32
    var uid: UInt32
  }

  /// Leases in the own folder, and how it was when they were looked for.
  var leaseMarks = LeaseMarks()

  /// A driver for one account. Nothing is connected before something is asked of it.
  public init(_ settings: MailSettings) throws(DriverFailure) {
    self.settings = settings
    sorting = Sorting(settings)
    gate = LoginGate(settings.imap.server, settings)
    worker = Access(settings, gate: gate)
    watcher = Access(settings, gate: gate)
    do { mailer = try Mailer(settings) } catch { throw DriverFailure(error) }
  }

  /// `mail`.
  public nonisolated var name: String { Self.name }

  /// Mail reaches `mailto:` endpoints.
  public nonisolated func claims(_ endpoint: String) -> Bool { MailEndpoint(endpoint) != nil }

  /// Says goodbye to all servers. The driver may be used again.
  public func close() async {
    await watcher.close()
    await worker.close()
    await mailer.close()
  }

  /// The bridge's own folder, as the settings name it.
  public nonisolated var folder: String { settings.folder }

  // MARK: Reading

  /// Reads one folder from where it was left: up to where the server has just said that it reaches, or what IDLE has told of.
  func read(
    _ folder: FolderName, _ status: FolderStatus?, _ open: OpenMailbox, _ intake: any Intake, _ directory: MessageDirectory
  ) async throws(FolderReader.Failure) {
    guard let reader = reader(folder, open, intake, directory) else { return }
    var bookmark = bookmarks[folder] ?? Bookmark()
    defer { bookmarks[folder] = bookmark }
    var status = status
    let isNews = status == nil
    do throws(FolderReader.Failure) {
      if try await reader.find(&bookmark, &status, mayBeginAgain: mayBeginAgain(in: folder)) {
        begunAgain[folder] = settings.now()
        await intake.tell(.madeAnew(folder: reader.text))
      }
      let known = folder == open.layout.own && arrivals.validity == bookmark.position?.validity ? arrivals.uids : []
      try await reader.read(&bookmark, upTo: isNews ? nil : status?.uidNext.map { $0 - 1 }, known: known)
      if !isNews, let status { try await reader.readPending(&bookmark, modseq: status.highestModseq) }
      bookmark.succeed()
      if folder == open.layout.own, let reached = bookmark.position?.uid { arrivals.uids = arrivals.uids.filter { $0 > reached } }
      await tellWhatIsGone(&bookmark, reader)
    } catch {
      if let uid = bookmark.learn(from: error, at: settings.now()) { await reader.setAside(uid, DriverFailure(error).said) }
      await tellWhatIsGone(&bookmark, reader)
      if case .message = error { try await reader.keep(bookmark) }
      throw error
    }
  }

  private func tellWhatIsGone(_ bookmark: inout Bookmark, _ reader: FolderReader) async {
    guard bookmark.gone > 0 else { return }
    await reader.intake.tell(.gone(folder: reader.text, count: bookmark.gone))
    bookmark.gone = 0
  }

  /// Once an hour: a server that makes a folder anew each time would have all of it searched each time.
  private func mayBeginAgain(in folder: FolderName) -> Bool {
    guard let last = begunAgain[folder] else { return true }
    let now = settings.now()
    return now < last || last.adding(seconds: 3600) <= now
  }

  /// Where received mails become durable. What an earlier process left unfinished is removed.
  func messages(_ intake: any Intake) throws(DriverFailure) -> MessageDirectory {
    let directory = MessageDirectory(intake.directory.path, purpose: Self.name, limit: settings.largestMail)
    do { try directory.sweep() } catch { throw .intake(error.description) }
    return directory
  }

  /// Puts a folder's reading somewhere else.
  func set(_ bookmark: Bookmark, in folder: FolderName) { bookmarks[folder] = bookmark }

  func position(of folder: FolderName) -> Position? { bookmarks[folder]?.position }

  func reader(
    _ folder: FolderName, _ open: OpenMailbox, _ intake: any Intake, _ directory: MessageDirectory
  ) -> FolderReader? {
    guard let place = open.layout.place(of: folder) else { return nil }
    return FolderReader(
      connection: open.connection, folder: folder, place: place, sorting: sorting, largestMail: settings.largestMail,
      directory: directory, intake: intake, now: settings.now)
  }

  /// Remembers what came to lie in the own folder by our own doing, so that it is not taken for new.
  func remember(arrivals uids: some Sequence<UInt32>, validity: UInt32) {
    if arrivals.validity != validity { arrivals = (validity, []) }
    arrivals.uids.formUnion(uids)
  }

  // MARK: Connections

  func connect(_ access: Access) async throws(FolderReader.Failure) -> OpenMailbox {
    do { return try await access.open() } catch { throw .connection(error) }
  }
}
