import Drivers
import Foundation
import Packets

/// An intake on dictionaries, as the running bridge implements it on the store.
actor MemoryIntake: Intake {
  nonisolated let directory: URL
  private(set) var positions: [String: Position] = [:]
  private(set) var received: [Received] = []
  private(set) var conditions: [Condition] = []
  private(set) var left: [Origin: Placement] = [:]
  private(set) var incidents: [Incident] = []
  /// Parcels are opened and kept as soon as they are here, as the bridge does it.
  var keeps = false
  var written: Set<String> = []
  var admits: @Sendable (Candidate) -> Bool = { _ in true }
  /// Why nothing can be kept now, as with a disk that is full.
  private var keepsNothing: CocoaError?
  /// So many batches are not written down: the disk says no.
  private var refusing = 0
  private var watchers: [CheckedContinuation<Void, Never>] = []

  init() throws {
    directory = URL(filePath: NSTemporaryDirectory() + "sn-in-\(UInt64.random(in: 0 ... .max))")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: directory) }

  func position(of folder: String, at driver: String) -> Position? { positions[folder] }
  func admit(_ candidates: [Candidate]) -> Set<Origin> { Set(candidates.filter(admits).map(\.origin)) }
  /// Refuses what is not durable under its name by now.
  func take(_ batch: [Received], position: Position?) throws {
    if let keepsNothing { throw keepsNothing }
    guard refusing == 0 else {
      refusing -= 1
      throw CocoaError(.fileWriteOutOfSpace)
    }
    for message in batch {
      let size = try Data(contentsOf: directory.appending(path: "\(message.sha256.text).eml")).count
      guard size == message.size else { throw CocoaError(.fileReadCorruptFile) }
    }
    for message in batch where keeps && message.kind == .parcel {
      // What lies in the own folder and is known is at home.
      let isKnown = received.contains { $0.sha256 == message.sha256 }
      if !isKnown || message.place != .own { left[message.origin] = .keep }
    }
    received += batch
    if let position { positions[position.folder] = position }
    changed()
  }
  func note(_ placements: [Origin: Placement]) { left.merge(placements) { $1 } }
  func unsettled(at driver: String) -> [Origin: Placement] { left }
  func settled(_ origins: Set<Origin>) {
    for origin in origins { left[origin] = nil }
    changed()
  }
  func wrote(messageID: String) -> Bool { written.contains(messageID) }
  func report(_ condition: Condition) {
    conditions.append(condition)
    changed()
  }
  func tell(_ incident: Incident) {
    incidents.append(incident)
    changed()
  }

  func keep() { keeps = true }
  func set(position: Position) { positions[position.folder] = position }
  func set(keepsNothing failure: CocoaError?) { keepsNothing = failure }
  func set(written ids: Set<String>) { written = ids }
  func set(left placements: [Origin: Placement]) { left = placements }
  func refuse(batches: Int) { refusing = batches }
  func set(admits: @escaping @Sendable (Candidate) -> Bool) { self.admits = admits }

  /// Waits until something holds that is asked after every change.
  func wait(until condition: @Sendable (isolated MemoryIntake) -> Bool) async {
    while !condition(self) { await withCheckedContinuation { watchers.append($0) } }
  }

  /// Whether something comes to hold in time.
  func holds(within time: Duration = .seconds(30), _ condition: @Sendable (isolated MemoryIntake) -> Bool) async -> Bool {
    let deadline = ContinuousClock.now + time
    while !condition(self) {
      guard ContinuousClock.now < deadline else { return false }
      try? await Task.sleep(for: .milliseconds(5))
    }
    return true
  }

  /// What is there so far, each once.
  var hashes: Set<Hash> { Set(received.map(\.sha256)) }

  /// All that was said of troubles.
  var said: String {
    conditions.map { if case .troubled(_, let failure, _) = $0 { failure.said } else { "" } }.joined(separator: "\n")
      + incidents.map { "\n\($0)" }.joined()
  }

  private func changed() {
    let waiting = watchers
    watchers = []
    for watcher in waiting { watcher.resume() }
  }
}
