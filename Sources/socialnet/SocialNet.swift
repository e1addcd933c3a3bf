internal import ArgumentParser
internal import Bridge
internal import Logging

/// The command `socialnet` (article "Command"): what its parts are called, and nothing of what they do.
struct SocialNet: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "socialnet",
    abstract: "A social network that lives in your mailbox.",
    discussion: """
      Begin with: socialnet setup you@example.org --name "Your Name" --imap imaps://… --smtp smtps://…
      Then leave this running: socialnet run
      Find a friend with socialnet invite, and see with socialnet doctor whether all is well.
      """,
    version: LocalAccount.version,
    groupedSubcommands: [
      CommandGroup(
        name: "The account",
        subcommands: [
          Setup.self, Run.self, Doctor.self, Rebuild.self, Thin.self, ProfileCommand.self, Move.self, KeyCommand.self,
          Revoke.self,
        ]),
      CommandGroup(name: "Reading", subcommands: [FeedCommand.self, Show.self, DigestCommand.self, Notices.self]),
      CommandGroup(
        name: "Writing", subcommands: [Post.self, Comment.self, React.self, Share.self, Message.self, Edit.self, Retract.self]),
      CommandGroup(
        name: "People",
        subcommands: [
          Invite.self, Accept.self, Decline.self, Contacts.self, Requests.self, Introduce.self, History.self, Circles.self,
          Remove.self, Block.self, Unblock.self, Verify.self, Unfreeze.self,
        ]),
      CommandGroup(name: "Queues", subcommands: [Inpackets.self, Outpackets.self, Held.self, Refused.self]),
      CommandGroup(name: "Other nodes", subcommands: [ConformanceCommand.self]),
    ])

  @OptionGroup(title: "For every subcommand") var place: PlaceOptions
}

/// Where the account is. Understood before the subcommand and behind it.
struct PlaceOptions: ParsableArguments {
  @Option(help: ArgumentHelp("Where the account lies.", valueName: "dir"))
  var home: String?

  @Flag(help: "Say what is being done, on standard error.")
  var verbose = false
}

/// What every subcommand understands.
struct CommonOptions: ParsableArguments {
  @ParentCommand var root: SocialNet

  @Option(name: .customLong("home"), help: .hidden)
  var homeBehind: String?

  @Flag(name: .customLong("verbose"), help: .hidden)
  var verboseBehind = false

  @Flag(help: "Show data as one JSON object.")
  var json = false

  /// Where the account is said to be.
  var home: String? { homeBehind ?? root.place.home }

  /// Whether to say what is being done.
  var verbose: Bool { verboseBehind || root.place.verbose }
}

/// A part of the command. It turns arguments into one operation, and the result into data and words; it decides nothing.
protocol Subcommand: ParsableCommand {
  /// What every subcommand understands.
  var common: CommonOptions { get }
  /// How much is logged where nobody asked for more.
  var logLevel: Logger.Level { get }
  /// Does it.
  func run(at desk: Desk) async throws(OperationFailure)
}

extension Subcommand {
  /// The person at the terminal wants the answer, not the way to it.
  var logLevel: Logger.Level { .warning }
}
