/// What a look at a message's headers showed.
public struct HeaderLook: Hashable, Sendable {
  /// Its name in the folder.
  public var uid: UInt32
  /// As the server spells them.
  public var flags: Set<String>
  /// INTERNALDATE, seconds since 1970.
  public var arrived: Int64
  /// RFC822.SIZE, bytes.
  public var size: Int
  /// The header fields that were asked for, as they stand in the message; nothing where they are longer than the limits allow.
  public var fields: [UInt8]?
}

/// A message that lies durable in a directory, as `<sha256>.eml`.
public struct StoredMessage: Hashable, Sendable {
  /// Its name in the folder.
  public var uid: UInt32
  /// INTERNALDATE, seconds since 1970.
  public var arrived: Int64
  /// 32 bytes.
  public var sha256: [UInt8]
  /// Bytes.
  public var size: Int
}

/// What became of messages that were to be moved.
public enum MoveOutcome: Hashable, Sendable {
  /// They are in the other folder, or were gone already. Where each came to lie, if the server said so (COPYUID).
  case moved(validity: UInt32, uids: [UInt32: UInt32])
  /// The server has neither MOVE nor UIDPLUS: without them nothing can be removed that others might not have marked.
  case impossible
  /// There is no such folder to move to.
  case noSuchFolder
  /// The mailbox has no room for them; the server's words. They lie where they lay.
  case full(said: String)
}

extension IMAPConnection {
  /// UIDs of what fits, in ascending order. The folder is opened anew, because one that is open may not show yet what came since.
  public func search(
    _ query: SearchQuery, in folder: FolderName, validity: UInt32? = nil
  ) throws(ConnectionFailure) -> [UInt32] {
    try enter(folder, writable: false, validity: validity, anew: true)
    // A server that has no index of a header field opens every mail, and may say nothing meanwhile.
    patience = max(patience, .seconds(600))
    defer { patience = .seconds(settings.patience) }
    var found: [UInt32] = []
    try require(
      run([.search(query)]) { response throws(ConnectionFailure) in
        if case .search(let uids) = response { found += uids }
      }, .search(query))
    return Set(found).sorted()
  }

  /// Looks at header fields of all messages from a UID on, in ascending order. The folder is opened anew, unless the server has `freshly`
  /// told of new ones in it: whoever moves a position past what another command has seen must not read an older state here.
  public func look(
    from uid: UInt32, in folder: FolderName, validity: UInt32, fields: [String], freshly: Bool = false
  ) throws(ConnectionFailure) -> [HeaderLook] {
    try enter(folder, writable: false, validity: validity, anew: !freshly)
    news = false
    // `n:*` always names the last message, even one below n (RFC 9051 9, "seq-range").
    return try look(.look(at: "\(uid):*", fields: fields)).filter { $0.uid >= uid }
  }

  /// Looks at header fields of these messages; those that are gone are missing.
  public func look(
    at uids: [UInt32], in folder: FolderName, validity: UInt32, fields: [String]
  ) throws(ConnectionFailure) -> [HeaderLook] {
    guard !uids.isEmpty else { return [] }
    try enter(folder, writable: false, validity: validity)
    return try look(.look(at: UIDSet(uids).text, fields: fields))
  }

  private func look(_ command: Command) throws(ConnectionFailure) -> [HeaderLook] {
    var looks: [UInt32: HeaderLook] = [:]
    let ids = try begin([command])
    while let event = try next() {
      switch event {
      case .completed(let id, let status) where ids.contains(id): try require([status], command)
      case .response(.fetch(let fetched)):
        guard let uid = fetched.uid, let size = fetched.size, let arrived = fetched.arrived else { continue }
        var fields: [UInt8]?
        for (name, section) in fetched.sections where name.hasPrefix("HEADER.FIELDS") {
          if case .bytes(let bytes) = section { fields = bytes }
          if section == .absent { fields = [] }
        }
        looks[uid] = HeaderLook(uid: uid, flags: fetched.flags ?? [], arrived: arrived, size: size, fields: fields)
      default: break
      }
    }
    return looks.values.sorted { $0.uid < $1.uid }
  }

