internal import Account
internal import Drivers
internal import Feed
internal import FoundationEssentials
internal import Logging
internal import MIME
internal import OpenPGP
internal import Packets
internal import Parcels
internal import Store
internal import Synchronization

/// From a file under `inpackets/` to what the node decides about it.
extension Bridge {
  /// Opens and decides some of what waits, oldest first. Returns whether there was anything.
  func processInpackets(rebuilding: Bool = false, folded: [Hash: Folded] = [:]) async throws -> Bool {
    // Beside something in trouble nothing else is in hand, so that the right one is blamed should the program die.
    let isCalm = try await store.troubles().allSatisfy { $0.stage != .inpacket || $0.isAside }
    let waiting = try await store.waitingInpackets(limit: isCalm ? Self.window : 1, at: clock.now())
    guard !waiting.isEmpty else { return false }
    try await knowOwnKeys()
    try await pinContacts()
    try await process(waiting.filter { $0.kind == .parcel }, mayGoOn: isCalm, rebuilding: rebuilding, folded)
    for inpacket in waiting where inpacket.kind != .parcel {
      try await bearing(.inpacket, inpacket.sha256.text) {
        if rebuilding { try await finish(inpacket, .leave) } else { try await read(inpacket) }
      }
    }
    await tidying.ring()
    await dispatch.ring()
    return true
  }

  /// So many are asked for at a time.
  private static let window = 128
  /// So many parcels are decided in one commit where many wait: it is as durable for all of them as for one.
  private static let handful = 16
  /// After so many something else has its turn.
  private static let longestRun = 1024

  private func process(_ parcels: [Inpacket], mayGoOn: Bool, rebuilding: Bool, _ folded: [Hash: Folded]) async throws {
    let standings = Standings()
    // Decided in the order of their arrival while those behind are opened, so that neither gpg nor the disk waits for the other.
    try await withThrowingTaskGroup(of: (Hash, Look).self) { group in
      var unopened = parcels[...]
      var undecided = parcels[...]
      var looks: [Hash: Look] = [:]
      var begun = parcels.count
      var decided = 0
      // What is kept out because of its signer comes last: a word that makes the signer known may lie among those behind it.
      var keptOut: [(Inpacket, Look)] = []
      // Several times as many at once as there are OpenPGP contexts: none is idle while some are decided.
      var free = 4 * ProcessInfo.processInfo.activeProcessorCount
      func openMore() {
        while free > 0, let next = unopened.popFirst() {
          free -= 1
          group.addTask {
            try await self.atWork.hold(.inpacket, next.sha256.text) {
              (next.sha256, try await self.open(next, standings, rebuilding: rebuilding, folded[next.sha256]))
            }
          }
        }
      }
      openMore()
      for try await (sha256, look) in group {
        free += 1
        openMore()
        looks[sha256] = look
        if unopened.isEmpty, mayGoOn, begun < Self.longestRun {
          // More has been fetched meanwhile, perhaps: the contexts need not run dry for it.
          let more = try await waitingParcels(besides: undecided + keptOut.map(\.0))
          begun += more.count
          (unopened, undecided) = (more[...], undecided + more)
          openMore()
        }
        let ready = undecided.prefix { looks[$0.sha256] != nil }
        guard ready.count >= Self.handful || ready.count == undecided.count else { continue }
        undecided = undecided.dropFirst(ready.count)
        let opened = ready.compactMap { inpacket in looks.removeValue(forKey: inpacket.sha256).map { (inpacket, $0) } }
        keptOut += opened.filter(\.1.hangsOnTheSigner)
        let others = opened.filter { !$0.1.hangsOnTheSigner }
        try await decide(others, isFirst: decided == 0, rebuilding: rebuilding, folded)
        decided += opened.count
      }
      try await decide(keptOut, isFirst: keptOut.count == decided, rebuilding: rebuilding, folded)
    }
  }

  /// Parcels that wait besides those in hand, up to the next mail of another kind.
  private func waitingParcels(besides inHand: ArraySlice<Inpacket>) async throws -> [Inpacket] {
    let known = Set(inHand.map(\.sha256))
    let waiting = try await store.waitingInpackets(limit: known.count + Self.window, at: clock.now())
    return Array(waiting.filter { !known.contains($0.sha256) }.prefix { $0.kind == .parcel })
  }

