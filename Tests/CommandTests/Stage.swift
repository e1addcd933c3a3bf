import Account
import Bridge
import Foundation
import Packets
import Synchronization
import Testing

@testable import socialnet

/// One run of the command on a remembered account, with a person at the terminal or without.
struct Stage {
  let cast: Cast
  /// What the person, or a program, types.
  var input = ""
  /// Whether a person sits there.
  var isInteractive = false
  /// Whether somebody watches standard error.
  var isWatched = false
  /// What every operation fails with.
  var failure: OperationFailure?
  var environment = ["HOME": "/home/anna"]

  init() throws { cast = try Cast() }

  /// What came of it.
  struct Outcome {
    var code: Int32
    var output: String
    var errors: String
    var asked: [String]
  }

  func run(_ arguments: String...) async -> Outcome { await run(arguments) }

  func run(_ arguments: [String]) async -> Outcome {
    let output = Mutex("")
    let errors = Mutex("")
    let rest = Mutex(input[...])
    let seconds = Mutex(0.0)
    let line: @Sendable () -> String? = {
      rest.withLock { rest in
        guard !rest.isEmpty else { return nil }
        let line = rest.prefix { $0 != "\n" }
        rest = rest.dropFirst(line.count + 1)
        return String(line)
      }
    }
    let console = Console(
      write: { bytes throws(OperationFailure) in output.withLock { $0 += String(decoding: bytes, as: UTF8.self) } },
      say: { words in errors.withLock { $0 += words } },
      readAll: { limit throws(OperationFailure) in
        let bytes = Array(rest.withLock { $0 }.utf8)
        return bytes.count <= limit ? bytes : nil
      },
      readLine: line, readSecret: { line().map { Secret($0) } }, isInteractive: isInteractive, isWatched: isWatched)
    let now = Instant(milliseconds: 1_795_269_600_000)  // 2026-11-21T14:00:00Z
    let surroundings = Surroundings(
      environment: environment, workingDirectory: URL(filePath: "/here/", directoryHint: .isDirectory),
      zone: TimeZone(secondsFromGMT: 3600) ?? .gmt, now: { now },
      monotonic: {
        seconds.withLock { seconds in
          seconds += 1
          return seconds
        }
      }, console: console)
    let operations = MemoryOperations(cast: cast, failure: failure)
    let code = await Program(surroundings: surroundings) { _, _ in operations }.run(arguments)
    return Outcome(code: code, output: output.withLock { $0 }, errors: errors.withLock { $0 }, asked: operations.log)
  }
}

/// Answers as they were when somebody last looked at them. `GOLDEN=record swift test --filter CommandTests` writes them anew.
enum Golden {
  static func compare(_ answer: String, _ name: String, at place: SourceLocation = #_sourceLocation) throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Golden/\(name)")
    if ProcessInfo.processInfo.environment["GOLDEN"] == "record" {
      try FileManager.default.createDirectory(at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(answer.utf8).write(to: file)
    }
    let golden = try String(contentsOf: file, encoding: .utf8)
    #expect(answer == golden, "differs from Golden/\(name)", sourceLocation: place)
  }
}
