internal import Account
internal import ArgumentParser
internal import Bridge
internal import Feed

struct Share: Subcommand {
  static let configuration = CommandConfiguration(
    abstract: "Show your friends what somebody else has posted.",
    discussion: """
      Prints the new item's id. Only what its author lets be shared can be; they are named to your friends by their key, and by name only \
      to who knows them. Comments on it come to you.
      """)

  @Argument(help: Help.item, transform: Arguments.item)
  var item: ItemName

  @Argument(help: "Words of your own; with - they are read from standard input.")
  var text: String?

  @Option(help: ArgumentHelp("To this circle instead of everyone.", valueName: "name"))
  var circle: String?

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let words = text == nil ? "" : try desk.words(text)
    let id = try await desk.operations.share(item, text: words, circle: circle)
    try desk.show(NewItemOutput(id: id.text)) { id.text }
  }
}

struct Introduce: Subcommand {
  static let configuration = CommandConfiguration(
    abstract: "Bring two contacts together.",
    discussion: """
      LINK is an invitation that one of them made for this with `socialnet invite` and gave to you; it goes to CONTACT, who sees it as a \
      request, and decides. With - it is read from standard input.
      """)

  @Argument(help: Help.contact)
  var contact: String

  @Argument(help: ArgumentHelp("The invitation of the other.", valueName: "link|-"))
  var link: String

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let invitation = try Arguments.invitation(link == "-" ? try desk.words(link) : link)
    let names = try await desk.operations.introduce(invitation, to: contact)
    try desk.show(IntroductionOutput(who: names.who, to: names.to)) {
      "\(Printable.line(names.who)) is introduced to \(Printable.line(names.to))."
    }
  }
}

struct History: Subcommand {
  static let configuration = CommandConfiguration(
    abstract: "Send a contact the newest posts from before you were contacts.",
    discussion:
      """
      Up to 20 posts of each circle that they are in, with what hangs below them; said again, the 20 before those. The first 20 go by \
      themselves a day after you became contacts.
      """
  )

  @Argument(help: Help.contact)
  var contact: String

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let name = try await desk.operations.sendHistory(to: contact)
    try desk.show(AcquaintanceOutput(name: name)) { "What you posted before goes to \(Printable.line(name))." }
  }
}

/// `introduce --json`: both names.
struct IntroductionOutput: Encodable {
  var who: String
  var to: String
}
