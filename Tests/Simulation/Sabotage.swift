import GRDB
import Packets
import Store
import TestNodes

/// What a broken program would do, done by the wiring around a good one.
enum Sabotage: Sendable {
  /// Relays go to all contacts, not only to who is in the circle.
  case relaysToEveryone
  /// Nothing is asked for again, and nobody says how far streams reach.
  case noRepair
  /// What is taken back before it came is forgotten to have been.
  case forgottenTombstones

  /// What leaves a node in place of what should.
  func alter(_ parcels: [Parcel], of resident: Resident, _ village: Village) throws -> [Parcel] {
    switch self {
    case .forgottenTombstones: return parcels
    case .noRepair:
      return try parcels.filter { parcel in
        try !village.actions(of: parcel).contains { ["heads", "resend-request"].contains($0.elementName) }
      }
    case .relaysToEveryone:
      let relays = try parcels.filter { try village.actions(of: $0).contains { $0.elementName == "relay" } }
      guard var copy = relays.first else { return parcels }
      let others = village.rights.contacts[resident.number].map { village.residents[$0].author }.filter { author in
        !relays.contains { $0.to == author }
      }
      return parcels
        + others.map { author in
          copy.to = author
          return copy
        }
    }
  }

  /// What a node forgets after it took a parcel in.
  func spoil(_ resident: Resident) async throws {
    guard self == .forgottenTombstones else { return }
    try await resident.database().write { db in
      try db.execute(
        sql: """
          DELETE FROM tombstone WHERE NOT EXISTS (SELECT 1 FROM packet WHERE packet.author = tombstone.author
            AND packet.id = tombstone.id)
          """)
    }
  }
}
