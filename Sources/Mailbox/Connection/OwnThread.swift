import Dispatch

/// An executor for an actor that blocks in C: a thread outside the cooperative pool, so that nobody else waits.
///
/// A serial queue has a thread of its own while it works (Dispatch gives such queues overcommit threads) and none while it rests.
final class OwnThread: SerialExecutor {
  private let queue: DispatchQueue

  init(_ label: String) { queue = DispatchQueue(label: label) }

  func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.async { unsafe job.runSynchronously(on: self.asUnownedSerialExecutor()) }
  }

  func asUnownedSerialExecutor() -> UnownedSerialExecutor { unsafe UnownedSerialExecutor(ordinary: self) }
}
