internal import Account
internal import ArgumentParser
internal import Bridge

struct Revoke: Subcommand {
  static let configuration = CommandConfiguration(
    abstract: "Take your key back, for good.",
    discussion: """
      For when somebody else may have it. All contacts hear of it and believe nothing more that comes under the key: this account says \
      nothing after that, and a new one begins with `setup` and new invitations. There is no way back.
      """)

  @Flag(help: "Do not ask whether you mean it.")
  var yes = false

  @Option(
    help: ArgumentHelp(
      "A revocation certificate, if the key was not made by this program (gpg --gen-revoke).", valueName: "file"))
  var certificate: String?

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    try desk.confirm("Take your key back for good? Nobody will believe this account any more", yes)
    let told = try await desk.operations.revoke(certificate: certificate.map { desk.surroundings.file($0) })
    try desk.show(ToldOutput(told: told)) { "" }
    desk.say("Your key is taken back; \(told) contact\(told == 1 ? " hears" : "s hear") of it with the next run.")
  }
}

struct Unfreeze: Subcommand {
  static let configuration = CommandConfiguration(
    abstract: "Go on with somebody whose key was in doubt.",
    discussion: "Ask them in another way first: you go on with the key that contacts shows.")

  @Argument(help: Help.contact)
  var contact: String

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let name = try await desk.operations.unfreeze(contact)
    try desk.show(AcquaintanceOutput(name: name)) { "You go on with \(Printable.line(name)); `socialnet verify` makes sure." }
  }
}