  /// What came out of a parcel, before anything was decided.
  private enum Look: Sendable {
    case opened(OpenedParcel)
    case held(signer: Fingerprint)
    /// One's own, of which everything is here already.
    case snapshot
    case refused(Refusal, from: String, Placement)
    case notOurs
    case troubled(String)

    /// Whether another standing of the signer might have let it in.
    var hangsOnTheSigner: Bool {
      if case .refused(let refusal, _, _) = self { refusal.gate == .signer || refusal.gate == .audience } else { false }
    }
  }

  private func open(_ inpacket: Inpacket, _ known: Standings, rebuilding: Bool, _ folded: Folded?) async throws -> Look {
    let opener = Opener(home: try await keyring.home(), mine: mine, scratch: scratch)
    let wasTaken = rebuilding && inpacket.place == .own
    let standings: Opener.Standings = { signer throws(TemporaryTrouble) in
      let key = Standings.Key(signer: signer, wasTaken: wasTaken)
      if let standing = known.known(key) { return standing }
      do {
        let standing = try await self.standing(of: signer, wasTaken: wasTaken)
        known.note(key, standing)
        return standing
      } catch {
        throw TemporaryTrouble("\(error)")
      }
    }
    if let folded {
      return try await look(from: "") { () throws(OpeningFailure) in try await opener.open(folded, standings: standings) }
    }
    let shape: Shape
    do {
      shape = try Shape(of: layout.inpacket(inpacket.sha256))
    } catch {
      switch error {
      case .notAParcel: return .notOurs
      case .refused(let refusal): return .refused(refusal, from: "", .leave)
      case .troubled(let trouble): return .troubled(trouble.description)
      }
    }
    let isOwnFolder = rebuilding || inpacket.place == .own
    return try await look(from: shape.from?.text ?? "") { () throws(OpeningFailure) in
      try await opener.open(shape, isFromOwnFolder: isOwnFolder, standings: standings)
    }
  }

  private func look(from: String, _ open: () async throws(OpeningFailure) -> Opening) async throws -> Look {
    do throws(OpeningFailure) {
      switch try await open() {
      case .opened(let parcel): return .opened(parcel)
      case .held(let signer): return .held(signer: signer)
      case .snapshot: return .snapshot
      }
    } catch {
      switch error {
      case .refused(let refusal): return .refused(refusal, from: from, .refuse)
      case .troubled(let trouble): return .troubled(trouble.description)
      }
    }
  }

  /// What was known of signers when the first parcel of each was opened. It may be old: what is let in is judged again by what is
  /// known when it is decided, and what is kept out because of it is opened again.
  private final class Standings: Sendable {
    private let known = Mutex<[Key: Standing]>([:])

    struct Key: Hashable {
      var signer: Fingerprint
      /// It lies in the own folder, and the view is made anew: it was let in when it came.
      var wasTaken: Bool
    }

    func known(_ key: Key) -> Standing? { known.withLock { $0[key] } }

    func note(_ key: Key, _ standing: Standing) { known.withLock { $0[key] = standing } }
  }

  /// What is known of a signer now.
  func standing(of signer: Fingerprint, wasTaken: Bool = false) async throws -> Standing {
    if mine.contains(signer) { return .myself(try? await store.myself().author) }
    return Standing(try await store.signer(signer, at: clock.now()), wasTaken: wasTaken)
  }

  // MARK: Deciding

  /// Decides in order; parcels behind each other in one commit.
  private func decide(
    _ looks: [(Inpacket, Look)], isFirst: Bool, rebuilding: Bool, _ folded: [Hash: Folded]
  ) async throws {
    var decisions: [ParcelDecision] = []
    func decideOpened() async throws {
      defer { decisions = [] }
      if decisions.count > 1 { return try await decide(decisions, rebuilding: rebuilding) }
      for decision in decisions {
        try await bearing(.inpacket, decision.inpacket.sha256.text) { try await decide([decision], rebuilding: rebuilding) }
      }
    }
    for (number, (inpacket, look)) in looks.enumerated() {
      if case .opened(let parcel) = look {
        try await bearing(.inpacket, inpacket.sha256.text) {
          decisions.append(try await decision(on: inpacket, parcel, rebuilding: rebuilding))
        }
        continue
      }
      try await decideOpened()
      // What was decided meanwhile may have made its signer a contact, or changed the keys that tags are made with.
      let isOld = look.hangsOnTheSigner && (!isFirst || number > 0)
      try await bearing(.inpacket, inpacket.sha256.text) {
        let look = isOld ? try await open(inpacket, Standings(), rebuilding: rebuilding, folded[inpacket.sha256]) : look
        try await decide(inpacket, look, rebuilding: rebuilding)
      }
    }
    try await decideOpened()
  }

