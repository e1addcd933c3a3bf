internal import Account
private import CLinux
internal import Drivers
internal import Feed
internal import FoundationEssentials
internal import Logging
internal import MailDriver
internal import Packets
internal import ServiceLifecycle
internal import Store
internal import Synchronization

/// The running daemon of one account: it receives, decides, seals, sends and mails until it is told to stop.
struct Daemon: Service {
  let bridge: Bridge

  /// Runs until a graceful shutdown or cancellation; then lets what is in hand come to its end.
  ///
  /// - Throws: ``OperationFailure`` with exit code 75 where a daemon runs already, with 65 where the database was damaged meanwhile: the
  ///   next start sets it aside.
  func run() async throws {
    let layout = bridge.layout
    guard let lock = DaemonLock(at: layout.stateDirectory.appending(path: "daemon.lock").path) else {
      throw OperationFailure(.tryAgain, "A daemon of this account runs already.")
    }
    let bridge = bridge
    let socket = try ControlSocket(at: layout.controlSocket) { Task { await bridge.wakeUp() } }
    let watch = FolderWatch([layout.inpackets, layout.outpackets]) { Task { await bridge.work.ring() } }
    try await bridge.takeUp()
    bridge.log.info("running")
    await withDiscardingTaskGroup { group in
      let living = Task { await bridge.living() }
      group.addTask {
        // Shut down gracefully or cancelled: the loops end at their next step.
        try? await gracefulShutdown()
        living.cancel()
      }
      await living.value
      group.cancelAll()
    }
    watch?.close()
    socket.close()
    bridge.log.info("stopped")
    _ = consume lock
    if let failure = bridge.beyondRepair.withLock({ $0 }) { throw failure }
  }
}

extension Bridge {
  /// Receives everything, processes it, sends what waits, delivers the digest if due: `run --once`.
  ///
  /// What is wrong with a source is thrown at the end: what waits is sent all the same.
  func runOnce() async throws(OperationFailure) {
    do {
      try await beTheBridge()
      try await takeUp()
      await catchUp(atMost: .seconds(30))
      try await takeUpFiles()
      let sources = Sources()
      async let received: Void = receiveOnce(sources)
      // What came first is opened while the rest comes, and moved while the next is opened. It ends: nothing new is received, and what is
      // decided leads to less and less to seal and to send.
      while true {
        let isLast = await sources.areRead
        async let moved: Void = settleOnce(sources)
        let worked = try await doWork(digests: isLast)
        await moved
        let sent = isLast ? try await sendDue() : false
        if worked || sent { continue }
        if isLast { break }
        await work.sleep(atMost: .seconds(1))
      }
      await received
      await settleOnce(sources)
      // A folder of this machine that is not there is no reason to let the mailbox grow.
      if let mail = mailDriver, await sources.read.contains(mail.name) { try await thinIfDue() }
      if let failure = await sources.failure { throw failure }
      await letGo()
    } catch {
      await letGo()
      // Whatever a room below made of it, it was stopped.
      throw Task.isCancelled ? OperationFailure(CancellationError()) : OperationFailure(error)
    }
  }

  private func receiveOnce(_ sources: Sources) async {
    for driver in drivers {
      do {
        try await driver.receive(into: Desk(bridge: self), .once)
        await sources.heard(driver.name)
      } catch {
        await sources.note(error)
      }
    }
    await sources.end()
    await work.ring()
  }

  private func settleOnce(_ sources: Sources) async {
    // A source that does not answer is not asked again and again.
    guard await sources.failure == nil else { return }
    do { try await settle() } catch { await sources.note(error) }
  }

  /// Looks after what an earlier process left. Nothing of it gives a number.
  func takeUp() async throws {
    try await blame()
    try await sweep()
    try await store.tryAgainAfterUpgrade(at: clock.now())
    for driver in drivers { _ = try? await driver.settle(store.unsettled(at: driver.name)) }
  }

