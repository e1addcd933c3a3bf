import Account
import Feed
import Foundation
import Packets
import Testing

@testable import Bridge

/// Another address, with directories for it.
@Suite struct MoveTests {
  @Test func `who moves to another directory is written to there once the answer came from there`() async throws {
    try await Stage.play { stage in
      let anna = try await stage.neighbour("Anna")
      let ben = try await stage.neighbour("Ben")
      try await anna.befriend(ben)
      let new = stage.path("anna-new")
      try FileManager.default.createDirectory(at: new, withIntermediateDirectories: true)
      #expect(try await anna.node.move(to: ["file://\(new.path)"]) == 1)
      try await anna.run()
      try await ben.run()
      // What lies there is no use to whoever cannot open it.
      let sent = try FileManager.default.contentsOfDirectory(atPath: new.path)
      #expect(sent.count == 1)
      #expect(try await ben.node.contacts().first?.endpoints == ["file://\(try #require(anna.directory).path)"])
      try anna.change { $0.folder = new }
      try await anna.run()
      try await ben.run()
      #expect(try await ben.node.contacts().first?.endpoints == ["file://\(new.path)"])
      _ = try await ben.node.post("To the new place", photos: [], circle: nil, share: false)
      try await ben.run()
      #expect(try anna.parcels() == [])
      try await anna.run()
      try await anna.expect(words: ["To the new place"])
      try await anna.expect(refused: [])
      try await ben.expect(refused: [])
      let wrong = await #expect(throws: OperationFailure.self) { _ = try await anna.node.move(to: ["https://x.example"]) }
      #expect(wrong?.code == .badData)
    }
  }
}
