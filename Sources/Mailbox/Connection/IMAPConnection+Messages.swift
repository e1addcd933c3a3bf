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
  /// They are in the other folder, or were gone already. Where each came to lie, if the server said so (COPYUID). Those of which it said
  /// nothing though they are there were left alone.
  case moved(validity: UInt32, uids: [UInt32: UInt32], unseen: [UInt32] = [])
  /// Of them, `from` are in the other folder, and in the old one as well, because of the failure: a second move would copy them again.
  case copied(from: [UInt32], validity: UInt32, uids: [UInt32: UInt32], failure: ConnectionFailure)
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
    return try search(query)
  }

  /// In the folder that is open.
  private func search(_ query: SearchQuery) throws(ConnectionFailure) -> [UInt32] {
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
    let last = try enter(folder, writable: false, validity: validity, anew: !freshly).exists
    news = false
    // `n:*` always names the last message, even one below n (RFC 9051 9, "seq-range").
    return try look(.look(at: "\(uid):*", fields: fields), upTo: last).filter { $0.uid >= uid }
  }

  /// Looks at header fields of these messages; those that are gone are missing.
  public func look(
    at uids: [UInt32], in folder: FolderName, validity: UInt32, fields: [String]
  ) throws(ConnectionFailure) -> [HeaderLook] {
    guard !uids.isEmpty else { return [] }
    try enter(folder, writable: false, validity: validity)
    let asked = Set(uids)
    return try look(.look(at: UIDSet(uids).text, fields: fields)).filter { asked.contains($0.uid) }
  }

  /// - Parameter last: the number of the message that the answers must reach to, if they must.
  private func look(_ command: Command, upTo last: UInt32? = nil) throws(ConnectionFailure) -> [HeaderLook] {
    var answers = Answers(last: last)
    let ids = try begin([command])
    while let event = try next() {
      switch event {
      case .completed(let id, let status) where ids.contains(id): try require([status], command)
      case .response(let response): answers.hear(response)
      default: break
      }
    }
    if let flaw = answers.flaw { throw .protocolViolation(server: settings.server.address, said: flaw) }
    return answers.looks.values.sorted { $0.uid < $1.uid }
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
        case .body(.began(let size)) where size / 2 > directory.limit:
          // Only what is said to be smaller is asked for: nobody waits for gigabytes of something else to pass.
          abandon()
          throw ConnectionFailure.protocolViolation(
            server: settings.server.address, said: "a mail of \(size) bytes that was said to be smaller")
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

  /// Marks messages read and moves them, if they bear one of some header `fields`: otherwise the UID names another message than it did, and that is
  /// left alone. Nothing but these is touched, and nothing is removed that did not arrive in the other folder.
  public func move(
    _ uids: [UInt32], bearing fields: [String], in folder: FolderName, validity: UInt32, to target: FolderName
  ) throws(ConnectionFailure) -> MoveOutcome {
    guard supports("MOVE") || supports("UIDPLUS") else { return .impossible }
    let (uids, unseen) = try enterUpToDate(folder, validity: validity, uids, bearing: fields)
    guard !uids.isEmpty else { return .moved(validity: 0, uids: [:], unseen: unseen) }
    let set = UIDSet(uids)
    let transfer = supports("MOVE") ? Command.move(set, to: target) : .copy(set, to: target)
    var code: ResponseCode?
    let statuses = try run([.addFlag("\\Seen", to: set), transfer]) { response throws(ConnectionFailure) in
      // RFC 6851 4.3: for MOVE it comes in an untagged OK.
      if case .status(let status, nil) = response, case .copyUID = status.code { code = status.code }
    }
    // That it cannot be marked read is no reason for it to stay.
    let answer = statuses.last ?? Status(.bad)
    guard answer.condition == .ok else {
      if answer.code == .word("TRYCREATE") { return .noSuchFolder }
      if answer.isOverQuota { return .full(said: answer.text) }
      // Not every server says so (RFC 9051 6.4.7).
      if answer.code == nil, try status(of: [target])[target]?.refusal != nil { return .noSuchFolder }
      throw refusal(answer, transfer)
    }
    if case .copyUID = answer.code { code = answer.code }
    var (place, arrived): (UInt32, [UInt32: UInt32]) = (0, [:])
    if case .copyUID(let validity, let from, let to) = code, from.count == to.count {
      (place, arrived) = (validity, Dictionary(zip(from, to)) { first, _ in first })
    }
    if !supports("MOVE") {
      // Only what arrived is removed, where the server says what did (COPYUID).
      let copied = arrived.isEmpty ? uids : uids.filter { arrived[$0] != nil }
      do {
        try removeForGood(UIDSet(copied))
      } catch {
        return .copied(from: copied, validity: place, uids: arrived, failure: error)
      }
    }
    return .moved(validity: place, uids: arrived, unseen: unseen)
  }

  /// Removes messages for good, exactly these, under the same condition. Returns those of which the server said nothing though they are
  /// there; nil where it cannot do that (RFC 4315), and nothing has changed.
  public func remove(
    _ uids: [UInt32], bearing fields: [String], in folder: FolderName, validity: UInt32
  ) throws(ConnectionFailure) -> [UInt32]? {
    guard supports("UIDPLUS") else { return nil }
    let (uids, unseen) = try enterUpToDate(folder, validity: validity, uids, bearing: fields)
    if !uids.isEmpty { try removeForGood(UIDSet(uids)) }
    return unseen
  }

  private func removeForGood(_ set: UIDSet) throws(ConnectionFailure) {
    try require(run([.addFlag("\\Deleted", to: set), .expunge(set)]), .expunge(set))
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
  /// while more commands wait (RFC 9051 7). Gives those of the messages that are there and bear one of the fields, and those that are
  /// there and of which the server did not say what they are.
  private func enterUpToDate(
    _ folder: FolderName, validity: UInt32, _ uids: [UInt32], bearing fields: [String]
  ) throws(ConnectionFailure) -> (bearing: [UInt32], unseen: [UInt32]) {
    guard !uids.isEmpty else { return ([], []) }
    let wasOpen = isOpen(folder)
    try enter(folder, writable: true, validity: validity)
    if wasOpen { try require(run([.noop]), .noop) }
    let looks = try look(at: uids, in: folder, validity: validity, fields: fields)
    let seen = looks.filter { $0.fields != nil }
    let others = Set(uids).subtracting(seen.map(\.uid)).sorted()
    // What was not answered is gone, or could be anything.
    let unseen = others.isEmpty ? [] : try there(others)
    // With none of the fields there is but the empty line behind them (RFC 9051 6.4.5).
    return (seen.filter { $0.fields.map { $0.count > 2 } ?? false }.map(\.uid), unseen)
  }

  /// Those of the messages that are in the open folder; all of them, where the server refuses to say.
  private func there(_ uids: [UInt32]) throws(ConnectionFailure) -> [UInt32] {
    do {
      return try search(.uids(UIDSet(uids))).filter(uids.contains)
    } catch .commandRefused {
      return uids
    }
  }

  /// Marks messages read where they lie, under the same condition. Returns those of which the server said nothing though they are there.
  public func markRead(
    _ uids: [UInt32], bearing fields: [String], in folder: FolderName, validity: UInt32
  ) throws(ConnectionFailure) -> [UInt32] {
    let (uids, unseen) = try enterUpToDate(folder, validity: validity, uids, bearing: fields)
    if !uids.isEmpty {
      let command = Command.addFlag("\\Seen", to: UIDSet(uids))
      try require(run([command]), command)
    }
    return unseen
  }

  /// Adds a message from a file. The answer is the server's: a NO with OVERQUOTA or TRYCREATE is for the caller to judge.
  public func append(
    file: String, size: Int, to folder: FolderName, seen: Bool
  ) throws(ConnectionFailure) -> Status {
    let answer = try run([.append(file: file, size: size, to: folder, seen: seen)]).last
    return answer ?? Status(.bad)
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

/// What a server answers about the headers of messages, and whether it can be all.
private struct Answers {
  /// The number of the folder's last message, where the answers must reach to it.
  let last: UInt32?
  private(set) var looks: [UInt32: HeaderLook] = [:]
  private var numbers: Set<UInt32> = []
  private var numberOfUID: [UInt32: UInt32] = [:]
  private var isRenumbered = false
  private var ambiguous: UInt32?
  private var isHalf = false

  init(last: UInt32?) { self.last = last }

  mutating func hear(_ response: Response) {
    switch response {
    case .expunge, .vanished: isRenumbered = true
    case .fetch(let fetched):
      guard let section = fetched.sections.first(where: { $0.key.hasPrefix("HEADER.FIELDS") })?.value else { return }
      guard let uid = fetched.uid, let size = fetched.size, let arrived = fetched.arrived else {
        isHalf = true
        return
      }
      numbers.insert(fetched.number)
      if let before = numberOfUID.updateValue(fetched.number, forKey: uid), before != fetched.number { ambiguous = uid }
      let fields: [UInt8]? = if case .bytes(let bytes) = section { bytes } else if section == .absent { [] } else { nil }
      looks[uid] = HeaderLook(uid: uid, flags: fetched.flags ?? [], arrived: arrived, size: size, fields: fields)
    default: break
    }
  }

  /// What is wrong with the answers as a whole.
  var flaw: String? {
    if isHalf { return "only half of what was asked of a mail" }
    guard !isRenumbered else { return nil }
    // Whatever is done to such a UID might be done to the wrong one of two mails.
    if let ambiguous { return "two mails have the UID \(ambiguous)" }
    // Numbers have no gaps (RFC 9051 2.3.1.2): one that is missing is a mail of which nothing was said. Of none at all some servers
    // speak where `n:*` begins behind the last.
    guard let last, let first = numbers.min(), let highest = numbers.max() else { return nil }
    return highest < last || numbers.count <= highest - first ? "nothing of a mail that is there" : nil
  }
}
