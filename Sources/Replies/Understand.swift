public import Feed
public import MIME
internal import Packets

extension Understanding {
  /// Reads a mail, step by step as the article "Replies" has it. Pure: the same mail and evidence give the same understanding.
  public static func of(
    _ mail: Message, _ evidence: Evidence, letters: some LetterLookup, _ settings: ReplySettings
  ) -> Understanding {
    if let automatic = Automatic(mail) { return .silent(.automatic(automatic)) }
    let reading = Reading(mail, evidence, settings)
    guard evidence.place == .post || settings.isOnlyToUser(mail.headers) else { return .silent(.addressedToOthers) }
    let answered = reading.answeredLetters(letters)
    guard !answered.isEmpty || reading.isForBridge else { return .silent(.privateMail) }
    guard answered.count <= 1 else { return reading.ask(.severalLetters) }
    return reading.understanding(answering: answered.first)
  }

  /// The letter that a mail answers, known by its headers or by the reference line in it; nothing where it answers none or several.
  public static func letter(
    answeredBy mail: Message, _ evidence: Evidence, letters: some LetterLookup, _ settings: ReplySettings
  ) -> SentLetter? {
    let answered = Reading(mail, evidence, settings).answeredLetters(letters)
    return answered.count == 1 ? answered.first : nil
  }
}

/// One mail on its way to being understood.
private struct Reading {
  let mail: Message
  let evidence: Evidence
  let settings: ReplySettings
  /// Empty where it is sealed or cannot be read.
  var content: Content?
  var trouble: Question?

  init(_ mail: Message, _ evidence: Evidence, _ settings: ReplySettings) {
    self.mail = mail
    self.evidence = evidence
    self.settings = settings
    do {
      switch evidence.encryption {
      case .opened(let inner): content = try Content(inner, of: inner.root)
      case .none where !Self.isEncrypted(mail): content = try Content(mail, of: mail.root)
      case .none, .sealed: trouble = .sealed
      }
    } catch .bodyTooLong {
      trouble = .tooLong
    } catch {
      trouble = .unreadable
    }
  }

  private static func isEncrypted(_ mail: Message) -> Bool {
    ["multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime"].contains(mail.root.contentType.mediaType)
  }

  private var subject: String { mail.headers.first("Subject")?.decoded ?? "" }
  private var text: String { content?.text ?? "" }
  /// How the bridge and the user stand in attributions.
  private var names: Set<String> { settings.ownAddresses.union(settings.bridgeAddresses).union(["socialnet"]) }

  /// Whether a mail that answers nothing is meant for the bridge.
  var isForBridge: Bool {
    if evidence.place == .post || settings.isToBridge(mail.headers) { return true }
    let isToOneself = settings.recipients(mail.headers).contains { settings.ownAddresses.contains($0) }
    return isToOneself && NewMail.posting(subject: subject, settings) != nil
  }

  // MARK: Which letter

  /// The letters that the mail answers, by its headers and by the reference lines in it.
  func answeredLetters(_ letters: some LetterLookup) -> [SentLetter] {
    let parent = ids("In-Reply-To").first ?? ids("References").last
    let tokens = [parent.flatMap { LetterToken.first(in: $0) }].compactMap { $0 } + referenceTokens
    var found: [SentLetter] = []
    for letter in tokens.compactMap({ letters.letter($0) }) where !found.contains(where: { $0.token == letter.token }) {
      found.append(letter)
    }
    return found
  }

  private func ids(_ name: String) -> [String] { mail.headers.all(name).flatMap { MessageID.list($0.unfolded) } }

  /// Behind `ref ` anywhere in the text.
  private var referenceTokens: [LetterToken] {
    text.lowercased().split(whereSeparator: \.isWhitespace).adjacent.compactMap { before, word in
      before.hasSuffix("ref") ? LetterToken(text: word) : nil
    }
  }

  // MARK: Understanding

