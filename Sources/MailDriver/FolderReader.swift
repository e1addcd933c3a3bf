internal import Drivers
internal import Mailbox
internal import MIME
internal import Packets

/// Goes through one folder: looks at headers, fetches what concerns the bridge, and hands it over once it is durable. Changes nothing
/// in the mailbox.
struct FolderReader: Sendable {
  let connection: IMAPConnection
  let folder: FolderName
  let place: Received.Place
  let sorting: Sorting
  let largestMail: Int
  let directory: MessageDirectory
  let intake: any Intake
  let now: @Sendable () -> Instant
  /// Takes parcels that the bridge itself put there too: its memory of them is what is being made anew.
  var takesOwn = false

  /// Why a pass ended early.
  enum Failure: Error {
    case connection(ConnectionFailure)
    case intake(String)
    /// The mailbox has no room left; the server's words.
    case full(String)
    /// The connection failed while it was asked about this message alone.
    case message(uid: UInt32, ConnectionFailure)
  }

  /// Messages that are fetched in one go, and at first: few, so that they are opened while the rest comes.
  private static let (fetchWindow, firstWindow) = (128, 16)
  private static let fetchBytes = 32 << 20

  // MARK: Passes

  /// Finds out where reading stands: as kept by the intake; at the end of a folder never read, because old mail is for `rebuild` alone;
  /// at the beginning of one that was made anew or put back to an earlier state, which is then searched; with `mayBeginAgain` false that
  /// is a failure.
  ///
  /// - Parameter status: what the server has just said of the folder. If it cannot be right, the open folder has the last word.
  /// - Returns: whether the folder is gone through again.
  @discardableResult
  func find(
    _ bookmark: inout Bookmark, _ status: inout FolderStatus?, mayBeginAgain: Bool = true
  ) async throws(Failure) -> Bool {
    if bookmark.position == nil {
      do { bookmark.position = try await intake.position(of: text, at: MailDriver.name) } catch { throw .intake("\(error)") }
      if bookmark.position != nil, status == nil { status = try await examine() }
    }
    if let position = bookmark.position {
      guard let told = status, told.uidValidity == nil || position.isVoid(by: told) else { return false }
      let opened = try await examine()
      status?.uidNext = opened.uidNext
      guard position.isVoid(by: opened) else { return false }
      guard let query = sorting.query(in: place) else { return false }
      guard mayBeginAgain else {
        throw .connection(.folderChanged(server: connection.address, folder: text))
      }
      bookmark = Bookmark()
      try await begin(again: query, &bookmark)
      return true
    }
    let opened = try await examine()
    bookmark.position = Position(
      driver: MailDriver.name, folder: text, validity: opened.uidValidity ?? 0, uid: try await last(opened))
    try await keep(bookmark)
    return false
  }

  /// Goes back to the beginning, to read what a search finds. Gives the highest UID in the folder.
  @discardableResult
  func begin(again query: SearchQuery, _ bookmark: inout Bookmark) async throws(Failure) -> UInt32 {
    let status = try await examine()
    bookmark.position = Position(driver: MailDriver.name, folder: text, validity: status.uidValidity ?? 0, uid: 0)
    bookmark.search = query
    return try await last(status)
  }

