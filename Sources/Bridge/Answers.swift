internal import Account
internal import Digest
internal import Drivers
internal import Feed
internal import FoundationEssentials
internal import Logging
internal import MIME
internal import Node
internal import OpenPGP
internal import Packets
internal import Replies
internal import Store

/// The user's own mails: what they say becomes wishes, what is not clear is asked, and everything else is left alone.
extension Bridge {
  /// Reads something that is no parcel.
  func read(_ inpacket: Inpacket) async throws {
    let mail: Message
    do {
      mail = try Message(file: layout.inpacket(inpacket.sha256))
    } catch {
      if case .unreadable(let reason) = error { throw OperationFailure(.tryAgain, reason) }
      return try await finish(inpacket, .leave, said: "\(error)")
    }
    switch inpacket.kind {
    case .bounce: try await readBounce(inpacket, mail)
    case .letter: try await readLetter(inpacket, mail)
    case .parcel: break
    }
  }

  private func readLetter(_ inpacket: Inpacket, _ mail: Message) async throws {
    try await store.remember(letter: inpacket.sha256, messageID: mail.messageID, headers: mail.headerBlock, at: clock.now())
    try await act(on: inpacket, mail, evidence: try await evidence(inpacket, mail))
  }

  private func act(on inpacket: Inpacket, _ mail: Message, evidence: Evidence) async throws {
    let settings = try await replySettings()
    switch Understanding.of(mail, evidence, letters: Letters(store: store), settings) {
    case .said(let answer): try await fulfil(answer, inpacket, mail)
    case .help:
      try await reply(inpacket) { writer, stamp in try writer.help(stamp) }
    case .settled(let letter, let settlement): try await settle(letter, settlement, inpacket)
    case .needsProof(let answer): try await prove(answer, inpacket)
    case .ask(let question, let words): try await ask(question, words, inpacket, mail, evidence)
    case .silent(let silence):
      log.debug("left a mail alone: \(silence)")
      try await finish(inpacket, .leave)
    }
  }

  // MARK: Clear

  /// Turns words into wishes, all in one transaction; a mail acts once, however often it is seen.
  private func fulfil(_ answer: Answer, _ inpacket: Inpacket, _ mail: Message) async throws {
    var wishes: [Wish] = []
    do {
      for said in answer.wishes { wishes.append(try await complete(said, mail)) }
    } catch {
      log.notice("a picture in a mail cannot be posted: \(error)")
      return try await notUnderstood(
        answer.words, because: "A picture in your mail cannot be posted. \(OperationFailure(error).sentence)", inpacket)
    }
    let ready = wishes
    do {
      try await store.transact(at: clock.now()) { transaction in
        // Each mark is taken, so that no later copy acts under any of them.
        let isFirst = try answer.marks.map { try transaction.actOnce($0) }.allSatisfy { $0 }
        if isFirst {
          for wish in ready { try transaction.handle(.wish(wish, id: transaction.newPacketID(), through: .mail)) }
        }
        try transaction.finish(inpacket.sha256, placement: .leave)
      }
    } catch let failure as WishFailure {
      return try await notUnderstood(answer.words, because: failure.said, inpacket)
    }
    layout.remove(inpacket: inpacket.sha256)
    await work.ring()
  }

