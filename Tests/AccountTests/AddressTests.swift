import Account
import Testing

@Suite struct AddressTests {
  @Test(arguments: [
    "anna@example.org", "a.b+c@localhost", "anna_x-y@sub.example.org", "änne@exämple.org", "o'brien@example.org", "1@2.3",
  ]) func `an address is kept as it was written`(text: String) {
    #expect(EmailAddress(text)?.text == text)
  }

  @Test(arguments: [
    ("", "nothing"), ("anna", "no @"), ("@example.org", "no local part"), ("anna@", "no domain"),
    ("anna@example.org\r\nRCPT TO:<x@y>", "a line end would be another command"), ("an na@example.org", "white space"),
    ("<anna@example.org>", "brackets"), ("Anna <anna@example.org>", "a display name"), ("a@b,c@d", "two addresses"),
    ("\"a b\"@example.org", "a quoted local part"), ("a@[127.0.0.1]", "an address literal"), (".a@b", "a dot at the edge"),
    ("a..b@c", "two dots"), ("a@b..c", "two dots"), ("a@-b", "a hyphen at the edge"), ("a@b.", "a dot at the edge"),
    ("a\u{0}@b", "NUL"), ("a\u{202e}b@c", "a mark that turns direction"), ("a@b_c", "an underscore in a host"),
    (String(repeating: "a", count: 65) + "@b", "too long"), ("a@" + String(repeating: "b", count: 64), "a label too long"),
    ("a@b@c", "two @"), ("a:b@c", "a colon"), ("a;b@c", "a semicolon"), ("a\\b@c", "a backslash"),
  ]) func `what is no bare address is refused`(text: String, why: String) {
    #expect(EmailAddress(text) == nil, "\(why)")
  }

  @Test func `a plus-address is of the same mailbox`() {
    #expect(EmailAddress("anna@example.org")?.plus("socialnet")?.text == "anna+socialnet@example.org")
  }
}

@Suite struct EndpointTests {
  @Test(arguments: [
    ("mailto:anna@example.org", "mailto:anna@example.org"), ("MAILTO:anna@example.org", "mailto:anna@example.org"),
    ("mailto:anna%2Bx@example.org", "mailto:anna+x@example.org"), ("mailto:a%25b@c", "mailto:a%25b@c"),
    ("file:///srv/b%20c", "file:///srv/b%20c"), ("file:///srv/b/", "file:///srv/b"), ("file:///a//b", "file:///a/b"),
    ("file:///%C3%A4", "file:///%C3%A4"), ("file:///a%3Fb%23c", "file:///a%3Fb%23c"),
  ]) func `an endpoint is written in one form`(uri: String, form: String) {
    #expect(Endpoint(uri: uri)?.uri == form)
  }

  @Test(arguments: [
    ("", "nothing"), ("anna@example.org", "no scheme"), ("mailto:", "no address"), ("mailto:a@b?cc=c@d", "header fields"),
    ("mailto:a@b,c@d", "two addresses"), ("mailto:a%0d%0ab@c", "a line end"), ("mailto:a%0@c", "half an escape"),
    ("mailto:a%ff@c", "no UTF-8"), ("file://host/path", "a host"), ("file:/path", "no authority"), ("file:path", "relative"),
    ("file:///a/../b", "climbing"), ("file:///a%00b", "NUL"), ("file:///a%2F..%2Fb", "climbing in disguise"),
    ("https://x", "not ours"),
  ]) func `what no driver of ours claims is nothing`(uri: String, why: String) {
    #expect(Endpoint(uri: uri) == nil, "\(why)")
  }
}

@Suite struct ServerURLTests {
  @Test(arguments: [
    ("imaps://imap.example.org", "imaps://imap.example.org:993"),
    ("imaps://anna@imap.example.org:993", "imaps://anna@imap.example.org:993"),
    ("imap+starttls://anna%40example.org@imap.example.org", "imap+starttls://anna%40example.org@imap.example.org:143"),
    ("imap+plain://anna@localhost:10143/", "imap+plain://anna@localhost:10143"),
    ("imap+plain://127.1.2.3", "imap+plain://127.1.2.3:143"), ("imap+plain://[::1]:1", "imap+plain://[::1]:1"),
    ("smtps://a@b@example.org", "smtps://a%40b@example.org:465"), ("SMTP+STARTTLS://x", "smtp+starttls://x:587"),
    ("pop3s://x", "pop3s://x:995"),
  ]) func `a server's address is read whole`(text: String, form: String) throws {
    #expect(try ServerURL(text).text == form)
  }

  @Test func `names are decoded, and the machine itself is known`() throws {
    let url = try ServerURL("imap+starttls://anna%40b@LOCALHOST")
    #expect(url.user == "anna@b")
    #expect(url.isLoopback)
    #expect(url.security == .startTLS)
    #expect(try !ServerURL("imaps://127.0.0.1.example.org").isLoopback)
  }

  @Test(arguments: [
    ("imap.example.org", ServerURLFailure.noScheme("imap.example.org")), ("imap://x", .securityNotSaid("imap")),
    ("ftp://x", .unknownScheme("ftp")), ("imap+plain://x", .plainBeyondThisMachine(scheme: "imap+plain", host: "x")),
    ("imap+plain://127.0.0.1.evil.example", .plainBeyondThisMachine(scheme: "imap+plain", host: "127.0.0.1.evil.example")),
    ("imaps://anna:secret@x", .passwordInside), ("imaps://@x", .badUser), ("imaps://a%0ab@x", .badUser),
    ("imaps://", .badHost("")),
    ("imaps://a b", .badHost("a b")), ("imaps://[::1", .badHost("[::1")), ("imaps://x:0", .badPort("0")),
    ("imaps://x:65536", .badPort("65536")), ("imaps://x:+1", .badPort("+1")),
    ("imaps://x/INBOX", .pathBehindHost("imaps://x/INBOX")),
  ]) func `a wrong address is refused`(text: String, failure: ServerURLFailure) {
    #expect(throws: failure) { try ServerURL(text) }
    #expect(!failure.description.contains("secret"))
  }
}
