internal import Account
internal import ArgumentParser
internal import Bridge
internal import Packets

/// One run of the command: arguments in, an exit code out.
struct Program: Sendable {
  /// What is around the process.
  var surroundings: Surroundings
  /// What can be asked of the account at a place.
  var operations: @Sendable (Layout, _ verbose: Bool) -> any Operations

  /// Runs the command. Returns the exit code: 0, or one of sysexits.
  func run(_ arguments: [String]) async -> Int32 {
    let command: any ParsableCommand
    do {
      command = try SocialNet.parseAsRoot(Post.withNumberedAlternatives(arguments))
    } catch {
      return answer(parserError: error, arguments)
    }
    do throws(OperationFailure) {
      guard let subcommand = command as? any Subcommand else {
        try surroundings.console.write(Array((SocialNet.helpMessage() + "\n").utf8))
        return 0
      }
      try await run(subcommand)
      return 0
    } catch {
      report(error, json: (command as? any Subcommand)?.common.json ?? false)
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
      operations: operations(layout, common.verbose), layout: layout, json: common.json, surroundings: surroundings)
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
    surroundings.console.say("socialnet: \(failure.sentence).\n")
    if json, let object = try? JSON.object(ErrorOutput(error: .init(failure))) {
      surroundings.console.say(String(decoding: object, as: UTF8.self))
    }
  }
}

extension SocialNet {
  /// What its subcommands are called.
  static let names = Set(configuration.groupedSubcommands.flatMap(\.subcommands).map { $0._commandName })
}
