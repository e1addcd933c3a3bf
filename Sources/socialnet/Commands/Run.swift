internal import ArgumentParser
internal import Bridge
internal import Logging

struct Run: Subcommand {
  static let configuration = CommandConfiguration(
    abstract: "Be the bridge: receive, process, send, and mail digests, until stopped.",
    discussion: "The configuration file says how; see socialnet setup.")

  @Flag(help: "Receive everything, process it, send what waits, deliver the digest if it is due, and stop.")
  var once = false

  @Flag(help: "Be the bridge in place of another machine that has this account; a daemon that runs here takes over.")
  var takeOver = false

  @OptionGroup var common: CommonOptions

  var logLevel: Logger.Level { .info }

  func run(at desk: Desk) async throws(OperationFailure) {
    let progress = desk.progress()
    defer { progress.end() }
    try await desk.operations.run(once: once, takingOver: takeOver, progress: once ? progress.report : .none)
  }
}
