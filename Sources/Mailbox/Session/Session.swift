/// An authenticated IMAP conversation as a machine without a socket: the server's bytes go in, steps come out.
///
/// ``submit(_:)`` takes commands, which leave one behind the other without waiting for answers wherever RFC 9051 5.5 allows it;
/// ``resume()`` says what to do next. All our commands name messages by UID, so that no order of answers makes them ambiguous.
///
/// ```
/// session.submit(.noop)
/// resume() → .write("s1 NOOP\r\n") → .read   receive("* 3 EXISTS\r\ns1 OK\r\n")
/// resume() → .event(.response(.exists(3))) → .event(.completed(1, OK)) → .finished
/// ```
public struct Session: Sendable {
  /// What is to be done next.
  public enum Step: Hashable, Sendable {
    /// Send these bytes.
    case write([UInt8])
    /// Send the first `size` bytes of a file.
    case writeFile(path: String, size: Int)
    /// Nothing can go on before the server says more.
    case read
    /// Something happened.
    case event(Event)
    /// Every command is answered.
    case finished
  }

  /// What happened.
  public enum Event: Hashable, Sendable {
    /// A command was answered.
    case completed(CommandID, Status)
    /// The server said something.
    case response(Response)
    /// A message's bytes on their way through; the response they belong to follows.
    case body(BodyPiece)
    /// The server has taken the IDLE command, and will speak when there is news.
    case idling
  }

  /// Names a command of this session.
  public struct CommandID: Hashable, Sendable { let number: UInt64 }

  /// Which literals the server takes without being asked first (RFC 7888); nothing until its capabilities are known.
  public enum Literals: Hashable, Sendable {
    /// Each one waits for the server's `+`.
    case synchronizing
    /// LITERAL-: up to 4,096 bytes go at once.
    case nonSynchronizingUpTo4096
    /// LITERAL+: all go at once.
    case nonSynchronizing
  }

  /// How literals are sent from now on.
  public var literals = Literals.synchronizing

  private enum Idle { case none, asked, idling, leaving }

  private struct Outgoing {
    let id: CommandID
    let kind: Command.Kind
    var parts: ArraySlice<Command.Part>
    var isBegun = false
    /// `{5}` of the first part was sent.
    var isLiteralAnnounced = false
  }

  private var parser: ResponseParser
  private var lastNumber: UInt64 = 0
  private var outgoing: [Outgoing] = []
  private var unanswered: [String: (id: CommandID, kind: Command.Kind)] = [:]
  private var file: (path: String, size: Int)?
  private var awaitsContinuation = false
  private var idle = Idle.none
  /// The IDLE that `idle` speaks of: the answer to an earlier one says nothing of it.
  private var idleCommand: CommandID?
  private var leavesIdleAtOnce = false
  private var isLoggingOut = false

  /// A conversation whose login is done, and of which nothing was read since.
  public init(limits: GrammarLimits = GrammarLimits()) { parser = ResponseParser(limits: limits) }

  /// Puts a command behind those that wait.
  @discardableResult
  public mutating func submit(_ command: Command) -> CommandID {
    lastNumber += 1
    let id = CommandID(number: lastNumber)
    outgoing.append(Outgoing(id: id, kind: command.kind, parts: command.parts[...]))
    return id
  }

  /// Ends IDLE, if it is on; commands behind it leave together with its `DONE`.
  public mutating func endIdle() {
    switch idle {
    case .none, .leaving: break
    case .asked: leavesIdleAtOnce = true
    case .idling: idle = .leaving
    }
  }

  /// Takes in what the server said.
  public mutating func receive(_ bytes: some Sequence<UInt8>) { parser.receive(bytes) }

  /// The next step.
  public mutating func resume() throws(SessionFailure) -> Step {
    while true {
      if let step = nextWrite() { return step }
      let output: ResponseParser.Output?
      do { output = try parser.next() } catch { throw .malformed(error) }
      switch output {
      case .body(let piece): return .event(.body(piece))
      case .response(let response): if let event = try event(of: response) { return .event(event) }
      case nil: return unanswered.isEmpty && outgoing.isEmpty ? .finished : .read
      }
    }
  }

