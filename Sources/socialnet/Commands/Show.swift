internal import ArgumentParser
internal import Bridge

struct Show: Subcommand {
  static let configuration = CommandConfiguration(abstract: "Show an item with its conversation.")

  @Argument(help: Help.item, transform: Arguments.item)
  var item: ItemName

  @Flag(help: "Print the packet exactly as its author signed it.")
  var raw = false

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    if raw { return try desk.console.write(try await desk.operations.signedBytes(of: item)) }
    let (item, conversation) = try await desk.operations.conversation(of: item)
    let output = ShowOutput(
      item: ItemOutput(item, in: desk.layout), conversation: conversation.map { ItemOutput($0, in: desk.layout) })
    try desk.show(output) { ItemWords(zone: desk.surroundings.zone).conversation(item, conversation) }
  }
}
