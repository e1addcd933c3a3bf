internal import ArgumentParser
internal import Bridge
internal import Packets

struct Outpackets: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show what is not handed over yet, try it at once, or give it up.",
    subcommands: [ListOutpackets.self, RetryOutpacket.self, DropOutpacket.self], defaultSubcommand: ListOutpackets.self)
}

struct ListOutpackets: Subcommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "Show what is not handed over yet.")

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let (waiting, failed) = try await desk.operations.outpackets()
    try desk.show(OutpacketsOutput(waiting, failed: failed)) {
      let titles = ["ID", "TO", "ENDPOINT", "KIND", "TRIED", "NEXT", "LAST REPLY"]
      var table = TableWords(titles)
      for outpacket in waiting + failed {
        table.add([
          "\(outpacket.id)", outpacket.to, outpacket.endpoint, outpacket.kind, "\(outpacket.attempts)",
          outpacket.nextAttempt.map { desk.time($0) } ?? "given up", outpacket.lastReply,
        ])
      }
      return table.text(ifEmpty: "Nothing waits.")
    }
  }
}

struct RetryOutpacket: Subcommand {
  static let configuration = CommandConfiguration(commandName: "retry", abstract: "Try one at once.")

  @Argument(help: "Its id.")
  var id: Int64

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) { try await desk.operations.retry(outpacket: id) }
}

struct DropOutpacket: Subcommand {
  static let configuration = CommandConfiguration(commandName: "drop", abstract: "Give one up.")

  @Argument(help: "Its id.")
  var id: Int64

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) { try await desk.operations.drop(outpacket: id) }
}
