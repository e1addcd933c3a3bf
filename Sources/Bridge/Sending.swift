internal import Account
internal import Drivers
internal import FoundationEssentials
internal import MailDriver
internal import Logging
internal import Packets
internal import Store

/// From sealed files to the next hop, at a pace that a personal account is allowed.
extension Bridge {
  /// Hands over what is due and fits the budget. Returns whether there was anything.
  @discardableResult
  func sendDue() async throws -> Bool {
    // What became of the last ones first: nothing is sent again only because the disk was full when it had gone.
    try await record()
    let now = clock.now()
    let due = try await store.dueOutpackets(limit: 200, at: now)
    guard !due.isEmpty else { return false }
    let fitting = try await withinBudget(due, at: now)
    guard !fitting.isEmpty else { return false }
    var byDriver: [String: [Consignment]] = [:]
    for outpacket in fitting {
      let file = layout.outpacket(outpacket.messageID)
      guard let size = try? FileManager.default.attributesOfItem(atPath: file.path)[.size] as? Int else {
        _ = try await store.record([(outpacket.id, .refused(reason: "its file is gone from outpackets/"))], at: now)
        continue
      }
      guard let driver = driver(for: outpacket) else {
        _ = try await store.record([(outpacket.id, .refused(reason: "no driver reaches “\(outpacket.endpoint)”"))], at: now)
        continue
      }
      byDriver[driver.name, default: []].append(
        Consignment(
          id: outpacket.id, endpoint: outpacket.endpoint, file: file, size: size, append: outpacket.append,
          lookFor: outpacket.append != nil && outpacket.attempts > 0 ? outpacket.messageID : nil))
    }
    let names = Dictionary(fitting.map { ($0.id, $0.messageID) }, uniquingKeysWith: { first, _ in first })
    for driver in drivers {
      guard let consignments = byDriver[driver.name] else { continue }
      try await hand(consignments, to: driver, names)
    }
    // What waited for these to go, so that more could join it, is sealed now.
    await work.ring()
    return true
  }

  /// So many mails, and as many pieces for the own mailbox beside them, are handed over between one commit and the next.
  private static let handful = 25

  private func hand(_ consignments: [Consignment], to driver: any Driver, _ names: [Int64: String]) async throws {
    var (appended, sent) = (consignments.filter { $0.append != nil }[...], consignments.filter { $0.append == nil }[...])
    while !(appended.isEmpty && sent.isEmpty) {
      // Who is told to stop begins no more.
      try Task.checkCancellation()
      let some = Array(appended.prefix(Self.handful) + sent.prefix(Self.handful))
      (appended, sent) = (appended.dropFirst(Self.handful), sent.dropFirst(Self.handful))
      try await step("send", "\(some.first?.id ?? 0) (\(some.count))") {
        // What has begun comes to its end and is written down in a task of its own, whatever becomes of this one: otherwise it would go
        // twice. After a crash it may, and is a duplicate there, and no harm.
        try await Task { try await self.transmit(some, by: driver, names) }.value
      }
    }
  }

  private func transmit(_ consignments: [Consignment], by driver: any Driver, _ names: [Int64: String]) async throws {
    for await (id, outcome) in driver.transmit(consignments) {
      if case .handedOver = outcome {} else { log.info("outpacket \(id): \(outcome.said)") }
      if case .deferred(let reason, _) = outcome, reason.hasPrefix(Outcome.mailboxIsFull) { await sayThatTheMailboxIsFull() }
      await outcomes.note(id, outcome, of: names[id] ?? "")
    }
    try await record()
  }

  private func record() async throws {
    let noted = await outcomes.noted
    guard !noted.isEmpty else { return }
    let over = Set(try await store.record(noted.map { ($0.id, $0.outcome) }, at: clock.now()))
    await outcomes.forget(noted.count)
    for one in noted where over.contains(one.id) { try? DurableFile.remove(layout.outpacket(one.messageID)) }
  }

