internal import CGPGME
private import CLinux
internal import FoundationEssentials
private import Glibc

/// A small process that opens messages for one worker (deploy/gpg-launcher/gpg-opener.c): GPGME forks twice for each of them, and a
/// fork of the daemon, with all its libraries and threads, costs a tenth of what gpg itself does.
///
/// It is started when it is first needed and again when it has died or served long. What takes too long or is cancelled ends with
/// it and the gpg that it started: they are a process group. Belongs to one thread.
final class OpeningProcess {
  /// So many messages are opened before another process takes over: its limit on processor time counts all of them.
  private static let mostMessages = 10_000
  /// A message up to this size is handed over in memory, and so is what it holds.
  private static let inMemory = 256 << 10

  private struct Child {
    let process: pid_t
    let socket: Descriptor
    var messages = 0
  }

  private let program: URL
  private let home: URL
  private var child: Child?

  init(program: URL, home: URL) { (self.program, self.home) = (program, home) }

  deinit { end() }

  /// Decrypts a message, and says what gpg said about it. The plaintext is in `sink` afterwards.
  func decrypt(
    _ ciphertext: Spool, _ flags: gpgme_decrypt_flags_t, into sink: SpoolWriter, _ patience: Patience
  ) throws -> Evidence {
    let input = try ciphertext.asFile()
    let output =
      ciphertext.size <= Self.inMemory ? try Descriptor.inMemory() : try Descriptor.unnamed(in: sink.directory.path)
    let request = Array("\(flags.rawValue) \(input.offset) \(ciphertext.size) \(sink.limit)".utf8)
    let child = try running()
    guard unsafe slinux_send(child.socket.number, request, UInt(request.count), input.file.number, output.number) > 0 else {
      end()
      throw EngineTrouble.died
    }
    switch wait(for: child.socket, patience) {
    case .finished(0): break
    case .finished, .timedOut, .cancelled:
      // It and its gpg hang somewhere: only their end ends that.
      end()
      if patience.cancellation?.isCancelled == true { throw EngineTrouble.cancelled }
      throw EngineTrouble.timedOut
    }
    guard let answer = try receive(from: child.socket), let evidence = Evidence(answer: answer) else {
      end()
      throw EngineTrouble.died
    }
    if answer.isTooLarge { throw OpenFailure.tooLarge(limit: sink.limit) }
    if let error = answer.failure { throw SpoolFailure.system(call: "gpg-opener", error: error) }
    try sink.adopt(output)
    return evidence
  }

  // MARK: Process

  private func running() throws -> Child {
    if let child, child.messages < Self.mostMessages {
      self.child?.messages += 1
      return child
    }
    end()
    var ends: [Int32] = [-1, -1]
    guard unsafe socketpair(AF_UNIX, Int32(SOCK_SEQPACKET.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else {
      throw SpoolFailure.system(call: "socketpair", error: errno)
    }
    let (ours, theirs) = (Descriptor(owning: ends[0]), Descriptor(owning: ends[1]))
    let started = Child(process: try start(on: theirs), socket: ours, messages: 1)
    child = started
    return started
  }

  private func start(on socket: Descriptor) throws -> pid_t {
    var files = unsafe posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    unsafe posix_spawn_file_actions_init(&files)
    unsafe posix_spawnattr_init(&attributes)
    defer {
      unsafe posix_spawn_file_actions_destroy(&files)
      unsafe posix_spawnattr_destroy(&attributes)
    }
    unsafe posix_spawn_file_actions_adddup2(&files, socket.number, 0)
    for output in [Int32(1), 2] { unsafe posix_spawn_file_actions_addopen(&files, output, "/dev/null", O_WRONLY, 0) }
    unsafe posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    var process: pid_t = 0
    let refused = unsafe withCStrings([program.path, home.path]) { arguments in
      unsafe arguments.withMemoryRebound(to: UnsafeMutablePointer<CChar>?.self, capacity: 3) { arguments in
        unsafe posix_spawn(&process, program.path, &files, &attributes, arguments, environ)
      }
    }
    guard refused == 0 else { throw SpoolFailure.system(call: "posix_spawn", error: refused) }
    return process
  }

  /// Ends the process and whatever gpg it has running.
  private func end() {
    guard let child else { return }
    self.child = nil
    kill(-child.process, SIGKILL)
    var status: Int32 = 0
    while unsafe waitpid(child.process, &status, 0) < 0, errno == EINTR {}
  }

  // MARK: Answers

  private func wait(for socket: Descriptor, _ patience: Patience) -> Ending {
    var table = [pollfd(fd: socket.number, events: Int16(POLLIN), revents: 0)]
    if let wake = patience.cancellation?.descriptor { table.append(pollfd(fd: wake, events: Int16(POLLIN), revents: 0)) }
    while true {
      let count = unsafe poll(&table, nfds_t(table.count), patience.millisecondsLeft)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else { return .timedOut }
      return table[0].revents != 0 ? .finished(0) : .cancelled
    }
  }

  /// One answer; nothing where the process died.
  private func receive(from socket: Descriptor) throws -> Answer? {
    // More than the program ever says.
    let text = unsafe [UInt8](unsafeUninitializedCapacity: 128 << 10) { buffer, filled in
      filled = max(0, unsafe recv(socket.number, buffer.baseAddress, buffer.count, 0))
    }
    return text.isEmpty ? nil : Answer(String(decoding: text, as: UTF8.self))
  }

  /// The lines of an answer.
  struct Answer {
    var lines: [(name: Substring, rest: Substring)] = []

    init(_ text: String) {
      for line in text.split(separator: "\n") {
        let parts = line.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
        lines.append((parts[0], parts.count > 1 ? parts[1] : ""))
      }
    }

    func has(_ name: String) -> Bool { lines.contains { $0.name == name } }

    func numbers(_ name: String) -> [UInt32] { lines.filter { $0.name == name }.compactMap { UInt32($0.rest) } }

    var isTooLarge: Bool { has("too-large") }

    var failure: Int32? { numbers("failed").first.map { Int32(clamping: $0) } }
  }
}

extension Evidence {
  /// What an answer says; nothing where it is none.
  fileprivate init?(answer: OpeningProcess.Answer) {
    guard let error = answer.numbers("ended").first else { return nil }
    let status = answer.lines.filter { $0.name == "status" }.map { line in
      let words = line.rest.split(separator: " ").map(String.init)
      return StatusLine(keyword: words.first ?? "", fields: Array(words.dropFirst()))
    }
    self.init(ending: .finished(gpgme_error_t(error)), status: status)
    gaveUp = answer.has("gave-up")
    recipients = Int(answer.numbers("recipients").first ?? 0)
    signatures = answer.numbers("signature").map { gpg_err_code_t($0) }
    noIntegrityProtection = answer.has("not-protected")
    wrongKeyUsage = answer.has("wrong-key-usage")
  }
}
