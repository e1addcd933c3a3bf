public import FoundationEssentials
internal import Synchronization

/// A GnuPG home of our own, and everything that is done with the keys in it: make, pin, seal, open, sign, verify.
///
/// The home holds the public keys of contacts and our own; the secret keys are with an agent, ours or the user's. Operations run
/// on threads of their own, one for each core, and may be asked for from any task.
public final class KeyHome: Sendable {
  /// Where a home lies, and what its operations may take.
  public struct Configuration: Sendable {
    /// The home: ours alone, made if it is missing, at most 80 bytes of path.
    public var directory: URL
    /// A private directory for short-lived files: spooled plaintext and throw-away homes.
    public var scratch: URL
    /// Small programs that stand between GPGME and gpg.
    public var programs: Programs
    /// How many operations may run at once.
    public var threads: Int
    /// The longest that one operation may take before it ends with ``EngineTrouble/timedOut``.
    public var patience: Duration

    /// Describes a home.
    public init(
      directory: URL, scratch: URL, programs: Programs = Programs(),
      threads: Int = ProcessInfo.processInfo.activeProcessorCount, patience: Duration = .seconds(60)
    ) {
      self.directory = directory
      self.scratch = scratch
      self.programs = programs
      self.threads = threads
      self.patience = patience
    }
  }

  /// Small programs that stand between GPGME and gpg (deploy/gpg-launcher). Without them everything works, but for limits and speed.
  public struct Programs: Sendable {
    /// Gives gpg its limits on processor time and memory.
    public var launcher: URL?
    /// Opens messages with the same limits, in a process whose forks are cheap.
    public var opener: URL?

    /// Names them, where they are there.
    public init(launcher: URL? = nil, opener: URL? = nil) {
      self.launcher = launcher
      self.opener = opener
    }
  }

  let configuration: Configuration
  let workers: Workers
  let agent: Agent
  /// Held while a certificate is checked against the pinned ones and taken in.
  let pinning = Mutex<Void>(())
  /// What gpg's keyring holds, as last read. Another process may have changed it since.
  let ring = Mutex<[Key: Certificate]>([:])

  /// Prepares the home, starts its agent unless one answers already, and reads its keys.
  public init(_ configuration: Configuration) async throws(HomeFailure) {
    self.configuration = configuration
    do {
      let home = try HomeDirectory(preparing: configuration.directory).url
      try HomeDirectory.prepareScratch(configuration.scratch)
      let workers = try await Workers(
        count: configuration.threads, home: home, programs: configuration.programs, patience: configuration.patience)
      self.workers = workers
      do {
        agent = try await workers.perform { _, patience in try Agent(home: home, patience) }
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
        if !self.agent.isRedirected { try self.agent.wake(patience) }
        try self.readRing(context, patience)
      }
    } catch {
      await stop()
      throw HomeFailure(error)
    }
  }

  /// Lets running operations end, and ends the agent that this program started unless another of its processes still uses it.
  /// Nothing can be done with the home afterwards.
  public func stop() async {
    await workers.stop { patience in self.agent.leave(patience) }
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
}
