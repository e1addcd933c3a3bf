private import Dispatch
private import Foundation
internal import FoundationEssentials
private import Synchronization

/// Threads of their own, each with one GPGME context on one home, that take jobs from one queue.
///
/// Blocking C stays off Swift's cooperative pool here: a job blocks its thread and no other, a context never leaves its thread,
/// and a long job holds up no short one while another thread is free.
final class Workers: Sendable {
  typealias Job = @Sendable (borrowing Context) -> Void

  /// The queue, shared with the threads; they end once it is closed and empty.
  private final class Queue: Sendable {
    private let jobs = Mutex<(waiting: [Job], closed: Bool)>(([], false))
    private let filled = DispatchSemaphore(value: 0)
    let threads = DispatchGroup()

    func add(_ job: @escaping Job) -> Bool {
      let open = jobs.withLock { jobs in
        if !jobs.closed { jobs.waiting.append(job) }
        return !jobs.closed
      }
      if open { filled.signal() }
      return open
    }

    func next() -> Job? {
      filled.wait()
      let (job, last) = jobs.withLock { jobs in
        (jobs.waiting.isEmpty ? nil : jobs.waiting.removeFirst(), jobs.closed && jobs.waiting.isEmpty)
      }
      if last { filled.signal() }  // hands the end on to the next thread
      return job
    }

    func close() {
      jobs.withLock { $0.closed = true }
      filled.signal()
    }
  }

  private let queue = Queue()
  private let patience: Duration

  /// Starts the threads and makes their contexts, or none at all.
  init(count: Int, home: URL, programs: KeyHome.Programs, patience: Duration) async throws {
    self.patience = patience
    for _ in 0..<max(1, count) {
      let queue = queue
      do {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
          queue.threads.enter()
          Thread.detachNewThread {
            defer { queue.threads.leave() }
            do {
              let opening = programs.opener.map { OpeningProcess(program: $0, home: home) }
              let context = try Context(.gpg(home: home, program: programs.launcher?.path), opening: opening)
              continuation.resume()
              while let job = queue.next() { job(context) }
            } catch {
              continuation.resume(throwing: error)
            }
          }
        }
      } catch {
        queue.close()
        throw error
      }
    }
  }

  /// Runs a job on the next free thread. Cancelling the task ends the job's operation.
  func perform<Value: Sendable>(
    _ job: @escaping @Sendable (borrowing Context, Patience) throws -> Value
  ) async throws -> Value {
    let cancellation = Cancellation()
    let patience = patience
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let added = queue.add { context in
          let patience = Patience(deadline: .now + patience, cancellation: cancellation)
          continuation.resume(
            with: Result {
              if cancellation?.isCancelled == true { throw EngineTrouble.cancelled }
              return try job(context, patience)
            })
        }
        if !added { continuation.resume(throwing: EngineTrouble.stopped) }
      }
    } onCancel: {
      cancellation?.cancel()
    }
  }

  /// Lets what is queued finish, waits until the last thread has released its context, and then does one last thing that blocks.
  func stop(finally last: @escaping @Sendable (Patience) -> Void = { _ in }) async {
    queue.close()
    let (queue, patience) = (queue, patience)
    await withCheckedContinuation { continuation in
      Thread.detachNewThread {
        queue.threads.wait()
        last(Patience(deadline: .now + patience, cancellation: nil))
        continuation.resume()
      }
    }
  }
}
