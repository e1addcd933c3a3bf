/// One authenticated IMAP connection with a thread of its own. Every operation names its folder, opens it if it is not open, and runs
/// without a pause in which another could slip between, so that any number of tasks may share the connection.
///
/// Reading opens folders with EXAMINE, where the server itself refuses every change; only ``move(_:bearing:in:validity:to:)`` opens with SELECT.
/// After a failure the connection is closed, and every further operation fails at once.
public actor IMAPConnection {
  private let thread: OwnThread
  nonisolated let settings: ConnectionSettings
  private let wakeUp: WakeUp
  private var pump: Pump?
  private var selected: Selected?

  /// What the server can do, in capitals.
  public private(set) var capabilities: Set<String> = []
  /// Where the user's own folders hang, if the server says so.
  public private(set) var namespace: Namespace?
  /// The server tells by UID what is gone (RFC 7162 3.2).
  public private(set) var resyncs = false
  /// What the server announces, did, and does no more: extensions that it refused when they were used.
  var refused: Set<String> = []
  /// Of changes in these folders the server tells unasked, and in which it did lately.
  var announced: Set<FolderName> = []
  var stirred: Set<FolderName> = []

  /// An open folder.
  struct Selected {
    var folder: FolderName
    var isWritable: Bool
    var validity: UInt32
    var uidNext: UInt32?
    var exists: UInt32 = 0
    /// Mail has arrived that no look has covered yet.
    var hasNews = false
  }

  /// The thread of its own.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

  /// Host and port, for messages.
  public nonisolated var address: String { settings.server.address }

  /// A connection that is not made yet.
  public init(_ settings: ConnectionSettings) throws(ConnectionFailure) {
    self.settings = settings
    thread = OwnThread("imap \(settings.server.address)")
    do { wakeUp = try WakeUp() } catch { throw .files(error) }
  }

  /// Ends whatever the connection does or waits for, from any thread; it fails with ``ConnectionFailure/cancelled``.
  public nonisolated func cancel() { wakeUp.raise() }

  /// Whether it is connected and nothing has failed.
  public var isOpen: Bool { pump != nil && !wakeUp.raised }

  /// Connects, logs in, and asks what the server can do.
  public func open(with secret: LoginSecret) throws(ConnectionFailure) {
    pump = try Pump(settings, secret: secret, wakeUp: wakeUp)
    try require(run([.capability]), .capability)
    if supports("LITERAL+") {
      pump?.session.literals = .nonSynchronizing
    } else if supports("LITERAL-") {
      pump?.session.literals = .nonSynchronizingUpTo4096
    }
    let questions: [Command] = (supports("NAMESPACE") ? [.namespace] : []) + (supports("QRESYNC") ? [.enableResync] : [])
    guard !questions.isEmpty else { return }
    try run(questions) { response throws(ConnectionFailure) in
      if case .namespace(let found) = response { namespace = found }
      if case .enabled(let found) = response { resyncs = found.contains("QRESYNC") }
    }
  }

  /// Says goodbye and closes. Failures no longer matter.
  public func close() {
    _ = try? run([.logout])
    pump = nil
    selected = nil
  }

  /// Whether the server has an extension; IMAP4rev2 brings most of those used here (RFC 9051 appendix E).
  public func supports(_ capability: String) -> Bool {
    let inRevision2 = ["NAMESPACE", "UIDPLUS", "IDLE", "MOVE", "SPECIAL-USE", "LITERAL-", "UNSELECT"]
    if refused.contains(capability) { return false }
    return capabilities.contains(capability) || (capabilities.contains("IMAP4REV2") && inRevision2.contains(capability))
  }

  // MARK: Folders

  /// All folders of the account that can be opened or have special uses.
  public func folders() throws(ConnectionFailure) -> [ListedFolder] {
    let command = Command.list(specialUse: supports("SPECIAL-USE") && supports("LIST-EXTENDED"))
    var found: [ListedFolder] = []
    try require(
      run([command]) { response throws(ConnectionFailure) in
        if case .list(let folder) = response { found.append(folder) }
      }, command)
    return found
  }

  /// Makes folders that are not there, and subscribes to them, so that mail programs show them.
  public func create(_ folders: [FolderName]) throws(ConnectionFailure) {
    for folder in folders {
      let statuses = try run([.create(folder), .subscribe(folder)])
      if let refused = statuses.first, refused.condition != .ok, refused.code != .word("ALREADYEXISTS") {
        // Another program may have made it meanwhile, or a server does not know the code of RFC 5530.
        if try run([.status(folder)]).contains(where: { $0.condition != .ok }) { try require([refused], .create(folder)) }
      }
    }
  }

  /// UIDNEXT and UIDVALIDITY of folders in one round trip, or two. Each is there; of one that the server will not speak of only why.
  public func status(of folders: [FolderName]) throws(ConnectionFailure) -> [FolderName: FolderStatus] {
    // A folder that is open shows its news only when asked for, and perhaps not while more commands wait (RFC 9051 7).
    if let selected, folders.contains(selected.folder) { try require(run([.noop]), .noop) }
    let countsChanges = supports("CONDSTORE") || resyncs
    var found: [FolderName: FolderStatus] = [:]
    let answers = try run(folders.map { .status($0, modseq: countsChanges) }) { response throws(ConnectionFailure) in
      if case .folderStatus(let folder, let status) = response { found[folder] = status }
    }
    for (folder, answer) in zip(folders, answers) where answer.condition != .ok || found[folder] == nil {
      found[folder] = FolderStatus()
      found[folder]?.refusal = answer.condition == .ok ? "no answer" : answer.text
    }
    return found
  }

  /// Opens a folder for reading, anew, and says how far it reaches.
  public func examine(_ folder: FolderName) throws(ConnectionFailure) -> FolderStatus {
    let selected = try enter(folder, writable: false, anew: true)
    var status = FolderStatus()
    status.uidValidity = selected.validity
    status.uidNext = selected.uidNext
    status.messages = selected.exists
    return status
  }

  // MARK: What the other files of this type build on

  /// Whether a folder is open for writing.
  func isOpen(_ folder: FolderName) -> Bool { selected?.folder == folder && selected?.isWritable == true }

  /// Opens a folder if it is not open already. `validity`, if given, must be the folder's; a folder that is open under another one may have
  /// been made anew since, and is opened again.
  @discardableResult
  func enter(
    _ folder: FolderName, writable: Bool, validity: UInt32? = nil, anew: Bool = false, by opening: Command? = nil,
    hear: (Response) throws(ConnectionFailure) -> Void = { _ in }
  ) throws(ConnectionFailure) -> Selected {
    let isVoid = validity != nil && selected?.validity != validity
    if anew || isVoid || selected?.folder != folder || (writable && selected?.isWritable != true) {
      let command = opening ?? (writable ? Command.select(folder) : Command.examine(folder))
      selected = nil
      var found = Selected(folder: folder, isWritable: writable, validity: 0)
      let statuses = try run([command]) { response throws(ConnectionFailure) in
        try hear(response)
        switch response {
        case .exists(let count): found.exists = count
        case .status(let status, nil):
          if case .uidValidity(let validity) = status.code { found.validity = validity }
          if case .uidNext(let next) = status.code { found.uidNext = next }
        default: break
        }
      }
      try require(statuses, command)
      guard found.validity > 0 else {
        // RFC 9051 6.3.2: a server without persistent UIDs has nothing that could be remembered.
        throw .protocolViolation(server: settings.server.address, said: "no UIDVALIDITY for \(folder.text ?? "a folder")")
      }
      selected = found
    }
    guard let selected, validity == nil || validity == selected.validity else {
      self.selected = nil
      throw .folderChanged(server: settings.server.address, folder: folder.text ?? "?")
    }
    return selected
  }

  /// Gives commands, hears what the server says, and returns each one's answer.
  @discardableResult
  func run(
    _ commands: [Command], hear: (Response) throws(ConnectionFailure) -> Void = { _ in }
  ) throws(ConnectionFailure) -> [Status] {
    let ids = try begin(commands)
    var answers: [Session.CommandID: Status] = [:]
    while let event = try next() {
      switch event {
      case .completed(let id, let status): answers[id] = status
      case .response(let response): try hear(response)
      case .body, .idling: break
      }
    }
    return ids.compactMap { answers[$0] }
  }

  /// Puts commands on their way; what comes of them is given by ``next(until:)``. Ends IDLE, if it is on.
  func begin(_ commands: [Command]) throws(ConnectionFailure) -> [Session.CommandID] {
    guard pump != nil else { throw .closed(server: settings.server.address, said: "") }
    pump?.session.endIdle()
    var ids: [Session.CommandID] = []
    for command in commands {
      settings.trace?("> " + command.summary)
      if let id = pump?.session.submit(command) { ids.append(id) }
    }
    return ids
  }

  /// The next event; nothing once everything is answered, or at the deadline.
  func next(until deadline: ContinuousClock.Instant? = nil) throws(ConnectionFailure) -> Session.Event? {
    do {
      let event = try pump?.next(until: deadline)
      if case .response(let response)? = event { notice(response) }
      if case .completed(_, let status)? = event, case .capability(let found)? = status.code { capabilities = found }
      return event
    } catch {
      abandon()
      throw error
    }
  }

  /// Ends a connection whose place in the conversation is lost.
  func abandon() {
    pump = nil
    selected = nil
    announced = []
  }

  /// Throws where one of the answers is not OK.
  func require(_ statuses: [Status], _ command: Command) throws(ConnectionFailure) {
    for status in statuses where status.condition != .ok { throw refusal(status, command) }
  }

  func refusal(_ status: Status, _ command: Command) -> ConnectionFailure {
    // What stands behind the first words may name people.
    let name = command.summary.split(separator: " ").prefix(2).joined(separator: " ")
    return .commandRefused(server: settings.server.address, command: name, said: status.text)
  }

  var patience: Duration {
    get { pump?.patience ?? .zero }
    set { pump?.patience = newValue }
  }

  var news: Bool {
    get { selected?.hasNews ?? false }
    set { selected?.hasNews = newValue }
  }

  /// Whether the folder had more than this when it was opened. Asked once, because whoever looks may find nothing there any more.
  func reached(beyond uid: UInt32) -> Bool {
    defer { selected?.uidNext = nil }
    return selected?.uidNext.map { $0 > 0 && $0 - 1 > uid } ?? false
  }

  /// What the server says unasked (RFC 9051 7.4).
  private func notice(_ response: Response) {
    switch response {
    case .capability(let found): capabilities = found
    case .exists(let count):
      if let known = selected?.exists, count > known { selected?.hasNews = true }
      selected?.exists = count
    case .expunge:
      if let known = selected?.exists, known > 0 { selected?.exists = known - 1 }
    case .vanished(let gone, earlier: false):
      if let known = selected?.exists { selected?.exists = known - UInt32(clamping: min(gone.count, Int(known))) }
    case .folderStatus(let folder, _) where announced.contains(folder): stirred.insert(folder)
    // RFC 5465 5.8: the server has given it up.
    case .status(let status, nil) where status.code == .word("NOTIFICATIONOVERFLOW"):
      stirred.formUnion(announced)
      announced = []
      refused.insert("NOTIFY")
    default: break
    }
  }
}
