import Account
import Bridge
import Foundation
import Testing

@testable import socialnet

private let servers = ["--imap", "imaps://anna@imap.example.org", "--smtp", "smtps://anna@smtp.example.org"]
private let password = ["--password-command", "pass mail"]

@Suite struct SetupTests {
  @Test func `everything can be said on the command line`() async throws {
    let stage = try Stage()
    let key = String(repeating: "AB", count: 20)
    let outcome = await stage.run(
      ["setup", "anna@example.org", "--name", "Anna", "--key", key, "--gnupg-home", "~/.gnupg", "--ca-file", "ca.pem"] + servers
        + password + [
          "--digest", "weekly@Mon07:00", "--digest-by", "append", "--digest-encrypt", "no", "--undo", "20s", "--sent-copies",
          "leave",
          "--non-interactive",
        ])
    #expect(outcome.code == 0, "\(outcome.errors)")
    let plan = """
      setUp Anna own \(key) anna@example.org imaps://anna@imap.example.org:993 smtps://anna@smtp.example.org:465 command pass mail \
      ca /here/ca.pem digest weekly@Mon07:00 append encrypt false copies leave undo 20s home /home/anna/.gnupg
      """
    #expect(outcome.asked == [plan])
    #expect(outcome.output.contains("endpoint: mailto:anna@example.org\n"))
    #expect(outcome.errors.contains("quiet"))
  }

  @Test func `what is missing is asked for on a terminal, and the password is not shown`() async throws {
    var stage = try Stage()
    stage.isInteractive = true
    stage.input = "imaps://imap.example.org\nsmtps://smtp.example.org\nhunter2\n Anna Berg \nperhaps\nyes\nmaybe\nyes\n"
    let outcome = await stage.run("setup", "anna@example.org")
    #expect(outcome.code == 0, "\(outcome.errors)")
    let asked = try #require(outcome.asked.first)
    #expect(asked.hasPrefix("setUp Anna Berg anna@example.org imaps://imap.example.org:993 smtps://smtp.example.org:465"))
    #expect(asked.contains("typed ••• of 7"))
    #expect(asked.contains("encrypt true copies delete"))
    #expect(!outcome.errors.contains("hunter2"))
    #expect(outcome.errors.contains("lies readable at your mail provider"))
  }

  @Test func `a key of one's own means encrypted digests`() async throws {
    let outcome = try await Stage().run(
      ["setup", "anna@example.org", "--name", "Anna", "--key", String(repeating: "ab", count: 20)] + servers + password)
    #expect(outcome.asked.first?.contains("encrypt true") == true)
    #expect(!outcome.errors.contains("readable"))
  }

  @Test func `a new key without a word means plain digests, and that is said`() async throws {
    let outcome = try await Stage().run(["setup", "anna@example.org", "--name", "Anna"] + servers + password)
    #expect(outcome.asked.first?.contains("encrypt false copies move") == true)
    #expect(outcome.errors.contains("--digest-encrypt yes"))
  }

  @Test(arguments: [
    (["setup", "anna@example.org"] + servers + password, "--name NAME"),
    (["setup", "anna@example.org", "--name", "A"] + password, "--imap URL"),
    (["setup", "anna@example.org", "--name", "A"] + servers, "--password-command"),
    (["setup", "anna@example.org", "--name", "A", "--imap", "smtps://x", "--smtp", "smtps://x"] + password, "is no IMAP server"),
    (["setup", "anna@example.org", "--name", "A", "--imap", "pop3s://x", "--smtp", "smtps://x"] + password, "POP3 comes later"),
    (["setup", "anna@example.org", "--name", "A\u{202e}"] + servers + password, "no control characters"),
  ]) func `what nobody can be asked for is named`(arguments: [String], expected: String) async throws {
    var stage = try Stage()
    for interactive in [false, true] {
      stage.isInteractive = interactive
      let outcome = await stage.run(arguments + (interactive ? ["--non-interactive"] : []))
      #expect(outcome.code == 64)
      #expect(outcome.errors.contains(expected), "\(outcome.errors)")
      #expect(outcome.asked.isEmpty)
    }
  }

  @Test func `a person may give up`() async throws {
    var stage = try Stage()
    stage.isInteractive = true
    #expect(await stage.run("setup", "anna@example.org").code == 64)
  }

  @Test func `a directory must be there`() async throws {
    let folder = FileManager.default.temporaryDirectory.appending(
      path: "setup-\(UUID().uuidString) ä", directoryHint: .isDirectory)
    let endpoint = try #require(Endpoint(path: folder.path(percentEncoded: false)))
    let missing = try await Stage().run("setup", endpoint.uri, "--name", "A")
    #expect(missing.code == 66)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let made = try await Stage().run("setup", endpoint.uri, "--name", "A")
    #expect(made.asked.first?.hasPrefix("setUp A folder \(folder.path(percentEncoded: false))") == true)
  }

  @Test func `an account that is there already is not asked about`() async throws {
    let home = FileManager.default.temporaryDirectory.appending(path: "home-\(UUID().uuidString)", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: home, withIntermediateDirectories: true)
    try Data().write(to: home.appending(path: "config.toml"))
    let outcome = try await Stage().run(["--home", home.path(percentEncoded: false), "setup", "anna@example.org"])
    #expect(outcome.code == 73)
    #expect(outcome.asked.isEmpty)
  }
}
