internal import Feed
internal import Packets

// The pages of all letters but the digest.

extension Page {
  /// As many code points of one person's words as a letter shows: enough for any answer, too few for 80 KB of HTML.
  private static let wholeWords = 8_000

  /// One item, for which a digest would be too late.
  init(_ story: Story, reader: Reader) {
    let item = story.item
    let name = Harmless.line(item.author.name)
    switch item.kind {
    case .comment: self.init(title: "\(name) wrote a comment.")
    case .message: self.init(title: "\(name) wrote to you.")
    case .status, .photo, .share, .held: self.init(title: "\(name) posted something new.")
    }
    hints = item.held ? [] : [.words("Whoever sees the post will see your answer to this mail. One emoji is a reaction.")]
    if item.kind == .message { hints = [] }
    sections = [reader.section(story, number: nil, words: Self.wholeWords)]
    orders = [Order(purpose: "No more of this", says: "mute"), .help]
    self = limited(thumbnails: Measure().thumbnails)
  }

  /// Somebody wants to become a contact.
  init(_ request: WaitingRequest) {
    let name = Harmless.line(request.person.name)
    self.init(title: "\(name) wants to connect.")
    let fingerprint = request.fingerprint.text
    let groups = stride(from: 0, to: 40, by: 4).map { fingerprint.dropFirst($0).prefix(4) }.joined(separator: " ")
    hints = [.words("Answer \"accept\", and you see each other's posts. Answer \"decline\", and nobody is told.")]
    sections = [
      Section(
        number: nil, who: name, colour: request.person.author.key.first.map(Int.init),
        what: request.introducedBy.map { "introduced by \(Harmless.line($0))" }
          ?? "nobody you know introduced them",
        paragraphs: ["Reached at: \(Harmless.excerpt(request.endpoint, scalars: 200))", "Key: \(groups)"],
        buttons: [.accept(nil), .decline(nil)])
    ]
    orders = [.help]
  }

  /// What was posted by mail, and how to stop it.
  init(_ receipt: Receipt, reader: Reader) {
    let time = receipt.goes.map { "at \(reader.local($0).due(at: reader.now))" }
    func audience(_ thing: Receipt.Thing) -> String {
      switch thing.audience {
      case .friends(let count, let circle):
        "\(count) friend\(count == 1 ? "" : "s")" + (circle.map { " in \"\(Harmless.line($0))\"" } ?? "")
      case .below(let post): "whoever sees \(reader.post(post))"
      }
    }
    func section(_ thing: Receipt.Thing, _ number: Int?) -> Section {
      Section(
        number: number, who: number == nil ? "" : "To \(audience(thing))", what: "", paragraphs: Harmless.paragraphs(thing.words),
        tally: thing.photos > 0 ? "with \(thing.photos) photo\(thing.photos == 1 ? "" : "s")" : nil,
        buttons: receipt.goes == nil ? [] : [.stop(number)])
    }
    if receipt.things.count == 1, let only = receipt.things.first {
      self.init(title: "\(time == nil ? "Went" : "Goes") to \(audience(only))\(time.map { " " + $0 } ?? ""):")
      sections = [section(only, nil)]
    } else {
      self.init(title: "\(receipt.things.count) things \(time.map { "go out " + $0 } ?? "went out"):")
      sections = receipt.things.enumerated().map { section($1, $0 + 1) }
    }
    if receipt.goes != nil { hints = [.words("Answer \"stop\" before then, and nobody sees it.")] }
    orders = [.help]
  }

  /// Which of several things some words were for.
  init(_ choice: Choice, reader: Reader) {
    self.init(title: "Which one did you mean?", subtitle: "Nothing was published yet.")
    hints = [.words("Answer with a number, or with \"post\" if your words are for all your friends.")]
    sections = [Self.yourWords(choice.words)]
    linesTitle = "Your words could be for:"
    lines = choice.candidates.sorted { $0.key < $1.key }.prefix(Measure().lines).map { number, story in
      var line = reader.line(.item(story), number: number)
      line.buttons = [Button(label: "This one", says: "\(number)")]
      return line
    }
    lines.append(Line(number: nil, text: "None of them:", buttons: [Button(label: "Post to all friends", says: "post")]))
    orders = [.help]
  }

  /// Whether the user wrote something. Only who can open the mailbox can answer.
  init(unprovedWords words: String) {
    self.init(
      title: "Did you write this?", subtitle: "It cannot be seen from the mail that it is yours, so nothing was done yet.")
    hints = [.words("Answer \"yes\" if you wrote it. If not, do nothing: it is forgotten.")]
    sections = [Self.yourWords(words, buttons: [Button(label: "Yes, I wrote it", says: "yes")])]
    orders = [.help]
  }

  /// Words that were not understood, and why.
  init(notUnderstood words: String, because reason: String) {
    self.init(title: "This was not understood.", subtitle: "Nothing was published.")
    hints = [.words(Harmless.line(reason))]
    sections = [Self.yourWords(words)]
    orders = [.help]
  }

  /// What can be said to the bridge.
  static var help: Page {
    var page = Page(title: "How to answer your mails.")
    page.sections = [
      Section(
        number: nil, who: "", what: "",
        paragraphs: [
          "Under an item of a digest, write what you want to say; or begin a line with its number: \"2: lovely photo!\"",
          "", "A single emoji is a reaction: \"2 ❤\". In the answer to a mail about one thing no number is needed.",
          "", "To post to all your friends, begin with \"post:\". Pictures that you attach go with your words.",
        ]),
      Section(number: nil, who: "", what: "", paragraphs: orderLines),
    ]
    return page
  }

  private static let orderLines = [
    "2 like: the same as ❤", "2 mute, 2 mute 7d: no more of this conversation", "2 unmute: takes that back",
    "4 accept, 4 decline: answers somebody who wants to connect", "pause, pause 7d: no digests for a while",
    "resume: digests again",
    "stop: in the answer to a receipt, nothing is published", "undo: throws away the newest thing that still waits",
    "help: this letter",
  ]

  /// Something that the user should know.
  init(_ notice: Notice) {
    self.init(title: Harmless.line(notice.title))
    let paragraphs = notice.paragraphs.flatMap { Harmless.paragraphs($0) + [""] }
    if !paragraphs.isEmpty { sections = [Section(number: nil, who: "", what: "", paragraphs: paragraphs)] }
    orders = [.help]
  }

  private static func yourWords(_ words: String, buttons: [Button] = []) -> Section {
    let (beginning, isCut) = Harmless.beginning(of: words, scalars: wholeWords)
    return Section(
      number: nil, who: "You wrote", what: "", paragraphs: Harmless.paragraphs(beginning) + (isCut ? ["…"] : []), buttons: buttons
    )
  }
}
