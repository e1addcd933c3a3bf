import Account
import Feed
import Foundation
import MailDriver
import Packets
import TestMail
import Testing

@testable import Bridge

/// Old parcels of the bridge's folder are folded into few, and a rebuild shows the same before and after.
@Suite struct ThinningTests {
  /// All that a rebuild makes.
  private struct Rebuilt: Equatable {
    var view: View
    var packets: [String]

    init(_ person: Person) async throws {
      view = try await person.rebuiltView()
      packets = try person.packets()
    }
  }

  /// UIDs in the own folder of what another program sees there.
  private func uids(_ person: Person) throws -> [Int] { try person.mails("SocialNet").map(\.uid) }

  @Test func `what is old is folded into one, and a rebuild shows value for value what it showed before`() async throws {
    try await Stage.play { stage in
      let (anna, ben, _) = try await stage.acquaintances()
      // What is none of the bridge's, and what does not open, in the same folder.
      try anna.leave([anna.new(to: "aunt@example.test", subject: "private").with(body: "\nwords\n")], in: [.inbox])
      let mail = try TestMail.shared.get()
      let user = try #require(anna.user)
      let strange = [
        "From: Anna <a@example.test>\nSubject: private\n\nkept here\n",
        "From: x@example.test\nSocialNet-Parcel: 1\n\nno parcel\n",
      ]
      try mail.outside(user, "append", "SocialNet", input: strange.joined(separator: "%%%\n"))
      try await anna.run()
      let newest = try #require(uids(anna).last)
      try mail.outside(user, "age", "SocialNet", "\(newest)", "20")
      // Nothing is old enough; then nothing is set; then all is.
      let aged = try uids(anna)
      #expect(try await anna.node.thin(olderThan: .seconds(25 * 86_400), progress: .none) == Thinned())
      let failure = await #expect(throws: OperationFailure.self) { try await anna.node.thin(olderThan: nil, progress: .none) }
      #expect(failure?.code == .usage)
      #expect(try uids(anna) == aged)
      let before = try await Rebuilt(anna)
      #expect(before.view.feed.count == 4 && before.view.requests.map(\.name) == ["Carol"] && before.view.contacts.count == 1)
      let refusals = try await anna.newRefusals()
      let lay = try uids(anna)
      let strangers = Array(lay.suffix(2))
      stage.pass(minutes: 1)
      // A directory that is not there is told of, and is no reason to leave the mailbox as it is.
      try anna.change {
        $0.mail.retention = .seconds(10 * 86_400)
        $0.folder = stage.path("gone")
      }
      let inbox = try mail.outside(user, "snapshot", "INBOX")
      await #expect(throws: OperationFailure.self) { try await anna.run() }
      try anna.change { $0.folder = nil }
      let thin = try anna.mails("SocialNet")
      #expect(thin.map(\.uid).prefix(2) == strangers[...] && thin.count == 3, "\(lay.count) lay there")
      #expect(try mail.outside(user, "snapshot", "INBOX") == inbox)
      let snapshot = try #require(thin.last)
      #expect(snapshot.headers["socialnet-snapshot"] == "1" && snapshot.flags.contains("\\Seen"))
      #expect(snapshot.headers["from"] == anna.address && snapshot.headers["to"] == anna.address)

      let after = try await Rebuilt(anna)
      #expect(after == before, "\(after.view.difference(from: before.view))")
      #expect(try await anna.newRefusals() == refusals)
      #expect(try await anna.node.notices() == [])
      for photo in before.view.feed.flatMap(\.photos) {
        let file = anna.layout.blob(photo.blob.sha256).path
        #expect(try runProgram("/usr/bin/sha256sum", [file]).prefix(64) == photo.blob.sha256.text)
      }

      // Life goes on; what is small grows, and what is alone stays.
      try await anna.run()
      _ = try await ben.node.post("Another day", photos: [], circle: nil, share: false)
      try await ben.speak()
      _ = try await anna.node.post("I am thin", photos: [], circle: nil, share: false)
      try await anna.speak()
      let later = try await Rebuilt(anna)
      #expect(later.view.feed.count == 6)
      #expect(try await anna.node.thin(olderThan: .zero, progress: .none).snapshots == 1)
      let grown = try anna.mails("SocialNet")
      #expect(grown.count == 3 && grown.last?.uid != snapshot.uid)
      #expect(try await anna.node.thin(olderThan: .zero, progress: .none) == Thinned())
      #expect(try await Rebuilt(anna) == later)
      #expect(await anna.node.doctor().contains { $0.name == "retention" && $0.result == .ok })

      // The daemon takes it for no news, not even one that does not know it.
      try await anna.run()
      #expect(try await anna.newRefusals() == refusals)
      try await ben.run()
      #expect(try await ben.words().contains("I am thin"))
      #expect(try await ben.newRefusals() == [])
    }
  }

  private struct Stopped: Error {}

  @Test func `stopped between any two steps it harms nothing, and is ended the next time`() async throws {
    try await Stage.play { stage in
      let (anna, ben, _) = try await stage.acquaintances()
      for step in Thinning.Step.allCases {
        _ = try await ben.node.post("Before \(step)", photos: [], circle: nil, share: false)
        try await ben.speak()
        _ = try await anna.node.post("Also before \(step)", photos: [], circle: nil, share: false)
        try await anna.speak()
        let before = try await Rebuilt(anna)
        let lay = try uids(anna)
        await #expect(throws: Stopped.self) {
          try await anna.with { bridge in
            var thinning = Thinning(bridge: bridge, mail: try #require(bridge.mailDriver), cutoff: stage.now.adding(seconds: 60))
            thinning.reached = { if $0 == step { throw Stopped() } }
            _ = try await thinning.run(.none)
          }
        }
        let left = try uids(anna)
        switch step {
        case .sealed: #expect(left == lay)
        case .appended, .verified: #expect(left.dropLast() == lay[...])
        case .deleted: #expect(left.count == 1)
        }
        #expect(try await Rebuilt(anna) == before, "\(step)")
        try await anna.run()
        #expect(try await anna.node.thin(olderThan: .zero, progress: .none).left == 0)
        let folder = try anna.mails("SocialNet")
        #expect(folder.count(where: { $0.headers["socialnet-snapshot"] != nil }) == folder.count, "\(step)")
        #expect(try await Rebuilt(anna) == before, "\(step)")
        try await anna.expect(refused: [])
        try await anna.run()
      }
    }
  }

  @Test func `only what arrived before the day is folded, and only what is folded goes`() async throws {
    try await Stage.play { stage in
      let (anna, _, _) = try await stage.acquaintances()
      let mail = try TestMail.shared.get()
      let user = try #require(anna.user)
      let lay = try uids(anna)
      let middle = lay[lay.count / 2]
      // The first half is made a year older, as IMAP allows who puts mails there.
      try mail.outside(user, "age", "SocialNet", "\(middle)", "365")
      let before = try await Rebuilt(anna)
      let now = try uids(anna)
      let old = now.suffix(lay.count(where: { $0 <= middle }))
      let thinned = try await anna.node.thin(olderThan: .seconds(300 * 86_400), progress: .none)
      #expect(thinned.folded == old.count && thinned.left == 0 && thinned.snapshots == 1)
      #expect(try uids(anna).dropLast() == now.dropLast(old.count))
      #expect(try await Rebuilt(anna) == before)
    }
  }
}
