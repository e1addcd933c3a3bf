internal import Account
internal import Drivers
internal import Feed
internal import FoundationEssentials
internal import Logging
internal import Packets
internal import ServiceLifecycle
internal import Store

/// The running daemon of one account: it receives, decides, seals, sends and mails until it is told to stop.
struct Daemon: Service {
  let bridge: Bridge

  /// Runs until a graceful shutdown or cancellation; then lets what is in hand come to its end.
  ///
  /// - Throws: ``OperationFailure`` with exit code 75 where a daemon runs already.
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
      let loops: [@Sendable () async -> Void] =
        bridge.drivers.map { driver in { await bridge.receiving(from: driver) } } + [
          { await bridge.working() }, { await bridge.dispatching() }, { await bridge.tidyingUp() },
        ]
      let tasks = loops.map { loop in Task { await loop() } }
      group.addTask {
        // Shut down gracefully or cancelled: the loops end at their next step.
        try? await gracefulShutdown()
        for task in tasks { task.cancel() }
      }
      for task in tasks { await task.value }
      group.cancelAll()
    }
    watch?.close()
    socket.close()
    bridge.log.info("stopped")
    _ = consume lock
  }
}

extension Bridge {
  /// Receives everything, processes it, sends what waits, delivers the digest if due: `run --once`.
  func runOnce() async throws(OperationFailure) {
    do {
      try await takeUp()
      let hasReceived = Flag()
      async let received: Void = receiveOnce(hasReceived)
      // What came first is opened while the rest comes, and moved while the next is opened. It ends: nothing new is received, and what is
      // decided leads to less and less to seal and to send.
      while true {
        let isLast = await hasReceived.isUp
        if isLast { try await received }
        async let moved: Void = settlePatiently()
        let worked = try await doWork()
        try await moved
        let sent = isLast ? try await sendDue() : false
        if worked || sent { continue }
        if isLast { break }
        await work.sleep(atMost: .seconds(1))
      }
      try await settle()
    } catch {
      // Whatever a room below made of it, it was stopped.
      throw Task.isCancelled ? OperationFailure(CancellationError()) : OperationFailure(error)
    }
  }

  private func receiveOnce(_ hasReceived: Flag) async throws {
    do {
      for driver in drivers { try await driver.receive(into: Desk(bridge: self), .once) }
    } catch {
      await hasReceived.raise()
      await work.ring()
      throw error
    }
    await hasReceived.raise()
    await work.ring()
  }

  /// Takes up files that were put into `inpackets/` or left there by a crash, and action files in `outpackets/`.
  func takeUp() async throws {
    try await sweep()
    try await takeUpFiles()
    for driver in drivers { _ = try? await driver.settle(store.unsettled(at: driver.name)) }
  }

  // MARK: Loops

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
      try await settlePatiently()
      await tidying.sleep(atMost: .seconds(60))
    }
  }

  /// What a source will not do now is asked of it again a minute later, and holds nothing else up.
  private func settlePatiently() async throws {
    do { try await settle() } catch let failure as DriverFailure {
      if await troubles.isNews(failure, in: "moving") { log.warning("moving: \(failure.said)") }
      return
    }
    await troubles.isOver("moving")
  }

  /// One round: alarms, what came in, letters, and what is to be sealed.
  private func doWork() async throws -> Bool {
    var didAnything = false
    try await keepHouse()
    for alarm in try await store.dueAlarms(at: clock.now()) {
      try await store.ring(alarm, at: clock.now())
      didAnything = true
    }
    // Own words go first, however much comes in.
    if try await sealWaiting() { didAnything = true }
    if try await processInpackets() { didAnything = true }
    if try await mailAtOnce() { didAnything = true }
    if try await mailDigest() { didAnything = true }
    if try await sealWaiting() { didAnything = true }
    if didAnything { await dispatch.ring() }
    return didAnything
  }

  private func untilNextWork() async throws -> Duration {
    var moments = [try await store.nextAlarm(), try await store.nextInpacket()]
    // What `now` waits for is something new, and that rings the bell.
    if configuration.digest.schedule != .now {
      moments.append(configuration.digest.schedule.next(after: try await store.digestLookedAt(), in: clock.zone))
    }
    return pause(until: moments.compactMap { $0 }.min())
  }

  /// From now until a moment: at least a little, so that nothing spins, and at most a minute, so that a clock may be set.
  private func pause(until moment: Instant?) -> Duration {
    let now = clock.now()
    let (wait, over) = (moment ?? now.adding(seconds: 60)).milliseconds.subtractingReportingOverflow(now.milliseconds)
    return .milliseconds(over ? 60_000 : max(20, min(60_000, wait)))
  }

  private func note(_ failure: OperationFailure) async {
    guard failure.code == .inputOutput else { return }
    try? await store.notice(kind: "disk", said: failure.sentence, at: clock.now())
  }
}

/// Goes up once.
private actor Flag {
  private(set) var isUp = false

  func raise() { isUp = true }
}
