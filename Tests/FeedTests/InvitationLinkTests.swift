import Feed
import Packets
import Testing

private func sample() throws -> Invitation {
  Invitation(
    endpoint: "mailto:anna+socialnet@example.org", name: "Anna Bergé", certificate: Array(0...255),
    author: try #require(Author(key: [UInt8](repeating: 7, count: 32))), secret: [UInt8](repeating: 0x33, count: 16))
}

private func field(_ text: String) -> String { Base64URL.encode(Array(text.utf8)) }

@Suite struct InvitationLinkTests {
  @Test func `a link is read as it was written`() throws {
    let invitation = try sample()
    let text = InvitationLink.text(of: invitation)
    #expect(text.hasPrefix("socialnet:join#v=1&a="))
    #expect(try InvitationLink.read(text) == invitation)
  }

  @Test func `a link that was broken into lines is put together`() throws {
    let text = InvitationLink.text(of: try sample())
    var broken = "  "
    for (index, character) in text.enumerated() {
      broken.append(character)
      if index % 40 == 39 { broken += "\r\n\t " }
    }
    #expect(try InvitationLink.read(broken + "\n") == (try sample()))
  }

  @Test func `unknown fields are skipped`() throws {
    let text = InvitationLink.text(of: try sample()).replacing("&n=", with: "&x=1&n=") + "&l=bmFtZQ"
    #expect(try InvitationLink.read(text) == (try sample()))
  }

  @Test(arguments: [
    ("v=1", "v=2", InvitationLinkFailure.newer, "a newer version"), ("v=1&", "", .missing("v"), "no version"),
    ("&s=MzMzMzMzMzMzMzMzMzMzMw", "", .missing("s"), "cut at the end"),
    ("&s=MzMzMzMzMzMzMzMzMzMzMw", "&s=MzMzMzMzMzMzMzMzMzMz", .unfit("s"), "15 bytes of secret"),
    ("&s=MzMzMzMzMzMzMzMzMzMzMw", "&s=MzMzMzMzMzMzMzMzMzMzMx", .unfit("s"), "stray bits"),
    ("&s=MzMzMzMzMzMzMzMzMzMzMw", "&s=MzMzMzMzMzMzMzMzMzMzMw==", .unfit("s"), "padding"),
    ("&s=MzMzMzMzMzMzMzMzMzMzMw", "&s=MzMzMzMzMzMzMzMzMzMzMw&s=MzMzMzMzMzMzMzMzMzMzMw", .doubled("s"), "a field twice"),
    ("&n=", "&c=AA&n=", .missing("n"), "out of order"), ("&n=", "&n=!", .unfit("n"), "no base64url"),
    ("socialnet:join#", "socialnet:joim#", .noLink, "another word"), ("&n=", "&junk&n=", .noLink, "no equals sign"),
  ]) func `a damaged link is refused with its reason`(
    part: String, with other: String, failure: InvitationLinkFailure, why: String
  )
    throws
  {
    let text = InvitationLink.text(of: try sample())
    #expect(text.contains(part))
    #expect(throws: failure, "\(why)") { try InvitationLink.read(text.replacing(part, with: other)) }
  }

  @Test(arguments: [
    ("not a uri", "Anna", "a"), ("mailto:a@b\r\nx", "Anna", "a"), (":x", "Anna", "a"), ("mailto:a@b", "", "n"),
    ("mailto:a@b", "A\u{202e}B", "n"), ("mailto:a@b", String(repeating: "a", count: 65), "n"),
  ]) func `hostile names and endpoints are refused`(endpoint: String, name: String, part: String) throws {
    var invitation = try sample()
    invitation.endpoint = endpoint
    invitation.name = name
    #expect(throws: InvitationLinkFailure.unfit(part)) { try InvitationLink.read(InvitationLink.text(of: invitation)) }
  }

  @Test func `sizes are limited`() throws {
    var invitation = try sample()
    invitation.certificate = [UInt8](repeating: 1, count: InvitationLink.longestCertificate)
    #expect(try InvitationLink.read(InvitationLink.text(of: invitation)) == invitation)
    invitation.certificate.append(1)
    #expect(throws: InvitationLinkFailure.unfit("c")) { try InvitationLink.read(InvitationLink.text(of: invitation)) }
    #expect(throws: InvitationLinkFailure.tooLong) { try InvitationLink.read(String(repeating: "a", count: 40_000)) }
    #expect(throws: InvitationLinkFailure.noLink) { try InvitationLink.read("") }
  }
}