  // MARK: Reading

  private mutating func event(of response: Response) throws(SessionFailure) -> Event? {
    switch response {
    case .continuation:
      return try proceed()
    case .status(let status, let tag?):
      guard let command = unanswered.removeValue(forKey: tag) else { throw .unknownTag(String(tag.prefix(20))) }
      // A refused literal: the rest of its command never leaves (RFC 9051 7.6).
      if awaitsContinuation, outgoing.first?.id == command.id {
        outgoing.removeFirst()
        awaitsContinuation = false
      }
      if command.id == idleCommand {
        idle = .none
        leavesIdleAtOnce = false
      }
      return .completed(command.id, status)
    case .status(let status, nil) where status.condition == .bye && !isLoggingOut:
      throw .closed(status.text)
    default:
      return .response(response)
    }
  }

  /// The server's `+`: for a literal or for IDLE; never otherwise.
  private mutating func proceed() throws(SessionFailure) -> Event? {
    if awaitsContinuation {
      awaitsContinuation = false
      return nil
    }
    guard idle == .asked else { throw .unexpectedContinuation }
    // Several may have been ended before the first began: whatever waits behind this one must not wait for news.
    idle = leavesIdleAtOnce || !outgoing.isEmpty ? .leaving : .idling
    leavesIdleAtOnce = false
    return .idling
  }

  // MARK: Writing

  private mutating func nextWrite() -> Step? {
    if let (path, size) = file {
      file = nil
      return .writeFile(path: path, size: size)
    }
    guard !awaitsContinuation, idle != .asked, idle != .idling else { return nil }
    var bytes: [UInt8] = []
    if idle == .leaving {
      bytes = Array("DONE\r\n".utf8)
      idle = .none
    }
    while bytes.count < 1 << 16, var command = outgoing.first {
      if !command.isBegun {
        let tag = "s\(command.id.number)"
        unanswered[tag] = (command.id, command.kind)
        bytes += Array("\(tag) ".utf8)
        command.isBegun = true
      }
      guard write(&command, to: &bytes) else {
        outgoing[0] = command
        break
      }
      outgoing.removeFirst()
      if command.kind == .logout { isLoggingOut = true }
      if command.kind == .idle {
        idle = .asked
        idleCommand = command.id
        break
      }
    }
    guard bytes.isEmpty else { return .write(bytes) }
    return file == nil ? nil : nextWrite()
  }

  /// Appends what of a command may leave now; false where something else must happen before the rest.
  private mutating func write(_ command: inout Outgoing, to bytes: inout [UInt8]) -> Bool {
    while let part = command.parts.first {
      let size: Int
      switch part {
      case .text(let text):
        bytes += text
        command.parts.removeFirst()
        continue
      case .literal(let literal): size = literal.count
      case .file(_, let fileSize): size = fileSize
      }
      if !command.isLiteralAnnounced {
        command.isLiteralAnnounced = true
        awaitsContinuation =
          switch literals {
          case .synchronizing: true
          case .nonSynchronizingUpTo4096: size > 4096
          case .nonSynchronizing: false
          }
        bytes += Array("{\(size)\(awaitsContinuation ? "" : "+")}\r\n".utf8)
        if awaitsContinuation { return false }
      }
      command.isLiteralAnnounced = false
      command.parts.removeFirst()
      switch part {
      case .literal(let literal): bytes += literal
      case .file(let path, let size):
        file = (path, size)
        return false
      case .text: break
      }
    }
    bytes += Array("\r\n".utf8)
    return true
  }
}

/// Why a conversation cannot go on.
public enum SessionFailure: Error, Hashable, Sendable {
  /// What the server said is not IMAP.
  case malformed(GrammarFailure)
  /// An answer to a command that was never given.
  case unknownTag(String)
  /// `+` where nothing waits for it.
  case unexpectedContinuation
  /// The server ended it; its words.
  case closed(String)
}
