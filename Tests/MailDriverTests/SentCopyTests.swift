import Drivers
import Foundation
import MailDriver
import TestMail
import Testing

/// What becomes of the copies that providers put into Sent of all that goes out by SMTP. Ours does not: so they are put there by hand,
/// as Gmail and Outlook do.
@Suite struct SentCopyTests {
  private let mail: TestMail

  init() throws { mail = try TestMail.shared.get() }

  /// Sent as a provider and a person fill it: two of ours, and what only looks like it.
  private func fill(_ user: String) throws {
    let own = "\(user)@example.test"
    let digest = Mail.letter(from: own, to: own).replacing("<letter-\(own)-\(own)>", with: "<digest@example.test>")
    try mail.outside(
      user, "append", "Sent", "\\Seen",
      input: Mail.joined([
        Mail.parcel(1).replacing("<friend@", with: "<\(user)@"),
        digest.replacing("Message-ID", with: "SocialNet-Letter: digest\nMessage-ID"),
        Mail.parcel(2), Mail.parcel(3).replacing("SocialNet-Parcel: 1\n", with: ""),
        Mail.letter(from: own, to: "aunt@example.test"),
        Mail.letter(from: own, to: "aunt@example.test").replacing("Message-ID: <letter", with: "Message-ID: <invitation"),
      ]))
    try mail.outside(user, "private", "Sent", "20")
  }

  private func receive(_ user: String, _ server: TestMail, _ copies: MailSettings.SentCopies) async throws -> MemoryIntake {
    let intake = try MemoryIntake()
    var settings = try server.settings(user)
    settings.sentCopies = copies
    try await MailDriver(settings).receive(into: intake, .once)
    let invitation = "invitation-\(user)@example.test-aunt@example.test"
    await intake.set(written: ["1@example.test", "digest@example.test", "3@example.test", invitation])
    try fill(user)
    try await MailDriver(settings).receive(into: intake, .once)
    return intake
  }

  private func lines(_ user: String, _ folder: String) throws -> [Substring] {
    try mail.outside(user, "snapshot", folder).split(separator: "\n")
  }

  @Test(arguments: [MailSettings.SentCopies.move, .delete, .leave])
  func `copies of our own mails in Sent go where the user wants them, and nothing else does`(
    copies: MailSettings.SentCopies
  ) async throws {
    let user = try mail.newUser()
    let intake = try await receive(user, mail, copies)
    #expect(await intake.received.isEmpty)
    #expect(await intake.left.isEmpty)
    let left = try lines(user, "Sent").compactMap { $0.split(separator: " ").first.flatMap { Int($0) } }
    #expect(left == Array((copies == .leave ? 1 : 3)...26))
    #expect(try lines(user, "SocialNet").count == (copies == .move ? 2 : 0))
    // By the server's witness: nothing in Sent was ever fetched whole.
    #expect(try !mail.heard(user).contains { $0.contains("BODY.PEEK[]") })

    // What was moved there by us is no news, and nothing is done twice.
    try await MailDriver(try mail.settings(user)).receive(into: intake, .once)
    #expect(await intake.received.isEmpty)
  }
}
