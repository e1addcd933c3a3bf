/// One IMAP command without its tag, made of text and literals. Whatever comes from outside is quoted here and nowhere else.
public struct Command: Hashable, Sendable {
  enum Part: Hashable, Sendable {
    case text([UInt8])
    case literal([UInt8])
    case file(path: String, size: Int)
  }

  /// How the session must treat it.
  enum Kind: Hashable, Sendable {
    case ordinary
    /// Answered by a continuation, and ended by `DONE`.
    case idle
    /// After it the server may say BYE.
    case logout
  }

  var parts: [Part] = []
  var kind = Kind.ordinary

  private init(_ text: String) { parts = [.text(Array(text.utf8))] }

  // MARK: Any state

  /// RFC 9051 6.1.1.
  public static let capability = Command("CAPABILITY")
  /// RFC 9051 6.1.2.
  public static let noop = Command("NOOP")
  /// RFC 9051 6.1.3.
  public static let logout: Command = {
    var command = Command("LOGOUT")
    command.kind = .logout
    return command
  }()

  // MARK: Folders

  /// RFC 9051 6.3.10.
  public static let namespace = Command("NAMESPACE")

  /// All folders (RFC 9051 6.3.9); with `specialUse`, the server names the attributes of RFC 6154 even if it would not otherwise.
  public static func list(specialUse: Bool) -> Command {
    Command(specialUse ? "LIST \"\" \"*\" RETURN (SPECIAL-USE)" : "LIST \"\" \"*\"")
  }

  /// RFC 9051 6.3.4.
  public static func create(_ folder: FolderName) -> Command { Command("CREATE ").appending(folder) }

  /// RFC 9051 6.3.7.
  public static func subscribe(_ folder: FolderName) -> Command { Command("SUBSCRIBE ").appending(folder) }

  /// Opens for change (RFC 9051 6.3.2).
  public static func select(_ folder: FolderName) -> Command { Command("SELECT ").appending(folder) }

  /// Opens so that the server itself refuses every change, and no message loses `\Recent` (RFC 9051 6.3.3).
  public static func examine(_ folder: FolderName) -> Command { Command("EXAMINE ").appending(folder) }

  /// As ``examine(_:)``; the server says besides what is gone since a number of changes (RFC 7162 3.2.5).
  public static func examine(_ folder: FolderName, validity: UInt32, since modseq: UInt64) -> Command {
    examine(folder).appending(" (QRESYNC (\(validity) \(modseq)))")
  }

  /// RFC 9051 6.3.11; with `modseq` the server says besides how often the folder has changed (RFC 7162 3.1.7).
  public static func status(_ folder: FolderName, modseq: Bool = false) -> Command {
    Command("STATUS ").appending(folder).appending(" (UIDNEXT UIDVALIDITY MESSAGES\(modseq ? " HIGHESTMODSEQ" : ""))")
  }

  /// From now on the server tells what is gone by UID, and may be asked for it (RFC 7162 3.2.3).
  public static let enableResync = Command("ENABLE QRESYNC")

  /// From now on the server tells unasked of mail that comes or goes, in the open folder and in these (RFC 5465 3.1).
  public static func notify(of folders: [FolderName]) -> Command {
    var command = Command("NOTIFY SET (SELECTED (MessageNew MessageExpunge)) (MAILBOXES (")
    for (number, folder) in folders.enumerated() {
      command = number == 0 ? command.appending(folder) : command.appending(" ").appending(folder)
    }
    return command.appending(") (MessageNew MessageExpunge))")
  }

  /// Storage used and allowed for a folder (RFC 9208 4.1.3).
  public static func quota(of folder: FolderName) -> Command { Command("GETQUOTAROOT ").appending(folder) }

  /// Adds a message from a file, read or not (RFC 9051 6.3.12). Its date is the server's clock.
  public static func append(file path: String, size: Int, to folder: FolderName, seen: Bool) -> Command {
    var command = Command("APPEND ").appending(folder).appending(seen ? " (\\Seen) " : " ")
    command.parts.append(.file(path: path, size: size))
    return command
  }

  // MARK: Messages

  /// UIDs of the messages that fit (RFC 9051 6.4.4).
  public static func search(_ query: SearchQuery) -> Command {
    var command = Command("UID SEARCH ")
    query.write(to: &command)
    return command
  }

  /// Attributes and header fields of messages, none of which is marked read by it (RFC 9051 6.4.5, BODY.PEEK).
  public static func look(at uids: String, fields: [String]) -> Command {
    Command("UID FETCH \(uids) (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS (\(fields.joined(separator: " ")))])")
  }

