internal import Account
internal import Drivers
internal import Feed
internal import FoundationEssentials
internal import Logging
internal import Packets
internal import Store

/// What a driver asks and tells while it receives.
struct Desk: Intake {
  let bridge: Bridge

  var directory: URL { bridge.layout.inpackets }

  func position(of folder: String, at driver: String) async throws -> Position? {
    try await bridge.store.position(of: folder, at: driver)
  }

  /// Gate 0: parcels of people unknown are fetched at a measured pace; the rest stays in the mailbox.
  func admit(_ candidates: [Candidate]) async throws -> Set<Origin> {
    let known = try await bridge.knownAddresses()
    let strangers = candidates.filter { $0.kind == .parcel && !known.contains($0.from ?? "") }.map(\.origin)
    let admitted = try await bridge.store.admitStrangers(
      strangers.count, perHour: bridge.configuration.limits.strangersPerHour, at: bridge.clock.now())
    return Set(candidates.map(\.origin)).subtracting(strangers[admitted...])
  }

  func take(_ batch: [Received], position: Position?) async throws {
    guard let first = batch.first else {
      try await bridge.store.take(batch, position: position, at: bridge.clock.now())
      return
    }
    try await bridge.step("receive", "\(first.sha256.text.prefix(12)) (\(batch.count))") {
      let done = try await bridge.store.take(batch, position: position, at: bridge.clock.now())
      for sha256 in done { bridge.layout.remove(inpacket: sha256) }
    }
    await bridge.work.ring()
  }

  func note(_ placements: [Origin: Placement]) async throws {
    try await bridge.store.note(placements, at: bridge.clock.now())
    await bridge.tidying.ring()
  }

  func unsettled(at driver: String) async throws -> [Origin: Placement] { try await bridge.store.unsettled(at: driver) }

  func settled(_ origins: Set<Origin>) async throws { try await bridge.store.settled(origins, at: bridge.clock.now()) }

  func wrote(messageID: String) async throws -> Bool { try await bridge.store.wrote(messageID: messageID) }

  func report(_ condition: Condition) async { await bridge.note(condition) }

  func tell(_ incident: Incident) async { await bridge.note(incident) }
}

extension Bridge {
  /// Addresses from which parcels are expected: those of contacts and of people asked, and one's own.
  func knownAddresses() async throws(StoreFailure) -> Set<String> {
    var known = Set(configuration.account.address.map { [$0.text.lowercased()] } ?? [])
    for contact in try await store.contacts() where contact.state == .contact || contact.state == .requested {
      // Who has no mailbox writes this into From.
      known.insert("\(contact.fingerprint.text)@node.invalid".lowercased())
      for endpoint in contact.endpoints where endpoint.hasPrefix("mailto:") {
        let address = endpoint.dropFirst(7).lowercased()
        known.insert(address)
        // Providers write the plain address into From, whatever the profile's plus-address is.
        if let at = address.lastIndex(of: "@"), let plus = address.firstIndex(of: "+"), plus < at {
          known.insert(String(address[..<plus] + address[at...]))
        }
      }
    }
    return known
  }

  /// A line in the log, a word for `doctor`, and a notice for the user where only they can mend it.
  func note(_ condition: Condition) async {
    let news = await troubles.note(condition)
    switch condition {
    case .working(let driver):
      // What an earlier process has left there is over too.
      if news != .same { try? await store.set(trouble: nil, at: driver, now: clock.now()) }
      if news == .new { log.info("\(driver) works again") }
    case .troubled(let driver, let failure, let retry):
      guard news != .same else { return }
      log.warning("\(driver): \(failure.said); tried again at \(retry.text)")
      try? await store.set(trouble: failure.said, at: driver, now: clock.now())
      if case .loginRefused = failure {
        try? await store.notice(kind: "refused login", said: failure.said, at: clock.now())
      }
    }
  }

  /// A line in the log, and a notice.
  func note(_ incident: Incident) async {
    log.warning("\(incident.said(configuration.mail.folder))")
    try? await store.notice(kind: "mailbox", said: incident.said(configuration.mail.folder), at: clock.now())
  }

  /// Does something between two lines of the log, so that what was going on can be seen.
  func step<Result>(_ kind: String, _ id: String, _ body: () async throws -> Result) async rethrows -> Result {
    log.debug("begin \(kind) \(id)")
    defer { log.debug("end \(kind) \(id)") }
    return try await body()
  }
}

extension Incident {
  /// What happened, and what it means.
  fileprivate func said(_ own: String) -> String {
    switch self {
    case .setAside(let folder, let uid, let said):
      "A mail in \(folder) (UID \(uid)) cannot be read: \(said) It stays where it is, holds nothing up, and is tried again after hours."
    case .gone(let folder, let count):
      """
      \(count) of the mails that were to be read from \(folder) \(count == 1 ? "is" : "are") gone. \
      What was not moved to \(own) is missing until it is sent again.
      """
    case .madeAnew(let folder):
      "The server has made the folder \(folder) anew, or put it back to an earlier state: it is gone through again."
    }
  }
}
