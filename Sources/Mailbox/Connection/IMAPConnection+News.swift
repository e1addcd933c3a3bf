/// What a server told of while it was listened to.
public struct News: Hashable, Sendable {
  /// Mail has arrived in the folder that was watched.
  public var here = false
  /// Something has changed in another folder that the server was asked to tell of.
  public var elsewhere = false
}

extension IMAPConnection {
  /// Asks the server to tell of changes in these folders too while ``waitForNews(in:validity:after:until:)`` waits in another (RFC 5465).
  ///
  /// - Returns: whether it will, as far as it says.
  public func announce(_ folders: [FolderName]) throws(ConnectionFailure) -> Bool {
    guard supports("NOTIFY"), !folders.isEmpty else { return false }
    if announced == Set(folders) { return true }
    let isTaken = try run([.notify(of: folders)]).allSatisfy { $0.condition == .ok }
    announced = isTaken ? Set(folders) : []
    if !isTaken { refused.insert("NOTIFY") }
    return isTaken
  }

  /// Which of these messages are gone since a folder had changed so many times, in one round trip (RFC 7162 3.2.5). The folder is opened
  /// anew.
  public func vanished(
    among uids: Set<UInt32>, since modseq: UInt64, in folder: FolderName, validity: UInt32
  ) throws(ConnectionFailure) -> Set<UInt32> {
    var gone: [UIDRanges] = []
    try enter(
      folder, writable: false, validity: validity, anew: true, by: .examine(folder, validity: validity, since: modseq)
    ) { response throws(ConnectionFailure) in
      if case .vanished(let some, earlier: true) = response { gone.append(some) }
    }
    return uids.filter { uid in gone.contains { $0.contains(uid) } }
  }

  /// Waits until mail arrives in a folder, or something changes in one that was announced; no news at the deadline, or where the server
  /// will not wait. The IDLE command stays on until the next operation, which leaves together with its end.
  ///
  /// - Parameters:
  ///   - folder: the folder.
  ///   - validity: its UIDVALIDITY.
  ///   - uid: how far it was read. What came after that and before the folder was opened is news too, of which the server will never
  ///     tell: it said so when it was opened.
  ///   - deadline: when to give up.
  public func waitForNews(
    in folder: FolderName, validity: UInt32, after uid: UInt32, until deadline: ContinuousClock.Instant
  ) throws(ConnectionFailure) -> News {
    try enter(folder, writable: false, validity: validity)
    if reached(beyond: uid) { news = true }
    if news || !stirred.isEmpty { return takeNews() }
    let ids = try begin([.idle])
    while !news, stirred.isEmpty {
      guard let event = try next(until: deadline) else { break }
      // A server that ends IDLE by itself has said all it wanted to; one that refuses it is not asked again.
      if case .completed(let id, let status) = event, ids.contains(id) {
        if status.condition != .ok { refused.insert("IDLE") }
        break
      }
    }
    return takeNews()
  }

  private func takeNews() -> News {
    defer { stirred = [] }
    return News(here: news, elsewhere: !stirred.isEmpty)
  }
}
