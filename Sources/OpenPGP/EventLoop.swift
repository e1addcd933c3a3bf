internal import CGPGME
private import Glibc

/// Waits for what GPGME waits for, with a deadline and a way to stop.
///
/// GPGME's own blocking calls look at a cancellation only when gpg says something, so a gpg that computes in silence, or waits
/// for an agent that hangs, would hold its thread for ever. Here the waiting is ours: one poll over GPGME's descriptors and one
/// that wakes us.
@safe final class EventLoop {
  @safe private struct Watch {
    let descriptor: Int32
    let writing: Bool
    let ready: gpgme_io_cb_t
    let data: UnsafeMutableRawPointer?
  }

  /// What GPGME holds to take a watch back.
  final class Registration {
    fileprivate let loop: EventLoop
    fileprivate let id: Int
    fileprivate init(_ loop: EventLoop, _ id: Int) { (self.loop, self.id) = (loop, id) }
  }

  private var watches: [Int: Watch] = [:]
  private var nextID = 0
  private var result: gpgme_error_t?
  /// The keys that the last operation listed.
  private(set) var keys: [KeyObject] = []

  /// Makes `context` ask this loop instead of waiting by itself. The loop has to live as long as the context.
  func attach(to context: OpaquePointer) {
    let this = unsafe Unmanaged.passUnretained(self).toOpaque()
    var callbacks = unsafe gpgme_io_cbs(
      add: { loop, descriptor, reading, ready, data, tag in
        guard let loop = unsafe loop, let ready = unsafe ready else { return gpg_error(GPG_ERR_INV_ARG) }
        let registration = unsafe Unmanaged<EventLoop>.fromOpaque(loop).takeUnretainedValue()
          .watch(descriptor, writing: reading == 0, ready, data)
        unsafe tag?.pointee = unsafe Unmanaged.passRetained(registration).toOpaque()
        return 0
      },
      add_priv: this,
      remove: { tag in
        guard let tag = unsafe tag else { return }
        let registration = unsafe Unmanaged<Registration>.fromOpaque(tag).takeRetainedValue()
        registration.loop.watches[registration.id] = nil
      },
      event: { loop, event, data in
        guard let loop = unsafe loop else { return }
        unsafe Unmanaged<EventLoop>.fromOpaque(loop).takeUnretainedValue().take(event, data)
      },
      event_priv: this)
    unsafe gpgme_set_io_cbs(context, &callbacks)
  }

  /// Waits for a descriptor from now on, until GPGME takes it back.
  func watch(
    _ descriptor: Int32, writing: Bool, _ ready: @escaping gpgme_io_cb_t, _ data: UnsafeMutableRawPointer?
  ) -> Registration {
    nextID += 1
    unsafe watches[nextID] = Watch(descriptor: descriptor, writing: writing, ready: ready, data: data)
    return Registration(self, nextID)
  }

  private func take(_ event: gpgme_event_io_t, _ data: UnsafeMutableRawPointer?) {
    switch event {
    case GPGME_EVENT_DONE:
      let done = unsafe data?.assumingMemoryBound(to: gpgme_io_event_done_data.self).pointee
      result = done.map { $0.err != 0 ? $0.err : $0.op_err } ?? 0
    case GPGME_EVENT_NEXT_KEY:
      // The reference is ours.
      if let data = unsafe data { keys.append(unsafe KeyObject(data.assumingMemoryBound(to: _gpgme_key.self))) }
    default: break
    }
  }

  /// Starts an operation and waits for its end.
  func run(_ context: OpaquePointer, patience: Patience, start: (OpaquePointer) -> gpgme_error_t) -> Ending {
    result = nil
    keys = []
    let refused = unsafe start(context)
    guard refused == 0 else { return .finished(refused) }
    while true {
      if let result { return .finished(result) }
      if let interruption = waitForWork(patience) {
        _ = unsafe gpgme_cancel(context)
        return interruption
      }
    }
  }

  /// One poll, and a call into GPGME for each descriptor that is ready. Says why, where there is no more waiting.
  ///
  /// An end is told only when there is nothing to read or write any more. gpg says in words why it gives up, and then closes
  /// everything at once; told first that the status lines have ended, GPGME would stop listening, and the words would be lost.
  func waitForWork(_ patience: Patience) -> Ending? {
    let row = watches.sorted { $0.key < $1.key }
    var table = row.map {
      pollfd(fd: $0.value.descriptor, events: Int16($0.value.writing ? POLLOUT : POLLIN), revents: 0)
    }
    if let wake = patience.cancellation?.descriptor { table.append(pollfd(fd: wake, events: Int16(POLLIN), revents: 0)) }
    let count = unsafe poll(&table, nfds_t(table.count), patience.millisecondsLeft)
    guard count != 0 else { return .timedOut }
    guard count > 0 else { return errno == EINTR ? nil : .finished(gpgme_error_from_errno(errno)) }
    guard table.dropFirst(row.count).allSatisfy({ $0.revents == 0 }) else { return .cancelled }
    let work = Int16(POLLIN | POLLOUT)
    let wanted = table.contains { $0.revents & work != 0 } ? work : ~0
    for (place, (id, watch)) in row.enumerated()
    where table[place].revents & wanted != 0 && watches[id] != nil && result == nil {
      _ = unsafe watch.ready(watch.data, watch.descriptor)
    }
    return nil
  }
}

/// How an operation ended.
enum Ending: Equatable {
  /// By itself, with GPGME's error.
  case finished(gpgme_error_t)
  /// Its deadline came first.
  case timedOut
  /// Its task was cancelled.
  case cancelled
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

/// How long an operation may take, and what may stop it before.
struct Patience {
  let deadline: ContinuousClock.Instant
  let cancellation: Cancellation?

  /// Milliseconds for poll(2): rounded up, at least 0.
  var millisecondsLeft: Int32 {
    let (seconds, attoseconds) = deadline.duration(to: .now).components
    guard seconds <= 0, -seconds < 1_000_000 else { return seconds > 0 ? 0 : .max }
    return Int32(clamping: max(0, -seconds * 1000 - attoseconds / 1_000_000_000_000_000 + 1))
  }

  /// Whether nothing more can be done within it.
  var isOver: Bool { cancellation?.isCancelled == true || deadline <= .now }
}

/// A cancellation that wakes a poll: a socket pair, of which cancelling writes the one end.
final class Cancellation: Sendable {
  /// Readable once cancelled.
  let descriptor: Int32
  private let writing: Int32

  /// Nothing where the process has no descriptors left: the operation then keeps to its deadline.
  init?() {
    var ends: [Int32] = [-1, -1]
    guard unsafe socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0, &ends) == 0 else { return nil }
    (descriptor, writing) = (ends[0], ends[1])
  }

  deinit {
    close(descriptor)
    close(writing)
  }

  func cancel() {
    let byte: [UInt8] = [1]
    _ = unsafe write(writing, byte, 1)
  }

  var isCancelled: Bool {
    var entry = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
    return unsafe poll(&entry, 1, 0) > 0
  }
}
