internal import Drivers
internal import Mailbox

/// Where the reading of one folder stands, across passes and connections. What must outlive the process is its ``position``.
struct Bookmark: Sendable {
  /// How far the folder was read; nothing before it is known.
  var position: Position?
  /// All of the folder is being gone through again, by what the server finds.
  var search: SearchQuery?
  /// How many messages are looked at in one go. It shrinks with failures, until the message that breaks the conversation stands alone.
  private(set) var window = usualWindow
  /// Messages that break every conversation. They stay pending, and are asked for again by the next process.
  private(set) var poisoned: Set<UInt32> = []
  private var stumbledOver: UInt32?

  static let usualWindow = 500

  /// A pass came to its end.
  mutating func succeed() {
    window = Self.usualWindow
    stumbledOver = nil
  }

  /// Draws the lesson from a failed pass.
  mutating func learn(from failure: FolderReader.Failure) {
    switch failure {
    case .connection(.folderChanged): self = Bookmark()
    // A line that breaks may do so by chance; words that cannot be understood come again.
    case .connection(let failure): window = failure.isAboutWords ? 1 : max(1, window / 8)
    case .message(let uid, let failure) where failure.isAboutWords || stumbledOver == uid:
      // Neither blocks what follows nor is forgotten.
      poisoned.insert(uid)
      guard let position else { return }
      self.position?.pending = Set(position.pending + [uid]).sorted()
      self.position?.uid = max(position.uid, uid)
    case .message(let uid, _): stumbledOver = uid
    case .intake, .full: break
    }
  }
}
