import Foundation
import Packets
import Testing

@testable import Account

private let folder = URL(filePath: "/home/anna/.config/socialnet/", directoryHint: .isDirectory)
private let home = URL(filePath: "/home/anna/", directoryHint: .isDirectory)
private let key = String(repeating: "AB", count: 20)

private func read(_ document: String) throws(ConfigurationFailure) -> Configuration {
  try Configuration(document: document, folder: folder, userHome: home)
}

/// What is wrong with a document; nothing where it is read.
private func complaint(_ document: String) -> String? {
  do {
    _ = try read(document)
    return nil
  } catch {
    return error.description
  }
}

private let smallest = """
  [account]
  name = "Anna"
  address = "anna@example.org"
  key = "\(key)"
  [imap]
  url = "imaps://imap.example.org"
  [smtp]
  url = "smtps://smtp.example.org"
  [login]
  password-command = "pass mail"

  """

@Suite struct ConfigurationTests {
  @Test func `the smallest file means the usual things`() throws {
    let settings = try read(smallest)
    #expect(settings.account.endpoint.uri == "mailto:anna@example.org")
    #expect(settings.account.keyOrigin == .new)
    #expect(settings.imap?.port == 993)
    #expect(settings.login?.source == .shell("pass mail"))
    #expect(settings.login?.kind == .password)
    #expect(settings.mail.folder == "SocialNet")
    #expect(settings.mail.poll == .seconds(60))
    #expect(settings.mail.idle)
    #expect(settings.digest.schedule.description == "daily@07:00")
    #expect(settings.digest.atOnce == [.request, .comment, .message])
    #expect(settings.post.undo(byMail: false) == .zero)
    #expect(settings.post.undo(byMail: true) == .seconds(600))
    #expect(settings.sendingBudget.perMinute == 20)
    #expect(settings.sendingBudget.perDay == 200)
    #expect(settings.user(for: try #require(settings.imap)) == "anna@example.org")
  }

  @Test func `every key is read`() throws {
    let settings = try read(
      """
      [account]
      name = "Anna Berg"
      address = "anna@example.org"
      endpoint = "mailto:anna+friends@example.org"
      key = "\(key.lowercased())"
      key-origin = "own"
      gnupg-home = "~/.gnupg"
      [imap]
      url = "imap+plain://a%40b@127.0.0.1:10143"
      [smtp]
      url = "smtp+plain://localhost:10587"
      [login]
      password-command = ["pass", "show", "mail"]
      kind = "oauth"
      [tls]
      ca-file = "ca.pem"
      pinned-certificate = "sha256//\(String(repeating: "A", count: 43))="
      [mail]
      folder = "Friends"
      plus-address = true
      poll = 1
      idle = "off"
      authserv-id = "mx.example.org"
      sent-copies = "delete"
      retention = "365d"
      mails-per-minute = 5
      mails-per-day = 0
      [digest]
      schedule = "weekly@Mon07:00"
      by = "append"
      encrypt = true
      at-once = ["request"]
      [post]
      undo = "20s"
      ask = false
      seal-one-by-one = true
      [folder]
      directory = "/srv/parcels"
      [limits]
      strangers-per-hour = 6
      packets-per-day = 7
      megabytes-per-day = 8
      keep-days = 365
      """)
    #expect(settings.account.gnupgHome?.path(percentEncoded: false) == "/home/anna/.gnupg")
    #expect(settings.account.keyOrigin == .own)
    #expect(settings.account.endpoint == .mail(try #require(EmailAddress("anna+friends@example.org"))))
    #expect(settings.imap?.user == "a@b")
    #expect(settings.login == .init(source: .program(["pass", "show", "mail"]), kind: .oauth))
    #expect(settings.tls.caFile?.path(percentEncoded: false) == "/home/anna/.config/socialnet/ca.pem")
    #expect(settings.mail.plusAddress?.text == "anna+socialnet@example.org")
    #expect(settings.mail.poll == .seconds(1))
    #expect(!settings.mail.idle)
    #expect(settings.mail.sentCopies == .delete)
    #expect(settings.mail.retention == .seconds(365 * 86_400))
    #expect(settings.sendingBudget.perMinute == 5)
    #expect(settings.sendingBudget.perDay == nil)
    #expect(settings.digest.way == .append)
    #expect(settings.digest.atOnce == [.request])
    #expect(settings.post.undo(byMail: true) == .seconds(20))
    #expect(settings.post.sealOneByOne)
    #expect(settings.folder?.path(percentEncoded: false) == "/srv/parcels")
    #expect(settings.limits.strangersPerHour == 6)
  }

