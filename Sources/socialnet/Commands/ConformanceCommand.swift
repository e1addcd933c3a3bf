internal import Account
internal import ArgumentParser
internal import Bridge
internal import Conformance

struct ConformanceCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "conformance",
    abstract: "Hold this program against the protocol's vectors.",
    discussion: """
      The vectors are files that came with the program, for whoever writes another node; the article Conformance says how to read \
      them. Your account is not looked at, and need not be there.
      """)

  @Flag(help: "Only say which vectors there are, and what each is there for.")
  var list = false

  @Option(help: ArgumentHelp("Only these: a whole name, or the beginning of some, such as packets/refused.", valueName: "name"))
  var only: [String] = []

  @Option(help: ArgumentHelp("Vectors from another folder than the program's own.", valueName: "dir"))
  var vectors: String?

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let conformance = Conformance(vectors: try folder(desk))
    if list {
      let all = try conformance.list(only: only)
      return try desk.show(VectorListOutput(all)) { all.map { "\($0.name): \($0.why)\n" }.joined() }
    }
    var findings: [Finding] = []
    try await conformance.run(only: only) { (finding) throws(OperationFailure) in
      findings.append(finding)
      if !desk.json { try desk.console.write(Array(finding.line.utf8)) }
    }
    let output = ConformanceOutput(findings)
    if desk.json { try desk.show(output) { "" } }
    desk.say(output.sentence)
    guard output.failed == 0 else {
      throw OperationFailure(
        .internalFault, "\(output.failed) of \(findings.count) vectors do not hold",
        remedy: "what this program says to others may not be what they understand; please report it")
    }
  }

  private func folder(_ desk: Desk) throws(OperationFailure) -> VectorFolder {
    guard let vectors else { return try VectorFolder.installed() }
    return VectorFolder(desk.surroundings.file(vectors, isFolder: true))
  }
}

extension Finding {
  /// One line for a person.
  fileprivate var line: String {
    switch result {
    case .holds: "ok       \(name)\n"
    case .fails(let flaw): "FAILED   \(name): \(Printable.line(flaw, limit: 1000)) (\(why))\n"
    case .leftOut(let reason): "left out \(name): \(Printable.line(reason, limit: 1000))\n"
    }
  }
}

extension ConformanceOutput {
  /// How all of it went, for a person.
  fileprivate var sentence: String {
    let left = leftOut == 0 ? "" : ", \(leftOut) left out"
    return "\(held) of \(vectors.count) vectors hold\(left)."
  }
}
