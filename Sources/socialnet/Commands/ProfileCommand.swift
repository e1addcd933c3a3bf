internal import Account
internal import ArgumentParser
internal import Bridge
internal import Feed
internal import Packets

struct ProfileCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "profile", abstract: "Show or change what your contacts see of you.",
    subcommands: [ShowProfile.self, SetProfile.self], defaultSubcommand: ShowProfile.self)
}

struct ShowProfile: Subcommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Show your profile.")

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let output = ProfileOutput(try await desk.operations.profile())
    try desk.show(output) {
      let profile = output.profile
      var lines = [("name", profile.name), ("author", profile.author), ("fingerprint", profile.fingerprint)]
      lines += profile.endpoints.map { ("endpoint", $0) }
      lines += profile.fields.map { ($0.name + ($0.for == "contacts" ? "" : " (for \($0.for))"), $0.value) }
      return lines.map { "\(Printable.line($0)): \(Printable.line($1, limit: 1000))\n" }.joined()
    }
  }
}

struct SetProfile: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Set a field of your profile.",
    discussion: "An empty VALUE takes the field out. The name is always seen by anyone.")

  @Argument(help: "The field, for example city.")
  var field: String

  @Argument(help: "What it says.")
  var value: String

  @Option(
    name: .customLong("for"),
    help: ArgumentHelp(
      "Who may see it: anyone whom you ask to become a contact, contacts, or nobody. As before, or contacts, if it is not said.",
      valueName: "anyone|contacts|nobody"),
    transform: Arguments.word)
  var audience: FieldAudience?

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    try await desk.operations.setProfile(field: field, value: value, for: audience)
  }
}
