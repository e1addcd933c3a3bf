import Drivers
import Foundation
import MailDriver
import Packets
import Testing

private func parcel(_ number: Int) -> String {
  """
  From: <friend@example.test>
  To: <me@example.test>
  Message-ID: <\(number)@example.test>
  SocialNet-Parcel: 1
  Subject: [...]

  body \(number)

  """
}

@Suite(.serialized)
struct EtiquetteTests {
  @Test func `parcels are fetched, moved and marked read, and private mail stays as it is`() async throws {
    let mail = try TestMail.shared.get()
    let user = "user1"
    let intake = try MemoryIntake()
    let driver = try MailDriver(try mail.settings(user))
    try await driver.receive(into: intake, .once)
    #expect(await intake.received.isEmpty)

    try mail.outside(user, "private", "INBOX", "1000")
    try mail.outside(user, "append", "INBOX", input: (1...3).map(parcel).joined(separator: "%%%\n"))
    let before = try mail.outside(user, "snapshot", "INBOX")
    try await driver.receive(into: intake, .once)
    let received = await intake.received
    #expect(received.map(\.kind) == [.parcel, .parcel, .parcel])
    let done = try await driver.settle(Dictionary(uniqueKeysWithValues: received.map { ($0.origin, .keep) }))
    #expect(done.count == 3)

    let uids = Set(received.map { "\($0.origin.uid)" })
    let privateBefore = before.split(separator: "\n").filter { !uids.contains(String($0.prefix { $0 != " " })) }
    let after = try mail.outside(user, "snapshot", "INBOX").split(separator: "\n")
    #expect(after == privateBefore)
    #expect(after.count == 1000)
    let own = try mail.outside(user, "snapshot", "SocialNet").split(separator: "\n")
    #expect(own.count == 3 && own.allSatisfy { $0.contains("(\\Seen)") })
    let whole = try mail.heard(user).filter { $0.contains("BODY.PEEK[] ") || $0.contains("BODY.PEEK[])") || $0.contains("BODY[") }
    #expect(whole.filter { $0.hasPrefix("s") }.count == 1, "\(whole)")

    try await driver.receive(into: intake, .once)
    #expect(await intake.received.count == 3)
  }
}
