import Testing

@testable import MIME

@Suite struct HeaderTests {
  private func header(_ value: String) -> Header { Header(name: "X", rawValue: value.bytes) }

  private func headers(_ text: String) throws -> Headers { try Message(text.crlf).headers }

  @Test func `fields keep their order, and a doubled one is seen`() throws {
    let headers = try headers("From: a@b.c\nTo: d@e.f\nFROM: g@h.i\n\n")
    #expect(headers.map(\.name) == ["From", "To", "FROM"])
    #expect(headers.count(of: "from") == 2)
    #expect(headers.only("From") == nil)
    #expect(headers.only("To")?.unfolded == "d@e.f")
  }

  @Test(arguments: [
    (" a\r\n b \r\n\tc", "a b \tc", "folded"),
    ("a\0b", "a\u{FFFD}b", "NUL"),
    ("caf\u{e9}", "caf\u{e9}", "raw UTF-8"),
  ]) func `a value is unfolded`(raw: String, unfolded: String, reason: String) {
    #expect(header(raw).unfolded == unfolded)
  }

  @Test(arguments: [
    ("=?utf-8?b?w6TDtsO8?= end", "äöü end"),
    ("=?iso-8859-1?q?caf=E9_au_lait?=", "café au lait"),
    ("=?utf-8?q?one?= =?utf-8?q?two?=", "onetwo"),
    ("=?no-such-charset?q?x?= y", "x y"),
    ("=?utf-8?b?broken", "=?utf-8?b?broken"),
    ("plain", "plain"),
  ]) func `encoded words are decoded for people`(raw: String, decoded: String) {
    #expect(header(raw).decoded == decoded)
  }

  @Test(arguments: [
    (" no", "no"), ("auto-replied; owner-email=\"a@b\"", "auto-replied"), ("(hm) Auto-Generated (x)", "auto-generated"), ("", ""),
  ]) func `a keyword is parsed, not searched`(raw: String, keyword: String) {
    #expect(header(raw).keyword == keyword)
  }

  @Test(arguments: [
    ("text/plain; charset=\"utf-8\"; format=flowed", "text/plain", ["charset": "utf-8", "format": "flowed"]),
    ("TEXT/HTML; Charset=ISO-8859-1", "text/html", ["charset": "ISO-8859-1"]),
    ("multipart/mixed; boundary*0=\"a\"; boundary*1=b", "multipart/mixed", ["boundary": "ab"]),
    ("image/png; name*=utf-8''%e2%82%ac.png", "image/png", ["name": "€.png"]),
    ("application/octet-stream", "application/octet-stream", [:]),
  ]) func `a content type has parameters`(raw: String, type: String, parameters: [String: String]) throws {
    let parsed = try #require(ContentType(raw))
    #expect(parsed.mediaType == type)
    #expect(Dictionary(parsed.parameters.map { ($0.name, $0.value) }) { one, _ in one } == parameters)
  }

  @Test func `a part has a disposition and an id`() throws {
    let part = try Message("Content-Disposition: Attachment; filename=\"a \\\"b\\\".jpg\"\nContent-ID: <a@b>\n\n".crlf).root
    #expect(part.disposition?.kind == "attachment")
    #expect(part.disposition?.filename == "a \"b\".jpg")
    #expect(part.contentID == "a@b")
  }

  @Test(arguments: [
    ("Anna <anna@Example.ORG>", "anna@example.org", "the domain has no case"),
    ("\"b@evil.org\" <anna@example.org>", "anna@example.org", "an address in quotes is a name"),
    ("anna@example.org (b@evil.org)", "anna@example.org", "a comment is none"),
    ("=?utf-8?q?=C3=84?= <anna@example.org>", "anna@example.org", "an encoded name"),
    ("anna@example.org", "anna@example.org", "bare"),
  ]) func `From names exactly one mailbox`(value: String, address: String, reason: String) throws {
    #expect(try headers("From: \(value)\n\n").onlyAddress("From")?.text == address)
  }

  @Test(arguments: [
    ("anna@example.org, ben@example.org", "two"),
    ("anna@example.org <ben@example.org>", "an address as a name without quotes"),
    ("Friends: anna@example.org, b@c.d;", "a group of two"),
    ("anna", "no domain"),
    ("", "empty"),
    ("anna@example.org\nFrom: ben@example.org", "two fields"),
    ("@example.org", "no local part"),
    ("<@evil.org:anna@example.org>", "a route"),
  ]) func `From that names none or several is none`(value: String, reason: String) throws {
    #expect(try headers("From: \(value)\n\n").onlyAddress("From") == nil)
  }