  func understanding(answering letter: SentLetter?) -> Understanding {
    let isFresh = letter.map { evidence.now < $0.expires } ?? false
    let secret = if case .opened = evidence.encryption { true } else { false }
    let words = AuthorsWords(text, letter: letter, names: names, quotesAreSecret: secret)
    let byItself = Authorship(
      mail, evidence, hasToken: isFresh, isForBridge: isForBridge, isSignatureBound: isSignatureBound(letter, words), settings)
    let authorship = max(byItself, evidence.choice?.authorship ?? .unproved)
    if authorship == .unproved, !isFresh, !Authorship.isVouched(mail, evidence, settings) { return .silent(.unproved) }
    if let trouble { return .ask(trouble, words: words.text) }
    if letter != nil, !isFresh { return .ask(.unknownLetter, words: words.text) }
    do {
      let outcome = try outcome(words, letter)
      var answer = Answer(wishes: [], letter: letter, words: words.text, cut: words.cut, marks: marks(letter, words))
      switch outcome {
      case .wishes(let wishes):
        answer.wishes = wishes
        return wishes.allSatisfy { authorship >= $0.wish.needs } ? .said(answer) : .needsProof(answer)
      case .help: return authorship >= .providersWord ? .help : .needsProof(answer)
      case .settled(let settlement):
        guard let letter else { return .ask(.unknownLetter, words: words.text) }
        switch settlement {
        // Who can answer the nonce letter can read the user's mailbox: that is the proof.
        case .consent(let isYes): return .settled(letter, isYes ? .wroteIt : .disowned)
        case .choice(let target):
          guard authorship >= .providersWord else { return .needsProof(answer) }
          return .settled(letter, .choice(Evidence.Choice(target, by: authorship)))
        }
      }
    } catch {
      return .ask(error.question, words: words.text)
    }
  }

  func ask(_ question: Question) -> Understanding {
    .ask(question, words: AuthorsWords(text, letter: nil, names: names).text)
  }

  private func outcome(_ words: AuthorsWords, _ letter: SentLetter?) throws(Grammar.Puzzle) -> Meaning.Outcome {
    let pictures = content?.pictures ?? []
    if let letter {
      return try Meaning(
        words: words, pictures: pictures, letter: letter, settings: settings, now: evidence.now, choice: evidence.choice
      ).outcome()
    }
    return try NewMail(
      words: words, pictures: pictures, subject: subject, isToBridge: isForBridge, isAnswer: !ids("In-Reply-To").isEmpty,
      settings: settings, now: evidence.now
    ).outcome()
  }

  /// Whether what was signed names the letter that it answers, or is a post by its own words.
  private func isSignatureBound(_ letter: SentLetter?, _ words: AuthorsWords) -> Bool {
    let isWhole =
      mail.root.contentType.mediaType == "multipart/signed" || mail.root.contentType.mediaType == "multipart/encrypted"
    guard isWhole else { return false }
    return letter.map { referenceTokens.contains($0.token) } ?? (Posting(words.text) != nil)
  }

  /// Under each of these the mail acts once: it is seen in Sent and in INBOX, and programs that send again change the Message-ID.
  private func marks(_ letter: SentLetter?, _ words: AuthorsWords) -> [String] {
    let date = mail.headers.date.map(String.init) ?? ""
    let said = [letter?.token.text ?? "", date, words.text].joined(separator: "\n")
    var marks = (mail.headers.only("Message-ID").map { MessageID.list($0.unfolded) } ?? []).prefix(1).map { "id:" + $0 }
    marks.append("words:" + Hash.of(Array(said.utf8)).text)
    if evidence.signature == .own, let signed = mail.root.parts.first, let bytes = try? mail.bytes(in: signed.entity) {
      marks.append("signed:" + Hash.of(bytes).text)
    }
    return marks
  }
}

extension Wish {
  /// How sure it must be that the user wrote it (Replies, "Who wrote it").
  fileprivate var needs: Authorship {
    switch self {
    case .comment, .react, .mute: .providersWord
    default: .proved
    }
  }
}

extension Array {
  /// Each element with the one before it.
  fileprivate var adjacent: Zip2Sequence<[Element], ArraySlice<Element>> { zip(self, dropFirst()) }
}