  /// Beginnings of named parts of one message: what stands for each section, if it is there.
  public func peek(
    _ sections: [String], first: Int, of uid: UInt32, in folder: FolderName, validity: UInt32
  ) throws(ConnectionFailure) -> [String: [UInt8]] {
    try enter(folder, writable: false, validity: validity)
    var found: [String: [UInt8]] = [:]
    let statuses = try run([.peek(sections, first: first, of: UIDSet([uid]))]) { response throws(ConnectionFailure) in
      guard case .fetch(let fetched) = response, fetched.uid == uid else { return }
      for (name, section) in fetched.sections {
        if case .bytes(let bytes) = section { found[name] = bytes }
      }
    }
    // A server may refuse a part that is not there (RFC 9051 6.4.5).
    return statuses.allSatisfy { $0.condition == .ok } ? found : [:]
  }

  /// Brings whole messages into a directory, and returns when they are durable there. What is missing in the answer was gone, or too large.
  public func fetch(
    _ uids: [UInt32], in folder: FolderName, validity: UInt32, into directory: MessageDirectory
  ) throws(ConnectionFailure) -> [StoredMessage] {
    guard !uids.isEmpty else { return [] }
    try enter(folder, writable: false, validity: validity)
    let collector = Collector(directory, wanted: Set(uids))
    let ids = try begin([.fetch(UIDSet(uids))])
    do {
      while let event = try next() {
        switch event {
        case .body(let piece): try collector.receive(piece)
        case .response(.fetch(let fetched)): try collector.receive(fetched)
        case .completed(let id, let status) where ids.contains(id): try require([status], .fetch(UIDSet(uids)))
        default: break
        }
      }
      return try directory.keep(collector.arrived)
    } catch let failure as ConnectionFailure {
      throw failure
    } catch let failure as FileFailure {
      abandon()
      throw .files(failure)
    } catch {
      abandon()
      throw .cancelled
    }
  }

  /// Marks messages read and moves them. Nothing but these is touched, and nothing is removed that did not arrive in the other folder.
  public func move(
    _ uids: [UInt32], in folder: FolderName, validity: UInt32, to target: FolderName
  ) throws(ConnectionFailure) -> MoveOutcome {
    guard !uids.isEmpty else { return .moved(validity: 0, uids: [:]) }
    guard supports("MOVE") || supports("UIDPLUS") else { return .impossible }
    try enterUpToDate(folder, validity: validity)
    let set = UIDSet(uids)
    let transfer = supports("MOVE") ? Command.move(set, to: target) : .copy(set, to: target)
    var code: ResponseCode?
    let statuses = try run([.addFlag("\\Seen", to: set), transfer]) { response throws(ConnectionFailure) in
      // RFC 6851 4.3: for MOVE it comes in an untagged OK.
      if case .status(let status, nil) = response, case .copyUID = status.code { code = status.code }
    }
    if statuses.last?.code == .word("TRYCREATE") { return .noSuchFolder }
    if let refused = statuses.last, refused.isOverQuota { return .full(said: refused.text) }
    try require(statuses, transfer)
    if case .copyUID = statuses.last?.code { code = statuses.last?.code }
    if !supports("MOVE") {
      try require(run([.addFlag("\\Deleted", to: set), .expunge(set)]), .expunge(set))
    }
    guard case .copyUID(let validity, let from, let to) = code, from.count == to.count else {
      return .moved(validity: 0, uids: [:])
    }
    return .moved(validity: validity, uids: Dictionary(zip(from, to)) { first, _ in first })
  }

  /// Removes messages for good, exactly these; false where the server cannot do that (RFC 4315), and nothing has changed.
  public func remove(_ uids: [UInt32], in folder: FolderName, validity: UInt32) throws(ConnectionFailure) -> Bool {
    guard supports("UIDPLUS") else { return false }
    guard !uids.isEmpty else { return true }
    try enterUpToDate(folder, validity: validity)
    let set = UIDSet(uids)
    try require(run([.addFlag("\\Deleted", to: set), .expunge(set)]), .expunge(set))
    return true
  }

