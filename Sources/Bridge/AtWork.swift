internal import FoundationEssentials
internal import Glibc
internal import Store
internal import Synchronization

/// What this process has in hand, written down where the next one finds it: a thing at which the program dies is poison too.
///
/// The file is a log of what was taken up and laid down, a few bytes each, because that happens for every parcel.
final class AtWork: Sendable {
  private static let prefix = "at-work-"
  private let file: URL
  private let log = Mutex(Log())

  private struct Log {
    var descriptor: Int32 = -1
    var inHand = 0
  }

  init(in scratch: URL) { file = scratch.appending(path: "\(Self.prefix)\(getpid())") }

  deinit { log.withLock { if $0.descriptor >= 0 { _ = Glibc.close($0.descriptor) } } }

  /// Does something with one thing.
  func hold<Result>(_ stage: Trouble.Stage, _ subject: String, _ body: () async throws -> Result) async rethrows -> Result {
    note("+", stage, subject)
    defer { note("-", stage, subject) }
    return try await body()
  }

  /// Nothing is in hand any more.
  func close() { try? FileManager.default.removeItem(at: file) }

  // Not synced: it outlives the process, and when the power fails nothing is to blame. Nor is it a failure when it cannot be written.
  private func note(_ sign: Character, _ stage: Trouble.Stage, _ subject: String) {
    log.withLock { log in
      if log.descriptor < 0 {
        log.descriptor = unsafe open(file.path, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0o600)
      }
      log.inHand += sign == "+" ? 1 : -1
      if log.inHand == 0 {
        _ = ftruncate(log.descriptor, 0)
      } else {
        // A zero byte ends an entry, as a file may have a line break in its name.
        let entry = Array("\(sign)\(stage.rawValue) \(subject)\0".utf8)
        _ = unsafe write(log.descriptor, entry, entry.count)
      }
    }
  }

  /// What processes had in hand that are no more. Told once.
  static func left(in scratch: URL) -> [(stage: Trouble.Stage, subject: String)] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: scratch.path)) ?? []
    return names.filter { $0.hasPrefix(prefix) }.flatMap { name -> [(stage: Trouble.Stage, subject: String)] in
      guard let process = pid_t(name.dropFirst(prefix.count)), kill(process, 0) != 0, errno == ESRCH else { return [] }
      let file = scratch.appending(path: name)
      defer { try? FileManager.default.removeItem(at: file) }
      return things((try? Data(contentsOf: file)) ?? Data())
    }
  }

  /// What a log took up and did not lay down.
  private static func things(_ log: Data) -> [(stage: Trouble.Stage, subject: String)] {
    var inHand: [String] = []
    // What stands behind the last zero byte was not written to its end.
    for entry in log.split(separator: 0, omittingEmptySubsequences: false).dropLast() {
      guard let entry = String(validating: entry, as: UTF8.self) else { continue }
      let thing = String(entry.dropFirst())
      if entry.hasPrefix("+") { inHand.append(thing) } else { inHand.firstIndex(of: thing).map { _ = inHand.remove(at: $0) } }
    }
    return inHand.compactMap { thing in
      let parts = thing.split(separator: " ", maxSplits: 1, omittingEmptySubsequences: false)
      guard parts.count == 2, let stage = Trouble.Stage(rawValue: String(parts[0])) else { return nil }
      return (stage, String(parts[1]))
    }
  }
}