  @Test func `what setup writes is read back as it was`() throws {
    var settings = try read(smallest)
    #expect(try read(settings.document) == settings)
    settings.account.name = "Anna \"die\\Große\""
    settings.login = .init(source: .program(["a", "b c"]), kind: .oauth)
    settings.mail.plusAddress = EmailAddress("anna+x@example.org")
    settings.mail.mailsPerDay = 0
    settings.mail.sentCopies = .leave
    settings.mail.retention = .seconds(30 * 86_400)
    settings.digest.schedule = .daily([.sevenInTheMorning, try #require(Schedule.TimeOfDay(text: "19:00"))])
    settings.digest.atOnce = []
    settings.post.undo = .zero
    settings.folder = URL(filePath: "/srv/parcels")
    settings.limits.packetsPerDay = 1
    #expect(try read(settings.document) == settings)
  }

  @Test func `the sample configuration is read, with every setting that stands there as a comment`() throws {
    let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../deploy/config.sample.toml")
    let sample = try String(contentsOf: file.standardizedFileURL, encoding: .utf8)
    #expect(complaint(sample) == nil)
    let examples = ["password-file", "pinned-certificate"]  // The other one of two; and a value that only shows its form.
    let whole = sample.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let rest = line.drop { $0 == "#" || $0 == " " }
      let isSetting =
        rest.hasPrefix("[") || rest.prefix { $0 != " " }.allSatisfy { $0.isLetter || $0 == "-" } && rest.contains(" = ")
      return isSetting && !examples.contains { rest.hasPrefix($0) } ? rest : line
    }
    #expect(whole.contains { $0.hasPrefix("megabytes-per-day = 200") })
    let settings = try read(whole.joined(separator: "\n"))
    #expect(settings.limits == .init())
    #expect(settings.digest == .init())
    #expect(settings.mail.poll == .seconds(60))
  }

  @Test func `an account without mail needs a directory only`() throws {
    let settings = try read(
      "[account]\nname = 'B'\nendpoint = 'file:///srv/b%20c'\nkey = '\(key)'\n[folder]\ndirectory = '/srv/b c'\n")
    #expect(settings.account.endpoint == .directory(path: "/srv/b c"))
    #expect(settings.account.address == nil)
    #expect(settings.sendingBudget.perDay == nil)
  }

  @Test(arguments: [
    ("[account\n", "config.toml, line 1, column 9", "a bracket is missing"),
    ("a = 1\na = 2\n", "line 2", "a key stands twice"),
    (smallest + "[mail]\nfodler = \"X\"\n", "unknown setting mail.fodler; did you mean mail.folder?", "a letter wrong"),
    (smallest + "[mial]\n", "unknown setting mial; did you mean mail?", "a section's letter wrong"),
    (smallest + "[mail]\nxylophone = 1\n", "unknown setting mail.xylophone", "nothing near"),
    (smallest + "[mail]\nfolder = 1\n", "mail.folder must be a text in quotes, and is a value of kind integer", "kind"),
    (smallest + "[digest]\nencrypt = \"yes\"\n", "digest.encrypt must be true or false", "kind"),
    (smallest + "[digest]\nschedule = \"dayly@07:00\"\n", "digest.schedule: “dayly@07:00” is not daily@07:00", "schedule"),
    (smallest + "[digest]\nat-once = [\"request\", 1]\n", "digest.at-once must be a list of texts", "a number in a list"),
    (smallest + "[digest]\nat-once = [\"like\"]\n", "“like” is not", "at-once"),
    (smallest + "[mail]\npoll = 0\n", "mail.poll: it must be from 1 second", "busy loop"),
    (smallest + "[mail]\npoll = \"soon\"\n", "mail.poll must be a span of time", "span"),
    (smallest + "[mail]\nmails-per-day = -1\n", "-1 is not from 0", "range"),
    (smallest + "[mail]\nfolder = \"a\\nb\"\n", "is not the name of a mail folder", "a control in a folder's name"),
    (smallest + "[post]\nundo = \"10 minutes\"\n", "post.undo must be a span of time", "span"),
    (smallest + "mail = 3\n", "unknown setting login.mail", "a key that slipped into another section"),
    ("mail = 3\n" + smallest, "mail must be a section", "a value for a section"),
    (smallest.replacing("imaps:", with: "imap:"), "imap.url: “imap://” does not say how", "unprotected"),
    (smallest.replacing("imaps:", with: "imap+plain:"), "in the clear", "plain beyond this machine"),
    (smallest.replacing("imaps:", with: "pop3s:"), "POP3 comes later", "POP3"),
    (smallest.replacing("imaps:", with: "smtps:"), "imap.url: smtps://imap.example.org:465 is no IMAP server", "wrong service"),
    (smallest.replacing("anna@", with: "anna"), "account.address: “annaexample.org” is not a mail address", "address"),
    (smallest.replacing("name = \"Anna\"", with: "name = \"\\u202e\""), "account.name", "a name that turns direction"),
    (smallest.replacing("name = \"Anna\"\n", with: ""), "account.name is missing", "name"),
    (smallest.replacing(key, with: "AB"), "account.key: “AB” is not a fingerprint", "fingerprint"),
    (smallest.replacing("password-command = \"pass mail\"", with: ""), "login.password-command is missing", "login"),
    (smallest.replacing("\"pass mail\"", with: "[]"), "the list is empty", "no program"),
    (smallest + "password-file = \"x\"\n", "password-command stands there too", "two sources"),
    (smallest + "[tls]\npinned-certificate = \"AA:BB\"\n", "is not sha256//", "pin"),
    ("[account]\nname = 'B'\nkey = '\(key)'\nendpoint = 'file:///b'\n", "needs [imap] and [smtp], or [folder]", "no way in"),
    (smallest + "x = \"\u{0}\"", "a NUL byte", "beyond a NUL the parser sees nothing"),
  ]) func `a wrong file is refused in a sentence that names the place`(document: String, expected: String, why: String) throws {
    let said = try #require(complaint(document), "read: \(why)")
    #expect(said.contains(expected), "\(why)")
    #expect(!said.contains("\n"))
  }

  @Test func `the file is written once, for the user alone`() throws {
    let file = try temporaryFolder().appending(path: "config.toml")
    let settings = try read(smallest)
    try settings.write(to: file)
    let path = file.path(percentEncoded: false)
    #expect(try FileManager.default.attributesOfItem(atPath: path)[.posixPermissions] as? Int == 0o600)
    #expect(throws: ConfigurationFailure.exists(path)) { try settings.write(to: file) }
    #expect(try Configuration(from: file, userHome: nil) == settings)
  }

  @Test func `a missing file says what to run`() throws {
    let file = try temporaryFolder().appending(path: "config.toml")
    let failure = #expect(throws: ConfigurationFailure.self) { try Configuration(from: file, userHome: nil) }
    #expect(failure?.description.contains("run socialnet setup") == true)
  }

  @Test func `bytes that are no text are refused`() throws {
    let file = try temporaryFolder().appending(path: "config.toml")
    try Data([0xff, 0xfe, 0x00]).write(to: file)
    #expect(throws: ConfigurationFailure.notUTF8(file.path(percentEncoded: false))) {
      try Configuration(from: file, userHome: nil)
    }
  }
}

/// A new folder for one test.
func temporaryFolder() throws -> URL {
  let folder = FileManager.default.temporaryDirectory.appending(path: "account-\(UUID().uuidString)", directoryHint: .isDirectory)
  try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  return folder
}