  private func driver(for outpacket: Outpacket) -> (any Driver)? {
    // Only a mailbox has folders to append to.
    if outpacket.append != nil { return drivers.first { $0 is MailDriver } }
    return drivers.first { $0.claims(outpacket.endpoint) }
  }

  /// Personal accounts are locked when they send like a machine (Mailbox etiquette, "Budget"): what does not fit goes later.
  private func withinBudget(_ due: [Outpacket], at now: Instant) async throws -> [Outpacket] {
    let budget = configuration.sendingBudget
    let counted = { (outpacket: Outpacket) in outpacket.append == nil && outpacket.endpoint.hasPrefix("mailto:") }
    guard budget.perDay != nil || budget.perMinute != nil else { return due }
    let today = try await store.sent(since: now.adding(seconds: -86_400), at: now)
    let lately = try await store.sent(since: now.adding(seconds: -60), at: now)
    var room = min((budget.perDay ?? .max) - today.count, (budget.perMinute ?? .max) - lately.count)
    var fitting: [Outpacket] = []
    var later: [Int64] = []
    for outpacket in due {
      guard counted(outpacket) else {
        fitting.append(outpacket)
        continue
      }
      if room > 0 { fitting.append(outpacket) } else { later.append(outpacket.id) }
      room -= 1
    }
    if !later.isEmpty {
      let dayIsFull = today.count + fitting.count(where: counted) >= budget.perDay ?? .max
      let until = dayIsFull ? (today.first ?? now).adding(seconds: 86_400) : (lately.first ?? now).adding(seconds: 60)
      let said =
        dayIsFull
        ? "the daily limit of \(budget.perDay ?? 0) mails is reached" : "not more than \(budget.perMinute ?? 0) mails a minute"
      try await store.postpone(later, until: max(until, now.adding(seconds: 1)), said: said, at: now)
    }
    return fitting
  }

  /// Moves and deletes at the sources what was decided about. What a source refuses holds up no other.
  func settle() async throws {
    // What was dropped into inpackets/ has no source beside its file, and that is gone.
    try await store.settled(Set(try await store.unsettled(at: Self.dropped).keys), at: clock.now())
    var failure: DriverFailure?
    for driver in drivers {
      let placements = try await store.unsettled(at: driver.name)
      guard !placements.isEmpty else { continue }
      try await step("move", "\(placements.count)") {
        let done: Set<Origin>
        do throws(DriverFailure) { done = try await driver.settle(placements) } catch {
          // What was opened is here; it stays where it lies until there is room.
          if case .full = error { await sayThatTheMailboxIsFull() }
          failure = error
          return
        }
        try await store.settled(done, at: clock.now())
      }
    }
    if let failure { throw failure }
  }

  private func sayThatTheMailboxIsFull() async {
    let said = "Your mailbox is full. Nothing is lost: make room in it, and the bridge goes on by itself."
    try? await store.notice(kind: "mailbox full", said: said, at: clock.now())
  }
}

/// What became of copies and is not in the database yet: kept until it is, however long the disk says no.
actor Outcomes {
  private(set) var noted: [(id: Int64, outcome: Outcome, messageID: String)] = []

  /// What became of one.
  func note(_ id: Int64, _ outcome: Outcome, of messageID: String) {
    noted.append((id, outcome, messageID))
  }

  /// The first so many are recorded.
  func forget(_ count: Int) { noted.removeFirst(count) }
}

extension Outcome {
  /// One sentence.
  var said: String {
    switch self {
    case .handedOver(let reply): "handed over: \(reply)"
    case .deferred(let reason, _): "tried again later: \(reason)"
    case .refused(let reason): "refused: \(reason)"
    case .ambiguous(let reason): "sent, but the answer was lost: \(reason)"
    case .unreachable(let reason): "not reachable: \(reason)"
    }
  }
}
