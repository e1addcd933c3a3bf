import Account
import Feed
import Foundation
import TestMail
import Testing

@testable import Bridge

/// The running daemon, beside the command on the same account.
@Suite struct DaemonTests {
  @Test func `what a command says leaves at once, because the daemon is told, and there is one daemon`() async throws {
    try await Stage.play { stage in
      let anna = try await stage.neighbour("Anna")
      let ben = try await stage.neighbour("Ben")
      try await anna.befriend(ben)
      try await anna.with { bridge in
        let running = Task { try await Daemon(bridge: bridge).run() }
        defer { running.cancel() }
        try await stage.wait("it runs") { await anna.node.doctor().contains { $0.name == "daemon" && $0.result == .ok } }
        // Each comes when the daemon has nothing to do and sleeps.
        for number in 1...2 {
          let known = try ben.parcels().count
          _ = try await anna.node.post("\(number)", photos: [], circle: nil, share: false)
          try await stage.wait("post \(number)") { try ben.parcels().count > known }
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
        try await stage.wait("Ben's post") { try await anna.words().contains("from Ben") }
        running.cancel()
        try await running.value
      }
      #expect(await anna.node.doctor().contains { $0.name == "daemon" && $0.result == .warn })
      try await ben.run()
      try await ben.expect(words: ["1", "2", "from Ben"])
    }
  }

  @Test func `while the mailbox does not answer at the start, commands are answered, files are taken, and nothing is decided`()
    async throws
  {
    try await Stage.play { stage in
      let anna = try await stage.correspondent("Anna", TestMail.shared.get())
      try await anna.run()
      let silence = try Beside([
        "-c",
        "import socket, time; s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True); time.sleep(600)",
      ])
      let port = silence.firstLine()
      let folder = stage.path("anna-in")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try anna.change {
        $0.imap = try? ServerURL("imap+plain://127.0.0.1:\(port)")
        $0.folder = folder
      }
      let parcel = stage.path("parcel.eml")
      try Data("From: x@example.test\r\nSocialNet-Parcel: 1\r\n\r\nno parcel".utf8).write(to: parcel)
      _ = try DurableFile.copy(parcel, intoFolder: folder, limit: 1000)
      let action = "<status xmlns=\"urn:socialnet:1\" share=\"no\"><text>numbered later</text></status>"
      try anna.drop(action, into: \.outpackets, as: "1.xml")
      let packets = try anna.rows("SELECT COUNT(*) FROM packet")

      let ear = Ear()
      let daemon = anna.node(log: ear.logger)
      let running = Task { try await daemon.run(once: false, takingOver: false, progress: .none) }
      defer { running.cancel() }
      try await stage.wait("the parcel is taken") { try await anna.node.inpackets().waiting.count == 1 }
      #expect(try await anna.node.feed(limit: 10, since: nil, words: nil) == [])
      #expect(try anna.rows("SELECT COUNT(*) FROM packet") == packets)
      #expect(try anna.files(\.outpackets) == ["1.xml"])
      #expect(ear.lines.contains("running") && !ear.lines.contains { $0.hasPrefix("catching up") }, "it still catches up")
      running.cancel()
      _ = try? await running.value
      #expect(!ear.lines.contains { $0.hasPrefix("catching up") }, "who is told to stop does not wait for the mailbox")
    }
  }
}
