internal import CGPGME
internal import FoundationEssentials
private import Glibc

/// The agent that holds a home's secret keys, or the way to the user's.
///
/// Every method blocks and belongs on a worker's thread.
struct Agent {
  let home: URL
  /// The directory of gpg-agent and gpgconf.
  private let programs: String

  init(home: URL) {
    self.home = home
    programs = unsafe gpgme_get_dirinfo("bindir").map { unsafe String(cString: $0) } ?? "/usr/bin"
  }

  /// Where the home's agent listens, as GnuPG sees it: in the home, or below /run/user.
  func socket(_ patience: Patience) throws -> String {
    let said = try output(of: "gpgconf", ["--homedir", home.path, "--list-dirs", "agent-socket"], patience)
    let path = said.prefix { $0 != UInt8(ascii: "\n") }
    guard !path.isEmpty else { throw EngineTrouble.engine("gpgconf does not say where the agent of \(home.path) listens.") }
    return String(decoding: path, as: UTF8.self)
  }

  /// The process id of whoever answers at the socket, or behind the redirect in its place; nothing where nobody does.
  func processID(at socket: String, _ patience: Patience) -> pid_t? {
    (try? ask("GETINFO pid", at: socket, patience)).flatMap { pid_t(String(decoding: $0, as: UTF8.self)) }
  }

  /// Whether a redirect to another agent stands in place of the socket (libassuan, "Socket wrappers").
  func isRedirected(_ socket: String) -> Bool {
    var status = stat()
    return unsafe lstat(socket, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
  }

  /// Puts a redirect in place of the socket.
  func redirect(_ socket: String, to other: String) throws {
    try removeRedirect(socket)
    try Data("%Assuan%\nsocket=\(other)\n".utf8).write(to: URL(filePath: socket))
  }

  /// Clears the place of the socket.
  func removeRedirect(_ socket: String) throws {
    guard unsafe unlink(socket) == 0 || errno == ENOENT else {
      throw SpoolFailure.system(call: "unlink", error: errno)
    }
  }

  /// Starts an agent without resource limits, waits until it answers, and returns its process id.
  func start(at socket: String, _ patience: Patience) throws -> pid_t {
    try launch("gpg-agent", ["--homedir", home.path, "--daemon"])
    while ContinuousClock.now < patience.deadline {
      if let agent = processID(at: socket, patience) { return agent }
      usleep(2_000)  // it says on no descriptor when it listens
    }
    throw EngineTrouble.agentUnreachable
  }

  /// Ends the agent at the socket if it is the process `agent`, and waits until it is gone.
  func stop(_ agent: pid_t, at socket: String, _ patience: Patience) {
    guard processID(at: socket, patience) == agent else { return }
    _ = try? ask("KILLAGENT", at: socket, patience)
    while ContinuousClock.now < patience.deadline, isRunning(agent) { usleep(2_000) }
    if isRunning(agent) { kill(agent, SIGKILL) }
  }

  /// A process that is gone but not yet waited for counts as gone.
  private func isRunning(_ process: pid_t) -> Bool {
    guard let status = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return false }
    return status[(status.lastIndex(of: ")") ?? status.startIndex)...].dropFirst(2).first != "Z"
  }

  private func ask(_ command: String, at socket: String, _ patience: Patience) throws -> [UInt8] {
    final class Answer { var bytes: [UInt8] = [] }
    let answer = Answer()
    let context = try Context(.agent(socket: socket))
    let ending = unsafe context.run(patience) { context in
      unsafe gpgme_op_assuan_transact_start(
        context, command,
        { answer, data, size in
          guard let answer = unsafe answer else { return 0 }
          let bytes = unsafe UnsafeRawBufferPointer(start: data, count: size)
          unsafe Unmanaged<Answer>.fromOpaque(answer).takeUnretainedValue().bytes.append(contentsOf: bytes)
          return 0
        }, Unmanaged.passUnretained(answer).toOpaque(), nil, nil, nil, nil)
    }
    try ending.check()
    return answer.bytes
  }

  /// Runs one of GnuPG's programs and returns what it wrote.
  private func output(of program: String, _ arguments: [String], _ patience: Patience) throws -> [UInt8] {
    let sink = SpoolWriter(directory: home, limit: 64 << 10)
    let flow = try Flow(into: sink)
    let context = try Context(.programs)
    let path = "\(programs)/\(program)"
    let ending = unsafe context.run(patience) { context in
      unsafe withCStrings([path] + arguments) { unsafe gpgme_op_spawn_start(context, path, $0, nil, flow.data, nil, 0) }
    }
    if let failure = flow.failure { throw failure }
    try ending.check()
    return try sink.finish().bytes(limit: 64 << 10)
  }

  /// Starts one of GnuPG's daemons, connected to nothing: it would hold a pipe for ever.
  private func launch(_ program: String, _ arguments: [String]) throws {
    let context = try Context(.programs)
    let path = "\(programs)/\(program)"
    let refused = unsafe withCStrings([path] + arguments) { argv in
      unsafe gpgme_op_spawn(context.handle, path, argv, nil, nil, nil, UInt32(GPGME_SPAWN_DETACHED))
    }
    guard refused == 0 else { throw EngineTrouble.engine(refused) }
  }
}

extension Ending {
  /// Throws unless the operation finished without an error.
  func check() throws {
    switch self {
    case .finished(let error): if error != 0 { throw EngineTrouble.engine(error) }
    case .timedOut: throw EngineTrouble.timedOut
    case .cancelled: throw EngineTrouble.cancelled
    }
  }
}

/// Lends a NULL-terminated table of C strings.
private func withCStrings<Value>(
  _ strings: [String], _ body: (UnsafeMutablePointer<UnsafePointer<CChar>?>) -> Value
) -> Value {
  let copies = unsafe strings.map { unsafe strdup($0) }
  defer { unsafe copies.forEach { unsafe free($0) } }
  var table = unsafe copies.map { unsafe UnsafePointer($0) } + [nil]
  return unsafe body(&table)
}
