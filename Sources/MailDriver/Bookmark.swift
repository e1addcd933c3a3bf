internal import Drivers
internal import Mailbox

/// Where the reading of one folder stands, across passes and connections. What must outlive the process is its ``position``.
struct Bookmark: Sendable {
  /// How far the folder was read; nothing before it is known.
  var position: Position?
  /// All of the folder is being gone through again, by what the server finds.
  var search: SearchQuery?
  /// The last pass broke the conversation: the next goes message by message, to find the one that does.
  var isSuspect = false
  /// Messages that break every conversation. They stay pending, and are asked for again by the next process.
  var poisoned: Set<UInt32> = []

  /// Draws the lesson from a failed pass.
  mutating func learn(from failure: FolderReader.Failure) {
    switch failure {
    case .connection(.folderChanged): self = Bookmark()
    case .connection(.protocolViolation): isSuspect = true
    case .poison(let uid):
      // Neither blocks what follows nor is forgotten.
      poisoned.insert(uid)
      guard let position else { return }
      self.position?.pending = Set(position.pending + [uid]).sorted()
      self.position?.uid = max(position.uid, uid)
    case .connection, .intake: break
    }
  }
}
