internal import FoundationEssentials
internal import Glibc
internal import Store
internal import Synchronization

/// What this process has in hand, written down where the next one finds it: a thing at which the program dies is poison too.
final class AtWork: Sendable {
  private static let prefix = "at-work-"
  private let file: URL
  private let inHand = Mutex<[[String]]>([])

  init(in scratch: URL) { file = scratch.appending(path: "\(Self.prefix)\(getpid())") }

  /// Does something with one thing.
  func hold<Result>(_ stage: Trouble.Stage, _ subject: String, _ body: () async throws -> Result) async rethrows -> Result {
    let thing = [stage.rawValue, subject]
    note { $0.append(thing) }
    defer { note { things in things.firstIndex(of: thing).map { _ = things.remove(at: $0) } } }
    return try await body()
  }

  /// Nothing is in hand any more.
  func close() { try? FileManager.default.removeItem(at: file) }

  private func note(_ change: (inout [[String]]) -> Void) {
    inHand.withLock { things in
      change(&things)
      // Not synced: it outlives the process, and when the power fails nothing is to blame.
      try? JSONEncoder().encode(things).write(to: file)
    }
  }

  /// What processes had in hand that are no more. Told once.
  static func left(in scratch: URL) -> [(stage: Trouble.Stage, subject: String)] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: scratch.path)) ?? []
    return names.filter { $0.hasPrefix(prefix) }.flatMap { name -> [(stage: Trouble.Stage, subject: String)] in
      guard let process = pid_t(name.dropFirst(prefix.count)), kill(process, 0) != 0, errno == ESRCH else { return [] }
      let file = scratch.appending(path: name)
      defer { try? FileManager.default.removeItem(at: file) }
      guard let bytes = try? Data(contentsOf: file), let things = try? JSONDecoder().decode([[String]].self, from: bytes) else {
        return []
      }
      return things.compactMap { thing in
        guard thing.count == 2, let stage = Trouble.Stage(rawValue: thing[0]) else { return nil }
        return (stage, thing[1])
      }
    }
  }
}