  /// How much room the mailbox has, if the server tells (RFC 9208 4.2): kibibytes.
  public func quota() throws(ConnectionFailure) -> (used: Int, limit: Int)? {
    guard supports("QUOTA") else { return nil }
    var found: (used: Int, limit: Int)?
    try run([.quota(of: .inbox)]) { response throws(ConnectionFailure) in
      // The tightest, where several hold.
      if case .quota(let used, let limit) = response, found.map({ limit - used < $0.limit - $0.used }) ?? true {
        found = (used, limit)
      }
    }
    return found
  }

  /// Opens a folder for writing, and sees to it that it shows what came since: in a folder that is open already, a move of a message
  /// that another connection found would be a success that moves nothing. The NOOP goes alone, because a server may put its news off
  /// while more commands wait (RFC 9051 7).
  private func enterUpToDate(_ folder: FolderName, validity: UInt32) throws(ConnectionFailure) {
    let wasOpen = isOpen(folder)
    try enter(folder, writable: true, validity: validity)
    if wasOpen { try require(run([.noop]), .noop) }
  }

  /// Marks messages read where they lie.
  public func markRead(_ uids: [UInt32], in folder: FolderName, validity: UInt32) throws(ConnectionFailure) {
    guard !uids.isEmpty else { return }
    try enterUpToDate(folder, validity: validity)
    let command = Command.addFlag("\\Seen", to: UIDSet(uids))
    try require(run([command]), command)
  }

  /// Adds a message from a file. The answer is the server's: a NO with OVERQUOTA or TRYCREATE is for the caller to judge.
  public func append(
    file: String, size: Int, to folder: FolderName, seen: Bool
  ) throws(ConnectionFailure) -> Status {
    let answer = try run([.append(file: file, size: size, to: folder, seen: seen)]).last
    return answer ?? Status(.bad)
  }

  /// Waits until mail arrives in a folder; false at the deadline. The IDLE command stays on until the next operation, which leaves
  /// together with its end.
  public func waitForNews(
    in folder: FolderName, validity: UInt32, until deadline: ContinuousClock.Instant
  ) throws(ConnectionFailure) -> Bool {
    try enter(folder, writable: false, validity: validity)
    if news { return true }
    let ids = try begin([.idle])
    while !news {
      guard let event = try next(until: deadline) else { return false }
      // A server that ends IDLE by itself has said all it wanted to.
      if case .completed(let id, let status) = event, ids.contains(id) {
        try require([status], .idle)
        return news
      }
    }
    return true
  }
}

/// Takes bodies as they pass, and gives each to the UID that is named after it.
private final class Collector {
  private let directory: MessageDirectory
  private var wanted: Set<UInt32>
  private var current: ArrivingFile?
  var arrived: [(StoredMessage, ArrivingFile)] = []

  init(_ directory: MessageDirectory, wanted: Set<UInt32>) {
    self.directory = directory
    self.wanted = wanted
  }

  func receive(_ piece: BodyPiece) throws(FileFailure) {
    switch piece {
    case .began: current = try directory.newFile()
    case .bytes(let bytes): try current?.write(bytes)
    case .ended: break
    }
  }

  func receive(_ fetched: Fetched) throws(FileFailure) {
    defer { current = nil }
    guard let uid = fetched.uid, let section = fetched.sections[""], wanted.contains(uid) else { return }
    if case .bytes(let bytes) = section {
      current = try directory.newFile()
      try current?.write(bytes)
    }
    guard let file = current, !file.isTooLarge, section != .absent else { return }
    wanted.remove(uid)
    let message = StoredMessage(uid: uid, arrived: fetched.arrived ?? 0, sha256: file.finish(), size: file.size)
    arrived.append((message, file))
  }
}
