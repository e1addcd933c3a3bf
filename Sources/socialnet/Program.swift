internal import Account
internal import ArgumentParser
internal import Bridge
internal import Logging
internal import Packets

/// One run of the command: arguments in, an exit code out.
struct Program: Sendable {
  /// What is around the process.
  var surroundings: Surroundings
  /// What can be asked of the account at a place, and how much is to be logged meanwhile.
  var operations: @Sendable (Layout, Logger.Level) -> any Operations

  /// Runs the command. Returns the exit code: 0, or one of sysexits.
  func run(_ arguments: [String]) async -> Int32 {
    let subcommand: any Subcommand
    do {
      var command = try SocialNet.parseAsRoot(Post.withNumberedAlternatives(arguments))
      guard let found = command as? any Subcommand else {
        // The parser's own: `help`, and groups without a subcommand. They throw what they have to say.
        try command.run()
        return 0
      }
      subcommand = found
    } catch {
      return answer(parserError: error, arguments)
    }
    do {
      try await run(subcommand)
      return 0
    } catch {
      report(error, json: subcommand.common.json)
      return error.code.rawValue
    }
  }

  private func run(_ subcommand: any Subcommand) async throws(OperationFailure) {
    let common = subcommand.common
    let layout: Layout
    do {
      layout = try Layout(
        home: common.home, environment: surroundings.environment, workingDirectory: surroundings.workingDirectory)
    } catch {
      throw OperationFailure(error)
    }
    let desk = Desk(
      operations: operations(layout, common.verbose ? .debug : subcommand.logLevel), layout: layout, json: common.json,
      surroundings: surroundings)
    try await subcommand.run(at: desk)
  }

  /// Help and the version are data; anything else that the parser says is a wrong command line.
  private func answer(parserError error: any Error, _ arguments: [String]) -> Int32 {
    guard SocialNet.exitCode(for: error) != .success else {
      try? surroundings.console.write(Array((SocialNet.fullMessage(for: error) + "\n").utf8))
      return 0
    }
    // The parser ends some of its sentences with a full stop, and adds examples on further lines.
    let said = SocialNet.message(for: error).split(separator: "\n").first ?? ""
    let sentence = said.hasSuffix(".") ? said.dropLast() : said
    let subcommand = arguments.first { !$0.hasPrefix("-") && SocialNet.names.contains($0) }
    let failure = OperationFailure(
      .usage, Printable.line(sentence, limit: 300), remedy: "see socialnet help" + (subcommand.map { " \($0)" } ?? ""))
    report(failure, json: arguments.contains("--json"))
    return failure.code.rawValue
  }

  private func report(_ failure: OperationFailure, json: Bool) {
    // Some sentences come with their full stop.
    let sentence = failure.sentence.hasSuffix(".") ? failure.sentence : failure.sentence + "."
    surroundings.console.say("socialnet: \(sentence)\n")
    if json, let object = try? JSON.object(ErrorOutput(error: .init(failure))) {
      surroundings.console.say(String(decoding: object, as: UTF8.self))
    }
  }
}

extension SocialNet {
  /// What its subcommands are called.
  static let names = Set(configuration.groupedSubcommands.flatMap(\.subcommands).map { $0._commandName })
}