  /// Reads what arrived after the bookmark, as far as the server says that there is something (`last`), or as IDLE has just told of
  /// (no `last`). `known` came there by our own doing.
  func read(_ bookmark: inout Bookmark, upTo last: UInt32?, known: Set<UInt32> = []) async throws(Failure) {
    guard let position = bookmark.position, position.uid < last ?? .max else { return }
    let next = position.uid + 1
    // Other people's spam is never looked at: without a word from the server of how far it reaches, it is found out.
    if let last = place == .junk && last == nil ? try await self.last(examine()) : last {
      guard position.uid < last else { return }
      if last - position.uid <= known.count, (next...last).allSatisfy(known.contains) {
        return try await take(in: [], &bookmark, until: last)
      }
      // Headers of a few new mails are looked at outright; what may be many, or few among many, is searched for first.
      let isLong = last - position.uid > UInt32(bookmark.window) || bookmark.window < Bookmark.usualWindow
      if let query = place == .junk ? sorting.parcels : bookmark.search ?? (isLong ? .all : nil) {
        let found = try await search(.both(.uidFrom(next), query), position.validity)
        let wanted = found.filter { $0 >= next && $0 <= last && !known.contains($0) }
        try await go(through: wanted, &bookmark, until: last)
        bookmark.search = nil
        return
      }
    }
    let validity = position.validity
    let looks = try await connection.perform { connection throws(ConnectionFailure) in
      try await connection.look(from: next, in: folder, validity: validity, fields: Sorting.fields, freshly: last == nil)
    }
    // Nothing said of what must be there is believed only when it is said twice.
    if let last, looks.isEmpty {
      let found = try await search(.both(.uidFrom(next), .all), validity).filter {
        $0 >= next && $0 <= last && !known.contains($0)
      }
      if !found.isEmpty { return try await go(through: found, &bookmark, until: last) }
    }
    let reached = last ?? max(looks.last?.uid ?? 0, position.uid)
    let candidates = try await candidates(among: looks.filter { !known.contains($0.uid) && $0.uid <= reached }, validity)
    try await take(in: candidates, &bookmark, until: reached)
  }

  /// Asks again for what was still to come; what is gone is forgotten, and counted.
  ///
  /// - Parameter modseq: how often the folder had changed when the server said how far it reaches.
  func readPending(_ bookmark: inout Bookmark, modseq: UInt64?) async throws(Failure) {
    guard let position = bookmark.position else { return }
    let asked = position.pending.filter { bookmark.mayAsk(for: $0, at: now()) }
    guard !asked.isEmpty else { return }
    defer { bookmark.modseq = modseq }
    if let modseq, let known = try await stillThere(Set(asked), modseq, &bookmark) {
      return try await take(in: known, &bookmark, until: position.uid)
    }
    try await go(through: asked, &bookmark, until: position.uid)
  }

  /// What is known of messages that were seen before, where the server can say in one round trip, or none, that they are still there
  /// (RFC 7162). A flood of strangers' parcels that waits is not looked at every minute.
  private func stillThere(
    _ asked: Set<UInt32>, _ modseq: UInt64, _ bookmark: inout Bookmark
  ) async throws(Failure) -> [Candidate]? {
    guard let before = bookmark.modseq, let position = bookmark.position, asked.allSatisfy({ bookmark.waiting[$0] != nil }) else {
      return nil
    }
    if modseq != before {
      guard await connection.resyncs else { return nil }
      let gone = try await connection.perform { connection throws(ConnectionFailure) in
        try await connection.vanished(among: asked, since: before, in: folder, validity: position.validity)
      }
      try await forget(gone, &bookmark)
    }
    return position.pending.compactMap { bookmark.waiting[$0] }.filter { asked.contains($0.origin.uid) }
  }

  /// What was to come and is gone comes no more.
  private func forget(_ gone: Set<UInt32>, _ bookmark: inout Bookmark) async throws(Failure) {
    guard !gone.isEmpty else { return }
    bookmark.position?.pending.removeAll { gone.contains($0) }
    for uid in gone { bookmark.waiting[uid] = nil }
    bookmark.gone += gone.count
    try await keep(bookmark)
  }

  /// Makes the bookmark durable without anything received.
  func keep(_ bookmark: Bookmark) async throws(Failure) {
    if let position = bookmark.position { try await take([], position) }
  }

  private func go(through uids: [UInt32], _ bookmark: inout Bookmark, until last: UInt32) async throws(Failure) {
    var rest = uids[...]
    let window = bookmark.window
    repeat {
      let some = Array(rest.prefix(window))
      rest = rest.dropFirst(window)
      guard let position = bookmark.position else { return }
      do throws(Failure) {
        let looks = try await connection.perform { connection throws(ConnectionFailure) in
          try await connection.look(at: some, in: folder, validity: position.validity, fields: Sorting.fields)
        }
        let missing = Set(some).subtracting(looks.map(\.uid))
        try await forget(missing.intersection(position.pending), &bookmark)
        // What was found and is not there now may only be missing in this answer.
        let waiting = Set(bookmark.position?.pending ?? []).union(missing.subtracting(position.pending))
        bookmark.position?.pending = waiting.sorted()
        let reached = max(position.uid, rest.isEmpty ? last : some.last ?? 0)
        try await take(in: candidates(among: looks, position.validity), &bookmark, until: reached)
      } catch .connection(let failure) {
        guard window == 1, let uid = some.first, failure.mayBeOneMessage else { throw .connection(failure) }
        throw .message(uid: uid, failure)
      }
    } while !rest.isEmpty
  }