  private func decide(_ inpacket: Inpacket, _ look: Look, rebuilding: Bool) async throws {
    switch look {
    case .notOurs:
      let said = "it is no parcel"
      try await store.transact(at: clock.now()) { try $0.finish(inpacket.sha256, placement: .leave, said: said) }
      setAside(inpacket, said: said)
    case .snapshot: try await finish(inpacket, .keep)
    case .troubled(let said): throw OperationFailure(.tryAgain, said)
    case .held(let signer):
      let isTooMuch = try await store.transact(at: clock.now(), rebuilding: rebuilding) { transaction in
        // The accept may have been decided while this was opened: it still waits, and is opened again as a contact's.
        if case .contact = Standing(try transaction.signer(signer)) { return false }
        let held = try transaction.held(for: signer)
        guard held.count < 100, held.bytes + inpacket.size <= 50 << 20 else { return true }
        try transaction.hold(inpacket.sha256, for: signer)
        return false
      }
      guard isTooMuch else { return }
      let refusal = Refusal(.signer, "too much before the accept")
      try await refuse(inpacket, refusal, from: signer.text, .refuse, rebuilding: rebuilding)
    case .refused(let refusal, let from, let placement):
      try await refuse(inpacket, refusal, from: from, placement, rebuilding: rebuilding)
    case .opened(let parcel): try await decide([decision(on: inpacket, parcel, rebuilding: rebuilding)], rebuilding: rebuilding)
    }
  }

  /// Keeps a parcel out for good, and lists it.
  func refuse(
    _ inpacket: Inpacket, _ refusal: Refusal, from: String, _ placement: Placement, rebuilding: Bool = false
  ) async throws {
    try await store.transact(at: clock.now(), rebuilding: rebuilding) { transaction in
      try transaction.refuse(gate: refusal.gate.rawValue, reason: refusal.reason, from: from, parcel: inpacket.sha256)
      try transaction.finish(inpacket.sha256, placement: placement, said: refusal.description)
    }
    log.notice("refused a parcel from \(from.isEmpty ? "somebody" : from) at \(refusal)")
    setAside(inpacket, said: refusal.description)
  }

  /// Everything that has to be looked at before a parcel is decided.
  private func decision(on inpacket: Inpacket, _ parcel: OpenedParcel, rebuilding: Bool) async throws -> ParcelDecision {
    let blobs = try await keepBlobs(of: parcel)
    let keys: KeyFindings
    do { keys = try await keyFindings(in: parcel) } catch { throw OperationFailure(.tryAgain, error.description) }
    return ParcelDecision(
      parcel: parcel, inpacket: inpacket, mine: mine, blobs: blobs, unfit: keys.unfit, proven: keys.proven,
      limits: rebuilding ? nil : configuration.limits, wasTaken: rebuilding && inpacket.place == .own)
  }

  private func decide(_ decisions: [ParcelDecision], rebuilding: Bool) async throws {
    let outcomes: [ParcelDecision.Outcome]
    do {
      outcomes = try await store.transact(at: clock.now(), rebuilding: rebuilding) { transaction in
        try decisions.map { try $0.run(in: &transaction) }
      }
    } catch {
      // One that cannot be decided holds up no other.
      guard decisions.count > 1 else { throw error }
      for decision in decisions {
        try await bearing(.inpacket, decision.inpacket.sha256.text) { try await decide([decision], rebuilding: rebuilding) }
      }
      return
    }
    for (decision, outcome) in zip(decisions, outcomes) {
      switch outcome {
      case .later: continue
      case .refused(let refusal): setAside(decision.inpacket, said: refusal.description)
      case .taken: layout.remove(inpacket: decision.inpacket.sha256)
      }
    }
    await makeThumbnails(of: decisions.flatMap { Array($0.blobs.values) })
    try await pinContacts()
  }
}
