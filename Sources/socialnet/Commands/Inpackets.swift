internal import ArgumentParser
internal import Bridge
internal import Feed
internal import Packets

struct Inpackets: Subcommand {
  static let configuration = CommandConfiguration(abstract: "Show what was received and is not processed yet.")

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let (waiting, processed) = try await desk.operations.inpackets()
    try desk.show(InpacketsOutput(waiting, processed: processed)) {
      var table = TableWords(["ID", "RECEIVED", "KIND", "BYTES", "TRIED", "WHY"])
      for inpacket in waiting {
        table.add([
          String(inpacket.id.text.prefix(16)), desk.time(inpacket.received), inpacket.kind, "\(inpacket.size)",
          "\(inpacket.attempts)", inpacket.said,
        ])
      }
      return table.text(ifEmpty: "Nothing waits.") + "\(processed) processed.\n"
    }
  }
}
