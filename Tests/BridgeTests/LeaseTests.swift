import Account
import Drivers
import Feed
import Foundation
import Packets
import Store
import TestMail
import Testing

@testable import Bridge

/// One account, one daemon; two machines with one mailbox and one key: here two homes, which count as two machines.
@Suite struct LeaseTests {
  /// A second home of the same account, made as README says: settings and keys are put there, and the view is rebuilt.
  private func copy(_ person: Person, as name: String) async throws -> Person {
    let other = Person(person.name, on: person.stage, directory: nil, user: person.user, home: name)
    try FileManager.default.createDirectory(at: other.layout.configurationDirectory, withIntermediateDirectories: true)
    try FileManager.default.copyItem(at: person.layout.configuration, to: other.layout.configuration)
    if FileManager.default.fileExists(atPath: person.layout.password.path) {
      try FileManager.default.copyItem(at: person.layout.password, to: other.layout.password)
    }
    try other.change { $0.login = .init(source: .file(other.layout.password)) }
    let keys = person.layout.gnupg.path
    // Without the sockets of the agent that runs there.
    let there = other.layout.gnupg.path
    try runProgram(
      "/bin/sh", ["-c", "mkdir -p -m 700 '\(there)' && tar -C '\(keys)' --exclude='S.*' -cf - . | tar -C '\(there)' -xf -"])
    _ = try await other.node.rebuild(progress: .none)
    return other
  }

  private func leases(_ person: Person) throws -> [FoundMail] {
    try person.mails("SocialNet").filter { $0.headers["socialnet-lease"] != nil }
  }

