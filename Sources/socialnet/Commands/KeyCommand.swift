internal import ArgumentParser
internal import Bridge
internal import Packets

/// `key change`.
struct KeyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "key", abstract: "Change your OpenPGP key.", subcommands: [ChangeKey.self])
}

struct ChangeKey: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "change", abstract: "Put a new key in place of the present one.",
    discussion: """
      All contacts hear of it under the old key, and believe only the new one from then on. Invitations that are out, and requests that \
      are not answered, come to nothing. If somebody else may have your key, `revoke` is what you want.
      """)

  @Flag(help: "Do not ask whether you mean it.")
  var yes = false

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    try desk.confirm("Put a new key in place of the present one", yes)
    let (key, told) = try await desk.operations.changeKey()
    try desk.show(ChangedKeyOutput(fingerprint: key.text, told: told)) { key.text }
    desk.say("This is your key now; \(told) contact\(told == 1 ? " hears" : "s hear") of it with the next run. Back up gnupg/.")
  }
}