  /// Catches up with the mailbox. One that cannot be reached keeps nobody waiting: what it holds is read when it can.
  fileprivate func catchUp(atMost patience: Duration) async {
    await withTaskGroup(of: Void.self) { group in
      group.addTask {
        do {
          try await self.catchUp()
        } catch {
          if !Task.isCancelled { self.log.warning("catching up: \(OperationFailure(error).sentence)") }
        }
      }
      group.addTask {
        guard (try? await Task.sleep(for: patience)) != nil else { return }
        self.log.warning("catching up: the mailbox has not answered yet, and work begins without it")
      }
      await group.next()
      group.cancelAll()
    }
  }

  // MARK: Loops

  /// All that a daemon does, until it is told to stop or can do no more. What comes in by folders of this machine is taken at once,
  /// whatever the mailbox does.
  func living() async {
    await withTaskGroup(of: Void.self) { group in
      for driver in drivers where !(driver is MailDriver) { group.addTask { await self.receiving(from: driver) } }
      group.addTask { await self.resting() }
      group.addTask { await self.takingTurns() }
      // The others end only when they are told to.
      await group.next()
      group.cancelAll()
    }
  }

  /// Is the bridge as long as no other machine is; otherwise looks on, and fetches, decides, sends and moves nothing.
  private func takingTurns() async {
    var acting: Task<Void, Never>?
    while !Task.isCancelled, beyondRepair.withLock({ $0 }) == nil {
      let mayAct = await mayBeTheBridge()
      if mayAct, acting == nil { acting = Task { await act() } }
      if !mayAct, let task = acting {
        task.cancel()
        await task.value
        acting = nil
      }
      // Three looks come before a lease that was not renewed would end. Who looks on is to notice soon that nobody is the bridge.
      await standing.sleep(atMost: .seconds(mayAct ? 120 : 60))
    }
    acting?.cancel()
    await acting?.value
    await letGo()
  }

  private func act() async {
    // Nothing is decided, and so no number given, before the mailbox was heard.
    await catchUp(atMost: .seconds(30))
    await withTaskGroup(of: Void.self) { group in
      for driver in drivers where driver is MailDriver { group.addTask { await self.receiving(from: driver) } }
      group.addTask { await self.working() }
      group.addTask { await self.dispatching() }
      group.addTask { await self.tidyingUp() }
    }
  }

  /// A loop that outlives its troubles: they are logged, and it goes on after a pause that grows to half a minute.
  private func enduring(_ name: String, _ body: () async throws -> Void) async {
    var pause: Int64 = 1
    while !Task.isCancelled {
      do {
        try await body()
        pause = 1
      } catch is CancellationError {
        return
      } catch {
        if Task.isCancelled { return }
        log.error("\(name): \(OperationFailure(error).sentence)")
        if await store.isDamaged(error) {
          beyondRepair.withLock { $0 = OperationFailure(error) }
          return await standing.ring()
        }
        await note(OperationFailure(error))
        try? await Task.sleep(for: .seconds(pause))
        // Within a minute of a disk that has room again, work goes on.
        pause = min(30, pause * 2)
      }
    }
  }

  func receiving(from driver: any Driver) async {
    await enduring("receiving by \(driver.name)") { try await driver.receive(into: Desk(bridge: self), .forever) }
  }

  func working() async {
    await enduring("working") {
      try await takeUpFiles()
      while try await doWork() { try Task.checkCancellation() }
      await work.sleep(atMost: try await untilNextWork())
    }
  }

  func dispatching() async {
    await enduring("sending") {
      while try await sendDue() { try Task.checkCancellation() }
      let next = try await store.nextOutpacket()
      // What is due and did not go waits for the journal, and that rings the bell: no need to ask often.
      await dispatch.sleep(atMost: max(.seconds(1), pause(until: next)))
    }
  }

  func tidyingUp() async {
    await enduring("moving") {
      let isDone = try await settlePatiently()
      try await thinIfDue()
      // What is to be moved rings; only what a source would not do is asked of it again.
      await tidying.sleep(atMost: isDone ? Self.longestRest : .seconds(60))
    }
  }

