internal import Glibc

/// The three streams of a process, and the terminal behind them.
public enum StandardStream: Int32, Sendable {
  /// What comes in.
  case input = 0
  /// Data.
  case output = 1
  /// Words.
  case error = 2

  /// Whether a person sits there.
  public var isTerminal: Bool { isatty(rawValue) == 1 }

  /// Whether the systemd journal reads along: `JOURNAL_STREAM` names the device and inode of the stream that it gave (systemd.exec(5)).
  public func isJournal(environment: [String: String]) -> Bool {
    var status = stat()
    guard let stream = environment["JOURNAL_STREAM"], unsafe fstat(rawValue, &status) == 0 else { return false }
    return stream == "\(status.st_dev):\(status.st_ino)"
  }

  /// Writes all of it.
  public func write(_ bytes: [UInt8]) throws(DiskFailure) {
    var rest = bytes[...]
    while !rest.isEmpty {
      let written = unsafe rest.withUnsafeBytes { unsafe Glibc.write(rawValue, $0.baseAddress, $0.count) }
      if written < 0, errno == EINTR { continue }
      guard written > 0 else { throw DiskFailure(written == 0 ? EIO : errno, "standard output") }
      rest = rest.dropFirst(written)
    }
  }

  /// Everything until the end, or nothing where that is more than `limit` bytes.
  public func readAll(limit: Int) throws(DiskFailure) -> [UInt8]? {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 16_384)
    while true {
      let count = unsafe piece.withUnsafeMutableBytes { unsafe read(rawValue, $0.baseAddress, $0.count) }
      if count < 0, errno == EINTR { continue }
      guard count >= 0 else { throw DiskFailure(errno, "standard input") }
      if count == 0 { return bytes }
      bytes += piece[..<count]
      if bytes.count > limit { return nil }
    }
  }
}

/// Questions to the person at the terminal.
public enum Terminal {
  /// A line that is not shown while it is typed; nothing at the end of input, or where the person gave up with ^C.
  public static func readSecret() -> Secret<String>? {
    var usual = termios()
    let isTerminal = unsafe tcgetattr(STDIN_FILENO, &usual) == 0
    if isTerminal {
      var silent = usual
      // Without signals too: ^C would leave the terminal silent for good.
      silent.c_lflag &= ~tcflag_t(ECHO | ISIG)
      unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
    }
    defer { if isTerminal { unsafe tcsetattr(STDIN_FILENO, TCSAFLUSH, &usual) } }
    guard let line = readLine(strippingNewline: true), !line.unicodeScalars.contains(where: { $0.value == 3 }) else { return nil }
    return Secret(line)
  }

  /// Lets a write to a closed pipe or socket fail with an error in place of ending the process.
  public static func ignoreBrokenPipes() { signal(SIGPIPE, SIG_IGN) }
}
