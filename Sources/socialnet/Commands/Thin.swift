internal import ArgumentParser
internal import Bridge

struct Thin: Subcommand {
  static let configuration = CommandConfiguration(
    abstract: "Fold old parcels of the bridge's folder into few mails.",
    discussion: """
      They are sealed together to yourself, and deleted only when that lies in the mailbox whole: a rebuild finds all of it. With \
      mail.retention in the settings, the daemon does this by itself once in 30 days.
      """)

  @Option(
    help: ArgumentHelp("How old, such as 365d; by mail.retention in the settings where it is not said.", valueName: "span"),
    transform: Arguments.span)
  var olderThan: Duration?

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let progress = desk.progress()
    defer { progress.end() }
    let thinned = try await desk.operations.thin(olderThan: olderThan, progress: progress.report)
    progress.end()
    try desk.show(ThinOutput(thinned)) { "" }
    let left = thinned.left == 0 ? "" : "; \(thinned.left) stay as they are"
    desk.say(
      thinned.folded == 0
        ? "There is nothing to fold together\(left)."
        : "\(thinned.folded) parcels were folded into \(thinned.snapshots)\(left).")
  }
}
