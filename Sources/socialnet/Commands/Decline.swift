internal import Account
internal import ArgumentParser
internal import Bridge

struct Decline: Subcommand {
  static let configuration = CommandConfiguration(
    abstract: "Say nothing to a request, for good.", discussion: "Who asked learns nothing of it.")

  @Argument(help: "The id of the request, as requests shows it, or any unambiguous beginning of it.")
  var request: String

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let name = try await desk.operations.decline(request: request)
    try desk.show(AcquaintanceOutput(name: name)) { "" }
    desk.say("\(Printable.line(name)) gets no answer.")
  }
}
