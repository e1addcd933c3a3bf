import Logging
import Synchronization
import Testing

@testable import socialnet

@Suite struct ProgressTests {
  @Test(
    arguments: [
      (0, nil, 0.0, "Reading"), (3, nil, 9.0, "Reading: 3"), (0, 10, 0.0, "Reading: 0 of 10"), (1, 100, 0.5, "Reading: 1 of 100"),
      (10, 100, 2.0, "Reading: 10 of 100, about 18 s left"), (1, 1000, 3.0, "Reading: 1 of 1000, about 50 min left"),
      (100, 100, 20.0, "Reading: 100 of 100"), (200, 100, 20.0, "Reading: 200 of 100"), (1, 0, 20.0, "Reading: 1"),
    ] as [(Int, Int?, Double, String)])
  func `a line says what, how many of how many, and how long still`(done: Int, total: Int?, elapsed: Double, line: String) {
    #expect(ProgressLine.line("Reading", done, total, elapsed: elapsed) == line)
  }

  @Test func `progress is shown to who watches, and to nobody else`() async throws {
    var stage = try Stage()
    #expect(await stage.run("run", "--once").errors.isEmpty)
    stage.isWatched = true
    let shown = await stage.run("run", "--once").errors
    #expect(shown.contains("Reading parcels: 2 of 4"))
    #expect(shown.hasSuffix("\r\u{1b}[K"))
    #expect(await stage.run("run").errors.isEmpty)
  }
}

@Suite struct LogTests {
  @Test(arguments: [(false, "warning: a\u{fffd}b key=value\n"), (true, "<4>a\u{fffd}b key=value\n")])
  func `a log line is one line`(forJournal: Bool, line: String) {
    let lines = Lines()
    let log = Logger(label: "x") { _ in LogLines(level: .info, forJournal: forJournal) { lines.add($0) } }
    log.warning("a\nb", metadata: ["key": "value"])
    log.debug("not shown")
    #expect(lines.all == [line])
  }

  private final class Lines: Sendable {
    private let lines = Mutex<[String]>([])
    var all: [String] { lines.withLock { $0 } }
    func add(_ line: String) { lines.withLock { $0.append(line) } }
  }
}
