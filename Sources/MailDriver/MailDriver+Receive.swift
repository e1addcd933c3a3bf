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
        try await reader(folder, open, intake, directory)?.find(&bookmark)
        set(bookmark, in: folder)
      }
    } catch {
      throw DriverFailure(error)
    }
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

  /// Watches INBOX until something breaks.
  private func watch(_ intake: any Intake, _ directory: MessageDirectory) async throws(FolderReader.Failure) {
    try await pass(watcher, [.inbox], intake, directory)
    await succeed(.watching, intake)
    let open = try await connect(watcher)
    let idles = settings.usesIdle ? await open.connection.supports("IDLE") : false
    while !Task.isCancelled {
      guard idles, let validity = validity(of: .inbox) else {
        do { try await Task.sleep(for: .seconds(settings.poll)) } catch { return }
        try await pass(watcher, [.inbox], intake, directory)
        continue
      }
      let news = try await open.connection.perform { connection throws(ConnectionFailure) in
        // A quarter of an hour is half of what RFC 2177 3 allows, and a look at its end covers what a server forgot to say.
        try await connection.waitForNews(in: .inbox, validity: validity, until: .now + .seconds(900))
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
      if let known = validity(of: folder), known != status.uidValidity { set(Bookmark(), in: folder) }
      try await read(folder, upTo: status.uidNext.map { $0 - 1 }, open, intake, directory)
    }
    await settleWhatIsLeft(intake)
  }
}
