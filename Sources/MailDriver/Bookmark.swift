internal import Drivers
internal import Mailbox
internal import Packets

/// Where the reading of one folder stands, across passes and connections. What must outlive the process is its ``position``.
struct Bookmark: Sendable {
  /// How far the folder was read; nothing before it is known.
  var position: Position?
  /// All of the folder is being gone through again, by what the server finds.
  var search: SearchQuery?
  /// How many messages are looked at in one go. It shrinks with failures, until the message that breaks the conversation stands alone.
  private(set) var window = usualWindow
  /// What was seen and has not come yet, by UID, so that it need not be looked at again.
  var waiting: [UInt32: Candidate] = [:]
  /// How often the folder had changed when that was true (RFC 7162).
  var modseq: UInt64?
  /// How many messages have gone before they were fetched, and were not told of yet.
  var gone = 0
  /// Messages that failed, and when each is asked for again.
  private var failed: [UInt32: (count: Int, at: Instant, pause: Int64)] = [:]
  private var stumbledOver: UInt32?

  static let usualWindow = 500
  private static let hour: Int64 = 3600

  /// Whether a message may be asked for again: poison must not break each pass.
  func mayAsk(for uid: UInt32, at now: Instant) -> Bool {
    guard let failed = failed[uid] else { return true }
    return now < failed.at || failed.at.adding(seconds: failed.pause) <= now
  }

  /// A pass came to its end.
  mutating func succeed() {
    window = Self.usualWindow
    stumbledOver = nil
    failed = failed.filter { position?.pending.contains($0.key) == true }
  }

  /// A message that the server announced did not come; twice is chance. Returns whether it is set aside from now on.
  mutating func miss(_ uid: UInt32, at now: Instant) -> Bool {
    let count = (failed[uid]?.count ?? 0) + 1
    failed[uid] = (count, now, count < 3 ? 0 : min(24, 1 << min(count - 3, 5)) * Self.hour)
    return count == 3
  }

  /// Draws the lesson from a failed pass. Returns the message that is set aside from now on, if it is one.
  mutating func learn(from failure: FolderReader.Failure, at now: Instant) -> UInt32? {
    switch failure {
    case .connection(.folderChanged): self = Bookmark()
    // A line that breaks may do so by chance; words that cannot be understood come again.
    case .connection(let failure): window = failure.isAboutWords ? 1 : max(1, window / 8)
    case .message(let uid, let failure) where failure.isAboutWords || stumbledOver == uid || failed[uid] != nil:
      // Neither blocks what follows nor is forgotten: after an hour, two, four … it is asked for again.
      let count = (failed[uid]?.count ?? 2) + 1
      failed[uid] = (count, now, min(24, 1 << min(count - 3, 5)) * Self.hour)
      waiting[uid] = nil
      guard let position else { return nil }
      self.position?.pending = Set(position.pending + [uid]).sorted()
      self.position?.uid = max(position.uid, uid)
      return count == 3 ? uid : nil
    case .message(let uid, _): stumbledOver = uid
    case .intake, .full: break
    }
    return nil
  }
}
