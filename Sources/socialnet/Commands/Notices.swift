internal import ArgumentParser
internal import Bridge
internal import Packets

struct Notices: Subcommand {
  static let configuration = CommandConfiguration(abstract: "Show what you should know.")

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let notices = try await desk.operations.notices()
    try desk.show(NoticesOutput(notices)) {
      var table = TableWords(["WHEN", "KIND", "SAID"])
      for notice in notices { table.add([desk.time(notice.when), notice.kind, notice.said]) }
      return table.text(ifEmpty: "There is nothing that you should know.")
    }
  }
}