  // MARK: One window

  /// Fetches what may come now, and moves the position with each durable batch.
  private func take(in candidates: [Candidate], _ bookmark: inout Bookmark, until last: UInt32) async throws(Failure) {
    guard var position = bookmark.position else { return }
    let before = position
    let admitted = try await admit(candidates)
    let batches = batches(of: admitted)
    let others = Set(position.pending).subtracting(candidates.map(\.origin.uid))
    // What is not here yet: not admitted, not fetched so far, or missing in the answer.
    var waiting = Dictionary(candidates.map { ($0.origin.uid, $0) }) { first, _ in first }
    for (number, batch) in batches.enumerated() {
      let stored = try await connection.perform { connection throws(ConnectionFailure) in
        try await connection.fetch(batch.map(\.origin.uid), in: folder, validity: before.validity, into: directory)
      }
      for message in stored { waiting[message.uid] = nil }
      let isLast = number == batches.count - 1
      position.uid = max(position.uid, isLast ? last : batch.last?.origin.uid ?? 0)
      let reached = position.uid
      position.pending = others.union(waiting.keys.filter { $0 <= reached }).sorted()
      try await take(received(stored, batch, before.validity), position)
      bookmark.position = position
      for message in stored { bookmark.waiting[message.uid] = nil }
    }
    if batches.isEmpty {
      position.uid = max(position.uid, last)
      position.pending = others.union(waiting.keys).sorted()
      if position != before { try await take([], position) }
      bookmark.position = position
    }
    bookmark.waiting.merge(waiting) { _, new in new }
    for uid in admitted.map(\.origin.uid) where waiting[uid] != nil {
      if bookmark.miss(uid, at: now()) { await setAside(uid, "it never comes whole") }
    }
  }

  /// Tells that a message is not asked for again soon.
  func setAside(_ uid: UInt32, _ said: String) async {
    await intake.tell(.setAside(folder: text, uid: uid, said: said))
  }

  /// What concerns the bridge. What is to become of copies that the provider kept is noted before the position passes them.
  private func candidates(among looks: [HeaderLook], _ validity: UInt32) async throws(Failure) -> [Candidate] {
    var found: [Candidate] = []
    var copies: [Origin: Placement] = [:]
    for look in looks {
      // What is larger can be no parcel, and no answer that anybody wrote.
      guard let fields = look.fields, look.size <= largestMail else { continue }
      let origin = Origin(driver: MailDriver.name, folder: text, validity: validity, uid: look.uid)
      let kind: ReceivedKind
      let sender: String?
      switch sorting.judge(fields, in: place) {
      case .nothing: continue
      case .copy(let id):
        if try await isOurs([id]) { copies[origin] = sorting.copies }
        continue
      case .candidate(let its, let from, let id):
        if !takesOwn, try await isOurs([id]) {
          if place == .sent { copies[origin] = sorting.copies }
          continue
        }
        (kind, sender) = (its, from)
      case .answer(let ids, let from, let id):
        guard try await isOurs(ids), !(try await isOurs([id])) else { continue }
        (kind, sender) = (.letter, from)
      case .report(let from):
        guard try await isOurs(returnedID(of: look.uid, validity)) else { continue }
        (kind, sender) = (.bounce, from)
      }
      found.append(Candidate(origin: origin, kind: kind, from: sender, size: look.size))
    }
    copies = copies.filter { $0.value != .leave }
    if !copies.isEmpty { try await note(copies) }
    return found
  }

