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

/// From a file under `inpackets/` to what the node decides about it.
extension Bridge {
  /// Opens and decides some of what waits, oldest first. Returns whether there was anything.
  func processInpackets(rebuilding: Bool = false) async throws -> Bool {
    // Beside something in trouble nothing else is in hand, so that the right one is blamed should the program die.
    let isCalm = try await store.troubles().allSatisfy { $0.stage != .inpacket || $0.isAside }
    let waiting = try await store.waitingInpackets(limit: isCalm ? 128 : 1, at: clock.now())
    guard !waiting.isEmpty else { return false }
    try await pinContacts()
    let parcels = waiting.filter { $0.kind == .parcel }
    try await process(parcels, rebuilding: rebuilding)
    for inpacket in waiting where inpacket.kind != .parcel {
      try await bearing(.inpacket, inpacket.sha256.text) {
        if rebuilding { try await finish(inpacket, .leave) } else { try await read(inpacket) }
      }
    }
    await tidying.ring()
    await dispatch.ring()
    return true
  }

  private func process(_ parcels: [Inpacket], rebuilding: Bool) async throws {
    // Decided in the order of their arrival while those behind are opened, so that neither gpg nor the disk waits for the other.
    try await withThrowingTaskGroup(of: (Hash, Look).self) { group in
      var unopened = parcels[...]
      var undecided = parcels[...]
      var looks: [Hash: Look] = [:]
      func openNext() {
        guard let next = unopened.popFirst() else { return }
        group.addTask {
          try await self.atWork.hold(.inpacket, next.sha256.text) {
            (next.sha256, try await self.open(next, rebuilding: rebuilding))
          }
        }
      }
      // Twice as many as there are OpenPGP contexts: none is idle while one is decided.
      for _ in 0..<(2 * ProcessInfo.processInfo.activeProcessorCount) { openNext() }
      for try await (sha256, look) in group {
        openNext()
        looks[sha256] = look
        while let next = undecided.first, let look = looks.removeValue(forKey: next.sha256) {
          undecided.removeFirst()
          try await bearing(.inpacket, next.sha256.text) { try await decide(next, look, rebuilding: rebuilding) }
        }
      }
    }
  }

  /// What came out of a parcel, before anything was decided.
  private enum Look: Sendable {
    case opened(OpenedParcel)
    case held(signer: Fingerprint)
    case refused(Refusal, from: String, Placement)
    case notOurs
    case troubled(String)
  }

  private func open(_ inpacket: Inpacket, rebuilding: Bool) async throws -> Look {
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
    let opener = Opener(home: try await keyring.home(), me: me, scratch: scratch)
    let isOwnFolder = rebuilding || inpacket.place == .own
    do {
      let opening = try await opener.open(shape, isFromOwnFolder: isOwnFolder) { signer throws(TemporaryTrouble) in
        do { return try await self.standing(of: signer) } catch { throw TemporaryTrouble("\(error)") }
      }
      switch opening {
      case .opened(let parcel): return .opened(parcel)
      case .held(let signer): return .held(signer: signer)
      }
    } catch {
      switch error {
      case .refused(let refusal): return .refused(refusal, from: shape.from?.text ?? "", .refuse)
      case .troubled(let trouble): return .troubled(trouble.description)
      }
    }
  }

  /// What is known of a signer now.
  private func standing(of signer: Fingerprint) async throws -> Standing {
    if signer == me { return .myself(try? await store.myself().author) }
    return Standing(try await store.signer(signer, at: clock.now()))
  }

  // MARK: Deciding

  private func decide(_ inpacket: Inpacket, _ look: Look, rebuilding: Bool) async throws {
    switch look {
    case .notOurs:
      let said = "it is no parcel"
      try await store.transact(at: clock.now()) { try $0.finish(inpacket.sha256, placement: .leave, said: said) }
      setAside(inpacket, said: said)
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
    case .opened(let parcel): try await decide(inpacket, parcel, rebuilding: rebuilding)
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

  private func decide(_ inpacket: Inpacket, _ parcel: OpenedParcel, rebuilding: Bool) async throws {
    let blobs = try await keepBlobs(of: parcel)
    let decision = ParcelDecision(
      parcel: parcel, inpacket: inpacket, me: me, blobs: blobs, limits: rebuilding ? nil : configuration.limits)
    let outcome = try await store.transact(at: clock.now(), rebuilding: rebuilding) { transaction in
      try decision.run(in: &transaction)
    }
    switch outcome {
    case .later: return
    case .refused(let refusal): setAside(inpacket, said: refusal.description)
    case .taken: layout.remove(inpacket: inpacket.sha256)
    }
    await makeThumbnails(of: Array(blobs.values))
    try await pinContacts()
  }

  /// Ends the work on something, and takes its file away.
  func finish(_ inpacket: Inpacket, _ placement: Placement, said: String = "") async throws {
    try await store.transact(at: clock.now()) { try $0.finish(inpacket.sha256, placement: placement, said: said) }
    layout.remove(inpacket: inpacket.sha256)
  }

  /// Takes away the file of something that is done with. What was refused and came without a mailbox is kept, with the reason
  /// beside it.
  func setAside(_ inpacket: Inpacket, said: String) {
    let file = layout.inpacket(inpacket.sha256)
    if inpacket.place == .directory, !said.isEmpty {
      let name = inpacket.sha256.text
      try? FileManager.default.moveItem(at: file, to: layout.refused.appending(path: "\(name).eml"))
      try? Data((said + "\n").utf8).write(to: layout.refused.appending(path: "\(name).txt"))
    } else {
      layout.remove(inpacket: inpacket.sha256)
    }
  }

  // MARK: Blobs and keys

  /// Puts the blobs that this parcel's packets name, or that waited for, into `blobs/`. The others are dropped.
  func keepBlobs(of parcel: OpenedParcel) async throws -> [Hash: Blob] {
    var named: [Hash: Blob] = [:]
    for part in parcel.contents.packets {
      guard case .success(.understood(let packet)) = part.reading else { continue }
      for blob in packet.blobs { named[blob.sha256] = blob }
    }
    var kept: [Hash: Blob] = [:]
    for (hash, size) in parcel.contents.blobs {
      var blob = named[hash]
      if blob == nil { blob = try await store.awaited(hash, from: parcel.signer) }
      guard let blob, blob.size == size else { continue }
      let file = layout.blob(hash)
      if !FileManager.default.fileExists(atPath: file.path) {
        let partial = layout.blobs.appending(path: ".\(hash.text).part")
        try parcel.contents.writeBlob(hash, to: partial)
        try DurableFile.settle(partial, as: file)
      }
      kept[hash] = blob
    }
    return kept
  }

  /// Sees to it that our GnuPG home holds the certificates of everybody we know: it is a copy of what the database says.
  func pinContacts() async throws {
    for certificate in try await store.certificates(notIn: keyring.pinned) {
      do {
        try await keyring.pin(certificate.bytes, certificate.fingerprint)
      } catch {
        log.error("the certificate of \(certificate.fingerprint.text) cannot be pinned: \(error)")
      }
    }
  }
}