  @Test func `a second daemon on the same home says so and stops`() async throws {
    try await Stage.play { stage in
      let anna = try await stage.neighbour("Anna")
      let lock = DaemonLock(at: anna.layout.stateDirectory.appending(path: "daemon.lock").path)
      let failure = await #expect(throws: OperationFailure.self) {
        try await anna.with { try await Daemon(bridge: $0).run() }
      }
      #expect(failure?.code == .tryAgain && failure?.message.contains("runs already") == true)
      _ = consume lock
    }
  }

  @Test func `a command beside the daemon leaves it the lease`() async throws {
    try await Stage.play { stage in
      let mail = try TestMail.shared.get()
      let anna = try await stage.correspondent("Anna", mail)
      try await anna.with { bridge in
        let daemon = Task { try await Daemon(bridge: bridge).run() }
        try await wait { await bridge.lease.standing == .bridge }
        let before = try leases(anna).map(\.uid)
        #expect(before.count == 1)
        try await anna.run()
        #expect(try leases(anna).map(\.uid) == before)
        daemon.cancel()
        _ = await daemon.result
      }
      #expect(try leases(anna).isEmpty)
    }
  }

  @Test func `while another machine has the lease, this one takes nothing away and sends nothing`() async throws {
    try await Stage.play { stage in
      let mail = try TestMail.shared.get()
      let anna = try await stage.correspondent("Anna", mail)
      let ben = try await stage.correspondent("Ben", mail)
      try await ben.befriend(anna)
      #expect(try leases(anna).isEmpty, "who has done its work lets go")
      let second = try await copy(anna, as: "laptop")
      _ = try await ben.node.post("For Anna", photos: [], circle: nil, share: false)
      try await ben.speak()
      _ = try await second.node.post("From the laptop", photos: [], circle: nil, share: false)

      try await anna.with { first in
        #expect(try await first.lease.look(first) == .bridge)
        let inbox = try anna.mails("INBOX").map(\.uid)
        let sent = try ben.mails("INBOX").count
        let failure = await #expect(throws: OperationFailure.self) { try await second.run() }
        #expect(failure?.code == .tryAgain && failure?.remedy.contains("--take-over") == true)
        #expect(failure?.message.contains(Machine(anna.layout).name) == true, "\(failure?.message ?? "")")
        let thin = await #expect(throws: OperationFailure.self) {
          try await second.node.thin(olderThan: .zero, progress: .none)
        }
        #expect(thin?.code == .tryAgain)
        #expect(try anna.mails("INBOX").map(\.uid) == inbox && ben.mails("INBOX").count == sent)
        let onlooker = await second.node.doctor().first { $0.name == "lease" }
        #expect(onlooker?.result == .warn && onlooker?.said.contains("only looks on") == true)
        #expect(await anna.node.doctor().first { $0.name == "lease" }?.said == "This machine is the bridge.")

        // Its daemon looks on, and is the bridge as soon as the other lets go.
        try await second.with { bridge in
          let daemon = Task { try await Daemon(bridge: bridge).run() }
          try await wait { if case .onlooker = await bridge.lease.standing { true } else { false } }
          #expect(try anna.mails("INBOX").map(\.uid) == inbox && ben.mails("INBOX").count == sent)
          await first.lease.release(first)
          ControlSocket.ring(at: second.layout.controlSocket)
          try await wait { try !anna.mails("INBOX").contains { $0.headers["socialnet-parcel"] != nil } }
          try await wait { try await bridge.store.outpackets().waiting.isEmpty }
          daemon.cancel()
          _ = await daemon.result
        }
      }
      #expect(try leases(anna).isEmpty)
      try await mail.delivered()
      try await ben.run()
      #expect(try await ben.words() == ["For Anna", "From the laptop"])
      try await anna.run()
      for home in [anna, second] { #expect(try await home.words().sorted() == ["For Anna", "From the laptop"]) }
    }
  }

  @Test func `a lease is taken over on the user's word, or when it is ten minutes old; nobody else can write one`() async throws {
    try await Stage.play { stage in
      let mail = try TestMail.shared.get()
      let anna = try await stage.correspondent("Anna", mail)
      try await anna.run()
      let second = try await copy(anna, as: "laptop")
      try await anna.with { first in
        try await second.with { other in
          #expect(try await first.lease.look(first) == .bridge)
          guard case .onlooker(let lease) = try await other.lease.look(other) else { return #expect(Bool(false)) }
          #expect(lease.term == 1)
          #expect(try await other.lease.look(other, takingOver: true) == .bridge)
          guard case .onlooker(let newer) = try await first.lease.look(first) else { return #expect(Bool(false)) }
          #expect(newer.term == 2 && newer.holder != lease.holder)
          #expect(try leases(anna).count == 1)

          // Renewed in time, it counts on; the mailbox holds one at a time.
          let before = try leases(anna).map(\.uid)
          stage.pass(minutes: 5)
          #expect(try await other.lease.look(other) == .bridge)
          #expect(try leases(anna).count == 1 && leases(anna).map(\.uid) != before)
          #expect(try await first.lease.look(first) != .bridge)
          // Not renewed, it is free.
          stage.pass(minutes: 11)
          #expect(try await first.lease.look(first) == .bridge)
          #expect(try await other.lease.look(other) != .bridge)

          // Forged: another signature, another term, another holder.
          let real = try #require(leases(anna).first?.headers["socialnet-lease"])
          await first.lease.release(first)
          let user = try #require(anna.user)
          let forged = [
            real.replacing("term=3", with: "term=9"), real.replacing("since=", with: "since=1"),
            "holder=AAAAAAAAAAAAAAAAAAAAAA; term=9", "",
          ]
          try mail.outside(
            user, "append", "SocialNet",
            input: forged.map { "From: \(anna.address)\nSocialNet-Lease: \($0)\nSubject: forged\n\nwords\n" }.joined(
              separator: "%%%\n"))
          #expect(try await other.lease.look(other) == .bridge)
          #expect(try leases(anna).filter { $0.headers["subject"] == "forged" }.count == 4, "what others put there stays")
          await other.lease.release(other)
        }
      }
      // On the command line.
      try await anna.with { first in
        #expect(try await first.lease.look(first) == .bridge)
        try await second.node.run(once: true, takingOver: true, progress: .none)
        #expect(try leases(anna).filter { $0.headers["subject"] != "forged" }.isEmpty)
      }
    }
  }

  @Test func `two machines that write at once lose nothing, and use no number twice`() async throws {
    try await Stage.play { stage in
      let mail = try TestMail.shared.get()
      let anna = try await stage.correspondent("Anna", mail)
      let ben = try await stage.correspondent("Ben", mail)
      try await ben.befriend(anna)
      let root = try await ben.node.post("The harbour", photos: [], circle: nil, share: false)
      try await ben.speak()
      try await anna.run()
      let second = try await copy(anna, as: "laptop")
      // Each writes without knowing of the other; then both are the bridge by turns, as if no lease had kept them apart.
      var expected = ["The harbour"]
      for round in 1...3 {
        for (home, name) in [(anna, "desk"), (second, "laptop")] {
          let words = "\(name) \(round)"
          _ = try await home.node.post(words, photos: [], circle: nil, share: false)
          _ = try await home.node.comment(on: .beginning(root.text), text: "from \(words)")
          expected += [words, "from \(words)"]
        }
        try await anna.speak()
        try await second.speak()
      }
      for _ in 1...2 {
        for person in [ben, anna, second] { try await person.speak() }
      }
      for person in [ben, anna, second] {
        #expect(try await person.words().sorted() == expected.sorted(), "\(person.name) \(person.layout.stateDirectory.path)")
        try await person.expect(refused: [])
      }
      #expect(try await ben.node.notices() == [])
      let twice = "SELECT COUNT(*) FROM packet WHERE sequence > 0 GROUP BY author, stream, sequence HAVING COUNT(*) > 1"
      #expect(try ben.rows(twice) == [])
      let third = try await copy(anna, as: "third")
      #expect(try await third.words().sorted() == expected.sorted())
    }
  }

  /// Waits for something, at most half a minute.
  private func wait(_ isSo: () async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(30)
    while try await !isSo() {
      guard ContinuousClock.now < deadline else { throw ProgramFailed(program: "the daemon", said: "waited in vain") }
      try await Task.sleep(for: .milliseconds(50))
    }
  }
}
