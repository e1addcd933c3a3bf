internal import ArgumentParser
internal import Bridge

/// `circles`, and what changes them.
struct Circles: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Show the circles that you post to, and who is in them.",
    discussion: "Nobody but you learns a circle's name, or who is in it. Everybody is in the circle everyone.",
    subcommands: [ListCircles.self, CreateCircle.self, AddToCircle.self, RemoveFromCircle.self],
    defaultSubcommand: ListCircles.self)
}

struct ListCircles: Subcommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "Show them.")

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let output = CirclesOutput(try await desk.operations.circles())
    try desk.show(output) {
      var table = TableWords(["CIRCLE", "MEMBERS"])
      for row in output.circles { table.add([row.name, row.members.map(\.name).joined(separator: ", ")]) }
      return table.text(ifEmpty: "There is no circle.")
    }
  }
}

struct CreateCircle: Subcommand {
  static let configuration = CommandConfiguration(commandName: "create", abstract: "Make a circle, with nobody in it yet.")

  @Argument(help: "What you call it.")
  var name: String

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) { try await desk.operations.createCircle(name) }
}

struct AddToCircle: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "add", abstract: "Bring a contact into a circle.", discussion: "They see what you post there from now on.")

  @Argument(help: "The circle.")
  var name: String

  @Argument(help: Help.contact)
  var contact: String

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let person = try await desk.operations.add(contact, toCircle: name)
    try desk.show(AcquaintanceOutput(name: person)) { "\(person) is in the circle \(name)." }
  }
}

struct RemoveFromCircle: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Take a contact out of a circle.",
    discussion: "They see no more of what you post there. Their bridge learns that the row of posts ends for them.")

  @Argument(help: "The circle.")
  var name: String

  @Argument(help: Help.contact)
  var contact: String

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let person = try await desk.operations.remove(contact, fromCircle: name)
    try desk.show(AcquaintanceOutput(name: person)) { "\(person) is no longer in the circle \(name)." }
  }
}
