internal import Account
internal import ArgumentParser
internal import Bridge

struct Doctor: Subcommand {
  static let configuration = CommandConfiguration(
    abstract: "Check everything, and say how to mend it.", discussion: "The worst failed check decides the exit code.")

  @OptionGroup var common: CommonOptions

  func run(at desk: Desk) async throws(OperationFailure) {
    let checks = await desk.operations.doctor()
    try desk.show(DoctorOutput(checks)) {
      checks.map { check in
        let line = "\(check.result.rawValue.padded(to: 4))  \(check.name): \(Printable.line(check.said, limit: 1000))\n"
        return check.remedy.isEmpty ? line : line + "      \(Printable.line(check.remedy, limit: 1000))\n"
      }.joined()
    }
    let failed = checks.filter { $0.result == .fail }
    guard let worst = failed.max(by: { $0.code.rawValue < $1.code.rawValue }) else { return }
    throw OperationFailure(worst.code, "\(failed.count) of \(checks.count) checks failed", remedy: "mend \(worst.name) first")
  }
}

extension String {
  /// With spaces behind, up to so many characters.
  func padded(to width: Int) -> String { self + String(repeating: " ", count: max(0, width - count)) }
}
