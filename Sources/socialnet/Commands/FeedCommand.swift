internal import ArgumentParser
internal import Bridge
internal import Packets

struct FeedCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "feed", abstract: "Show posts, comments and messages, newest first, your own too.")

  @Option(help: ArgumentHelp("At most so many.", valueName: "n"))
  var limit = 20

  @Option(help: ArgumentHelp("Only what is newer: 7d, 2026-11-22 or 2026-11-22T07:00.", valueName: "when"))
  var since: String?

  @Option(help: ArgumentHelp("Only what has all these words.", valueName: "words"))
  var search: String?

  @OptionGroup var common: CommonOptions

  func validate() throws {
    guard (1...100_000).contains(limit) else { throw ValidationError("--limit is a number from 1 to 100000.") }
  }

  func run(at desk: Desk) async throws(OperationFailure) {
    var moment: Instant?
    if let since {
      moment = Moments.parse(since, now: desk.surroundings.now(), in: desk.surroundings.zone)
      guard moment != nil else {
        throw OperationFailure(.usage, "--since is no moment", remedy: "write 7d, 2026-11-22 or 2026-11-22T07:00")
      }
    }
    let items = try await desk.operations.feed(limit: limit, since: moment, words: search)
    try desk.show(FeedOutput(items: items.map { ItemOutput($0, in: desk.layout) })) {
      items.isEmpty ? "There is nothing here yet." : ItemWords(zone: desk.surroundings.zone).list(items)
    }
  }
}
