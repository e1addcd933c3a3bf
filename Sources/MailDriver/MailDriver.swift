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
  private let watcher: Access
  let gate: LoginGate
  let mailer: Mailer
  /// How far each folder was read; what the intake keeps, remembered here.
  private var positions: [FolderName: Position] = [:]
  /// Messages that break every conversation, until the program starts again.
  private var poisoned: [FolderName: Set<UInt32>] = [:]
  /// Folders in which the last pass broke the conversation.
  private var suspect: Set<FolderName> = []
  /// The halves of receiving that do not work, or are not known to work yet.
  private var failing: Set<Work> = [.watching, .polling]
  private enum Work { case watching, polling }
  /// What lies in the own folder by our own doing: moved there (COPYUID) or appended (APPENDUID).
  private var arrivals: (validity: UInt32, uids: Set<UInt32>) = (0, [])

  /// A driver for one account. Nothing is connected before something is asked of it.
  public init(_ settings: MailSettings) throws(DriverFailure) {
    self.settings = settings
    sorting = Sorting(settings)
    gate = LoginGate(server: settings.imap.server.address, secret: settings.secret)
    worker = Access(settings, gate: gate)
    watcher = Access(settings, gate: gate)
    do { mailer = try Mailer(settings) } catch { throw DriverFailure(error) }
  }

  /// `mail`.
  public nonisolated var name: String { Self.name }

  /// Mail reaches `mailto:` endpoints.
  public nonisolated func claims(_ endpoint: String) -> Bool { MailEndpoint(endpoint) != nil }

  // MARK: Receiving

  /// Reads the mailbox: once through, or for ever, with INBOX watched by IDLE.
  public func receive(into intake: any Intake, _ mode: ReceiveMode) async throws(DriverFailure) {
    let directory = try messages(intake)
    switch mode {
    case .once:
      do throws(FolderReader.Failure) {
        try await pass(worker, [.inbox], intake, directory)
        try await pass(worker, nil, intake, directory)
      } catch {
        throw DriverFailure(error)
      }
    case .forever:
      await withTaskGroup(of: Void.self) { group in
        group.addTask {
          await self.keepGoing(.watching, intake) { () throws(FolderReader.Failure) in try await self.watch(intake, directory) }
        }
        group.addTask {
          await self.keepGoing(.polling, intake) { () throws(FolderReader.Failure) in try await self.poll(intake, directory) }
        }
        await group.waitForAll()
      }
      await watcher.close()
    }
  }

  /// Says goodbye to all servers. The driver may be used again.
  public func close() async {
    await watcher.close()
    await worker.close()
    await mailer.close()
  }

  /// Runs a loop again whenever it breaks, after 1, 2, 4 … 300 seconds, or as long as a refused login must rest.
  private func keepGoing(
    _ work: Work, _ intake: any Intake,
    _ loop: @escaping @Sendable () async throws(FolderReader.Failure) -> Void
  ) async {
    var pause = Duration.seconds(1)
    while !Task.isCancelled {
      let began = ContinuousClock.now
      do throws(FolderReader.Failure) {
        try await loop()
      } catch {
        guard !Task.isCancelled else { return }
        failing.insert(work)
        // What ran for a while was no failed attempt.
        if began.duration(to: .now) > .seconds(60) { pause = .seconds(1) }
        var wait = pause
        if case .connection(.loginRefused) = error { wait = max(pause, await gate.pause ?? pause) }
        let retry = settings.now().adding(seconds: wait.components.seconds)
        await intake.report(.troubled(driver: Self.name, DriverFailure(error), retry: retry))
        try? await Task.sleep(for: wait)
        pause = min(pause * 2, .seconds(300))
      }
    }
  }

  /// Tells that all is well, once it is.
  private func succeed(_ work: Work, _ intake: any Intake) async {
    guard failing.remove(work) != nil, failing.isEmpty else { return }
    await intake.report(.working(driver: Self.name))
  }

  /// Watches INBOX until something breaks.
  private func watch(_ intake: any Intake, _ directory: MessageDirectory) async throws(FolderReader.Failure) {
    try await pass(watcher, [.inbox], intake, directory)
    await succeed(.watching, intake)
    let open = try await connect(watcher)
    let idles = settings.usesIdle ? await open.connection.supports("IDLE") : false
    while !Task.isCancelled {
      guard idles, let position = positions[.inbox] else {
        do { try await Task.sleep(for: .seconds(settings.poll)) } catch { return }
        try await pass(watcher, [.inbox], intake, directory)
        continue
      }
      let news = try await open.connection.perform { connection throws(ConnectionFailure) in
        // A quarter of an hour is half of what RFC 2177 3 allows, and a look at its end covers what a server forgot to say.
        try await connection.waitForNews(in: .inbox, validity: position.validity, until: .now + .seconds(900))
      }
      if news {
        try await read(.inbox, upTo: nil, open, intake, directory)
      } else {
        try await pass(watcher, [.inbox], intake, directory)
      }
    }
  }

  /// Looks into the other folders again and again, until something breaks.
  private func poll(_ intake: any Intake, _ directory: MessageDirectory) async throws(FolderReader.Failure) {
    while !Task.isCancelled {
      try await pass(worker, nil, intake, directory)
      await succeed(.polling, intake)
      do { try await Task.sleep(for: .seconds(settings.poll)) } catch { return }
    }
  }

  /// Goes once through some folders, or all but INBOX, and settles what is left to settle.
  private func pass(
    _ access: Access, _ folders: [FolderName]?, _ intake: any Intake, _ directory: MessageDirectory
  ) async throws(FolderReader.Failure) {
    let open = try await connect(access)
    let folders = folders ?? open.layout.polled
    let status = try await open.connection.perform { connection throws(ConnectionFailure) in
      try await connection.status(of: folders)
    }
    for folder in folders {
      guard let status = status[folder] else { continue }
      if let validity = positions[folder]?.validity, let now = status.uidValidity, validity != now { positions[folder] = nil }
      try await read(folder, upTo: status.uidNext.map { $0 - 1 }, open, intake, directory)
    }
    await settleWhatIsLeft(intake)
  }

  /// Reads one folder from where it was left.
  private func read(
    _ folder: FolderName, upTo last: UInt32?, _ open: OpenMailbox, _ intake: any Intake, _ directory: MessageDirectory
  ) async throws(FolderReader.Failure) {
    guard let reader = reader(folder, open, intake, directory),
      var position = try await position(in: reader, intake)
    else { return }
    let known = folder == open.layout.own && arrivals.validity == position.validity ? arrivals.uids : []
    do throws(FolderReader.Failure) {
      try await reader.read(after: &position, upTo: last, known: known, cautiously: suspect.contains(folder))
      if last != nil { try await reader.readPending(of: &position, except: poisoned[folder] ?? []) }
      positions[folder] = position
      suspect.remove(folder)
      if folder == open.layout.own { arrivals.uids = arrivals.uids.filter { $0 > position.uid } }
    } catch .connection(.folderChanged(let server, let name)) {
      positions[folder] = nil
      throw .connection(.folderChanged(server: server, folder: name))
    } catch .connection(.protocolViolation(let server, let said)) {
      positions[folder] = position
      suspect.insert(folder)
      throw .connection(.protocolViolation(server: server, said: said))
    } catch .poison(let uid) {
      // Neither blocks what follows nor is forgotten.
      poisoned[folder, default: []].insert(uid)
      position.pending = Set(position.pending + [uid]).sorted()
      position.uid = max(position.uid, uid)
      positions[folder] = position
      do { try await intake.take([], position: position) } catch { throw .intake("\(error)") }
      throw .poison(uid: uid)
    } catch {
      positions[folder] = position
      throw error
    }
  }

  /// Where a folder's reading stands: remembered, kept by the intake, or at its end if it was never read. A folder that was made anew
  /// is gone through again.
  private func position(in reader: FolderReader, _ intake: any Intake) async throws(FolderReader.Failure) -> Position? {
    if let position = positions[reader.folder] { return position }
    guard let name = reader.folder.text else { return nil }
    let kept: Position?
    do { kept = try await intake.position(of: name, at: Self.name) } catch { throw .intake("\(error)") }
    guard let kept else { return try await reader.begin() }
    let validity = try await reader.validity()
    if kept.validity == validity { return kept }
    guard let query = sorting.query(in: reader.place) else { return nil }
    return try await reader.readAll(query)
  }

  /// Where received mails become durable. What an earlier process left unfinished is removed.
  func messages(_ intake: any Intake) throws(DriverFailure) -> MessageDirectory {
    let directory = MessageDirectory(intake.directory.path, purpose: Self.name, limit: settings.largestMail)
    do { try directory.sweep() } catch { throw .intake(error.description) }
    return directory
  }

  /// Takes over how far a folder was read by other ways.
  func set(_ position: Position, of folder: FolderName) { positions[folder] = position }

  func reader(
    _ folder: FolderName, _ open: OpenMailbox, _ intake: any Intake, _ directory: MessageDirectory
  ) -> FolderReader? {
    guard let place = open.layout.place(of: folder) else { return nil }
    return FolderReader(
      connection: open.connection, folder: folder, place: place, sorting: sorting, largestMail: settings.largestMail,
      directory: directory, intake: intake)
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
