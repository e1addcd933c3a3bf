internal import ArgumentParser
internal import Bridge

struct Retract: Subcommand {
  static let configuration = CommandConfiguration(
    abstract: "Take back something of yours, or a comment below your own post.",
    discussion: "Friends' bridges take it out of the feed. What they have read, and the sealed mail in their mailboxes, stays.")

  @Argument(help: Help.item, transform: Arguments.item)
  var item: ItemName

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    try await desk.operations.retract(item)
  }
}
