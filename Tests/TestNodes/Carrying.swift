public import Drivers
public import Feed
internal import Node
public import Packets
public import Store
internal import Synchronization

/// Why something that a test counts on is not there.
public struct Absent: Error {
  /// One.
  public init() {}
}

/// Reads and verifies packets, each one once: a parcel for a hundred people holds the same bytes a hundred times.
public final class Reader: Sendable {
  private let known = Mutex<[Hash: ReadPacket]>([:])
  private let actions: Set<String>

  /// A reader that has read nothing.
  ///
  /// - Parameter actions: what its node was built without.
  public init(without actions: Set<String> = []) { self.actions = Action.understood.subtracting(actions) }

  /// A packet whose author's signature is good.
  public func read(_ signed: SignedPacket) throws -> (sha256: Hash, read: ReadPacket) {
    let sha256 = signed.sha256
    if let read = known.withLock({ $0[sha256] }) { return (sha256, read) }
    let read = try signed.read(actions: actions)
    guard signed.verifySignature(by: read.name.author) else { throw Absent() }
    known.withLock { $0[sha256] = read }
    return (sha256, read)
  }
}

/// What became of a parcel.
public enum Reception: Sendable {
  /// Its packets were decided about; some were refused. `joins`: its sender is a contact since.
  case taken(refused: [String], joins: Bool)
  /// It waits for the accept of somebody who was asked.
  case held
  /// Its signer has no say here.
  case refused(String)
}

extension Store {
  /// Seals what waits, as the bridge does, and returns what a disk would hold then.
  public func seal(at now: Instant) async throws -> [Int64: Sealing] {
    var bodies: [Int64: Sealing] = [:]
    while let sealing = try await nextSealing(at: now) {
      bodies[sealing.body] = sealing
      try await sealed(sealing.body, at: now)
    }
    return bodies
  }

  /// Hands over what is due: parcels for others, and own pieces for the log.
  ///
  /// - Parameter remembers: false where the machine stops before it notes what is on its way, so that all of it goes once more.
  public func handOver(
    _ bodies: [Int64: Sealing], from author: Author, signer: Fingerprint, at now: Instant, remembers: Bool = true
  ) async throws -> (parcels: [Parcel], own: [Sealing]) {
    var (parcels, own): ([Parcel], [Sealing]) = ([], [])
    while case let due = try await dueOutpackets(limit: 50, at: now), !due.isEmpty {
      for outpacket in due {
        guard let sealing = bodies[outpacket.body] else { continue }
        if outpacket.append == .own {
          own.append(sealing)
        } else if let to = Author(text: outpacket.recipient) {
          parcels.append(
            Parcel(
              from: author, signer: sealing.signer ?? signer, to: to, packets: sealing.packets.map(\.signed),
              embedded: sealing.embedded, form: sealing.form, endpoint: outpacket.endpoint))
        }
      }
      guard remembers else { break }
      _ = try await record(due.map { ($0.id, .handedOver(reply: "250 OK")) }, at: now)
    }
    return (parcels, own)
  }

  /// Takes a parcel in, as the bridge does behind its gates: packet by packet, on the state that the one before left.
  public func takeIn(
    _ parcel: Parcel, rebuilding: Bool = false, from place: Received.Place = .own, at now: Instant,
    with reader: Reader = Reader()
  ) async throws -> Reception {
    let arrivals = try arrivals(of: parcel, at: now, reader)
    let kinds = arrivals.map { if case .understood(let packet) = $0.read { packet.action.elementName } else { "newer" } }
    return try await transact(at: now, rebuilding: rebuilding) { transaction in
      let signer = try transaction.signer(parcel.signer)
      let state = signer?.contact.state
      // What is refused here does not lie among what was let in.
      if !rebuilding, let signer, let reason = signer.reasonToRefuse(kinds) { return .refused("signer: \(reason)") }
      if state == .requested, let first = kinds.first, !["contact-accept", "contact-request"].contains(first) { return .held }
      let isStranger = state == nil || state == .removed && !rebuilding
      if isStranger, kinds != ["contact-request"] { return .refused("signer: a stranger's \(kinds)") }
      var refused: [String] = []
      for arrival in arrivals {
        for case .refuse(let gate, let reason) in try transaction.receive(arrival, from: place) {
          refused.append("\(gate): \(reason)")
          // As the bridge does: it came, and is not asked for again.
          if let stream = arrival.read.stream, stream.sequence > 0, arrival.sender == arrival.read.name.author {
            try transaction.close(stream.sequence, of: stream.id, by: arrival.sender)
          }
        }
      }
      let joins = try state == .requested && transaction.contact(parcel.signer)?.state == .contact
      return .taken(refused: refused, joins: joins)
    }
  }

  private func arrivals(of parcel: Parcel, at now: Instant, _ reader: Reader) throws -> [Arrival] {
    try parcel.packets.map { signed in
      let (sha256, read) = try reader.read(signed)
      var arrival = Arrival(
        signed: signed, sha256: sha256, read: read, sender: parcel.from, signer: parcel.signer, arrived: now)
      if case .understood(let packet) = read { arrival.proven = packet.action.proven(of: parcel.signer, by: packet.author) }
      if case .understood(let packet) = read, let embedded = packet.embedded {
        for part in parcel.embedded {
          let (hash, inner) = try reader.read(part)
          if hash == embedded.sha256 { arrival.embedded[hash] = (part, inner) }
        }
      }
      return arrival
    }
  }

  /// An invitation of this user, as its link would be read.
  public func invitation(address: String? = nil, name: String? = nil, at now: Instant) async throws -> Invitation {
    let changes = try await perform(wishing: .invite(address: address, name: name), at: now)
    let myself = try await myself()
    guard case .invite(let given)? = changes.first, let endpoint = myself.endpoints.first else { throw Absent() }
    return Invitation(
      endpoint: endpoint, name: myself.name, certificate: myself.certificate, author: myself.author, secret: given.secret)
  }
}
