import Account
import Feed
import Foundation
import TestMail
import Testing

@testable import Bridge

/// The running daemon, beside the command on the same account.
@Suite struct DaemonTests {
  /// Waits for something, less long than the daemon sleeps when nobody rings.
  static func wait(_ what: String, until holds: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(40)
    while !(try await holds()) {
      guard ContinuousClock.now < deadline else { throw ProgramFailed(program: "daemon", said: "not yet: \(what)") }
      try await Task.sleep(for: .milliseconds(50))
    }
  }

  @Test func `what a command says leaves at once, because the daemon is told, and there is one daemon`() async throws {
    try await Stage.play { stage in
      let anna = try await stage.neighbour("Anna")
      let ben = try await stage.neighbour("Ben")
      try await anna.befriend(ben)
      try await anna.with { bridge in
        let running = Task { try await Daemon(bridge: bridge).run() }
        defer { running.cancel() }
        try await Self.wait("it runs") { await anna.node.doctor().contains { $0.name == "daemon" && $0.result == .ok } }
        // Each comes when the daemon has nothing to do and sleeps.
        for number in 1...2 {
          let known = try ben.parcels().count
          _ = try await anna.node.post("\(number)", photos: [], circle: nil, share: false)
          try await Self.wait("post \(number)") { try ben.parcels().count > known }
        }
        for refused in [
          { try await anna.with { try await Daemon(bridge: $0).run() } }, { _ = try await anna.node.rebuild(progress: .none) },
        ] {
          let failure = await #expect(throws: OperationFailure.self) { try await refused() }
          #expect(failure?.code == .tryAgain || failure?.code == .unavailable, "\(String(describing: failure))")
        }
        // It hears, too, what comes in.
        _ = try await ben.node.post("from Ben", photos: [], circle: nil, share: false)
        try await ben.run()
        try await Self.wait("Ben's post") { try await anna.words().contains("from Ben") }
        running.cancel()
        try await running.value
      }
      #expect(await anna.node.doctor().contains { $0.name == "daemon" && $0.result == .warn })
      try await ben.run()
      try await ben.expect(words: ["1", "2", "from Ben"])
    }
  }
}
