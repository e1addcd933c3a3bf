internal import Dispatch

/// Runs what blocks until the disk has done its work, away from the threads that everything else needs; one thing at a time.
final class Disk: Sendable {
  private let queue = DispatchQueue(label: "folder driver")

  func run<Result: Sendable>(_ work: @escaping @Sendable () -> Result) async -> Result {
    await withCheckedContinuation { continuation in
      queue.async { continuation.resume(returning: work()) }
    }
  }
}
