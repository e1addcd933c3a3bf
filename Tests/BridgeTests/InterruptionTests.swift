import Account
import Feed
import Foundation
import Logging
import Synchronization
import TestMail
import Testing

@testable import Bridge

/// Whatever stops the program, and wherever: nothing is lost, and nothing doubled.
@Suite struct InterruptionTests {
  @Test func `stopped at any step, the next run finishes the work`() async throws {
    try await Stage.play { stage in
      let anna = try await stage.neighbour("Anna")
      let ben = try await stage.neighbour("Ben")
      try await anna.befriend(ben)
      var said: [String] = []
      for step in 1... {
        said.append("\(step)")
        _ = try await ben.node.post("Ben's \(step)", photos: [], circle: nil, share: false)
        try await ben.run()
        _ = try await anna.node.post("Anna's \(step)", photos: [], circle: nil, share: false)
        let wasStopped = try await anna.run(stoppingAt: step) { $0.hasPrefix("begin") || $0.hasPrefix("end") }
        try await anna.run()
        try await ben.run()
        for person in [anna, ben] {
          let words = Set(try await person.words())
          #expect(words == Set(said.flatMap { ["Anna's \($0)", "Ben's \($0)"] }), "\(person.name) at step \(step)")
          #expect(try await person.node.feed(limit: 100, since: nil, words: nil).count == words.count)
          #expect(try await person.node.outpackets().waiting == [])
          #expect(try await person.node.inpackets().waiting == [])
          #expect(try person.files(\.outpackets) == [] && person.files(\.inpackets) == [] && person.parcels() == [])
          try await person.expect(refused: [])
        }
        if !wasStopped {
          // There were steps to be stopped at: receiving, sealing, sending, moving.
          #expect(step > 6)
          return
        }
      }
    }
  }

  // MARK: Held for the accept

  /// Anna asked Ben, whose accept and first words are under way: their files, apart.
  private static func play(
    _ body: (_ stage: Stage, _ anna: Person, _ accept: [URL], _ words: [URL]) async throws -> Void
  ) async throws {
    try await Stage.play { stage in
      let anna = try await stage.neighbour("Anna")
      let ben = try await stage.neighbour("Ben")
      let link = try await ben.node.invite(address: nil, name: nil).link
      _ = try await anna.node.accept(try InvitationLink.read(link))
      try await anna.run()
      func takeAway() throws -> [URL] {
        try anna.parcels().map { file in
          let place = stage.path("\(UUID().uuidString).eml")
          try FileManager.default.moveItem(at: file, to: place)
          return place
        }
      }
      try await ben.run()
      let accept = try takeAway()
      _ = try await ben.node.post("Said too early", photos: [], circle: nil, share: false)
      try await ben.run()
      try await body(stage, anna, accept, takeAway())
    }
  }

  @Test func `what comes before the accept is held, and read when it came`() async throws {
    try await Self.play { _, anna, accept, words in
      for file in words { try anna.receive(file) }
      try await anna.run()
      try await anna.expect(words: [])
      #expect(try await anna.node.inpackets().waiting.map(\.said) == ["waits for the accept"])
      #expect(try anna.files(\.inpackets).count == 1)
      for file in accept { try anna.receive(file) }
      try await anna.run()
      try await anna.expect(words: ["Said too early"])
      try await anna.expect(refused: [])
      #expect(try await anna.node.inpackets().waiting == [] && anna.files(\.inpackets) == [] && anna.parcels() == [])
    }
  }

  @Test func `what is held is given up after thirty days`() async throws {
    try await Self.play { stage, anna, accept, words in
      for file in words { try anna.receive(file) }
      try await anna.run()
      stage.pass(days: 29)
      try await anna.run()
      #expect(try await anna.node.inpackets().waiting.count == 1)
      stage.pass(days: 2)
      try await anna.run()
      try await anna.expect(refused: ["signer: no accept came within 30 days"])
      #expect(try await anna.node.inpackets().waiting == [] && anna.files(\.inpackets) == [] && anna.parcels() == [])
      #expect(try anna.files(\.refused).count == 2)
      try await anna.expect(words: [])
    }
  }
}

extension Person {
  /// Runs, and is told to stop as the log says something for the N-th time. Returns whether it came to that.
  @discardableResult
  func run(stoppingAt number: Int, at line: @escaping @Sendable (String) -> Bool) async throws -> Bool {
    let tripwire = Tripwire(number, line)
    let node = node(log: tripwire.logger)
    let run = Task { try await node.run(once: true, takingOver: false, progress: .none) }
    tripwire.state.withLock { state in
      state.stop = { run.cancel() }
      if state.left <= 0 { run.cancel() }
    }
    do {
      try await run.value
    } catch let failure as OperationFailure where failure.code == .tryAgain && tripwire.state.withLock({ $0.left }) <= 0 {
      return true
    }
    return tripwire.state.withLock { $0.left } <= 0
  }
}

/// A log that nobody reads, and that does something as soon as a certain line was written often enough.
final class Tripwire: Listener {
  struct State {
    var left: Int
    var stop: @Sendable () -> Void = {}
  }

  let state: Mutex<State>
  private let matches: @Sendable (String) -> Bool

  init(_ number: Int, _ matches: @escaping @Sendable (String) -> Bool) {
    state = Mutex(State(left: number))
    self.matches = matches
  }

  func log(event: LogEvent) {
    guard matches("\(event.message)") else { return }
    let stop = state.withLock { state in
      state.left -= 1
      return state.left == 0 ? state.stop : {}
    }
    stop()
  }
}
