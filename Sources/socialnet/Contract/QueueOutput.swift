internal import Bridge
internal import Feed
internal import Packets

/// `inpackets --json`.
struct InpacketsOutput: Encodable {
  var waiting: [Row]
  var processed: Int

  struct Row: Encodable {
    /// SHA-256 of the file.
    var id: String
    var received: String
    /// `parcel`, `letter` or `bounce`.
    var kind: String
    /// Bytes.
    var size: Int
    var attempts: Int
    /// Why it was not processed yet.
    var said: String
  }

  init(_ waiting: [WaitingInpacket], processed: Int) {
    self.processed = processed
    self.waiting = waiting.map { inpacket in
      Row(
        id: inpacket.id.text, received: inpacket.received.text, kind: inpacket.kind, size: inpacket.size,
        attempts: inpacket.attempts, said: inpacket.said)
    }
  }
}

/// `thin --json`.
struct ThinOutput: Encodable {
  /// Parcels that were folded and are gone from the folder.
  var folded: Int
  /// Snapshots that hold them now.
  var snapshots: Int
  /// Old parcels that stayed.
  var left: Int

  init(_ thinned: Thinned) {
    folded = thinned.folded
    snapshots = thinned.snapshots
    left = thinned.left
  }
}

/// `outpackets --json`.
struct OutpacketsOutput: Encodable {
  var waiting: [Row]
  var failed: [Row]

  struct Row: Encodable {
    /// What `retry` and `drop` take.
    var id: Int64
    var to: String
    var endpoint: String
    var kind: String
    var queued: String
    var attempts: Int
    @OrNull var nextAttempt: String?
    var lastReply: String

    init(_ outpacket: WaitingOutpacket) {
      id = outpacket.id
      to = outpacket.to
      endpoint = outpacket.endpoint
      kind = outpacket.kind
      queued = outpacket.queued.text
      attempts = outpacket.attempts
      nextAttempt = outpacket.nextAttempt?.text
      lastReply = outpacket.lastReply
    }
  }

  init(_ waiting: [WaitingOutpacket], failed: [WaitingOutpacket]) {
    self.waiting = waiting.map { Row($0) }
    self.failed = failed.map { Row($0) }
  }
}

/// `held --json`.
struct HeldOutput: Encodable {
  var held: [Row]

  struct Row: Encodable {
    var id: String
    var author: PersonOutput
    /// The action's element name.
    var kind: String
    var fallback: String
  }

  init(_ held: [HeldPacket]) {
    self.held = held.map { Row(id: $0.id.text, author: PersonOutput($0.author), kind: $0.kind, fallback: $0.fallback) }
  }
}

/// `refused --json`.
struct RefusedOutput: Encodable {
  var refused: [Row]

  struct Row: Encodable {
    var received: String
    var from: String
    /// The gate's name.
    var gate: String
    var reason: String
  }

  init(_ refused: [RefusedThing]) {
    self.refused = refused.map { Row(received: $0.received.text, from: $0.from, gate: $0.gate, reason: $0.reason) }
  }
}

/// `notices --json`.
struct NoticesOutput: Encodable {
  var notices: [Row]

  struct Row: Encodable {
    var when: String
    var kind: String
    var said: String
  }

  init(_ notices: [UserNotice]) {
    self.notices = notices.map { Row(when: $0.when.text, kind: $0.kind, said: $0.said) }
  }
}

/// `doctor --json`.
struct DoctorOutput: Encodable {
  var checks: [Row]

  struct Row: Encodable {
    var name: String
    /// `ok`, `warn` or `fail`.
    var result: String
    var said: String
    var remedy: String
  }

  init(_ checks: [Check]) {
    self.checks = checks.map { Row(name: $0.name, result: $0.result.rawValue, said: $0.said, remedy: $0.remedy) }
  }
}

/// `rebuild --json`.
struct RebuildOutput: Encodable {
  var parcels: Int
  var journal: Int
  var items: Int

  init(_ rebuilt: Rebuilt) {
    parcels = rebuilt.parcels
    journal = rebuilt.journal
    items = rebuilt.items
  }
}
