public import FoundationEssentials
public import Packets

/// Where the bridge takes the time from: the one place, so that a test can set it.
public struct Clock: Sendable {
  /// The present moment.
  public var now: @Sendable () -> Instant
  /// The zone in which a digest's time of day is meant.
  public var zone: TimeZone

  /// A clock of one's own.
  public init(zone: TimeZone = .current, now: @escaping @Sendable () -> Instant) {
    self.now = now
    self.zone = zone
  }

  /// The machine's clock.
  public static let system = Clock { Instant(milliseconds: Int64((Date().timeIntervalSince1970 * 1000).rounded(.down))) }
}

/// Wakes one sleeper: as soon as somebody rings, or when its time comes. A ring while nobody sleeps is not lost.
actor Bell {
  private var hasRung = false
  private var sleeper: CheckedContinuation<Void, Never>?

  /// Wakes who sleeps, or lets the next who would sleep pass.
  func ring() {
    if let sleeper {
      self.sleeper = nil
      sleeper.resume()
    } else {
      hasRung = true
    }
  }

  /// Sleeps until somebody rings, at most so long, or until the task is cancelled.
  func sleep(atMost duration: Duration) async {
    if hasRung || Task.isCancelled {
      hasRung = false
      return
    }
    let timer = Task {
      try await Task.sleep(for: duration)
      self.wake()
    }
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        if hasRung || Task.isCancelled {
          hasRung = false
          continuation.resume()
        } else {
          sleeper = continuation
        }
      }
    } onCancel: {
      Task { await self.wake() }
    }
    timer.cancel()
  }

  private func wake() {
    sleeper?.resume()
    sleeper = nil
  }
}
