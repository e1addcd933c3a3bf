import Testing

@testable import Mailbox

@Suite struct MailServerTests {
  @Test(arguments: [
    "example.org", "10.0.0.1", "128.0.0.1", "127.0.0.1.example.org", "localhost.example.org", "127.1", "::2", "0.0.0.0",
  ])
  func `in the clear only this machine itself may be spoken to`(host: String) throws {
    #expect(throws: MailServerProblem.plainBeyondLoopback) { try MailServer(.imap, .plain, host: host, user: "anna") }
    #expect(try MailServer(.imap, .startTLS, host: host, user: "anna").isLoopback == false)
  }

  @Test(arguments: ["localhost", "127.0.0.1", "127.8.7.6", "::1"])
  func `loopback is known by its addresses`(host: String) throws {
    #expect(try MailServer(.smtp, .plain, host: host, user: "anna").isLoopback)
  }

  @Test(arguments: ["", "a b", "a/b", "user@host", "a\r\nb", "a?b", "[::1]", "a%41"])
  func `a host that is none is refused`(host: String) {
    #expect(throws: MailServerProblem.host) { try MailServer(.imap, .tls, host: host, user: "anna") }
  }

  @Test func `the usual ports`() throws {
    #expect(try MailServer(.imap, .tls, host: "h", user: "u").address == "h:993")
    #expect(try MailServer(.imap, .startTLS, host: "h", user: "u").url == "imap://h:143")
    #expect(try MailServer(.smtp, .tls, host: "::2", user: "u").url == "smtps://[::2]:465")
    #expect(try MailServer(.smtp, .startTLS, host: "h", user: "u").port == 587)
  }

  @Test func `a secret is never shown`() {
    let secret = LoginSecret.password("hunter2")
    var dumped = ""
    dump(secret, to: &dumped)
    #expect(!"\(secret) \(String(reflecting: secret)) \(dumped)".contains("hunter2"))
  }

  @Test(arguments: [
    "a@b\r\nRCPT TO:<c@d>", "a@b\0", "a@b> SIZE=1", "<a@b>", "a b@c", "a@b@c", "@b", "a@", "a", "", "a@b;c",
    String(repeating: "a", count: 320) + "@b",
  ])
  func `an address that could break out of its command is refused`(address: String) {
    #expect(SMTPSender.envelope(address) == nil)
  }

  @Test func `plain addresses pass`() {
    #expect(SMTPSender.envelope("anna+socialnet@example.org") == "<anna+socialnet@example.org>")
  }
}
