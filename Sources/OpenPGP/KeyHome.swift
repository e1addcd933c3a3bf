public import FoundationEssentials
internal import Glibc
internal import Synchronization

/// A GnuPG home of our own, and everything that is done with the keys in it: make, pin, seal, open, sign, verify.
///
/// The home holds the public keys of contacts and our own; the secret keys are with an agent, ours or the user's. Operations run on
/// threads of their own, one for each core, and may be asked for from any task.
public final class KeyHome: Sendable {
  /// Where a home lies, and what its operations may take.
  public struct Configuration: Sendable {
    /// The home: ours alone, made if it is missing, at most 80 bytes of path.
    public var directory: URL
    /// A private directory for short-lived files: spooled plaintext and throw-away homes.
    public var scratch: URL
    /// The launcher that gives each gpg its limits (deploy/gpg-launcher); without one gpg runs without them.
    public var launcher: URL?
    /// How many operations may run at once.
    public var threads: Int
    /// The longest that one operation may take before it ends with ``EngineTrouble/timedOut``.
    public var patience: Duration

    /// Describes a home.
    public init(
      directory: URL, scratch: URL, launcher: URL? = nil,
      threads: Int = ProcessInfo.processInfo.activeProcessorCount, patience: Duration = .seconds(60)
    ) {
      self.directory = directory
      self.scratch = scratch
      self.launcher = launcher
      self.threads = threads
      self.patience = patience
    }
  }

  let configuration: Configuration
  let workers: Workers
  let agent: Agent
  let agentSocket: String
  /// The process id of the agent that we started, if we did.
  let startedAgent = Mutex<pid_t?>(nil)
  /// Held while a certificate is checked against the pinned ones and taken in.
  let pinning = Mutex<Void>(())
  /// What gpg's keyring holds, as last read. Another process may have changed it since.
  let ring = Mutex<[Key: Certificate]>([:])

  /// Prepares the home, starts its agent unless one answers already, and reads its keys.
  public init(_ configuration: Configuration) async throws(HomeFailure) {
    do {
      self.configuration = configuration
      let home = try HomeDirectory(preparing: configuration.directory).url
      try FileManager.default.createDirectory(
        at: configuration.scratch, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      let workers = try await Workers(
        count: configuration.threads, home: home, program: configuration.launcher?.path, patience: configuration.patience)
      let agent = Agent(home: home)
      self.workers = workers
      self.agent = agent
      do {
        agentSocket = try await workers.perform { _, patience in try agent.socket(patience) }
      } catch {
        await workers.stop()
        throw error
      }
    } catch {
      throw HomeFailure(error)
    }
    do {
      try await workers.perform { context, patience in
        // The user's agent may come later.
        if !self.agent.isRedirected(self.agentSocket) { try self.wakeAgent(patience) }
        try self.readRing(context, patience)
      }
    } catch {
      await stop()
      throw HomeFailure(error)
    }
  }

  /// Lets running operations end, and ends the agent if it is ours. Nothing can be done with the home afterwards.
  public func stop() async {
    try? await workers.perform { _, patience in self.stopAgent(patience) }
    await workers.stop()
  }

  /// Runs an operation on a worker's thread, and gives what it throws the operation's own type.
  func perform<Value: Sendable, Failure: OperationFailure>(
    failing: Failure.Type = Failure.self, _ operation: @escaping @Sendable (KeyHome, borrowing Context, Patience) throws -> Value
  ) async throws(Failure) -> Value {
    do {
      return try await workers.perform { context, patience in try operation(self, context, patience) }
    } catch {
      throw Failure(error)
    }
  }

  /// Reads anew what the keyring holds.
  func readRing(_ context: borrowing Context, _ patience: Patience) throws {
    let certificates = try context.certificates(patience)
    ring.withLock { ring in ring = Dictionary(certificates.map { ($0.key, $0) }, uniquingKeysWith: { first, _ in first }) }
  }

  /// Makes sure that an agent answers: starts ours if nobody does and none of the user's was adopted.
  func wakeAgent(_ patience: Patience) throws {
    try startedAgent.withLock { started in
      if agent.processID(at: agentSocket, patience) != nil { return }
      guard !agent.isRedirected(agentSocket) else { throw EngineTrouble.agentUnreachable }
      started = try agent.start(at: agentSocket, patience)
    }
  }

  /// Ends the agent that we started, if we did.
  func stopAgent(_ patience: Patience) {
    startedAgent.withLock { started in
      if let process = started { agent.stop(process, at: agentSocket, patience) }
      started = nil
    }
  }
}
