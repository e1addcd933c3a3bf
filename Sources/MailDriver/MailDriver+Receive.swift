public import Drivers
internal import Mailbox
internal import Packets

extension MailDriver {
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

  /// Reads the bridge's own folder alone: what this account's journal said there is known before anything else is looked at.
  public func receiveOwn(into intake: any Intake) async throws(DriverFailure) {
    let directory = try messages(intake)
    do throws(FolderReader.Failure) {
      try await pass(worker, [connect(worker).layout.own], intake, directory)
    } catch {
      throw DriverFailure(error)
    }
  }

  /// Notes where each folder ends, for a new account: what comes from now on is new, however late it is read for the first time.
  public func begin(into intake: any Intake) async throws(DriverFailure) {
    let directory = try messages(intake)
    do throws(FolderReader.Failure) {
      let open = try await connect(worker)
      for folder in [.inbox] + open.layout.polled {
        var bookmark = Bookmark()
        var status: FolderStatus?
        try await reader(folder, open, intake, directory)?.find(&bookmark, &status)
        set(bookmark, in: folder)
      }
    } catch {
      throw DriverFailure(error)
    }
  }

  /// Polls as soon as it can.
  public func lookSoon() { poller.stir() }

  /// Runs a loop again whenever it breaks, after 1, 2, 4 … 300 seconds, or as long as a refused login must rest.
  private func keepGoing(
    _ work: Work, _ intake: any Intake,
    _ loop: @escaping @Sendable () async throws(FolderReader.Failure) -> Void
  ) async {
    var pause = Duration.seconds(1)
    while !Task.isCancelled {
      let began = settings.now()
      do throws(FolderReader.Failure) {
        try await loop()
      } catch {
        guard !Task.isCancelled else { return }
        failing.insert(work)
        // What ran for a while was no failed attempt.
        if began.adding(seconds: 60) < settings.now() { pause = .seconds(1) }
        var wait = pause
        if case .connection(.loginRefused) = error { wait = max(pause, await gate.pause ?? pause) }
        let retry = settings.now().adding(seconds: wait.components.seconds)
        await intake.report(.troubled(driver: Self.name, DriverFailure(error), retry: retry))
        try? await settings.sleep(wait)
        // The own disk may have room again at any time, and no server is bothered by looking.
        if case .intake = error { pause = min(pause * 2, .seconds(30)) } else { pause = min(pause * 2, .seconds(300)) }
      }
    }
  }

  /// Tells that all is well, once it is.
  private func succeed(_ work: Work, _ intake: any Intake) async {
    guard failing.remove(work) != nil, failing.isEmpty else { return }
    await intake.report(.working(driver: Self.name))
  }

  // MARK: INBOX

  /// Watches INBOX until something breaks.
  private func watch(_ intake: any Intake, _ directory: MessageDirectory) async throws(FolderReader.Failure) {
    try await pass(watcher, [.inbox], intake, directory)
    await succeed(.watching, intake)
    let open = try await connect(watcher)
    defer { poller.isTold = false }
    var pause = Duration.zero
    var deadline = ContinuousClock.now + settings.longestWait
    while !Task.isCancelled {
      guard settings.usesIdle, await open.connection.supports("IDLE"), let here = position(of: .inbox) else {
        do { try await settings.sleep(.seconds(settings.poll)) } catch { return }
        try await pass(watcher, [.inbox], intake, directory)
        continue
      }
      let began = settings.now()
      poller.isTold = try await open.connection.perform { connection throws(ConnectionFailure) in
        try await connection.announce(open.layout.polled)
      }
      let news = try await open.connection.perform { [deadline] connection throws(ConnectionFailure) in
        try await connection.waitForNews(in: .inbox, validity: here.validity, after: here.uid, until: deadline)
      }
      if news.elsewhere { poller.stir() }
      let before = position(of: .inbox)
      if news.here { try await read(.inbox, nil, open, intake, directory) }
      if ContinuousClock.now < deadline, before != position(of: .inbox) || (news.elsewhere && !news.here) {
        pause = .zero
        continue
      }
      // Nothing new, whatever was said: the server ended IDLE, or told of what is gone again, or gives UIDs that it gave before.
      try await pass(watcher, [.inbox], intake, directory)
      deadline = .now + settings.longestWait
      // One that does so at once would keep us running in a circle.
      pause =
        began.adding(seconds: Int64(settings.poll)) < settings.now()
        ? .zero : min(pause * 2 + .seconds(1), .seconds(settings.poll))
      do { if pause > .zero { try await settings.sleep(pause) } } catch { return }
    }
  }

  // MARK: The remaining folders

  /// Looks into the other folders again and again, until something breaks: when the server tells of something there, and otherwise at
  /// the pace that is set, or rarely where it would have told.
  private func poll(_ intake: any Intake, _ directory: MessageDirectory) async throws(FolderReader.Failure) {
    while !Task.isCancelled {
      try await pass(worker, nil, intake, directory)
      await succeed(.polling, intake)
      guard await poller.rest(settings) else { return }
    }
  }

  /// Goes once through some folders, or all but INBOX, and settles what is left to settle. A folder of which the server will not speak
  /// holds up no other, and is told of at the end.
  private func pass(
    _ access: Access, _ folders: [FolderName]?, _ intake: any Intake, _ directory: MessageDirectory
  ) async throws(FolderReader.Failure) {
    var open = try await connect(access)
    var status = try await self.status(folders, open)
    if status.values.contains(where: { $0.refusal != nil }) {
      // Renamed or deleted, perhaps.
      open = try await findFolders(open, access)
      status = try await self.status(folders, open)
    }
    var refused: FolderReader.Failure?
    for folder in folders ?? open.layout.polled {
      guard let status = status[folder] else { continue }
      do throws(FolderReader.Failure) {
        if let said = status.refusal {
          let command = "STATUS \(folder.text ?? "?")"
          throw .connection(.commandRefused(server: settings.imap.server.address, command: command, said: said))
        }
        try await read(folder, status, open, intake, directory)
      } catch {
        guard error.concernsOneFolder else { throw error }
        refused = refused ?? error
      }
    }
    await settleWhatIsLeft(intake)
    if let refused { throw refused }
  }

  private func status(_ folders: [FolderName]?, _ open: OpenMailbox) async throws(FolderReader.Failure) -> [FolderName:
    FolderStatus]
  {
    try await open.connection.perform { connection throws(ConnectionFailure) in
      try await connection.status(of: folders ?? open.layout.polled)
    }
  }

  private func findFolders(_ open: OpenMailbox, _ access: Access) async throws(FolderReader.Failure) -> OpenMailbox {
    let layout = try await open.connection.perform { [settings] connection throws(ConnectionFailure) in
      try await Access.layout(on: connection, settings)
    }
    await access.set(layout, of: open.connection)
    return OpenMailbox(connection: open.connection, layout: layout)
  }
}
