internal import ArgumentParser
internal import Bridge
internal import Feed
internal import Packets

struct Requests: Subcommand {
  static let configuration = CommandConfiguration(
    abstract: "Show who wants to become your contact.", discussion: "Answer with socialnet accept ID or socialnet decline ID.")

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let requests = try await desk.operations.requests()
    try desk.show(RequestsOutput(requests)) {
      var table = TableWords(["ID", "NAME", "ENDPOINT", "RECEIVED", "PROOF"])
      for request in requests {
        table.add([
          request.id.text, request.name, request.endpoints.first ?? "", desk.time(request.received),
          request.introducedBy.map { "sent by \($0)" } ?? (request.proof ? "yes" : "no"),
        ])
      }
      return table.text(ifEmpty: "Nobody asks.")
    }
  }
}
