internal import Account
public import Drivers
public import FoundationEssentials
public import Packets

/// Carries parcels by directories: `file://` and an absolute path (Protocol, "Drivers").
///
/// A parcel is a file named by the SHA-256 of its bytes and `.eml`, written beside under another name, synced and renamed, so that a
/// reader never sees half of one. A directory that is missing is waited for, and never made: it may be a disk that is not mounted.
public struct FolderDriver: Driver {
  private let inlet: Inlet?
  private let disk = Disk()
  private let interval: Duration
  private let now: @Sendable () -> Instant

  /// - Parameters:
  ///   - directory: where parcels come in; nothing for a node that only hands over to directories of others.
  ///   - refused: where a file goes that turned out to be no parcel, or a refused one.
  ///   - interval: how long to wait between two looks.
  ///   - now: the present moment, to say when a missing directory is looked for again.
  public init(
    receivingFrom directory: URL?, refused: URL, every interval: Duration = .seconds(1), now: @escaping @Sendable () -> Instant
  ) {
    inlet = directory.map { [disk] in Inlet(directory: $0, refused: refused, disk: disk) }
    self.interval = interval
    self.now = now
  }

  /// `folder`.
  public var name: String { Inlet.driver }

  /// Whether an endpoint is a directory.
  public func claims(_ endpoint: String) -> Bool {
    if case .directory? = Endpoint(uri: endpoint) { true } else { false }
  }

  /// Takes in the parcels of the directory; with `.forever` it looks again and again, every ``init(receivingFrom:refused:every:now:)``
  /// `interval`.
  public func receive(into intake: any Intake, _ mode: ReceiveMode) async throws(DriverFailure) {
    var condition: Condition?
    while !Task.isCancelled {
      var isDone = inlet == nil && mode == .once
      var next = Condition.working(driver: name)
      do throws(DriverFailure) {
        if let inlet { isDone = try await inlet.takeIn(to: intake) && mode == .once }
      } catch {
        guard mode == .forever, case .unreachable = error else { throw error }
        next = .troubled(driver: name, error, retry: now().adding(seconds: max(1, interval.wholeSeconds)))
      }
      if !next.isLike(condition) { await intake.report(next) }
      condition = next
      if isDone { return }
      try? await Task.sleep(for: inlet == nil ? .seconds(86_400) : interval)
    }
  }

  /// Deletes what was kept, and moves what was refused or is no parcel out of the way.
  public func settle(_ placements: [Origin: Placement]) async throws(DriverFailure) -> Set<Origin> {
    // Without a directory of its own this node can do no more about files that it took in once.
    guard let inlet else { return Set(placements.keys) }
    return await inlet.settle(placements)
  }

  /// Puts parcels into the directories of others, one after the other.
  public func transmit(_ consignments: [Consignment]) -> AsyncStream<(id: Int64, outcome: Outcome)> {
    AsyncStream { continuation in
      let task = Task { [disk] in
        for consignment in consignments where !Task.isCancelled {
          continuation.yield((consignment.id, await disk.run { Outlet.put(consignment) }))
        }
        continuation.finish()
      }
      continuation.onTermination = { _ in task.cancel() }
    }
  }
}

extension Condition {
  /// Whether there is nothing new in it: the moment of the next try alone is no news.
  fileprivate func isLike(_ other: Condition?) -> Bool {
    switch (self, other) {
    case (.working, .working): true
    case (.troubled(_, let one, _), .troubled(_, let before, _)): one == before
    default: false
    }
  }
}
