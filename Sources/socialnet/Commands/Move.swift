internal import Account
internal import ArgumentParser
internal import Bridge

struct Move: Subcommand {
  static let configuration = CommandConfiguration(
    abstract: "Be reached at another address.",
    discussion: """
      First see to it that parcels which come there reach this bridge: by imap in config.toml, or by a forwarding. Each contact's bridge \
      sends something there and goes on writing to the old address until the answer came, so leave that open for some days.
      """)

  @Argument(
    help: "Where you are reached, the best first: mailto:you@example.org, you@example.org, or file:///directory.",
    transform: Arguments.endpoint)
  var endpoints: [String]

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let told = try await desk.operations.move(to: endpoints)
    try desk.show(ToldOutput(told: told)) { "" }
    desk.say("\(told) contact\(told == 1 ? " hears" : "s hear") of it with the next run.")
  }
}
