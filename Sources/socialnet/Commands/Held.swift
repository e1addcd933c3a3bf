internal import Account
internal import ArgumentParser
internal import Bridge
internal import Feed

struct Held: Subcommand {
  static let configuration = CommandConfiguration(abstract: "Show what needs a newer version of SocialNet.")

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let held = try await desk.operations.held()
    try desk.show(HeldOutput(held)) {
      var table = TableWords(["ID", "FROM", "KIND", "SAYS"])
      for packet in held { table.add([packet.id.text, packet.author.name, packet.kind, packet.fallback]) }
      return table.text(ifEmpty: "Nothing is held.")
    }
  }
}
