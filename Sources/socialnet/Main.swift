internal import Account
internal import Bridge
internal import Glibc
internal import Logging

/// Where the command begins: it is given this process's surroundings, and the account on this machine.
@main enum Main {
  static func main() async {
    Terminal.ignoreBrokenPipes()
    // Everything that is made here is the user's alone, SQLite's own files too.
    umask(0o077)
    let surroundings = Surroundings.process()
    let forJournal = StandardStream.error.isJournal(environment: surroundings.environment)
    let program = Program(surroundings: surroundings) { layout, level in
      let log = Logger(label: "socialnet") { _ in
        LogLines(level: level, forJournal: forJournal, write: surroundings.console.say)
      }
      return LocalAccount.operations(layout: layout, clock: Clock(zone: surroundings.zone, now: surroundings.now), log: log)
    }
    exit(await program.run(Array(CommandLine.arguments.dropFirst())))
  }
}
