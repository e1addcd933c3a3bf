internal import Account
internal import Bridge
internal import FoundationEssentials
internal import Packets

/// What a subcommand has before it: the account's operations, and the person.
struct Desk: Sendable {
  /// What can be asked of the account.
  var operations: any Operations
  /// Where the account lies.
  var layout: Layout
  /// Whether data is shown as JSON.
  var json: Bool
  /// What is around the process.
  var surroundings: Surroundings

  /// The three streams.
  var console: Console { surroundings.console }

  /// Shows data: as one JSON object, or as text for a person.
  func show(_ data: some Encodable, else text: () -> String) throws(OperationFailure) {
    if json {
      try console.write(try JSON.object(data))
    } else {
      let text = text()
      try console.write(Array((text.isEmpty || text.hasSuffix("\n") ? text : text + "\n").utf8))
    }
  }

  /// Says something to the person, who may not be there.
  func say(_ words: String) { console.say(words + "\n") }

  /// Goes on only if the person means it: by a flag, or by an answer at the terminal.
  func confirm(_ question: String, _ isMeant: Bool) throws(OperationFailure) {
    if isMeant { return }
    guard console.isInteractive else {
      throw OperationFailure(.usage, "this cannot be taken back", remedy: "say --yes if you mean it")
    }
    console.say(question + " (yes or no): ")
    guard console.readLine()?.lowercased() == "yes" else {
      throw OperationFailure(.usage, "nothing was done", remedy: "answer yes, or say --yes, if you mean it")
    }
  }

  /// Words given as an argument, or with `-` read from standard input. At most what a packet can hold several times over.
  func words(_ argument: String?) throws(OperationFailure) -> String {
    if let argument, argument != "-" { return argument }
    if console.isInteractive { say("Write, and end with a line that holds Ctrl-D alone:") }
    guard let bytes = try console.readAll(1 << 20) else {
      throw OperationFailure(.badData, "standard input holds more than a packet can", remedy: "write at most 64 KiB")
    }
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw OperationFailure(.badData, "standard input is not text in UTF-8", remedy: "convert it first")
    }
    return text.hasSuffix("\n") ? String(text.dropLast()) : text
  }

  /// A progress line on the terminal; nothing where nobody watches.
  func progress() -> ProgressLine { ProgressLine(console: console, monotonic: surroundings.monotonic) }

  /// A moment as a person reads it.
  func time(_ moment: Instant) -> String { Moments.text(moment, in: surroundings.zone) }
}

/// What is around the process: everything that a test gives in its place.
struct Surroundings: Sendable {
  /// The environment's variables.
  var environment: [String: String]
  /// Relative paths count from here.
  var workingDirectory: URL
  /// The user's time zone.
  var zone: TimeZone
  /// The present moment.
  var now: @Sendable () -> Instant
  /// Seconds since some moment, for how long things take.
  var monotonic: @Sendable () -> Double
  /// The three streams.
  var console: Console

  /// Those of this process.
  static func process() -> Surroundings {
    let start = ContinuousClock.now
    return Surroundings(
      environment: ProcessInfo.processInfo.environment,
      workingDirectory: URL(filePath: FileManager.default.currentDirectoryPath, directoryHint: .isDirectory),
      zone: .current,
      now: { Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) },
      monotonic: { (ContinuousClock.now - start) / .seconds(1) },
      console: .process)
  }

  /// A file that the user named.
  func file(_ path: String, isFolder: Bool = false) -> URL {
    if path.hasPrefix("~/"), let home = environment["HOME"] {
      return URL(filePath: home).appending(path: String(path.dropFirst(2)))
    }
    return URL(filePath: path, directoryHint: isFolder ? .isDirectory : .notDirectory, relativeTo: workingDirectory)
      .standardizedFileURL
  }
}
