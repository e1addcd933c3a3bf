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
      "\(rebuilt.parcels) parcels read, \(rebuilt.journal) of them from the journal; \(rebuilt.items) things are in the feed.")
  }
}
