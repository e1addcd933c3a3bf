internal import Account
internal import Drivers
internal import FoundationEssentials
internal import Packets
internal import Parcels
internal import Store
internal import Synchronization

/// Once a day, and with each start: what waited in vain is given up, what is long over is forgotten, and a renewed key is noticed.
extension Bridge {
  private static let day: Int64 = 86_400
  /// Of somebody who was asked, nothing is kept longer without their accept (Protocol, "Opening: gates in order").
  private static let daysBeforeAnAccept: Int64 = 30
  /// A bounce comes within days; what could not be delivered can be tried again for as long.
  private static let daysOfACopy: Int64 = 90

  func keepHouse() async throws {
    let now = clock.now()
    let isDue = housekeeping.withLock { last in
      guard last.map({ $0.adding(seconds: Self.day) <= now }) ?? true else { return false }
      last = now
      return true
    }
    guard isDue else { return }
    let inVain = try await store.waitedInVain(
      heldBefore: now.adding(seconds: -Self.daysBeforeAnAccept * Self.day), askedBefore: now.adding(seconds: -Self.letterLife))
    for inpacket in inVain {
      if inpacket.kind == .parcel {
        try await refuse(
          inpacket, Refusal(.signer, "no accept came within \(Self.daysBeforeAnAccept) days"), from: "", .refuse)
      } else {
        try await finish(inpacket, .leave, said: "the user did not answer")
      }
    }
    await renewOwnCertificate()
    let forgotten = try await store.forgetCopies(queuedBefore: now.adding(seconds: -Self.daysOfACopy * Self.day), at: now)
    for messageID in forgotten { try? FileManager.default.removeItem(at: layout.outpacket(messageID)) }
  }
}
