internal import CLinux
internal import Glibc
private import Synchronization

/// Reaches a thread that waits in poll: a pipe beside its socket.
final class WakeUp: Sendable {
  /// Becomes readable when somebody wants the thread's attention.
  let readEnd: Int32
  private let writeEnd: Int32
  private let isRaised = Atomic(false)

  init() throws(FileFailure) {
    var ends: [Int32] = [-1, -1]
    guard unsafe pipe2(&ends, O_CLOEXEC | O_NONBLOCK) == 0 else { throw FileFailure("make", "a pipe") }
    readEnd = ends[0]
    writeEnd = ends[1]
  }

  deinit {
    close(readEnd)
    close(writeEnd)
  }

  /// Whether ``raise()`` was called. It is not taken back.
  var raised: Bool { isRaised.load(ordering: .acquiring) }

  /// Wakes the thread, now and whenever it would wait again.
  func raise() {
    isRaised.store(true, ordering: .releasing)
    var byte: UInt8 = 1
    _ = unsafe write(writeEnd, &byte, 1)
  }
}
