internal import Account
internal import ArgumentParser
internal import Bridge
internal import Conformance
internal import FoundationEssentials
internal import Logging

struct ConformanceCommand: Subcommand {
  static let configuration = CommandConfiguration(
    commandName: "conformance",
    abstract: "Hold this program, or another node, against the protocol's vectors.",
    discussion: """
      The vectors are files that came with the program, for whoever writes another node; the article Conformance says how to read \
      them, and how another node answers a play. Your account is not looked at, and need not be there.
      """)

  @Flag(help: "Only say which vectors there are, and what each is there for.")
  var list = false

  @Option(help: ArgumentHelp("Only these: a whole name, or the beginning of some, such as packets/refused.", valueName: "name"))
  var only: [String] = []

  @Option(help: ArgumentHelp("Play the transcripts with another node, which answers in this directory.", valueName: "dir"))
  var against: String?

  @Option(
    help: ArgumentHelp("How long the other node may take for an answer; 30s unless said otherwise.", valueName: "span"),
    transform: Arguments.span)
  var patience: Duration = .seconds(30)

  @Option(name: .customLong("as"), help: ArgumentHelp("Be the other node of a play in this directory.", valueName: "dir"))
  var other: String?

  @Option(help: ArgumentHelp("Vectors from another folder than the program's own.", valueName: "dir"))
  var vectors: String?

  @OptionGroup var common: CommonOptions

  func validate() throws {
    if other != nil, list || !only.isEmpty || against != nil {
      throw ValidationError("with --as the vectors are chosen by the other side")
    }
  }

  func run(at desk: Desk) async throws(OperationFailure) {
    let conformance = Conformance(
      vectors: try folder(desk), scratch: FileManager.default.temporaryDirectory,
      clock: Clock(zone: desk.surroundings.zone, now: desk.surroundings.now),
      log: Logger(label: "conformance") { (_) in SwiftLogNoOpLogHandler() })
    if let other { return try await conformance.answer(at: desk.surroundings.file(other, isFolder: true)) }
    if list {
      let all = try conformance.list(only: only)
      return try desk.show(VectorListOutput(all)) { all.map { "\($0.name): \($0.why)\n" }.joined() }
    }
    var findings: [Finding] = []
    let report = { (finding: Finding) throws(OperationFailure) in
      findings.append(finding)
      if !desk.json { try desk.console.write(Array(finding.line.utf8)) }
    }
    if let against {
      let place = desk.surroundings.file(against, isFolder: true)
      try await conformance.run(against: place, patience: patience, only: only, report)
    } else {
      try await conformance.run(only: only, report)
    }
    try conclude(findings, desk)
  }

  private func conclude(_ findings: [Finding], _ desk: Desk) throws(OperationFailure) {
    let output = ConformanceOutput(findings)
    if desk.json { try desk.show(output) { "" } }
    desk.say(output.sentence)
    guard output.failed > 0 else { return }
    let said = "\(output.failed) of \(findings.count) vectors do not hold"
    guard against == nil else {
      throw OperationFailure(.badData, said, remedy: "mend the other node, or say where the transcript is wrong")
    }
    throw OperationFailure(
      .internalFault, said,
      remedy: "what this program says to others may not be what they understand; please report it")
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
