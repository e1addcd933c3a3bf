internal import CGPGME
internal import FoundationEssentials
private import Glibc
private import Synchronization

/// The agent that holds a home's secret keys: ours, or behind a redirect in its place the user's.
///
/// Every process of the program that uses the home holds a shared lock on a file in it, which also says which agent the program
/// started: the last process to leave ends that one, also when an earlier process left it behind by dying. Any other agent is
/// left alone. Every method blocks and belongs on a thread of its own.
final class Agent: Sendable {
  private let home: URL
  private let programs: GnuPGPrograms
  /// Where the home's agent listens, as GnuPG sees it: in the home, or below /run/user.
  private let socket: String
  private let record: Descriptor
  private let starting = Mutex<Void>(())

  init(home: URL, _ patience: Patience) throws {
    self.home = home
    programs = GnuPGPrograms(scratch: home)
    socket = try programs.agentSocket(of: home, patience)
    record = try Descriptor(opening: home.appending(path: "agent.pid").path, O_RDWR | O_CREAT)
    guard flock(record.number, LOCK_SH) == 0 else { throw SpoolFailure.system(call: "flock", error: errno) }
  }

  /// Whether a redirect to another agent stands in place of the socket (libassuan, "Socket wrappers").
  var isRedirected: Bool {
    var status = stat()
    return unsafe lstat(socket, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// Whether anybody answers at the socket, or behind the redirect.
  func answers(_ patience: Patience) -> Bool { programs.agentAnswering(at: socket, patience) != nil }

  /// Makes sure that an agent answers, and starts ours if none does and none of the user's was adopted.
  func wake(_ patience: Patience) throws {
    try starting.withLock { _ in
      if answers(patience) { return }
      guard !isRedirected else { throw EngineTrouble.agentUnreachable }
      try programs.launch("gpg-agent", ["--homedir", home.path, "--daemon"])
      while ContinuousClock.now < patience.deadline {
        if let process = programs.agentAnswering(at: socket, patience) { return try record.replace(with: "\(process)\n") }
        usleep(2_000)  // it says on no descriptor when it listens
      }
      throw EngineTrouble.agentUnreachable
    }
  }

  /// Puts a redirect to the user's agent in place of our own, which ends.
  func redirect(to userHome: URL, _ patience: Patience) throws {
    let other = try programs.agentSocket(of: userHome, patience)
    guard programs.agentAnswering(at: other, patience) != nil else { throw EngineTrouble.agentUnreachable }
    end(patience)
    try removeRedirect()
    try Data("%Assuan%\nsocket=\(other)\n".utf8).write(to: URL(filePath: socket))
  }

  /// Clears the place of the socket.
  func removeRedirect() throws {
    guard unsafe unlink(socket) == 0 || errno == ENOENT else { throw SpoolFailure.system(call: "unlink", error: errno) }
  }

  /// Gives up this process's part in the agent.
  func leave(_ patience: Patience) {
    if flock(record.number, LOCK_EX | LOCK_NB) == 0 { end(patience) }
    flock(record.number, LOCK_UN)
  }

  /// Ends the agent that answers, if it is the one that the program started, and waits until it is gone.
  private func end(_ patience: Patience) {
    guard let text = try? Spool(record, range: 0..<min(20, record.size())).bytes(limit: 20),
      let process = pid_t(String(decoding: text.prefix { $0 != UInt8(ascii: "\n") }, as: UTF8.self)),
      programs.agentAnswering(at: socket, patience) == process
    else { return }
    _ = try? programs.ask("KILLAGENT", at: socket, patience)
    while ContinuousClock.now < patience.deadline, isRunning(process) { usleep(2_000) }
    if isRunning(process) { kill(process, SIGKILL) }
  }

  /// A process that is gone but not yet waited for counts as gone.
  private func isRunning(_ process: pid_t) -> Bool {
    guard let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return false }
    return status[(status.lastIndex(of: ")") ?? status.startIndex)...].dropFirst(2).first != "Z"
  }
}