  /// The Message-ID of the mail that a delivery report returns. Only that part's own headers are fetched: it may be a private mail.
  private func returnedID(of uid: UInt32, _ validity: UInt32) async throws(Failure) -> [String?] {
    // RFC 3462 2: the third part is the returned message (message/rfc822) or its headers (text/rfc822-headers).
    func peek(_ sections: [String]) async throws(Failure) -> [String: [UInt8]] {
      try await connection.perform { connection throws(ConnectionFailure) in
        try await connection.peek(sections, first: 16 << 10, of: uid, in: folder, validity: validity)
      }
    }
    let parts = try await peek(["3.MIME", "3.HEADER.FIELDS (Message-ID)"])
    let type = parts["3.MIME"].flatMap { try? Message($0).headers.first("Content-Type") }.flatMap { ContentType($0.unfolded) }
    var headers = parts["3.HEADER.FIELDS (MESSAGE-ID)"] ?? []
    if type?.type == "text", type?.subtype == "rfc822-headers" { headers = try await peek(["3"])["3"] ?? [] }
    return (try? Message(headers).headers.first("Message-ID")).map { MessageID.list($0.unfolded) } ?? []
  }

  private func batches(of candidates: [Candidate]) -> [[Candidate]] {
    var batches: [[Candidate]] = []
    var bytes = 0
    for candidate in candidates {
      let window = batches.count < 2 ? Self.firstWindow : Self.fetchWindow
      if batches.isEmpty || batches[batches.count - 1].count >= window || bytes + candidate.size > Self.fetchBytes {
        batches.append([])
        bytes = 0
      }
      batches[batches.count - 1].append(candidate)
      bytes += candidate.size
    }
    return batches
  }

  private func received(_ stored: [StoredMessage], _ batch: [Candidate], _ validity: UInt32) -> [Received] {
    let kinds = Dictionary(batch.map { ($0.origin.uid, $0.kind) }) { first, _ in first }
    return stored.compactMap { message in
      guard let kind = kinds[message.uid], let sha256 = Hash(bytes: message.sha256) else { return nil }
      return Received(
        kind: kind, sha256: sha256, size: message.size, arrived: Instant(internalDate: message.arrived),
        origin: Origin(driver: MailDriver.name, folder: text, validity: validity, uid: message.uid), place: place)
    }
  }

  // MARK: Asking

  /// The folder's name as positions and origins spell it; names that are not UTF-8 are never read.
  var text: String { folder.text ?? "" }

  private func examine() async throws(Failure) -> FolderStatus {
    try await connection.perform { connection throws(ConnectionFailure) in try await connection.examine(folder) }
  }

  private func last(_ status: FolderStatus) async throws(Failure) -> UInt32 {
    if let next = status.uidNext { return next - 1 }
    // A server that keeps UIDNEXT to itself: the last message's UID serves as well.
    return try await search(.all, status.uidValidity ?? 0).last ?? 0
  }

  private func search(_ query: SearchQuery, _ validity: UInt32) async throws(Failure) -> [UInt32] {
    try await connection.perform { connection throws(ConnectionFailure) in
      try await connection.search(query, in: folder, validity: validity)
    }
  }

  private func admit(_ candidates: [Candidate]) async throws(Failure) -> [Candidate] {
    guard !candidates.isEmpty else { return [] }
    do {
      let admitted = try await intake.admit(candidates)
      return candidates.filter { admitted.contains($0.origin) }
    } catch { throw .intake("\(error)") }
  }

  private func take(_ batch: [Received], _ position: Position) async throws(Failure) {
    do { try await intake.take(batch, position: position) } catch { throw .intake("\(error)") }
  }

  private func note(_ placements: [Origin: Placement]) async throws(Failure) {
    do { try await intake.note(placements) } catch { throw .intake("\(error)") }
  }

  private func isOurs(_ ids: [String?]) async throws(Failure) -> Bool {
    do {
      for case let id? in ids where try await intake.wrote(messageID: id) { return true }
      return false
    } catch { throw .intake("\(error)") }
  }
}

extension Position {
  /// Whether a folder is no longer the one that was read so far: made anew, or put back to an earlier state, in which UIDs are given
  /// again that named other messages before. RFC 9051 2.3.1.1 forbids that, and restored backups do it.
  fileprivate func isVoid(by status: FolderStatus) -> Bool {
    if let validity = status.uidValidity, validity != self.validity { return true }
    return status.uidNext.map { $0 - 1 < uid } ?? false
  }
}

extension Instant {
  /// When a mail came. INTERNALDATE has whole seconds, cut off (RFC 9051 2.3.3): the last thousandth of that second is taken, or what
  /// was written within it would seem to have come before it was written.
  init(internalDate seconds: Int64) { self = Instant(milliseconds: 999).adding(seconds: seconds) }
}
