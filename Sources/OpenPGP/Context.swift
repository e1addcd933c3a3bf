internal import CGPGME
internal import FoundationEssentials
private import Glibc

/// One GPGME context. Belongs to one thread, and every call blocks it.
@safe struct Context: ~Copyable {
  /// What a context talks to.
  enum Engine {
    /// gpg on a home; `program` is gpg, or the launcher in front of it, or GPGME's own choice.
    case gpg(home: URL, program: String?)
    /// The agent behind a socket.
    case agent(socket: String)
    /// Any program, started with arguments.
    case programs
  }

  /// GPGME's handle.
  let handle: OpaquePointer
  private let loop: EventLoop
  private let log: StatusLog
  private let keys = KeyCache()
  /// Opens messages in place of this context, where there is one.
  let opening: OpeningProcess?

  /// Makes a context; for gpg this runs it once, to ask for its version.
  init(_ engine: Engine, opening: OpeningProcess? = nil) throws(EngineTrouble) {
    Self.initializeLibrary
    var made: OpaquePointer?
    let error = unsafe gpgme_new(&made)
    guard error == 0, let made = unsafe made else { throw .engine(error) }
    let refused =
      switch engine {
      case .gpg(let home, let program): unsafe Self.choose(GPGME_PROTOCOL_OpenPGP, program, home.path, made)
      case .agent(let socket): unsafe Self.choose(GPGME_PROTOCOL_ASSUAN, socket, nil, made)
      case .programs: unsafe gpgme_set_protocol(made, GPGME_PROTOCOL_SPAWN)
      }
    guard refused == 0 else {
      unsafe gpgme_release(made)
      throw .engine(refused)
    }
    unsafe gpgme_set_offline(made, 1)
    _ = unsafe gpgme_set_pinentry_mode(made, GPGME_PINENTRY_MODE_ERROR)
    _ = unsafe gpgme_set_locale(made, LC_ALL, "C")
    unsafe handle = made
    loop = EventLoop()
    log = StatusLog()
    self.opening = opening
    unsafe loop.attach(to: made)
    unsafe log.attach(to: made)
  }

  private static func choose(
    _ kind: gpgme_protocol_t, _ file: String?, _ home: String?, _ context: OpaquePointer
  ) -> gpgme_error_t {
    let refused = unsafe gpgme_set_protocol(context, kind)
    return refused != 0 ? refused : unsafe gpgme_ctx_set_engine_info(context, kind, file, home)
  }

  deinit { unsafe gpgme_release(handle) }

  /// Once in a process, before any other call (GPGME manual, "Library Version Check").
  private static let initializeLibrary: Void = { _ = unsafe gpgme_check_version(nil) }()

  /// Starts an operation, waits for its end, and keeps gpg's status lines of it.
  borrowing func run(_ patience: Patience, _ start: (OpaquePointer) -> gpgme_error_t) -> Ending {
    (log.lines, log.isFull) = ([], false)
    return unsafe loop.run(handle, patience: patience, start: start)
  }

  /// gpg's view of a key that signs, asked for once.
  borrowing func cachedKey(_ key: Key, _ patience: Patience) throws -> KeyObject? {
    if let known = keys.objects[key] { return known }
    let found = try self.key(key, patience)
    keys.objects[key] = found
    return found
  }

  /// What gpg said in the last operation.
  var status: [StatusLine] { log.lines }

  /// Whether gpg said so much that the operation was ended.
  var saidTooMuch: Bool { log.isFull }

  /// The keys that the last operation listed.
  var listedKeys: [KeyObject] { loop.keys }
}

/// GPGME's key object, which GPGME lets any context use.
@safe final class KeyObject {
  let handle: gpgme_key_t
  init(_ handle: gpgme_key_t) { unsafe self.handle = handle }
  deinit { unsafe gpgme_key_unref(handle) }
}

/// Key objects of one context.
private final class KeyCache {
  var objects: [Key: KeyObject] = [:]
}

extension Context {
  /// What gpg wrote for people in the last operation, at most 64 KiB of it; empty where there is none.
  var diagnosis: String {
    guard let flow = try? Flow(into: SpoolWriter(directory: URL(filePath: "/nonexistent"), limit: 64 << 10)) else { return "" }
    guard unsafe gpgme_op_getauditlog(handle, flow.data, UInt32(GPGME_AUDITLOG_DIAG)) == 0 else { return "" }
    return String(decoding: flow.collected, as: UTF8.self)
  }
}

/// One line of gpg's `--status-fd`, which says more than GPGME's results do.
struct StatusLine: Equatable {
  let keyword: String
  let fields: [String]
}

/// Collects gpg's status lines.
private final class StatusLog {
  /// A peer can make gpg talk (a line for each of its signatures); more than this is not read.
  private static let most = 4096
  var lines: [StatusLine] = []
  var isFull = false

  /// Has to live as long as the context.
  func attach(to context: OpaquePointer) {
    _ = unsafe gpgme_set_ctx_flag(context, "full-status", "1")
    unsafe gpgme_set_status_cb(
      context,
      { log, keyword, arguments in
        guard let log = unsafe log, let keyword = unsafe keyword else { return 0 }
        let fields = unsafe arguments.map { unsafe String(cString: $0) } ?? ""
        let line = StatusLine(
          keyword: unsafe String(cString: keyword), fields: fields.split(separator: " ").map(String.init))
        return unsafe Unmanaged<StatusLog>.fromOpaque(log).takeUnretainedValue().add(line)
      }, Unmanaged.passUnretained(self).toOpaque())
  }

  private func add(_ line: StatusLine) -> gpgme_error_t {
    isFull = lines.count >= Self.most
    guard !isFull else { return gpg_error(GPG_ERR_LIMIT_REACHED) }
    lines.append(line)
    return 0
  }
}
