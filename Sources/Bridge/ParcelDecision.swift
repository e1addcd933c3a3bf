internal import Account
internal import Drivers
internal import Feed
internal import MIME
internal import Node
internal import Packets
internal import Parcels
internal import Store

/// One parcel, packet by packet, in one transaction: gates 5 to 7 on the state that the packet before left.
struct ParcelDecision: Sendable {
  let parcel: OpenedParcel
  let inpacket: Inpacket
  let mine: Set<Fingerprint>
  /// The blobs that came with it and were kept.
  let blobs: [Hash: Blob]
  /// Packets whose certificate cannot be used, and why: OpenPGP was asked before, as it never runs inside a transaction.
  let unfit: [Hash: String]
  /// What OpenPGP proved of packets about keys.
  let proven: [Hash: Fingerprint]
  /// What one contact may bring in a day; none while the view is made anew.
  let limits: Configuration.Limits?
  /// It was let in when it came, whatever its sender is by now: the view is made anew.
  let wasTaken: Bool

  /// What becomes of a parcel.
  enum Outcome: Sendable {
    /// At least one of its packets was taken.
    case taken
    /// None of them was; the first of the reasons.
    case refused(Refusal)
    /// It waits for a later day.
    case later
  }

  func run(in transaction: inout Transaction) throws -> Outcome {
    if let limits, !mine.contains(parcel.signer), try isTooMuch(limits, in: transaction) {
      let said = "more than one contact may send in a day; it is read tomorrow"
      try transaction.postpone(inpacket.sha256, until: transaction.now.adding(seconds: 3600), said: said)
      return .later
    }
    try transaction.count(inpacket.sha256, of: parcel.signer)
    for blob in blobs.values { try transaction.keep(blob: blob) }
    var refusals: [Refusal] = []
    let parts = parcel.contents.packets.filter { !$0.isEmbedded }
    for part in parts {
      do {
        try judge(part, in: &transaction)
      } catch let refusal as Refusal {
        refusals.append(refusal)
        // Author, signature and number are good: it counts as received (Protocol, "Streams").
        // Under a key that was replaced it is as good as lost, and comes again under the present one.
        if case .success(let reading) = part.reading, part.isSigned, let stream = reading.stream, stream.sequence > 0,
          let sender = try transaction.signer(parcel.signer), wasTaken || !sender.isFormer,
          sender.contact.author == reading.name.author
        {
          try transaction.close(stream.sequence, of: stream.id, by: reading.name.author)
        }
        try transaction.refuse(
          gate: refusal.gate.rawValue, reason: refusal.reason, from: parcel.from?.text ?? "", parcel: inpacket.sha256)
      }
    }
    guard let first = refusals.first, refusals.count == parts.count else {
      try transaction.finish(inpacket.sha256, placement: .keep)
      return .taken
    }
    try transaction.finish(inpacket.sha256, placement: .refuse, said: first.description)
    return .refused(first)
  }

  /// Gate 0, after the signer is known.
  private func isTooMuch(_ limits: Configuration.Limits, in transaction: Transaction) throws -> Bool {
    let today = try transaction.taken(from: parcel.signer, since: transaction.now.adding(seconds: -86_400))
    return today.packets + parcel.contents.packets.count > limits.packetsPerDay
      || today.bytes + inpacket.size > limits.megabytesPerDay * 1_000_000
  }

  private func judge(_ part: PacketPart, in transaction: inout Transaction) throws {
    let myself = try transaction.myself()
    let standing =
      mine.contains(parcel.signer)
      ? Standing.myself(myself.author) : Standing(try transaction.signer(parcel.signer), wasTaken: wasTaken)
    let gate = PacketGate(me: myself.author, signer: parcel.signer, standing: standing)
    let memory = Memory(transaction: transaction, signer: parcel.signer)
    switch try gate.judge(part, among: parcel.contents.packets, memory) {
    case .held(let newer, let parts):
      // A later version may know what to do with what travels along.
      var embedded: [Hash: (signed: SignedPacket, read: ReadPacket)] = [:]
      for part in parts { embedded[part.sha256] = (part.signed, try part.reading.get()) }
      try take(part, .newer(newer), embedded: embedded, in: &transaction)
    case .accepted(let packet, let embedded):
      if let reason = unfit[part.sha256] { throw Refusal(.packet, reason) }
      _ = try BlobGate.awaited(by: packet) { parcel.contents.blobs[$0] }
      let parts = embedded.map { [$0.signed.sha256: (signed: $0.signed, read: ReadPacket.understood($0.packet))] } ?? [:]
      try take(part, .understood(packet), embedded: parts, in: &transaction)
    }
  }

  private func take(
    _ part: PacketPart, _ read: ReadPacket, embedded: [Hash: (signed: SignedPacket, read: ReadPacket)],
    in transaction: inout Transaction
  ) throws {
    let sender =
      try transaction.signer(parcel.signer)?.contact.author
      ?? (mine.contains(parcel.signer) ? transaction.myself().author : read.name.author)
    let arrival = Arrival(
      signed: part.signed, sha256: part.sha256, read: read, sender: sender, signer: parcel.signer, arrived: inpacket.arrived,
      proven: proven[part.sha256], embedded: embedded)
    for change in try transaction.receive(arrival, from: inpacket.place) {
      switch change {
      case .refuse(let gate, let reason): throw Refusal(Gate(rawValue: gate) ?? .packet, reason)
      case .pin(let contact) where contact.state == .contact: try transaction.releaseHeld(for: contact.fingerprint)
      default: break
      }
    }
  }

  /// What gate 5 asks about authors and streams.
  private struct Memory: PacketGate.Memory {
    let transaction: Transaction
    let signer: Fingerprint

    /// The pinned one, or, where this parcel came under one before it, that: its standing says what it may bring.
    func key(of author: Author) -> Fingerprint? {
      if let sender = try? transaction.signer(signer), sender.isFormer, sender.contact.author == author { return signer }
      return try? transaction.contact(author)?.fingerprint
    }
    func kind(of stream: StreamID, by author: Author) -> StreamKind? { try? transaction.kind(of: stream, by: author) }
  }
}

extension Standing {
  /// What a person is to this node, or was when a parcel of theirs was taken.
  init(_ person: Signer?, wasTaken: Bool = false) {
    guard let person else {
      self = .stranger
      return
    }
    let author = person.contact.author
    switch person.contact.state {
    case .blocked where wasTaken, .frozen where wasTaken, .removed where wasTaken, .contact where wasTaken:
      self = .contact(author, pairKeys: person.pairKeys)
    case _ where wasTaken && person.isFormer: self = .contact(author, pairKeys: person.pairKeys)
    case _ where person.isRevoked: self = .revoked
    case .blocked: self = .blocked
    case .frozen: self = .frozen(author)
    case _ where person.isFormer: self = .retired(author)
    case .contact: self = .contact(author, pairKeys: person.pairKeys)
    case .requested: self = .asked(author)
    case .removed: self = .stranger
    }
  }
}
