internal import Account
internal import Digest
internal import Drivers
internal import Feed
internal import FoundationEssentials
internal import Packets
internal import Store

/// Mails to the user: what cannot wait, and the digest.
extension Bridge {
  /// How long an answer to a letter is recognised by its token, in seconds.
  static let letterLife: Int64 = 90 * 86_400

  /// Mails what was asked for at once. Returns whether there was anything.
  @discardableResult
  func mailAtOnce() async throws -> Bool {
    let wanted = try await store.atOnce()
    guard !wanted.isEmpty else { return false }
    var receipts: [(number: Int64, id: PacketID)] = []
    for (number, mail) in wanted {
      if case .receipt(let id) = mail {
        receipts.append((number, id))
        continue
      }
      let letter = try await write(mail)
      try await send(letter, answering: [number])
    }
    if !receipts.isEmpty { try await send(try await receipt(for: receipts.map(\.id)), answering: receipts.map(\.number)) }
    return true
  }

  private func write(_ mail: AtOnce) async throws -> Letter? {
    guard let writer = try await letterWriter() else { return nil }
    switch mail {
    case .request(let id):
      guard let request = try await store.requests().first(where: { $0.id == id }) else { return nil }
      return try writer.request(WaitingRequest(request), stamp())
    case .connected(let author):
      guard let contact = try await store.contacts().first(where: { $0.author == author }) else { return nil }
      let reached = contact.endpoints.first.map { [" \($0)"] } ?? []
      return try writer.notice(
        Notice(
          title: "\(contact.name) is now your contact",
          paragraphs: ["You will see each other's posts from now on." + (reached.first.map { " Reached at\($0)." } ?? "")]),
        stamp())
    case .comment(let name):
      guard let story = try await story(of: ItemID(name)) else { return nil }
      return try writer.item(story, stamp())
    case .receipt: return nil
    }
  }

  private func receipt(for ids: [PacketID]) async throws -> Letter? {
    guard let writer = try await letterWriter() else { return nil }
    let me = try await store.myself().author
    let drafts = try await store.drafts()
    let friends = try await store.contacts().count { $0.state == .contact }
    var things: [Receipt.Thing] = []
    for id in ids {
      let item = ItemID(PacketName(author: me, id: id))
      if let draft = drafts.first(where: { $0.id == id }), let thing = try await thing(draft.wish, item, friends) {
        things.append(thing)
      } else if let shown = try await store.items([item]).first {
        let audience = try await audience(of: shown, friends)
        things.append(Receipt.Thing(item: item, audience: audience, words: shown.text, photos: shown.photos.count))
      }
    }
    guard !things.isEmpty else { return nil }
    let goes = drafts.filter { ids.contains($0.id) }.map(\.release).max()
    return try writer.receipt(Receipt(things: things, goes: goes), stamp())
  }

  private func thing(_ wish: Wish, _ item: ItemID, _ friends: Int) async throws -> Receipt.Thing? {
    switch wish {
    case .post(let text, let pictures, let circle, _):
      return Receipt.Thing(item: item, audience: .friends(friends, circle: circle), words: text, photos: pictures.count)
    case .comment(let target, let text, let pictures):
      guard let shown = try await store.items([target]).first else { return nil }
      return Receipt.Thing(item: item, audience: try await audience(of: shown, friends), words: text, photos: pictures.count)
    case .react(let target, let emoji):
      guard let shown = try await store.items([target]).first else { return nil }
      return Receipt.Thing(item: item, audience: try await audience(of: shown, friends), words: emoji.joined(separator: " "))
    default: return nil
    }
  }

  private func audience(of shown: FeedItem, _ friends: Int) async throws -> Receipt.Audience {
    guard let root = shown.root else { return .below(shown) }
    return try await store.items([root]).first.map { .below($0) } ?? .friends(friends, circle: nil)
  }

  // MARK: The digest

