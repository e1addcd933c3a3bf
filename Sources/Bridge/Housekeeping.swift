internal import Account
internal import Drivers
internal import FoundationEssentials
internal import Logging
internal import Packets
internal import Parcels
internal import Store
internal import Synchronization

/// Once a day, and with each start: what waited in vain is given up, what is long over is forgotten, and a renewed key is noticed. Every
/// hour: where the clock stands.
extension Bridge {
  private static let day: Int64 = 86_400
  /// Of somebody who was asked, nothing is kept longer without their accept (Protocol, "Opening: gates in order").
  private static let daysBeforeAnAccept: Int64 = 30
  /// More things that fail again and again are not kept: they lie in the mailbox.
  private static let mostAside = 1000
  /// Files of other programs in `refused/`, with as many reasons.
  private static let mostRefused = 1000

  /// When the house was last looked after, by this process.
  struct Kept: Sendable {
    var clock: Instant?
    var house: Instant?
  }

  func keepHouse() async throws {
    let now = clock.now()
    func isDue(_ last: inout Instant?, every seconds: Int64) -> Bool {
      // A clock that went back has its hours too.
      if let moment = last, moment <= now, now < moment.adding(seconds: seconds) { return false }
      last = now
      return true
    }
    guard kept.withLock({ isDue(&$0.clock, every: 3600) }) else { return }
    if let leap = try await store.heed(clock: now) { log.warning("the clock leapt by \(leap) s, to \(now.text)") }
    guard kept.withLock({ isDue(&$0.house, every: Self.day) }) else { return }
    // Nothing is given up because of a clock that has gone wrong, or after a very long sleep.
    let grace = try await store.awakeSince()?.adding(seconds: Self.daysBeforeAnAccept * Self.day)
    guard grace.map({ $0 < now }) ?? true else { return }
    try await giveUp(at: now)
    let moment = now.adding(seconds: -Int64(configuration.limits.keepDays) * Self.day)
    let forgotten = try await store.forget(before: moment, lettersBefore: now.adding(seconds: -Self.letterLife), at: now)
    for messageID in forgotten.messageIDs { try? DurableFile.remove(layout.outpacket(messageID)) }
    for blob in forgotten.blobs {
      for file in [layout.blob(blob), layout.thumbnail(blob)] { try? DurableFile.remove(file) }
    }
    forgetRefused(before: moment)
  }

  private func giveUp(at now: Instant) async throws {
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
    for inpacket in try await store.asideBeyond(Self.mostAside) {
      let said = "it failed again and again"
      try await store.transact(at: now) { try $0.finish(inpacket.sha256, placement: .leave, said: said) }
      setAside(inpacket, said: said)
    }
  }

  /// Takes old files out of `refused/`, and the oldest of too many.
  private func forgetRefused(before moment: Instant) {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: layout.refused.path)) ?? []
    let files = names.compactMap { name -> (file: URL, modified: Instant)? in
      let file = layout.refused.appending(path: name)
      return (try? DurableFile.look(at: file)).map { (file, $0.modified) }
    }.sorted { $0.modified > $1.modified }
    for (number, found) in files.enumerated() where found.modified < moment || number >= 2 * Self.mostRefused {
      try? DurableFile.remove(found.file)
    }
  }
}
