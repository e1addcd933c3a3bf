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
    let wanted = try await store.wantedAtOnce(at: clock.now())
    guard !wanted.isEmpty else { return false }
    var receipts: [(number: Int64, id: PacketID)] = []
    for number in wanted {
      try await bearing(.letter, String(number)) {
        guard let mail = try await store.atOnce(number) else { return }
        if case .receipt(let id) = mail {
          receipts.append((number, id))
        } else {
          try await send(try await write(mail), answering: [number])
        }
      }
    }
    try await mail(receipts)
    return true
  }

  /// One letter for all, unless one of them makes it fail: then one for each.
  private func mail(_ receipts: [(number: Int64, id: PacketID)]) async throws {
    guard !receipts.isEmpty else { return }
    do {
      try await send(try await receipt(for: receipts.map(\.id)), answering: receipts.map(\.number))
    } catch {
      if Task.isCancelled { throw error }
      for (number, id) in receipts {
        try await bearing(.letter, String(number)) { try await send(try await receipt(for: [id]), answering: [number]) }
      }
    }
  }

  private func write(_ mail: AtOnce) async throws -> Letter? {
    guard let writer = try await letterWriter() else { return nil }
    switch mail {
    case .request(let id):
      guard let request = try await requests().first(where: { $0.id == id }) else { return nil }
      return try writer.request(WaitingRequest(request), stamp())
    case .connected(let author):
      guard let contact = try await store.contacts().first(where: { $0.author == author }) else { return nil }
      let reached = contact.endpoints.first.map { [" \($0)"] } ?? []
      return try writer.notice(
        Notice(
          title: "\(contact.name) is now your contact",
          paragraphs: ["You will see each other's posts from now on." + (reached.first.map { " Reached at\($0)." } ?? "")]),
        stamp())
    case .key(let author):
      guard let contact = try await store.contacts().first(where: { $0.author == author }) else { return nil }
      return try writer.notice(Notice(aboutKeyOf: contact), stamp())
    case .comment(let name), .message(let name):
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
      } else if let (target, emoji) = try await store.reaction(id),
        let thing = try await thing(.react(to: target, emoji: emoji), item, friends)
      {
        // It went out before the receipt was written.
        things.append(thing)
      }
    }
    guard !things.isEmpty else { return nil }
    let goes = drafts.filter { ids.contains($0.id) }.map(\.release).max()
    return try writer.receipt(Receipt(things: things, goes: goes), stamp())
  }

  private func thing(_ wish: Wish, _ item: ItemID, _ friends: Int) async throws -> Receipt.Thing? {
    switch wish {
    case .post(let text, let pictures, let circle, _):
      let members = try await store.circles().first { $0.name == circle }?.members.count
      return Receipt.Thing(
        item: item, audience: .friends(members ?? friends, circle: circle), words: text, photos: pictures.count)
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
    let isMade = try await makeDigest(atOnce: atOnce)
    // Whatever failed before, also where nothing is remembered of a digest, or there is none to be made.
    try await store.overcome(.digest, Trouble.Stage.digest.rawValue, at: clock.now())
    return isMade
  }

  private func makeDigest(atOnce: Bool) async throws -> Bool {
    let now = clock.now()
    let schedule = configuration.digest.schedule
    let looked = try await store.digestLookedAt()
    guard atOnce || schedule.isDue(last: looked, now: now, in: clock.zone) else { return false }
    // With `now` every moment is due: there is nothing to remember.
    let remembers = !atOnce && schedule != .now
    let pausedUntil = try await store.setting(.pausedUntil).flatMap { Int64($0) } ?? 0
    let isPaused = !atOnce && pausedUntil > now.milliseconds
    let entries = isPaused ? [] : try await entries()
    guard !entries.isEmpty, let writer = try await letterWriter() else {
      if remembers { try await store.transact(at: now) { try $0.lookForDigest() } }
      return false
    }
    return try await step("digest", now.text) {
      try await send(try await digest(of: entries, by: writer)) { transaction in
        // In one with the letter: who dies here looks again, and does not wait for the next day.
        if remembers { try transaction.lookForDigest() }
        return true
      }
      return true
    }
  }

  /// How many things the next digest would show.
  func editionSize() async throws -> Int { try await entries().count }

  /// What the next digest would say, as text and as HTML; nothing where there is nothing new.
  func previewDigest() async throws -> (text: String, html: String)? {
    let entries = try await entries()
    guard !entries.isEmpty, let writer = try await letterWriter() else { return nil }
    return writer.preview(Edition(since: try await store.lastDigest(), entries: entries), stamp())
  }

  /// A digest of what is new, but for what cannot stand in a letter.
  private func digest(of entries: [Edition.Entry], by writer: LetterWriter) async throws -> Letter? {
    let since = try await store.lastDigest()
    do {
      return try writer.digest(Edition(since: since, entries: entries), stamp())
    } catch {
      // Each by itself: what fails alone is at fault, and waits; the rest goes.
      var fit: [Edition.Entry] = []
      for entry in entries {
        try await bearing(.item, entry.target.text) {
          _ = try writer.digest(Edition(since: since, entries: [entry]), stamp())
          fit.append(entry)
        }
      }
      return fit.isEmpty ? nil : try writer.digest(Edition(since: since, entries: fit), stamp())
    }
  }

  /// What no mail has shown yet.
  private func entries() async throws -> [Edition.Entry] {
    let now = clock.now()
    let resting = try await store.resting(.item, at: now)
    var entries: [Edition.Entry] = []
    do {
      for item in try await store.unread(at: now) { entries.append(.item(try await story(about: item))) }
    } catch {
      if Task.isCancelled { throw error }
      // One of them cannot be read: it alone is left out.
      entries = []
      for id in try await store.unreadNames(at: now) where !resting.contains(LetterTarget.item(id).text) {
        try await bearing(.item, LetterTarget.item(id).text) {
          if let story = try await story(of: id) { entries.append(.item(story)) }
        }
      }
    }
    let shown = try await store.requestsShown()
    for request in try await requests() where !shown.contains(request.id) {
      entries.append(.request(WaitingRequest(request)))
    }
    for (person, sha256) in try await store.newProfiles() { entries.append(.profile(person, sha256)) }
    return entries.filter { !resting.contains($0.target.text) }
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

  /// Makes a letter durable under `outpackets/` and queues it. Without a letter, what asked for it is only ticked off.
  ///
  /// - Parameters:
  ///   - letter: what is sent.
  ///   - numbers: what asked for it.
  ///   - also: what is to be true from the same moment on; it says whether the letter is still wanted.
  func send(
    _ letter: Letter?, answering numbers: [Int64] = [],
    also: @escaping @Sendable (inout Transaction) throws -> Bool = { _ in true }
  ) async throws {
    let file = letter.map { layout.outpacket($0.record.messageID) }
    if let letter, let file { try DurableFile.create(file, holding: try await sealedToUser(letter.bytes)) }
    let append: Consignment.AppendTarget? = configuration.digest.way == .append ? .inbox : nil
    let delivery = LetterDelivery(endpoint: "mailto:\(configuration.account.address?.text ?? "")", append: append)
    var isQueued = false
    defer { if let file, !isQueued { try? DurableFile.remove(file) } }
    isQueued = try await store.transact(at: clock.now()) { transaction in
      try also(&transaction) && transaction.queue(letter?.record, answering: numbers, to: delivery)
    }
    await dispatch.ring()
    await work.ring()
  }
}

extension WaitingRequest {
  /// A request of the store, as letters show it.
  init(_ request: PendingRequest) {
    self.init(
      id: request.id, person: FeedItem.Person(name: request.name, author: request.author), fingerprint: request.fingerprint,
      endpoint: request.endpoints.first ?? "", introducedBy: request.introducedBy)
  }
}
