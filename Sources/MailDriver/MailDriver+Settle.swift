public import Drivers
internal import Mailbox
internal import Packets

extension MailDriver {
  /// Moves parcels to the bridge's folders and marks them read, in one round trip for each folder.
  ///
  /// What is gone, or lies in a folder that was made anew, counts as done; so does what the server can only copy (neither MOVE nor
  /// UIDPLUS): it stays where it is.
  public func settle(_ placements: [Origin: Placement]) async throws(DriverFailure) -> Set<Origin> {
    var done = Set(placements.filter { $0.value == .leave || $0.key.driver != Self.name }.keys)
    // What another call has in hand is that one's to do and to tell: both would copy it.
    let moving = placements.filter { !done.contains($0.key) && !underWay.contains($0.key) }
    guard !moving.isEmpty else { return done }
    underWay.formUnion(moving.keys)
    defer { underWay.subtract(moving.keys) }
    let groups = Dictionary(grouping: moving.keys) { origin in
      Stack(folder: origin.folder, validity: origin.validity, placement: placements[origin] ?? .leave)
    }
    var failure: FolderReader.Failure?
    // What makes room first, and then always in the same order.
    let order: [Placement] = [.discard, .keep, .refuse, .leave]
    let stacks = groups.sorted { one, other in
      let places = [one, other].map { order.firstIndex(of: $0.key.placement) ?? order.count }
      return (places[0], one.key.folder) < (places[1], other.key.folder)
    }
    for (stack, origins) in stacks {
      do throws(FolderReader.Failure) {
        // Pieces keep the command's line short (RFC 7162 4: 8,192 bytes).
        for start in stride(from: 0, to: origins.count, by: 500) {
          let some = origins[start..<min(start + 500, origins.count)]
          let left = try await settle(stack, some.map(\.uid))
          done.formUnion(some.filter { !left.contains($0.uid) })
        }
      } catch {
        failure = error
        // What the server refuses for one folder says nothing of the others.
        guard error.concernsOneFolder else { break }
      }
    }
    // What was done is told; the rest is asked for again.
    if let failure, done.isEmpty { throw DriverFailure(failure) }
    return done
  }

  /// Messages of one folder that go the same way.
  private struct Stack: Hashable {
    var folder: String
    var validity: UInt32
    var placement: Placement
  }

  /// Gives what the server left out of its answer: that is there, and tried again.
  private func settle(_ stack: Stack, _ uids: [UInt32]) async throws(FolderReader.Failure) -> [UInt32] {
    do throws(FolderReader.Failure) {
      let open = try await connect(worker)
      guard let folder = FolderName(stack.folder), let place = open.layout.place(of: folder) else { return [] }
      switch stack.placement {
      case .leave: return []
      case .discard:
        // Without UIDPLUS it stays where it is.
        return try await remove(uids, folder, stack.validity, open) ?? []
      // What lies in Junk and did not open as ours is the user's spam, whatever its headers say.
      case .refuse where place == .junk: return []
      // A parcel that a filter of the user's has put in the own folder is at home already.
      case .keep where place == .own: return try await markRead(uids, folder, stack.validity, open)
      case .keep, .refuse: break
      }
      let target = stack.placement == .refuse ? open.layout.refused : open.layout.own
      if folder == target { return try await markRead(uids, folder, stack.validity, open) }
      let (fresh, left) = try await removeCopied(uids, folder, stack.validity, open)
      guard !fresh.isEmpty else { return left }
      var outcome = try await move(fresh, folder, stack.validity, target, open)
      if outcome == .noSuchFolder {
        try await open.connection.perform { connection throws(ConnectionFailure) in try await connection.create([target]) }
        outcome = try await move(fresh, folder, stack.validity, target, open)
        if outcome == .noSuchFolder {
          let server = settings.imap.server.address
          throw .connection(.commandRefused(server: server, command: "moving to \(target.text ?? "?")", said: "no such folder"))
        }
      }
      switch outcome {
      case .moved(let validity, let moved, let unseen):
        if target == open.layout.own { remember(arrivals: moved.values, validity: validity) }
        return left + unseen
      case .copied(let originals, let validity, let moved, let failure):
        copied = copied.filter { $0.folder != folder || $0.validity == stack.validity }
        copied.formUnion(originals.map { Copied(folder: folder, validity: stack.validity, uid: $0) })
        if target == open.layout.own { remember(arrivals: moved.values, validity: validity) }
        throw .connection(failure)
      case .full(let said): throw .full(said)
      case .impossible, .noSuchFolder: return left
      }
    } catch .connection(.folderChanged) {
      // Those UIDs mean nothing any more; a rescan finds the parcels again.
      return []
    }
  }

  /// Of what an earlier try copied, the originals are removed: a server that refuses just that would be filled with copies. Gives the rest, and
  /// those of the originals that are there still.
  private func removeCopied(
    _ uids: [UInt32], _ folder: FolderName, _ validity: UInt32, _ open: OpenMailbox
  ) async throws(FolderReader.Failure) -> (fresh: [UInt32], left: [UInt32]) {
    let known = copied.filter { $0.folder == folder && $0.validity == validity && uids.contains($0.uid) }
    guard !known.isEmpty else { return (uids, []) }
    let lying = known.map(\.uid)
    let left = try await remove(lying, folder, validity, open) ?? []
    copied.subtract(known.filter { !left.contains($0.uid) })
    return (uids.filter { !lying.contains($0) }, left)
  }

  private func remove(
    _ uids: [UInt32], _ folder: FolderName, _ validity: UInt32, _ open: OpenMailbox
  ) async throws(FolderReader.Failure) -> [UInt32]? {
    try await open.connection.perform { connection throws(ConnectionFailure) in
      try await connection.remove(uids, bearing: Sorting.marks, in: folder, validity: validity)
    }
  }

  private func markRead(
    _ uids: [UInt32], _ folder: FolderName, _ validity: UInt32, _ open: OpenMailbox
  ) async throws(FolderReader.Failure) -> [UInt32] {
    try await open.connection.perform { connection throws(ConnectionFailure) in
      try await connection.markRead(uids, bearing: Sorting.marks, in: folder, validity: validity)
    }
  }

  private func move(
    _ uids: [UInt32], _ folder: FolderName, _ validity: UInt32, _ target: FolderName, _ open: OpenMailbox
  ) async throws(FolderReader.Failure) -> MoveOutcome {
    try await open.connection.perform { connection throws(ConnectionFailure) in
      try await connection.move(uids, bearing: Sorting.marks, in: folder, validity: validity, to: target)
    }
  }

  /// What was decided before and could not be done then. Failures wait for the next time.
  func settleWhatIsLeft(_ intake: any Intake) async {
    guard let left = try? await intake.unsettled(at: Self.name), !left.isEmpty else { return }
    guard let done = try? await settle(left), !done.isEmpty else { return }
    try? await intake.settled(done)
  }
}
