internal import Account
internal import ArgumentParser
internal import Bridge
internal import FoundationEssentials
internal import Packets

struct Setup: Subcommand {
  static let configuration = CommandConfiguration(
    abstract: "Make the account.",
    discussion: """
      Asks for what is missing when on a terminal. Logs in to both servers before it writes anything.
      A server is imaps://user@host:993, imap+starttls://…, smtps://…, smtp+starttls://…, or on this machine \
      imap+plain://… and smtp+plain://…
      """)

  @Argument(help: ArgumentHelp("Your mail address, or the URI of an existing directory.", valueName: "address|file:///dir"))
  var place: String

  @Option(help: ArgumentHelp("The name that others see first.", valueName: "name"))
  var name: String?

  @Option(help: ArgumentHelp("Where your mail is read.", valueName: "url"), transform: Arguments.server)
  var imap: ServerURL?

  @Option(help: ArgumentHelp("Where your mail is sent.", valueName: "url"), transform: Arguments.server)
  var smtp: ServerURL?

  @Option(help: ArgumentHelp("Prints your password; run by /bin/sh at each login.", valueName: "cmd"))
  var passwordCommand: String?

  @Option(help: ArgumentHelp("Its first line is your password.", valueName: "file"))
  var passwordFile: String?

  @Option(help: ArgumentHelp("A new OpenPGP key, or one that you have.", valueName: "new|fingerprint"))
  var key = KeyChoice.new

  @Option(help: ArgumentHelp("The GnuPG home that your own key is in.", valueName: "dir"))
  var gnupgHome: String?

  @Option(help: ArgumentHelp("Certificates to trust beside the system's.", valueName: "file"))
  var caFile: String?

  @Option(
    help: ArgumentHelp("When to mail you what is new: \(Schedule.expected).", valueName: "when"), transform: Arguments.schedule)
  var digest = Schedule.daily([.sevenInTheMorning])

  @Option(
    help: ArgumentHelp("Send digests to you, or put them straight into INBOX.", valueName: "smtp|append"),
    transform: Arguments.word)
  var digestBy = Configuration.Digest.Way.smtp

  @Option(help: ArgumentHelp("Whether digests are encrypted to your own key.", valueName: "yes|no"), transform: Arguments.word)
  var digestEncrypt: YesNo?

  @Option(
    help: ArgumentHelp(
      "What becomes of the copies of parcels that your provider puts into Sent.", valueName: "move|delete|leave"),
    transform: Arguments.word)
  var sentCopies: Configuration.Mail.SentCopies?

  @Option(help: ArgumentHelp("How long a post can be taken back: 10m, or 0.", valueName: "span"), transform: Arguments.span)
  var undo: Duration?

  @Flag(help: "Never ask.")
  var nonInteractive = false

  @OptionGroup var common: CommonOptions

  func validate() throws {
    if passwordCommand != nil, passwordFile != nil {
      throw ValidationError("Say --password-command or --password-file, not both.")
    }
    if gnupgHome != nil, key == .new { throw ValidationError("--gnupg-home goes with --key FINGERPRINT.") }
  }

  func run(at desk: Desk) async throws(OperationFailure) {
    let file = desk.layout.configuration.path(percentEncoded: false)
    // Before any question is asked.
    if FileManager.default.fileExists(atPath: file) { throw OperationFailure(ConfigurationFailure.exists(file)) }
    let plan = try SetupQuestions(given: self, desk: desk).plan()
    let progress = desk.progress()
    defer { progress.end() }
    let account = try await desk.operations.setUp(plan, progress: progress.report)
    progress.end()
    try desk.show(SetupOutput(account)) {
      "endpoint: \(account.endpoint.uri)\nauthor: \(account.author.text)\nfingerprint: \(account.fingerprint.text)\n"
    }
    for sentence in account.advice { desk.say(sentence) }
    desk.say("The account is made; its settings are in \(file). Now leave this running: socialnet run")
  }

  /// `new`, or the fingerprint of the user's own key.
  enum KeyChoice: Equatable, ExpressibleByArgument, CustomStringConvertible {
    case new
    case own(Fingerprint)

    init?(argument: String) {
      if argument == "new" {
        self = .new
      } else {
        // GnuPG prints fingerprints in groups.
        guard let fingerprint = Fingerprint(text: argument.filter { $0 != " " }) else { return nil }
        self = .own(fingerprint)
      }
    }

    var description: String {
      switch self {
      case .new: "new"
      case .own(let fingerprint): fingerprint.text
      }
    }
  }
}
