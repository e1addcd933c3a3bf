import Drivers
import Foundation
import Packets

/// An intake that remembers, and decides as it is told.
actor MemoryIntake: Intake {
  nonisolated let directory: URL
  private(set) var taken: [Received] = []
  private(set) var placements: [Origin: Placement] = [:]
  private(set) var reports: [Condition] = []
  private var admitted: Set<String>?
  private var isBroken = false

  init(directory: URL) { self.directory = directory }

  private struct Broken: Error {}

  func fail(_ broken: Bool) { isBroken = broken }

  /// Only parcels from these; from everybody where nothing is said.
  func admit(only addresses: Set<String>?) { admitted = addresses }

  /// Decides about everything that was taken.
  func decide(_ placement: Placement) {
    for received in taken { placements[received.origin] = placement }
  }

  func position(of folder: String, at driver: String) async throws -> Position? { nil }

  func admit(_ candidates: [Candidate]) async throws -> Set<Origin> {
    Set(candidates.filter { candidate in admitted.map { $0.contains(candidate.from ?? "") } ?? true }.map(\.origin))
  }

  func take(_ batch: [Received], position: Position?) async throws {
    if isBroken { throw Broken() }
    taken += batch
  }

  func note(_ placements: [Origin: Placement]) async throws { self.placements.merge(placements) { $1 } }

  func unsettled(at driver: String) async throws -> [Origin: Placement] { placements }

  func settled(_ origins: Set<Origin>) async throws { placements = placements.filter { !origins.contains($0.key) } }

  func wrote(messageID: String) async throws -> Bool { false }

  func tell(_ incident: Incident) {}
  func report(_ condition: Condition) async { reports.append(condition) }

  /// Waits, at most ten seconds.
  func waitUntilTaken(_ count: Int) async { await wait { taken.count >= count } }

  /// Waits, at most ten seconds.
  func waitUntilReported(_ count: Int) async { await wait { reports.count >= count } }

  private func wait(_ isSo: () -> Bool) async {
    for _ in 0..<500 where !isSo() { try? await Task.sleep(for: .milliseconds(20)) }
  }
}
