internal import CGPGME
internal import FoundationEssentials
private import Glibc

/// GnuPG's other programs, and the conversation with an agent, all by way of GPGME.
struct GnuPGPrograms {
  private let directory: String
  private let scratch: URL

  /// - Parameter scratch: a private directory, in case a program says more than fits in memory.
  init(scratch: URL) {
    self.scratch = scratch
    directory = unsafe gpgme_get_dirinfo("bindir").map { unsafe String(cString: $0) } ?? "/usr/bin"
  }

  /// Where the agent of a home listens.
  func agentSocket(of home: URL, _ patience: Patience) throws -> String {
    let said = try output(of: "gpgconf", ["--homedir", home.path, "--list-dirs", "agent-socket"], patience)
    let path = said.prefix { $0 != UInt8(ascii: "\n") }
    guard !path.isEmpty else { throw EngineTrouble.engine("gpgconf does not say where the agent of \(home.path) listens.") }
    return String(decoding: path, as: UTF8.self)
  }

  /// The process id of the agent that answers at a socket, or behind a redirect in its place; nothing where none does.
  func agentAnswering(at socket: String, _ patience: Patience) -> pid_t? {
    (try? ask("GETINFO pid", at: socket, patience)).flatMap { pid_t(String(decoding: $0, as: UTF8.self)) }
  }

  /// Says one thing to an agent and returns the answer.
  func ask(_ command: String, at socket: String, _ patience: Patience) throws -> [UInt8] {
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

  /// Starts a daemon, connected to nothing: it would hold a pipe for ever.
  func launch(_ program: String, _ arguments: [String]) throws {
    let context = try Context(.programs)
    let path = "\(directory)/\(program)"
    let refused = unsafe withCStrings([path] + arguments) { argv in
      unsafe gpgme_op_spawn(context.handle, path, argv, nil, nil, nil, UInt32(GPGME_SPAWN_DETACHED))
    }
    guard refused == 0 else { throw EngineTrouble.engine(refused) }
  }

  /// Runs a program and returns what it wrote.
  private func output(of program: String, _ arguments: [String], _ patience: Patience) throws -> [UInt8] {
    let sink = SpoolWriter(directory: scratch, limit: 64 << 10)
    let flow = try Flow(into: sink)
    let context = try Context(.programs)
    let path = "\(directory)/\(program)"
    let ending = unsafe context.run(patience) { context in
      unsafe withCStrings([path] + arguments) { unsafe gpgme_op_spawn_start(context, path, $0, nil, flow.data, nil, 0) }
    }
    if let failure = flow.failure { throw failure }
    try ending.check()
    return try sink.finish().bytes(limit: 64 << 10)
  }
}

/// Lends a NULL-terminated table of C strings.
func withCStrings<Value>(
  _ strings: [String], _ body: (UnsafeMutablePointer<UnsafePointer<CChar>?>) -> Value
) -> Value {
  let copies = unsafe strings.map { unsafe strdup($0) }
  defer { unsafe copies.forEach { unsafe free($0) } }
  var table = unsafe copies.map { unsafe UnsafePointer($0) } + [nil]
  return unsafe body(&table)
}