  /// Sends the digest if its time has come and there is something new. Returns whether one was made.
  @discardableResult
  func mailDigest(atOnce: Bool = false) async throws -> Bool {
    if atOnce { return try await makeDigest() }
    let now = clock.now()
    let schedule = configuration.digest.schedule
    guard schedule.isDue(last: try await store.digestLookedAt(), now: now, in: clock.zone) else { return false }
    let until = try await store.setting(.pausedUntil).flatMap { Int64($0) } ?? 0
    let isMade = until > now.milliseconds ? false : try await makeDigest()
    // Last, so that one that was interrupted is made again. With `now` every moment is due: there is nothing to remember.
    if schedule != .now { try await store.lookedForDigest(at: now) }
    return isMade
  }

  private func makeDigest() async throws -> Bool {
    guard let edition = try await edition(), let writer = try await letterWriter() else { return false }
    return try await step("digest", clock.now().text) {
      let letter = try writer.digest(edition, stamp())
      try await send(letter, answering: [])
      return true
    }
  }

  /// How many things the next digest would show.
  func editionSize() async throws -> Int { try await edition()?.entries.count ?? 0 }

  /// What the next digest would say, as text and as HTML; nothing where there is nothing new.
  func previewDigest() async throws -> (text: String, html: String)? {
    guard let edition = try await edition(), let writer = try await letterWriter() else { return nil }
    return writer.preview(edition, stamp())
  }

  private func edition() async throws -> Edition? {
    var entries: [Edition.Entry] = []
    for item in try await store.unread(at: clock.now()) {
      entries.append(.item(try await story(about: item)))
    }
    let shown = try await store.requestsShown()
    for request in try await store.requests() where !shown.contains(request.id) {
      entries.append(.request(WaitingRequest(request)))
    }
    return entries.isEmpty ? nil : Edition(since: try await store.lastDigest(), entries: entries)
  }

  private func story(of id: ItemID) async throws -> Story? {
    guard let item = try await store.items([id]).first else { return nil }
    return try await story(about: item)
  }

  private func story(about item: FeedItem) async throws -> Story {
    var root: FeedItem?
    if let id = item.root { root = try await store.items([id]).first }
    return Story(item: item, root: root, thumbnails: item.photos.compactMap(thumbnail))
  }

  // MARK: Writing and queueing

  /// Letters are written for accounts with a mailbox; others have the command.
  func letterWriter() async throws -> LetterWriter? {
    guard let address = configuration.account.address?.text, configuration.imap != nil else { return nil }
    let myself = try await store.myself()
    return try LetterWriter(
      Recipient(
        address: address, replyTo: configuration.mail.plusAddress?.text ?? address, author: myself.author, zone: clock.zone))
  }

  func stamp(follows: [String] = []) -> LetterWriter.Stamp {
    var random = SystemRandomNumberGenerator()
    let now = clock.now()
    return LetterWriter.Stamp(
      token: LetterToken(using: &random), date: now, expires: now.adding(seconds: Self.letterLife), follows: follows)
  }

  /// Makes a letter durable under `outpackets/` and queues it, and in the same commit does what else comes of it. Without a letter,
  /// what asked for it is only ticked off.
  func send(
    _ letter: Letter?, answering numbers: [Int64], with more: @escaping @Sendable (inout Transaction) throws -> Void = { _ in }
  ) async throws {
    let now = clock.now()
    guard let letter, let address = configuration.account.address?.text else {
      for number in numbers { try await store.drop(atOnce: number, at: now) }
      return
    }
    let bytes = try await sealedToUser(letter.bytes)
    try DurableFile.create(layout.outpacket(letter.record.messageID), holding: bytes)
    let append: Consignment.AppendTarget? = configuration.digest.way == .append ? .inbox : nil
    try await store.queue(
      letter.record, answering: numbers, to: LetterDelivery(endpoint: "mailto:\(address)", append: append), at: now, with: more)
    await dispatch.ring()
    await work.ring()
  }
}

extension WaitingRequest {
  /// A request of the store, as letters show it.
  init(_ request: PendingRequest) {
    self.init(
      id: request.id, person: FeedItem.Person(name: request.name, author: request.author), fingerprint: request.fingerprint,
      endpoint: request.endpoints.first ?? "")
  }
}
