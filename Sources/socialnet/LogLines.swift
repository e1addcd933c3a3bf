internal import Account
internal import Logging

/// Log lines on standard error: plain ones for a person, and with the journal's priority in front under systemd (sd-daemon(3)).
struct LogLines: LogHandler {
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level
  /// Whether the journal reads along.
  let forJournal: Bool
  private let write: @Sendable (String) -> Void

  /// Lines from this level on; `write` takes a whole one with its end.
  init(level: Logger.Level, forJournal: Bool, write: @escaping @Sendable (String) -> Void) {
    logLevel = level
    self.forJournal = forJournal
    self.write = write
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let all = metadata.merging(event.metadata ?? [:]) { $1 }
    let pairs = all.sorted { $0.key < $1.key }.map { " \($0.key)=\($0.value)" }.joined()
    // A line is one line: what others wrote cannot begin another.
    let line = Printable.line("\(event.message)\(pairs)", limit: 2000)
    write((forJournal ? "<\(Self.priority(event.level))>" : "\(event.level): ") + line + "\n")
  }

  private static func priority(_ level: Logger.Level) -> Int {
    switch level {
    case .trace, .debug: 7
    case .info: 6
    case .notice: 5
    case .warning: 4
    case .error: 3
    case .critical: 2
    }
  }
}
