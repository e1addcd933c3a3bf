internal import ArgumentParser
internal import Bridge
internal import Feed

struct Contacts: Subcommand {
  static let configuration = CommandConfiguration(abstract: "Show everybody you know here, and who asked.")

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let output = ContactsOutput(try await desk.operations.contacts(), pending: try await desk.operations.requests())
    try desk.show(output) {
      var table = TableWords(["NAME", "STATE", "MARK", "ENDPOINT", "FINGERPRINT"])
      for row in output.contacts { table.add([row.name, row.state, row.mark, row.endpoints.first ?? "", row.fingerprint]) }
      return table.text(ifEmpty: "There is nobody here yet; socialnet invite makes an invitation.")
    }
  }
}
