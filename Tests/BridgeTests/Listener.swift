import Logging
import Synchronization

/// A log that nobody reads but a test, down to each word of the conversations with servers.
protocol Listener: LogHandler, AnyObject {}

extension Listener {
  subscript(metadataKey _: String) -> Logger.Metadata.Value? {
    get { nil }
    set {}
  }
  var metadata: Logger.Metadata {
    get { [:] }
    set {}
  }
  var logLevel: Logger.Level {
    get { .trace }
    set {}
  }
  var logger: Logger { Logger(label: "test") { _ in self } }
}

/// Keeps every line.
final class Ear: Listener {
  private let kept = Mutex<[String]>([])
  var lines: [String] { kept.withLock { $0 } }

  func log(event: LogEvent) { kept.withLock { $0.append("\(event.message)") } }
}
