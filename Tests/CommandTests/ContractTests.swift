import Account
import Bridge
import Testing

@testable import socialnet

/// What scripts rely on: every key of `--json`, and the text beside it.
@Suite struct ContractTests {
  static let shown: [[String]] = [
    ["feed"], ["show", "#1"], ["contacts"], ["requests"], ["profile"], ["digest"], ["inpackets"], ["outpackets"], ["held"],
    ["refused"],
    ["notices"], ["doctor"], ["rebuild"], ["thin"], ["invite"], ["post", "x"],
    ["verify", "ben"], ["revoke", "--yes"], ["unfreeze", "ben"], ["key", "change", "--yes"], ["move", "a@b.example"],
  ]

  @Test(arguments: shown) func `data is shown as it was when somebody last looked`(arguments: [String]) async throws {
    let stage = try Stage()
    try Golden.compare(await stage.run(arguments + ["--json"]).output, "\(arguments[0]).json")
    try Golden.compare(await stage.run(arguments).output, "\(arguments[0]).txt")
  }

  @Test(arguments: shown) func `a stranger's words cannot steer the terminal`(arguments: [String]) async throws {
    let outcome = try await Stage().run(arguments)
    #expect(!outcome.output.contains("\u{1b}"))
    #expect(!outcome.output.contains("\u{202e}"))
  }

  @Test func `raw bytes come out as they are`() async throws {
    let outcome = try await Stage().run("show", "ab12", "--raw")
    #expect(outcome.output == "<packet/>")
    #expect(outcome.asked == ["raw beginning(\"ab12\")"])
  }

  @Test func `a path is given only for a picture that is here`() async throws {
    let output = try await Stage().run("--home", "/a", "feed", "--json").output
    #expect(output.contains("\"path\" : \"/a/blobs/\(String(repeating: "03", count: 32))\""))
    #expect(output.contains("\"path\" : null"))
  }

  @Test func `the worst failed check decides the code, and words go to standard error`() async throws {
    let outcome = try await Stage().run("doctor", "--json")
    #expect(outcome.code == 77)
    #expect(outcome.output.contains("\"result\" : \"fail\""))
    #expect(outcome.errors.hasPrefix("socialnet: 2 of 4 checks failed; mend imap first.\n"))
  }

  @Test func `an error is one sentence, and an object beside it`() async throws {
    var stage = try Stage()
    stage.failure = OperationFailure(.refused, "the server refuses the password", remedy: "change password-command")
    let plain = await stage.run("feed")
    #expect(plain.code == 77)
    #expect(plain.output.isEmpty)
    #expect(plain.errors == "socialnet: the server refuses the password; change password-command.\n")
    let json = await stage.run("feed", "--json")
    #expect(json.errors.hasPrefix(plain.errors))
    let object = """
      {
        "error" : {
          "code" : 77,
          "message" : "the server refuses the password",
          "remedy" : "change password-command"
        },
        "schema" : 1
      }

      """
    #expect(String(json.errors.dropFirst(plain.errors.count)) == object)
  }

  @Test(arguments: [
    ConfigurationFailure.missing("/x"), .unreadable("/x"), .notUTF8("/x"),
    .syntax(line: 1, column: 2, reason: "a bracket is missing"), .unknownKey("mail.x", nearest: nil),
    .unknownKey("mail.x", nearest: "mail.y"), .wrongKind(key: "mail.poll", expected: "a number", found: "text"),
    .wrongValue(key: "mail.poll", reason: "it is 0"), .missingKey("account.name", why: "others see it"), .exists("/x"),
    .unwritable(.forbidden("/x")),
  ]) func `every complaint about the settings says what to do`(complaint: ConfigurationFailure) {
    let failure = OperationFailure(complaint)
    #expect(!failure.message.isEmpty && !failure.remedy.isEmpty)
    #expect([.configuration, .cannotCreate, .inputOutput].contains(failure.code))
  }

  @Test(arguments: [
    ("it failed", "", "it failed."), ("It failed.", "Try again.", "It failed; try again."),
    ("no", "IMAP is needed", "no; IMAP is needed."),
    ("a", "b", "a; b."),
  ]) func `what happened and what to do are one sentence`(message: String, remedy: String, sentence: String) {
    #expect(Program.sentence(OperationFailure(.tryAgain, message, remedy: remedy)) == sentence)
  }
}
