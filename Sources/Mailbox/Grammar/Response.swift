/// One whole response of the server (RFC 9051 7), less the bodies that were streamed out of it.
public enum Response: Hashable, Sendable {
  /// `+`: the server waits for the rest of a command (RFC 9051 7.6).
  case continuation
  /// OK, NO, BAD, BYE or PREAUTH; `tag` is nothing for an untagged one.
  case status(Status, tag: String?)
  /// What the server can do, in capitals.
  case capability(Set<String>)
  /// A folder of a LIST answer.
  case list(ListedFolder)
  /// The first personal namespace, if there is one (RFC 9051 7.3.4).
  case namespace(Namespace?)
  /// UIDs or numbers that a search found.
  case search([UInt32])
  /// What STATUS said about a folder.
  case folderStatus(FolderName, FolderStatus)
  /// How many messages the selected folder holds.
  case exists(UInt32)
  /// A message of the selected folder is gone.
  case expunge(UInt32)
  /// Storage used and allowed, in kibibytes (RFC 9208 4.2).
  case quota(used: Int, limit: Int)
  /// Messages of the selected folder are gone; `earlier` ones were so before it was opened (RFC 7162 3.2.10).
  case vanished(UIDRanges, earlier: Bool)
  /// Extensions that are in force from now on, in capitals (RFC 5161 3.2).
  case enabled(Set<String>)
  /// Parts and attributes of one message.
  case fetch(Fetched)
  /// Anything else, by its first word; of no use to us, and therefore skipped.
  case other(String)
}

/// An answer of the server to a command, or its word in between.
public struct Status: Hashable, Sendable {
  /// How it ended.
  public enum Condition: String, Sendable {
    case ok = "OK"
    case no = "NO"
    case bad = "BAD"
    case bye = "BYE"
    case preauth = "PREAUTH"
  }

  /// How it ended.
  public var condition: Condition
  /// The response code in brackets, if one stood there and is of use.
  public var code: ResponseCode?
  /// Words for people: the server's, so never to be trusted, without control characters and at most 300 characters long.
  public var text: String

  /// Whether the mailbox has no room: by the code of RFC 9208 5.2, or in words, from servers that do not know it.
  public var isOverQuota: Bool {
    condition == .no && (code == .word("OVERQUOTA") || code == nil && text.lowercased().contains("quota"))
  }

  /// An answer of these parts.
  public init(_ condition: Condition, code: ResponseCode? = nil, text: String = "") {
    self.condition = condition
    self.code = code
    self.text = text
  }
}

/// Response codes (RFC 9051 7.1) that something here acts on.
public enum ResponseCode: Hashable, Sendable {
  /// Where an appended message came to lie (RFC 4315 3).
  case appendUID(validity: UInt32, uid: UInt32)
  /// Where copied or moved messages came to lie, in pairs (RFC 4315 3).
  case copyUID(validity: UInt32, from: [UInt32], to: [UInt32])
  case uidValidity(UInt32)
  case uidNext(UInt32)
  case capability(Set<String>)
  /// A code without arguments that matter, in capitals: `TRYCREATE`, `OVERQUOTA`, `NONEXISTENT`.
  case word(String)
}

/// A folder that LIST named (RFC 9051 7.3.1).
public struct ListedFolder: Hashable, Sendable {
  /// Its attributes in lower case, with the backslash: `\sent` (RFC 6154), `\noselect`.
  public var attributes: Set<String>
  /// The hierarchy separator, one ASCII character; nothing in a flat name.
  public var separator: Character?
  /// As the server spells it.
  public var name: FolderName

  /// A folder of these parts.
  public init(attributes: Set<String>, separator: Character?, name: FolderName) {
    self.attributes = attributes
    self.separator = separator
    self.name = name
  }
}

/// Where a person's own folders hang (RFC 2342 5).
public struct Namespace: Hashable, Sendable {
  /// What stands before every own folder's name: empty, or such as `INBOX.`.
  public var prefix: [UInt8]
  /// The hierarchy separator, if names have levels.
  public var separator: Character?

  /// A namespace of these parts.
  public init(prefix: [UInt8], separator: Character?) {
    self.prefix = prefix
    self.separator = separator
  }
}

/// What STATUS tells (RFC 9051 7.3.3), as far as it was asked for.
public struct FolderStatus: Hashable, Sendable {
  /// Another one means that all UIDs are new (RFC 9051 2.3.1.1).
  public var uidValidity: UInt32?
  /// What the next message to arrive will be called, or more.
  public var uidNext: UInt32?
  /// How many there are.
  public var messages: UInt32?
  /// Grows with every change in the folder (RFC 7162 3.1.2.1); nothing where the server does not count.
  public var highestModseq: UInt64?
  /// Why the server tells nothing about the folder; its words.
  public var refusal: String?

  /// Nothing known yet.
  public init() {}
}

/// What a FETCH response said about one message (RFC 9051 7.5.2).
public struct Fetched: Hashable, Sendable {
  /// Its number in the folder at this moment.
  public var number: UInt32
  /// Its name in the folder, which never changes.
  public var uid: UInt32?
  /// As spelled by the server, `\Seen`.
  public var flags: Set<String>?
  /// INTERNALDATE, seconds since 1970.
  public var arrived: Int64?
  /// RFC822.SIZE, bytes.
  public var size: Int?
  /// What stood for each `BODY[…]`, by what stood in the brackets, in capitals.
  public var sections: [String: Section] = [:]

  /// Part of a message.
  public enum Section: Hashable, Sendable {
    /// NIL: the message has no such part.
    case absent
    /// Kept in memory.
    case bytes([UInt8])
    /// A literal of this many bytes, streamed out before this response.
    case streamed(Int)
    /// A literal of this many bytes that was longer than the limit, and read past.
    case dropped(Int)
  }

  /// Nothing known yet about the message of this number.
  public init(number: UInt32) { self.number = number }
}