  @Test func `a list has its groups' members`() {
    #expect(
      Address.list("A <a@b.c>, Friends: d@e.f, \"G, H\" <g@h.i>;, j@k.l").map(\.text) == ["a@b.c", "d@e.f", "g@h.i", "j@k.l"])
    #expect(Address.list("\"G, H\" <g@h.i>").first?.name == "G, H")
  }

  @Test(arguments: [
    ("<a@b> <c@d>", ["a@b", "c@d"]), ("<a@b><c@\r\n d>", ["a@b", "c@d"]), ("Anna's of Monday <a@b>", ["a@b"]),
    ("\"<no@no>\" (<no@no>) <a@b>", ["a@b"]), ("<a@b", []), ("a@b", []), ("<>", []), ("<a<b@c>", []),
  ]) func `ids stand in angle brackets`(value: String, ids: [String]) {
    #expect(MessageID.list(header(value).unfolded) == ids)
  }

  @Test(
    arguments: [
      ("Sat, 21 Nov 2026 14:05:00 +0100", 1_795_266_300), ("21 Nov 2026 13:05:00 GMT", 1_795_266_300), ("yesterday", nil),
      ("", nil),
      ("Thu, 01 Jan 1970 00:00:00 +0000", 0),
    ] as [(String, Int64?)]) func `dates are seconds`(value: String, seconds: Int64?)
  {
    #expect(MailDate.seconds(value) == seconds)
  }

  @Test(arguments: [0, 951_782_400, 951_868_799, 1_709_164_800, 1_795_266_300, 4_102_444_799, 253_402_300_799] as [Int64])
  func `a date that is written is read back`(seconds: Int64) {
    #expect(MailDate.seconds(MailDate.text(seconds)) == seconds)
  }

  @Test func `a date has the weekday it had`() {
    #expect(MailDate.text(1_795_266_300) == "Sat, 21 Nov 2026 13:05:00 +0000")
    #expect(MailDate.text(951_782_400) == "Tue, 29 Feb 2000 00:00:00 +0000")
    #expect(MailDate.text(.min) == "Thu, 01 Jan 1970 00:00:00 +0000")
    #expect(MailDate.text(.max) == "Fri, 31 Dec 9999 23:59:59 +0000")
  }
}

@Suite struct AuthenticationResultsTests {
  @Test func `a big provider's words are read`() throws {
    let results = try #require(
      AuthenticationResults(
        """
        mx.google.com; dkim=pass header.i=@example.org header.s=s1 header.b="ab/c+="; \
        spf=pass (google.com: domain of a@example.org designates (x) as permitted) smtp.mailfrom=a@example.org; \
        dmarc=pass (p=NONE sp=QUARANTINE) header.from=example.org
        """))
    #expect(results.server == "mx.google.com")
    #expect(results.results.map { "\($0.method)=\($0.value)" } == ["dkim=pass", "spf=pass", "dmarc=pass"])
    #expect(results.results[2]["header.from"] == "example.org")
    #expect(results.results[0]["header.b"] == "ab/c+=")
  }

  @Test func `who logged in is a property`() throws {
    let results = try #require(
      AuthenticationResults("Mail.Example.org 1; auth=pass reason=\"it is; so\" (x) smtp.auth=anna@example.org;"))
    #expect(results.server == "mail.example.org")
    #expect(results.results.first?["smtp.auth"] == "anna@example.org")
    #expect(results.results.first?.reason == "it is; so")
  }

  @Test func `no check is no result`() {
    #expect(AuthenticationResults("example.org; none")?.results.isEmpty == true)
    #expect(AuthenticationResults("example.org")?.results.isEmpty == true)
  }

  @Test(arguments: [
    ("", "nobody says it"), ("example.org 2; dmarc=pass", "an unknown version"), ("example.org; dmarc", "no result"),
    ("example.org; dmarc=pass header.from", "a property without value"), ("example.org; =pass", "no method"),
    ("example.org; dmarc=\"pass", "quotes that do not end"), ("example.org dmarc=pass", "no semicolon"),
  ]) func `half a statement is none`(value: String, reason: String) {
    #expect(AuthenticationResults(value) == nil)
  }

  @Test func `a result hidden in a comment or in quotes is none`() throws {
    let results = try #require(AuthenticationResults("example.org; dmarc=fail (; dmarc=pass) header.from=\"a; dmarc=pass\""))
    #expect(results.results.map(\.value) == ["fail"])
  }
}
