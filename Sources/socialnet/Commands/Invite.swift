internal import ArgumentParser
internal import Account
internal import Bridge
internal import Feed

struct Invite: Subcommand {
  static let configuration = CommandConfiguration(
    abstract: "Make an invitation, good for one person and seven days.",
    discussion:
      "Prints the link, and mails it if an address is given. Whoever has the link can become your friend: hand it over well.")

  @Argument(help: "Whom to mail it to.", transform: Arguments.address)
  var address: EmailAddress?

  @Option(help: ArgumentHelp("How you call whom it is for.", valueName: "name"))
  var name: String?

  @Flag(help: "Show it as a QR code too (needs the program qrencode).")
  var qr = false

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let given = try await desk.operations.invite(address: address, name: name)
    try desk.show(InviteOutput(given)) { given.link }
    if qr { try await QRCode.show(given.link, on: desk) }
    if let address = given.mailedTo { desk.say("It goes to \(address) by mail.") }
    desk.say("It is good for one person until \(desk.time(given.expires)).")
  }
}
