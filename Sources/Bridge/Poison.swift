internal import Account
internal import FoundationEssentials
internal import Logging
internal import OpenPGP
internal import Packets
internal import Store

/// What makes a stage fail holds nothing up behind it: it is counted, rests, is set aside in the end, and said.
extension Bridge {
  /// Works on one thing. Only what is wrong with this machine is thrown, because it would meet the next thing too.
  func bearing(_ stage: Trouble.Stage, _ subject: String, _ work: () async throws -> Void) async throws {
    do {
      try await atWork.hold(stage, subject) { try await work() }
    } catch {
      try await bear(stage, subject, error)
    }
  }

  /// How long a thing meets nothing but deaths until it is to blame, in seconds.
  private static let deadlyFor: Int64 = 3600

  /// What earlier processes died at counts as a failure of it.
  ///
  /// Nobody can tell what ended a process: the thing it had in hand, be it by a trap or by memory that ran out, or somebody who
  /// pulled the plug. So at first a death only lets the thing rest. After an hour it was tried ten times and more, each time to the
  /// death, and chance does not hit one thing so often.
  func blame() async throws {
    for (stage, subject) in AtWork.left(in: scratch) {
      let since = try await store.trouble(stage, subject)?.since ?? clock.now()
      try await count(
        stage, subject, "the program ended while it was at work on it",
        mayGiveUp: since.adding(seconds: Self.deadlyFor) <= clock.now())
    }
    // A process may have died behind the last step of its work, before it laid the thing down.
    try await store.forgetTroublesThatAreOver(at: clock.now())
  }

  /// Counts a failure against the thing that met it, unless the machine is the cause.
  func bear(_ stage: Trouble.Stage, _ subject: String, _ failure: any Error) async throws {
    if Task.isCancelled || Self.isOfTheMachine(failure) { throw failure }
    if await store.isDamaged(failure) { throw failure }
    try checkDisk()
    // Without digests the user would hear of nothing any more, and the next one says other things.
    let mayGiveUp = stage == .digest ? false : await keySigns()
    try await count(stage, subject, OperationFailure(failure).message, mayGiveUp: mayGiveUp)
  }

  private func count(_ stage: Trouble.Stage, _ subject: String, _ said: String, mayGiveUp: Bool) async throws {
    let words = "\(stage.words) \(Printable.line(subject, limit: 40))"
    let trouble = try await store.failed(stage, subject, words: words, said: said, mayGiveUp: mayGiveUp, at: clock.now())
    let result = trouble?.isAside == true ? "set aside" : "tried again later"
    log.warning("\(words) failed and is \(result): \(said)")
  }

  /// Whether everything else would fail as well.
  private static func isOfTheMachine(_ failure: any Error) -> Bool {
    switch failure {
    case is CancellationError, is HomeFailure, DiskFailure.full: true
    case StoreFailure.full, StoreFailure.disk, StoreFailure.unsure, StoreFailure.busy, StoreFailure.noIdentity,
      StoreFailure.newer:
      true
    case let failure as OperationFailure: failure.code == .inputOutput
    default: false
    }
  }

  /// What fails while the disk takes nothing is no poison, and nothing else would succeed.
  private func checkDisk() throws {
    let attempt = scratch.appending(path: "attempt-\(UUID().uuidString)")
    try DurableFile.create(attempt, holding: [UInt8](repeating: 0, count: 64 << 10))
    try DurableFile.remove(attempt)
  }

  /// What fails while the key does not sign only waits: an agent is not there, or a card.
  private func keySigns() async -> Bool { (try? await keyring.home().sign([0], by: key)) != nil }
}

extension Trouble.Stage {
  /// What the user calls a thing of this stage.
  var words: String {
    switch self {
    case .inpacket: "Inpacket"
    case .body: "Sealing"
    case .alarm: "Alarm"
    case .letter: "Letter"
    case .item: "Digest entry"
    case .digest: "The"
    case .file: "File"
    }
  }
}
