internal import Account
internal import Drivers
internal import Feed
internal import FoundationEssentials
internal import Packets
internal import Store

extension LocalOperations {
  func feed(limit: Int, since: Instant?, words: String?) async throws(OperationFailure) -> [FeedItem] {
    try await with { try await $0.store.feed(limit: limit, since: since, words: words) }
  }

  func conversation(
    of item: ItemName
  ) async throws(OperationFailure) -> (item: FeedItem, conversation: [FeedItem]) {
    try await with { bridge in
      guard let found = try await bridge.store.conversation(of: bridge.item(item)) else {
        throw OperationFailure(.noInput, "This was taken back")
      }
      return found
    }
  }

  func signedBytes(of item: ItemName) async throws(OperationFailure) -> [UInt8] {
    try await with { bridge in
      guard let signed = try await bridge.store.signedBytes(of: bridge.item(item)) else {
        throw OperationFailure(.noInput, "There is no packet of this name")
      }
      return signed.bytes
    }
  }

  func contacts() async throws(OperationFailure) -> [Contact] { try await with { try await $0.store.contacts() } }

  func requests() async throws(OperationFailure) -> [PendingRequest] { try await with { try await $0.requests() } }

  func profile() async throws(OperationFailure) -> Myself { try await with { try await $0.store.myself() } }

  // MARK: Digests

  func digest() async throws(OperationFailure) -> WaitingDigest {
    try await with { bridge in
      let last = try await bridge.store.lastDigest()
      return WaitingDigest(
        new: try await bridge.editionSize(),
        next: bridge.configuration.digest.schedule.next(after: try await bridge.store.digestLookedAt(), in: bridge.clock.zone),
        last: last)
    }
  }

  func sendDigest() async throws(OperationFailure) -> Int {
    try await saying { bridge in
      guard bridge.configuration.imap != nil else {
        throw OperationFailure(
          .unavailable, "This account has no mailbox to send a digest to", remedy: "read with `socialnet feed`.")
      }
      let size = try await bridge.editionSize()
      _ = try await bridge.mailDigest(atOnce: true)
      bridge.ringDaemon()
      return size
    }
  }

  func previewDigest(_ form: DigestForm) async throws(OperationFailure) -> String {
    try await with { bridge in
      guard let preview = try await bridge.previewDigest() else { return "" }
      return form == .text ? preview.text : preview.html
    }
  }

  // MARK: Queues

  func inpackets() async throws(OperationFailure) -> (waiting: [WaitingInpacket], processed: Int) {
    try await with { bridge in
      let (waiting, processed) = try await bridge.store.inpackets()
      return (
        waiting.map {
          WaitingInpacket(
            id: $0.sha256, received: $0.arrived, kind: $0.kind.rawValue, size: $0.size, attempts: $0.attempts, said: $0.said)
        }, processed
      )
    }
  }

  func outpackets() async throws(OperationFailure) -> (waiting: [WaitingOutpacket], failed: [WaitingOutpacket]) {
    try await with { bridge in
      let me = try await bridge.store.myself()
      let (waiting, failed) = try await bridge.store.outpackets()
      return (waiting.map { WaitingOutpacket($0, me) }, failed.map { WaitingOutpacket($0, me) })
    }
  }

  func retry(outpacket id: Int64) async throws(OperationFailure) { try await change(id, drop: false) }

  func drop(outpacket id: Int64) async throws(OperationFailure) { try await change(id, drop: true) }

  private func change(_ id: Int64, drop: Bool) async throws(OperationFailure) {
    try await with { bridge in
      guard let messageID = try await bridge.store.retry(id, drop: drop, at: bridge.clock.now()) else {
        throw OperationFailure(
          .noInput, "No outpacket \(id) waits or failed", remedy: "`socialnet outpackets` shows those that do.")
      }
      if drop { try? FileManager.default.removeItem(at: bridge.layout.outpacket(messageID)) }
      bridge.ringDaemon()
    }
  }

  func held() async throws(OperationFailure) -> [HeldPacket] {
    try await with { bridge in
      try await bridge.store.heldPackets().map { item, kind in
        HeldPacket(id: item.id, author: item.author, kind: kind, fallback: item.text)
      }
    }
  }

  func refused() async throws(OperationFailure) -> [RefusedThing] {
    try await with { bridge in
      try await bridge.store.refusals(limit: 1000).map {
        RefusedThing(received: $0.received, from: $0.from, gate: $0.gate, reason: $0.reason)
      }
    }
  }

  func notices() async throws(OperationFailure) -> [UserNotice] {
    try await with { bridge in
      try await bridge.store.notices(limit: 1000).map { UserNotice(when: $0.when, kind: $0.kind, said: $0.said) }
    }
  }
}

extension WaitingOutpacket {
  fileprivate init(_ row: Outpacket, _ me: Myself) {
    let isMine = row.append != nil || row.recipient == me.author.text
    self.init(
      id: row.id, to: isMine ? "your mailbox" : row.name.isEmpty ? row.recipient : row.name,
      endpoint: row.endpoint, kind: row.kind, queued: row.queued, attempts: row.attempts,
      nextAttempt: row.state == "failed" ? nil : max(row.nextAttempt, row.queued), lastReply: row.lastReply)
  }
}

extension Bridge {
  /// Which item the user means.
  func item(_ name: ItemName) async throws -> ItemID {
    let text =
      switch name {
      case .beginning(let text): text
      case .number(let number): "#\(number)"
      }
    let found = try await store.items(beginning: text)
    guard let only = found.first else {
      throw OperationFailure(.noInput, "There is nothing with the id \(text)", remedy: "`socialnet feed` shows what there is.")
    }
    guard found.count == 1 else {
      throw OperationFailure(.badData, "More than one item begins with \(text)", remedy: "give more of its id.")
    }
    return only
  }
}
