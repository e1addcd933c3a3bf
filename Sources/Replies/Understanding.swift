public import Feed
public import MIME

/// What the bridge makes of a mail from its user. Nothing in it is a guess: what is not clear is asked.
public enum Understanding: Sendable {
  /// Clear, and proved to be the user's.
  case said(Answer)
  /// The user wants to know what can be said.
  case help
  /// An answer to a question of the bridge: the mail that it was about is to be understood again, with this as evidence.
  case settled(SentLetter, Settlement)
  /// Clear, and not proved enough. Mail programs file their copy after they send: look into Sent again after
  /// ``Authorship/looksAgain``, then ask with a nonce letter.
  case needsProof(Answer)
  /// Not clear: to be answered with a letter that quotes the words.
  case ask(Question, words: String)
  /// Nothing is done, and nothing is said.
  case silent(Silence)

  /// How a question was answered.
  public enum Settlement: Hashable, Sendable {
    /// The nonce letter: the user wrote that mail.
    case wroteIt
    /// The nonce letter: the user did not.
    case disowned
    /// "Which one?"
    case choice(Evidence.Choice)
  }
}

/// What a mail says.
public struct Answer: Sendable {
  /// In the order in which it was written.
  public var wishes: [Said]
  /// The letter that it answers; none for a new mail.
  public var letter: SentLetter?
  /// The author's words, whole.
  public var words: String
  /// What was taken out as quotation, attribution or signature: kept beside the post.
  public var cut: [String]
  /// Names of this mail under each of which it acts at most once.
  public var marks: [String]

  /// One wish, and the pictures that are to be prepared and put into it.
  public struct Said: Sendable {
    /// What is wanted; without pictures yet.
    public var wish: Wish
    /// Parts of the mail that hold pictures for this wish, in order.
    public var pictures: [Part]
  }
}

/// Why nothing is done and nothing said.
public enum Silence: Hashable, Sendable {
  /// Not to the bridge: private mail.
  case privateMail
  /// To other people too, like a digest that was forwarded.
  case addressedToOthers
  /// Not written by a person.
  case automatic(Automatic)
  /// Not proved to be the user's, and without a token that shows it to be an answer: perhaps a stranger's.
  case unproved
}

/// What is not clear. Each has a sentence for the letter that asks.
public enum Question: Hashable, Sendable {
  /// Words without a target, in the answer to a letter about several things.
  case which
  /// No words, no picture.
  case empty
  /// There is no such number in the letter.
  case unknownNumber(Int)
  /// The number stands for something with which this cannot be done.
  case unfitNumber(Int)
  /// An order that needs a number.
  case needsNumber(order: String)
  /// An order with something behind it that it does not take.
  case unclearOrder(String)
  /// An order of a later version.
  case laterOrder(String)
  /// `post:` beside words for something else.
  case mixedPost
  /// No circle has this name.
  case unknownCircle(String)
  /// Several wishes, and it is not clear to which the pictures belong.
  case whosePictures
  /// This letter takes orders, not words.
  case wordsNotTaken
  /// It answers two letters at once.
  case severalLetters
  /// It answers a letter that is too old, or not known.
  case unknownLetter
  /// It holds a forwarded mail.
  case forwarded
  /// Lines that could be the user's or what a mail program made of the quotation.
  case unclearQuotation
  /// Encrypted, and not to the bridge.
  case sealed
  /// Longer than a post may be.
  case tooLong
  /// Its bytes cannot be read as a mail.
  case unreadable

  /// What was not understood, and what to do, for the user.
  public var sentence: String {
    switch self {
    case .which: "It is not clear which of the things in the mail your words are for."
    case .empty: "Your answer has no words of its own. Write them above or below the quotation, and send it again."
    case .unknownNumber(let number): "There is no number \(number) in the mail that you answered."
    case .unfitNumber(let number): "This cannot be done with number \(number)."
    case .needsNumber(let order): "Say for which one, with its number: \"2 \(order)\"."
    case .unclearOrder(let order): "\"\(order)\" is an order only if it stands alone, perhaps with a time: \"mute 7d\"."
    case .laterOrder(let order): "\"\(order)\" will come with a later version; it is not understood yet."
    case .mixedPost: "Words that begin with \"post:\" go to all your friends; send them in a mail of their own."
    case .unknownCircle(let name): "You have no circle called \"\(name)\"."
    case .whosePictures: "It is not clear to which of your words the pictures belong; send those in a mail of their own."
    case .wordsNotTaken: "This mail can be answered with an order only; \"help\" tells which there are."
    case .severalLetters: "Your mail quotes two of my mails; answer them one by one."
    case .unknownLetter: "The mail that you answered is too old. Answer a newer one, or begin a new mail."
    case .forwarded: "Your mail holds a forwarded one, which might not be meant for all. Copy the words that you want to post."
    case .unclearQuotation: "It is not clear which lines are yours and which are quoted. Delete the quotation, and send it again."
    case .sealed: "Your mail is encrypted, and not to the key that I have; send it to that key, or in the clear."
    case .tooLong: "Your words are longer than 60,000 bytes, more than a post can be."
    case .unreadable: "Your mail could not be read; send it again as plain text."
    }
  }
}