  /// Named parts of messages (RFC 9051 6.4.5), each written as it stands in the brackets: `3.MIME`. At most `first` bytes of each.
  public static func peek(_ sections: [String], first: Int? = nil, of uids: UIDSet) -> Command {
    let items = sections.map { "BODY.PEEK[\($0)]" + (first.map { "<0.\($0)>" } ?? "") }
    return Command("UID FETCH \(uids.text) (UID \(items.joined(separator: " ")))")
  }

  /// Whole messages. The attributes stand first, so that most servers name the UID before the body.
  public static func fetch(_ uids: UIDSet) -> Command {
    Command("UID FETCH \(uids.text) (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[])")
  }

  /// Adds a flag without an answer for each message (RFC 9051 6.4.6).
  public static func addFlag(_ flag: String, to uids: UIDSet) -> Command {
    Command("UID STORE \(uids.text) +FLAGS.SILENT (\(flag))")
  }

  /// RFC 6851 3.2.
  public static func move(_ uids: UIDSet, to folder: FolderName) -> Command {
    Command("UID MOVE \(uids.text) ").appending(folder)
  }

  /// RFC 9051 6.4.7.
  public static func copy(_ uids: UIDSet, to folder: FolderName) -> Command {
    Command("UID COPY \(uids.text) ").appending(folder)
  }

  /// Removes exactly these, if they are marked deleted (RFC 4315 2.1).
  public static func expunge(_ uids: UIDSet) -> Command { Command("UID EXPUNGE \(uids.text)") }

  /// Waits for news until ``Session/endIdle()`` (RFC 2177 3).
  public static let idle: Command = {
    var command = Command("IDLE")
    command.kind = .idle
    return command
  }()

  // MARK: Writing

  func appending(_ folder: FolderName) -> Command {
    var command = self
    command.write(folder.bytes)
    return command
  }

  func appending(_ text: String) -> Command {
    var command = self
    command.write(raw: text)
    return command
  }

  /// Our own words, which need no quoting.
  mutating func write(raw text: String) {
    if case .text(let before)? = parts.last {
      parts[parts.count - 1] = .text(before + text.utf8)
    } else {
      parts.append(.text(Array(text.utf8)))
    }
  }

  /// Somebody else's bytes: quoted where quotes can carry them, a literal otherwise (RFC 9051 4.3).
  mutating func write(_ bytes: [UInt8]) {
    guard bytes.count <= 900, bytes.allSatisfy({ (0x20...0x7e).contains($0) }) else {
      parts.append(.literal(bytes))
      return
    }
    let quoted = bytes.flatMap { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") ? [UInt8(ascii: "\\"), $0] : [$0] }
    write(raw: "\"" + String(decoding: quoted, as: UTF8.self) + "\"")
  }

  /// For a log: the text, and of literals only how long they are.
  var summary: String {
    parts.map { part in
      switch part {
      case .text(let bytes): String(decoding: bytes, as: UTF8.self)
      case .literal(let bytes): "{\(bytes.count) bytes}"
      case .file(_, let size): "{\(size) bytes}"
      }
    }.joined()
  }
}

/// What a search asks for (RFC 9051 6.4.4).
public indirect enum SearchQuery: Hashable, Sendable {
  case all
  /// A header field that holds these words; with no words, one that stands at all.
  case header(String, contains: String)
  case from(String)
  case to(String)
  /// UIDs from this one on.
  case uidFrom(UInt32)
  case uids(UIDSet)
  case both(SearchQuery, SearchQuery)
  case either(SearchQuery, SearchQuery)

  func write(to command: inout Command) {
    switch self {
    case .all: command.write(raw: "ALL")
    case .header(let field, let words):
      command.write(raw: "HEADER ")
      command.write(Array(field.utf8))
      command.write(raw: " ")
      command.write(Array(words.utf8))
    case .from(let words):
      command.write(raw: "FROM ")
      command.write(Array(words.utf8))
    case .to(let words):
      command.write(raw: "TO ")
      command.write(Array(words.utf8))
    case .uidFrom(let uid): command.write(raw: "UID \(uid):*")
    case .uids(let set): command.write(raw: "UID \(set.text)")
    case .both(let one, let other):
      one.write(to: &command)
      command.write(raw: " ")
      other.write(to: &command)
    case .either(let one, let other):
      // A nested pair stands in parentheses, so that OR takes it as one key.
      command.write(raw: "OR (")
      one.write(to: &command)
      command.write(raw: ") (")
      other.write(to: &command)
      command.write(raw: ")")
    }
  }
}
