internal import ArgumentParser
internal import Bridge
internal import Packets

struct Refused: Subcommand {
  static let configuration = CommandConfiguration(abstract: "Show what was kept out, by which gate, and why.")

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let refused = try await desk.operations.refused()
    try desk.show(RefusedOutput(refused)) {
      var table = TableWords(["RECEIVED", "FROM", "GATE", "REASON"])
      for thing in refused { table.add([desk.time(thing.received), thing.from, thing.gate, thing.reason]) }
      return table.text(ifEmpty: "Nothing was kept out.")
    }
  }
}
