internal import ArgumentParser
internal import Bridge

struct Rebuild: Subcommand {
  static let configuration = CommandConfiguration(
    abstract: "Make the view anew from the mailbox and the keys.",
    discussion: "The old database stays beside the new one until you remove it.")

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let progress = desk.progress()
    defer { progress.end() }
    let rebuilt = try await desk.operations.rebuild(progress: progress.report)
    progress.end()
    try desk.show(RebuildOutput(rebuilt)) { "" }
    desk.say(
      "Read: \(rebuilt.parcels) parcels, with \(rebuilt.journal) packets of the journal; the feed has \(rebuilt.items) things.")
  }
}
