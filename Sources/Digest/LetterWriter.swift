public import Feed
internal import MIME
internal import Mustache
public import Packets

/// Writes the bridge's letters to its user (Mailbox etiquette). Values in, message bytes out: the same input gives the same bytes.
public struct LetterWriter: Sendable {
  private let recipient: Recipient
  private let template: MustacheTemplate

  /// A writer for this user.
  public init(_ recipient: Recipient) throws(LetterFailure) {
    guard Address(recipient.address) != nil else { throw .badAddress(recipient.address) }
    guard Address(recipient.replyTo) != nil else { throw .badAddress(recipient.replyTo) }
    self.recipient = recipient
    do { template = try MustacheTemplate(string: Template.letter) } catch { throw .notWritten(reason: "\(error)") }
  }

  /// What makes a letter one of its kind.
  public struct Stamp: Hashable, Sendable {
    /// Fresh for each letter.
    public var token: LetterToken
    /// When it is written.
    public var date: Instant
    /// Until when an answer to it is an answer.
    public var expires: Instant
    /// The Message-IDs that it follows, oldest first, without brackets: earlier letters of the conversation, or the user's own mail.
    public var follows: [String]

    /// A stamp for one letter.
    public init(token: LetterToken, date: Instant, expires: Instant, follows: [String] = []) {
      self.token = token
      self.date = date
      self.expires = expires
      self.follows = follows
    }
  }

  /// A digest: up to ten items whole, everything else a line each.
  public func digest(_ edition: Edition, _ stamp: Stamp) throws(LetterFailure) -> Letter {
    try write(fitting(edition, stamp), as: .digest, subject: Self.subject(edition), targets: Self.targets(edition), stamp)
  }

  /// What a digest would say, for a look at it.
  public func preview(_ edition: Edition, _ stamp: Stamp) -> (text: String, html: String) {
    let page = fitting(edition, stamp)
    let html = HTMLForm(page, template, recipient: recipient, subject: Self.subject(edition), token: stamp.token).html
    return (FormatFlowed.encode(TextForm(page, token: stamp.token.text).text), html)
  }

  /// One item at once: a comment on the user's own post, or a message to the user alone.
  public func item(_ story: Story, _ stamp: Stamp) throws(LetterFailure) -> Letter {
    let conversation = story.root ?? story.item
    let reader = Reader(recipient, now: stamp.date)
    let words = Harmless.excerpt(conversation.text, scalars: 60)
    var stamp = stamp
    // The root is the same for all letters of a conversation, whichever of them the user keeps.
    stamp.follows.insert("item-\(conversation.id.text)@\(recipient.domain)", at: 0)
    return try write(
      Page(story, reader: reader), as: .item, subject: "Re: " + (words.isEmpty ? reader.kind(Story(item: conversation)) : words),
      targets: [1: Edition.Entry.item(story).target], stamp,
      from: "\(Harmless.line(story.item.author.name)) via SocialNet")
  }

  /// Somebody wants to become a contact.
  public func request(_ request: WaitingRequest, _ stamp: Stamp) throws(LetterFailure) -> Letter {
    let page = Page(request)
    return try write(page, as: .request, subject: page.subject, targets: [1: .request(request.id)], stamp)
  }

  /// What was posted by mail, and how to stop it.
  public func receipt(_ receipt: Receipt, _ stamp: Stamp) throws(LetterFailure) -> Letter {
    let page = Page(receipt, reader: Reader(recipient, now: stamp.date))
    let targets = receipt.things.enumerated().map { ($0 + 1, LetterTarget.item($1.item)) }
    let words = receipt.things.first.map { " " + Harmless.excerpt($0.words, scalars: 60) } ?? ""
    return try write(
      page, as: .receipt, subject: page.title + (receipt.things.count == 1 ? words : ""),
      targets: Dictionary(targets) { first, _ in first }, stamp)
  }

  /// Which of several things the user's words were for. Its numbers are those of the letter that was answered.
  public func which(_ choice: Choice, _ stamp: Stamp) throws(LetterFailure) -> Letter {
    let page = Page(choice, reader: Reader(recipient, now: stamp.date))
    return try write(
      page, as: .which, subject: page.subject, targets: choice.candidates.mapValues { .item($0.item.id) }, stamp,
      about: choice.about)
  }

  /// Whether the user wrote a mail, which its bytes do not prove.
  public func nonce(words: String, about: Hash, _ stamp: Stamp) throws(LetterFailure) -> Letter {
    let page = Page(unprovedWords: words)
    return try write(page, as: .nonce, subject: page.subject, targets: [:], stamp, about: about)
  }

  /// Words that were not understood, and the sentence that says why.
  public func notUnderstood(words: String, because reason: String, _ stamp: Stamp) throws(LetterFailure) -> Letter {
    let page = Page(notUnderstood: words, because: reason)
    return try write(page, as: .notice, subject: page.subject, targets: [:], stamp)
  }

  /// What can be said to the bridge.
  public func help(_ stamp: Stamp) throws(LetterFailure) -> Letter {
    try write(.help, as: .notice, subject: Page.help.subject, targets: [:], stamp)
  }

  /// Something that the user should know.
  public func notice(_ notice: Notice, _ stamp: Stamp) throws(LetterFailure) -> Letter {
    let page = Page(notice)
    return try write(page, as: .notice, subject: page.subject, targets: [:], stamp)
  }

  /// At most this much HTML: beyond about 100 KB some providers cut a mail off.
  static let largestHTML = 80 << 10

  private func fitting(_ edition: Edition, _ stamp: Stamp) -> Page {
    let reader = Reader(recipient, now: stamp.date)
    var measure = Measure()
    while true {
      let page = Page(edition, measure, reader: reader)
      let form = HTMLForm(page, template, recipient: recipient, subject: Self.subject(edition), token: stamp.token)
      guard form.html.utf8.count > Self.largestHTML, let smaller = measure.smaller else { return page }
      measure = smaller
    }
  }

  private func write(
    _ page: Page, as kind: SentLetter.Kind, subject: String, targets: [Int: LetterTarget], _ stamp: Stamp,
    from: String = "SocialNet", about: Hash? = nil
  ) throws(LetterFailure) -> Letter {
    let text = TextForm(page, token: stamp.token.text)
    let html = HTMLForm(page, template, recipient: recipient, subject: subject, token: stamp.token)
    let record = SentLetter(
      token: stamp.token, messageID: Envelope.messageID(stamp.token, recipient), kind: kind, subject: subject,
      expires: stamp.expires, targets: targets, passages: text.passages.filter { !$0.text.isEmpty } + html.passages, about: about)
    do {
      let envelope = Envelope(recipient: recipient, stamp: stamp, kind: kind, subject: subject, from: from)
      return Letter(record: record, bytes: try envelope.message(text: text.text, html: html).bytes())
    } catch {
      throw .notWritten(reason: error.description)
    }
  }

  private static func subject(_ edition: Edition) -> String { Page.summary(edition) }

  private static func targets(_ edition: Edition) -> [Int: LetterTarget] {
    var targets: [Int: LetterTarget] = [:]
    for (index, entry) in edition.entries.enumerated() { targets[index + 1] = entry.target }
    return targets
  }
}

extension Page {
  /// The title as a subject.
  fileprivate var subject: String { title.last == "." ? String(title.dropLast()) : title }
}
