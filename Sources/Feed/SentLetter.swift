public import Packets

/// What is remembered of a letter from the bridge to its user, so that the answer to it can be read.
public struct SentLetter: Hashable, Sendable, Codable {
  /// Recognises an answer, whatever the mail program does to the headers.
  public var token: LetterToken
  /// Without angle brackets.
  public var messageID: String
  /// What the letter is for.
  public var kind: Kind
  /// Before encoding, as the user sees it.
  public var subject: String
  /// From this moment on an answer proves nothing by its token.
  public var expires: Instant
  /// What the numbers of the letter stand for, `[#1]` first. A number without a thing to be done to it has none.
  public var targets: [Int: LetterTarget]
  /// Everything that stands in the letter, in its order, one passage a paragraph or line, before wrapping.
  public var passages: [Passage]
  /// The mail that a question is about, by the hash of its file.
  public var about: Hash?

  /// A letter of these parts.
  public init(
    token: LetterToken, messageID: String, kind: Kind, subject: String, expires: Instant, targets: [Int: LetterTarget],
    passages: [Passage], about: Hash? = nil
  ) {
    self.token = token
    self.messageID = messageID
    self.kind = kind
    self.subject = subject
    self.expires = expires
    self.targets = targets
    self.passages = passages
    self.about = about
  }

  /// What a letter is for.
  public enum Kind: String, Sendable, Codable {
    /// Many things, numbered.
    case digest
    /// One thing of the feed.
    case item
    /// Somebody wants to become a contact.
    case request
    /// What was posted by mail and still waits for its time.
    case receipt
    /// Which of several things the user's words were for.
    case which
    /// Whether the user wrote a mail: an answer proves access to the mailbox.
    case nonce
    /// Words that were not understood, help, and notices: nothing to be answered to, though orders are taken.
    case notice
  }

  /// Some words of a letter, and the number of the thing that they belong to.
  public struct Passage: Hashable, Sendable, Codable {
    /// As in `[#2]`; none for what belongs to no single thing.
    public var number: Int?
    /// One paragraph or line.
    public var text: String

    /// Words of a letter.
    public init(number: Int?, text: String) {
      self.number = number
      self.text = text
    }
  }
}

/// What a number in a letter stands for.
public enum LetterTarget: Hashable, Sendable, TextForm {
  /// Something in the feed.
  case item(ItemID)
  /// A waiting contact request.
  case request(PacketID)
  /// Something in the feed that needs a newer version: nothing can be done to it yet.
  case held(ItemID)
  /// Somebody's new profile, by the hash of its packet.
  case profile(Hash)
}

/// The secret in the reference line and the Message-ID of a letter: at least 16 random bytes in base32, lower case (RFC 4648 6),
/// because mail programs and people change case.
public struct LetterToken: Hashable, Sendable, TextForm {
  /// 26 or more characters of `a` to `z` and `2` to `7`.
  public let text: String

  /// Characters of 16 random bytes.
  public static let length = 26

  /// Reads a token; of another alphabet, or shorter, it is none.
  public init?(text: some StringProtocol) {
    guard (Self.length...64).contains(text.utf8.count), text.utf8.allSatisfy({ Self.alphabet.contains($0) }) else { return nil }
    self.text = String(text)
  }

  /// Makes a new token of 26 random characters (130 bits).
  public init(using random: inout some RandomNumberGenerator) {
    let characters = (0..<Self.length).map { _ in Self.alphabet[Int.random(in: 0..<32, using: &random)] }
    text = String(decoding: characters, as: UTF8.self)
  }

  private static let alphabet = Array("abcdefghijklmnopqrstuvwxyz234567".utf8)
}

extension LetterTarget {
  /// `item:1a2b…`, `request:0193…`, `held:1a2b…` or `profile:` and a SHA-256.
  public var text: String {
    switch self {
    case .item(let id): "item:" + id.text
    case .request(let id): "request:" + id.text
    case .held(let id): "held:" + id.text
    case .profile(let sha256): "profile:" + sha256.text
    }
  }

  /// Reads the text form.
  public init?(text: some StringProtocol) {
    if text.hasPrefix("item:"), let id = ItemID(text: text.dropFirst(5)) {
      self = .item(id)
    } else if text.hasPrefix("request:"), let id = PacketID(text: text.dropFirst(8)) {
      self = .request(id)
    } else if text.hasPrefix("held:"), let id = ItemID(text: text.dropFirst(5)) {
      self = .held(id)
    } else if text.hasPrefix("profile:"), let sha256 = Hash(text: text.dropFirst(8)) {
      self = .profile(sha256)
    } else {
      return nil
    }
  }
}
