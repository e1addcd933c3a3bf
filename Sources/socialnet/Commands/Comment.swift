internal import ArgumentParser
internal import Bridge
internal import Feed

struct Comment: Subcommand {
  static let configuration = CommandConfiguration(
    abstract: "Put words under an item.",
    discussion: "Prints the new item's id. Without TEXT, or with -, the words are read from standard input.")

  @Argument(help: Help.item, transform: Arguments.item)
  var item: ItemName

  @Argument(help: Help.words)
  var text: String?

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let id = try await desk.operations.comment(on: item, text: try desk.words(text))
    try desk.show(NewItemOutput(id: id.text)) { id.text }
  }
}
