internal import ArgumentParser
internal import Bridge
internal import Feed

struct React: Subcommand {
  static let configuration = CommandConfiguration(
    abstract: "Set your emoji on an item.",
    discussion: "The emoji named are all of yours on this item; --none takes them back. Prints the new item's id.")

  @Argument(help: Help.item, transform: Arguments.item)
  var item: ItemName

  @Argument(help: "One or more emoji.")
  var emoji: [String] = []

  @Flag(help: "Take your emoji back.")
  var none = false

  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard emoji.isEmpty == none else {
      throw ValidationError(none ? "Name emoji or --none, not both." : "Name an emoji, or --none to take yours back.")
    }
  }

  func run(at desk: Desk) async throws(OperationFailure) {
    let id = try await desk.operations.react(to: item, emoji: emoji)
    try desk.show(NewItemOutput(id: id.text)) { id.text }
  }
}
