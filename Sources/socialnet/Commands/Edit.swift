internal import ArgumentParser
internal import Bridge

struct Edit: Subcommand {
  static let configuration = CommandConfiguration(
    abstract: "Put other words in place of yours.",
    discussion:
      "Friends' bridges show the new words, and that they were changed. Without TEXT, or with -, the words are read from standard input."
  )

  @Argument(help: Help.item, transform: Arguments.item)
  var item: ItemName

  @Argument(help: Help.words)
  var text: String?

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    try await desk.operations.edit(item, text: try desk.words(text))
  }
}
