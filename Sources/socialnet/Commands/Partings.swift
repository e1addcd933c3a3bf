internal import ArgumentParser
internal import Bridge

struct Remove: Subcommand {
  static let configuration = CommandConfiguration(
    abstract: "End being contacts.",
    discussion: "The other is told, and neither sees what the other posts from now on. What was said stays in both feeds.")

  @Argument(help: Help.contact)
  var contact: String

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let name = try await desk.operations.remove(contact)
    try desk.show(AcquaintanceOutput(name: name)) { "\(name) is no longer a contact of yours." }
  }
}

struct Block: Subcommand {
  static let configuration = CommandConfiguration(
    abstract: "Hear nothing more of somebody, who is not told.")

  @Argument(help: Help.contact)
  var contact: String

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let name = try await desk.operations.block(contact)
    try desk.show(AcquaintanceOutput(name: name)) { "\(name) is blocked; `socialnet unblock` takes that back." }
  }
}

struct Unblock: Subcommand {
  static let configuration = CommandConfiguration(
    abstract: "Take a block back.",
    discussion: "The two of you are no contacts then; a new invitation makes you contacts again.")

  @Argument(help: Help.contact)
  var contact: String

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let name = try await desk.operations.unblock(contact)
    try desk.show(AcquaintanceOutput(name: name)) { "\(name) is not blocked any more." }
  }
}