  /// Starting, a digest and an opened parcel each touch program text that the waiting in between does not need: tens of megabytes, on a
  /// machine that may have little. Of that it keeps what a process at rest may hold, and gives the rest back.
  func resting() async {
    let (atRest, pieces) = (37_000_000, 24)
    var pause = Duration.seconds(5)
    while (try? await Task.sleep(for: pause)) != nil {
      // First what was allocated and is free: nothing needs it again.
      if slinux_resident() > atRest { slinux_release_free() }
      for piece in 0..<pieces where slinux_resident() > atRest { slinux_release_text(piece, pieces) }
      pause = .seconds(60)
    }
  }

  /// What a source will not do now is asked of it again a minute later, and holds nothing else up.
  private func settlePatiently() async throws -> Bool {
    do { try await settle() } catch let failure as DriverFailure {
      if await troubles.isNews(failure, in: "moving") { log.warning("moving: \(failure.said)") }
      return false
    }
    await troubles.isOver("moving")
    return true
  }

  /// One round: alarms, what came in, letters, and what is to be sealed.
  private func doWork(digests: Bool = true) async throws -> Bool {
    var didAnything = false
    try await keepHouse()
    for alarm in try await store.dueAlarms(at: clock.now()) {
      try await bearing(.alarm, alarm) { try await store.ring(alarm, at: clock.now()) }
      didAnything = true
    }
    // Own words go first, however much comes in.
    if try await sealWaiting() { didAnything = true }
    let hasRead = try await processInpackets()
    if try await mailAtOnce() || hasRead { didAnything = true }
    // What has come is read before a digest says what is new.
    let digest = Trouble.Stage.digest
    if digests, !hasRead, try await !store.rests(digest, digest.rawValue, at: clock.now()) {
      try await bearing(digest, digest.rawValue) { if try await mailDigest() { didAnything = true } }
    }
    if try await sealWaiting() { didAnything = true }
    if didAnything { await dispatch.ring() }
    return didAnything
  }

  func untilNextWork() async throws -> Duration {
    let moments = [
      try await store.nextAlarm(), try await store.nextInpacket(), try await nextDigest(),
      try await store.nextTrial(after: clock.now()),
    ]
    return pause(until: moments.compactMap { $0 }.min())
  }

  private func nextDigest() async throws -> Instant? {
    let (stage, schedule) = (Trouble.Stage.digest, configuration.digest.schedule)
    if let trouble = try await store.trouble(stage, stage.rawValue) { return trouble.isAside ? nil : trouble.again }
    // What `now` waits for is something new, and that rings the bell.
    return schedule == .now ? nil : schedule.next(after: try await store.digestLookedAt(), in: clock.zone)
  }

  /// A daemon with nothing to do looks around so often: each look touches memory and the processor, and bells ring for all that happens.
  private static let longestRest = Duration.seconds(300)

  /// From now until a moment: at least a little, so that nothing spins, and not for long, so that a clock may be set.
  private func pause(until moment: Instant?) -> Duration {
    let (now, longest) = (clock.now(), Self.longestRest)
    let (wait, over) = (moment ?? now.adding(seconds: 300)).milliseconds.subtractingReportingOverflow(now.milliseconds)
    return over ? longest : min(longest, .milliseconds(max(20, wait)))
  }

  private func note(_ failure: OperationFailure) async {
    guard failure.code == .inputOutput else { return }
    try? await store.notice(kind: "disk", said: failure.sentence, at: clock.now())
  }
}

/// How far receiving came in `run --once`, and what stood in its way first.
private actor Sources {
  private(set) var areRead = false
  private(set) var failure: (any Error)?
  /// The names of those that told all they have.
  private(set) var read: Set<String> = []

  func end() { areRead = true }
  func heard(_ driver: String) { read.insert(driver) }
  func note(_ failure: any Error) { self.failure = self.failure ?? failure }
}
