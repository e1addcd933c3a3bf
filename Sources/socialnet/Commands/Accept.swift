internal import Account
internal import ArgumentParser
internal import Bridge
internal import Feed

struct Accept: Subcommand {
  static let configuration = CommandConfiguration(
    abstract: "Answer an invitation, or say yes to a request.",
    discussion: "With - the link is read from standard input, so that it stands in no list of commands.")

  @Argument(help: ArgumentHelp("A link, - for one on standard input, or the id of a request.", valueName: "link|-|request"))
  var what: String

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let text = what == "-" ? try desk.words(what) : what
    // Ids of requests have no colon; whatever has one was meant to be a link, and its reader says best what is wrong with it.
    guard what == "-" || text.contains(":") else {
      let name = try await desk.operations.accept(request: text)
      try desk.show(AcquaintanceOutput(name: name)) { "" }
      return desk.say("\(Printable.line(name)) is a contact now.")
    }
    let invitation = try Arguments.invitation(text)
    let name = try await desk.operations.accept(invitation)
    try desk.show(AcquaintanceOutput(name: name)) { "" }
    desk.say("\(Printable.line(name)) is asked, and will be your contact as soon as their bridge answers.")
  }
}
