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

  /// Messages that are fetched in one go: few enough that the first are opened soon.
  private static let fetchWindow = 128
  private static let fetchBytes = 32 << 20

  // MARK: Passes

  /// Finds out where reading stands: as kept by the intake; at the end of a folder never read, because old mail is for `rebuild` alone;
  /// at the beginning of one that was made anew, which is then searched.
  func find(_ bookmark: inout Bookmark) async throws(Failure) {
    guard bookmark.position == nil else { return }
    let kept: Position?
    do { kept = try await intake.position(of: text, at: MailDriver.name) } catch { throw .intake("\(error)") }
    let status = try await examine()
    if let kept, kept.validity == status.uidValidity {
      bookmark.position = kept
    } else if kept != nil, let query = sorting.query(in: place) {
      try await begin(again: query, &bookmark)
    } else {
      bookmark.position = Position(
        driver: MailDriver.name, folder: text, validity: status.uidValidity ?? 0, uid: try await last(status))
      try await keep(bookmark)
    }
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
    guard var position = bookmark.position, position.uid < last ?? .max else { return }
    defer { bookmark.position = position }
    let next = position.uid + 1
    if let last {
      if last - position.uid <= known.count, (next...last).allSatisfy(known.contains) {
        return try await process([], &position, covering: [], until: last)
      }
      // Headers of a few new mails are looked at outright; what may be many, or few among many, is searched for first.
      let isLong = last - position.uid > UInt32(bookmark.window) || bookmark.window < Bookmark.usualWindow
      if let query = place == .junk ? sorting.parcels : bookmark.search ?? (isLong ? .all : nil) {
        let found = try await search(.both(.uidFrom(next), query), position.validity)
        let wanted = found.filter { $0 >= next && $0 <= last && !known.contains($0) }
        try await go(through: wanted, &position, until: last, window: bookmark.window)
        bookmark.search = nil
        return
      }
    }
    let validity = position.validity
    let looks = try await connection.perform { connection throws(ConnectionFailure) in
      try await connection.look(from: next, in: folder, validity: validity, fields: Sorting.fields, freshly: last == nil)
    }
    let reached = max(last ?? 0, looks.last?.uid ?? 0, position.uid)
    try await process(looks.filter { !known.contains($0.uid) }, &position, covering: [], until: reached)
  }

  /// Asks again for what was still to come; what is gone is forgotten.
  func readPending(_ bookmark: inout Bookmark) async throws(Failure) {
    guard var position = bookmark.position else { return }
    defer { bookmark.position = position }
    let asked = position.pending.filter { !bookmark.poisoned.contains($0) }
    guard !asked.isEmpty else { return }
    try await go(through: asked, &position, until: position.uid, window: bookmark.window)
  }

  /// Makes the bookmark durable without anything received.
  func keep(_ bookmark: Bookmark) async throws(Failure) {
    if let position = bookmark.position { try await take([], position) }
  }

  private func go(
    through uids: [UInt32], _ position: inout Position, until last: UInt32, window: Int
  ) async throws(Failure) {
    var rest = uids[...]
    repeat {
      let some = Array(rest.prefix(window))
      rest = rest.dropFirst(window)
      let validity = position.validity
      do throws(Failure) {
        let looks = try await connection.perform { connection throws(ConnectionFailure) in
          try await connection.look(at: some, in: folder, validity: validity, fields: Sorting.fields)
        }
        let reached = max(position.uid, rest.isEmpty ? last : some.last ?? 0)
        try await process(looks, &position, covering: Set(some), until: reached)
      } catch .connection(let failure) {
        guard window == 1, let uid = some.first, failure.mayBeOneMessage else { throw .connection(failure) }
        throw .message(uid: uid, failure)
      }
    } while !rest.isEmpty
  }

  // MARK: One window

  /// Judges what was looked at, fetches what is ours and may come now, and moves the position with each durable batch.
  private func process(
    _ looks: [HeaderLook], _ position: inout Position, covering asked: Set<UInt32>, until last: UInt32
  ) async throws(Failure) {
    let (candidates, copies) = try await candidates(among: looks, position.validity)
    if !copies.isEmpty { try await note(copies) }
    let admitted = try await admit(candidates)
    let batches = batches(of: admitted)
    let others = Set(position.pending).subtracting(asked)
    // What is not here yet: not admitted, not fetched so far, or missing in the answer.
    var waiting = Set(candidates.lazy.map(\.origin.uid))
    let validity = position.validity
    for (number, batch) in batches.enumerated() {
      let stored = try await connection.perform { connection throws(ConnectionFailure) in
        try await connection.fetch(batch.map(\.origin.uid), in: folder, validity: validity, into: directory)
      }
      waiting.subtract(stored.map(\.uid))
      let isLast = number == batches.count - 1
      let uid = max(position.uid, isLast ? last : batch.last?.origin.uid ?? 0)
      try await move(
        &position, to: uid, pending: others.union(waiting.filter { $0 <= uid }), with: received(stored, batch, validity))
    }
    if batches.isEmpty {
      try await move(&position, to: max(position.uid, last), pending: others.union(waiting), with: [])
    }
  }

  /// Makes a batch known, and only then believes that the position has moved: what could not be kept is asked for again.
  private func move(
    _ position: inout Position, to uid: UInt32, pending: Set<UInt32>, with batch: [Received]
  ) async throws(Failure) {
    var reached = position
    (reached.uid, reached.pending) = (uid, pending.sorted())
    if !batch.isEmpty || reached != position { try await take(batch, reached) }
    position = reached
  }

  /// What concerns the bridge, and what is to become of copies that the provider kept.
  private func candidates(
    among looks: [HeaderLook], _ validity: UInt32
  ) async throws(Failure) -> (found: [Candidate], copies: [Origin: Placement]) {
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
    return (found, copies.filter { $0.value != .leave })
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
      if batches.isEmpty || batches[batches.count - 1].count >= Self.fetchWindow || bytes + candidate.size > Self.fetchBytes {
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
        kind: kind, sha256: sha256, size: message.size, arrived: Instant(milliseconds: 0).adding(seconds: message.arrived),
        origin: Origin(driver: MailDriver.name, folder: text, validity: validity, uid: message.uid), place: place)
    }
  }

  // MARK: Asking

  /// The folder's name as positions and origins spell it; names that are not UTF-8 are never read.
  private var text: String { folder.text ?? "" }

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