  private func complete(_ said: Answer.Said, _ mail: Message) async throws -> Wish {
    if case .acceptRequest(let request) = said.wish { return try await yes(to: request) }
    guard !said.pictures.isEmpty else { return said.wish }
    var pictures: [Picture] = []
    for part in said.pictures.prefix(10) {
      let file = scratch.appending(path: "picture-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: file) }
      try DurableFile.create(file, holding: try mail.body(of: part, limit: 40 << 20))
      pictures.append(try await prepare(PhotoFile(file: file, alternative: nil)))
    }
    switch said.wish {
    case .post(let text, _, let circle, let share): return .post(text: text, pictures: pictures, circle: circle, share: share)
    case .comment(let item, let text, _): return .comment(on: item, text: text, pictures: pictures)
    default: return said.wish
    }
  }

  // MARK: Not proved, not clear

  /// The copy in Sent may still come; after the last look a nonce letter asks whether the user wrote it.
  private func prove(_ answer: Answer, _ inpacket: Inpacket) async throws {
    let now = clock.now()
    // The other copy may have been dealt with meanwhile, by deeds or by a letter.
    if try await store.hasActed(on: answer.marks + [answeredMark(of: inpacket)]) { return try await finish(inpacket, .leave) }
    if inpacket.attempts < Authorship.looksAgain.count {
      let again = inpacket.arrived.adding(seconds: Authorship.looksAgain[inpacket.attempts])
      let later = max(again, now.adding(seconds: inpacket.attempts == 0 ? 5 : Authorship.looksAgain[inpacket.attempts - 1]))
      for driver in drivers { await driver.lookSoon() }
      return try await store.transact(at: now) {
        try $0.postpone(inpacket.sha256, until: later, said: "waits for its copy in the Sent folder")
      }
    }
    guard try await store.letters(kind: .nonce, since: now.adding(seconds: -86_400), at: now) < 3 else {
      return try await finish(inpacket, .leave, said: "not proved to be the user's")
    }
    try await reply(inpacket, isKept: true) { writer, stamp in
      try writer.nonce(words: answer.words, about: inpacket.sha256, stamp)
    }
  }

  private func ask(
    _ question: Question, _ words: String, _ inpacket: Inpacket, _ mail: Message, _ evidence: Evidence
  ) async throws {
    let letters = Letters(store: store)
    let settings = try await replySettings()
    guard case .which = question, let letter = Understanding.letter(answeredBy: mail, evidence, letters: letters, settings)
    else {
      return try await notUnderstood(words, because: question.sentence, inpacket)
    }
    var candidates: [Int: Story] = [:]
    for (number, target) in letter.targets {
      guard case .item(let id) = target, let item = try await store.items([id]).first else { continue }
      candidates[number] = Story(item: item)
    }
    let choice = Digest.Choice(words: words, candidates: candidates, about: inpacket.sha256)
    try await reply(inpacket, isKept: true) { writer, stamp in try writer.which(choice, stamp) }
  }

  private func settle(_ letter: SentLetter, _ settlement: Understanding.Settlement, _ inpacket: Inpacket) async throws {
    if let about = letter.about, let asked = try await store.inpacket(about), asked.state != "done",
      let mail = try? Message(file: layout.inpacket(about))
    {
      try await settle(asked, mail, settlement)
    }
    // Last of all: who dies before reads this answer again.
    let mark = try await answeredMark(of: inpacket)
    try await store.transact(at: clock.now()) { transaction in
      _ = try transaction.actOnce(mark)
      try transaction.finish(inpacket.sha256, placement: .leave)
    }
    layout.remove(inpacket: inpacket.sha256)
  }

  private func settle(_ asked: Inpacket, _ mail: Message, _ settlement: Understanding.Settlement) async throws {
    var evidence = try await evidence(asked, mail)
    switch settlement {
    case .disowned: return try await finish(asked, .leave, said: "the user did not write it")
    case .wroteIt: evidence.isConfirmed = true
    case .choice(let choice): evidence.choice = choice
    }
    try await act(on: asked, mail, evidence: evidence)
  }

  private func notUnderstood(_ words: String, because reason: String, _ inpacket: Inpacket) async throws {
    try await reply(inpacket) { writer, stamp in try writer.notUnderstood(words: words, because: reason, stamp) }
  }

  /// Under this mark a mail is answered once, whether by a letter or by doing what it says about another one, however many copies of it
  /// there are.
  private func answeredMark(of inpacket: Inpacket) async throws -> String {
    let messageID = try await store.messageID(ofLetter: inpacket.sha256)
    return "answered:" + (messageID.isEmpty ? inpacket.sha256.text : messageID)
  }

  /// Answers a mail of the user: once for each, and 20 times a day at most. Never silence towards the user, never a loop. With
  /// `isKept` the mail is kept until the user answers in turn.
  private func reply(
    _ inpacket: Inpacket, isKept: Bool = false, _ write: (LetterWriter, LetterWriter.Stamp) throws -> Letter
  ) async throws {
    let now = clock.now()
    let today = now.adding(seconds: -86_400)
    let messageID = try await store.messageID(ofLetter: inpacket.sha256)
    let mark = try await answeredMark(of: inpacket)
    let count = try await store.letters(kind: .notice, since: today, at: now) + store.letters(kind: .which, since: today, at: now)
    var letter: Letter?
    if count < 20, try await !store.hasActed(on: [mark]), let writer = try await letterWriter() {
      letter = try write(writer, stamp(follows: messageID.isEmpty ? [] : [messageID]))
    }
    // Without a letter there is nothing that the user could answer in turn.
    let isKept = isKept && letter != nil
    // In one with the letter: a mail counts as answered from the moment at which its answer will go.
    try await send(letter) { transaction in
      if isKept {
        try transaction.keepAsked(inpacket.sha256)
      } else {
        try transaction.finish(inpacket.sha256, placement: .leave)
      }
      return try transaction.actOnce(mark)
    }
    if !isKept { layout.remove(inpacket: inpacket.sha256) }
  }

  // MARK: Bounces

  private func readBounce(_ inpacket: Inpacket, _ mail: Message) async throws {
    for part in mail.root.flattened where ["message/rfc822", "text/rfc822-headers"].contains(part.contentType.mediaType) {
      guard let bytes = try? mail.body(of: part, limit: 40 << 20), let returned = try? Message(bytes),
        !returned.messageID.isEmpty
      else { continue }
      if try await store.bounced(messageID: returned.messageID, said: "returned by the mail system", at: clock.now()) { break }
    }
    try await finish(inpacket, .leave)
    await dispatch.ring()
  }

  func replySettings() async throws -> ReplySettings {
    let own = configuration.account.address.map { [$0.text.lowercased()] } ?? []
    let plus = configuration.mail.plusAddress.map { [$0.text.lowercased()] } ?? []
    var settings = ReplySettings(ownAddresses: Set(own), bridgeAddresses: Set(plus))
    settings.authenticationServer = configuration.mail.authservID?.lowercased()
    settings.postsUnaddressed = !configuration.post.ask
    settings.circles = Set(try await store.circles().map(\.name))
    return settings
  }
}

/// Letters by their tokens.
private struct Letters: LetterLookup {
  let store: Store
  func letter(_ token: LetterToken) -> SentLetter? { store.letterNow(token: token) }
}
