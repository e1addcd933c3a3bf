public import Bridge

/// Holds a node against the vectors: this program itself, or another one.
public struct Conformance: Sendable {
  let folder: VectorFolder

  /// What is held against which vectors.
  public init(vectors folder: VectorFolder) { self.folder = folder }

  /// One vector: its name, what it is there for, and how it is tried. What is not as it says comes back.
  struct Trial: Sendable {
    var name: String
    var why: String
    var flaw: @Sendable () async throws(OperationFailure) -> String?
  }

  /// The names of vectors and what each is there for, in the order in which they are tried.
  public func list(only names: [String] = []) throws(OperationFailure) -> [(name: String, why: String)] {
    try trials(only: names).map { ($0.name, $0.why) }
  }

  /// Tries vectors one after the other, and tells of each.
  ///
  /// - Parameter names: whole names, or the beginnings of some up to a `/`; all vectors where there are none.
  public func run(
    only names: [String] = [], _ report: (Finding) throws(OperationFailure) -> Void
  ) async throws(OperationFailure) {
    for trial in try trials(only: names) {
      let flaw = try await trial.flaw()
      try report(Finding(name: trial.name, why: trial.why, result: flaw.map { .fails($0) } ?? .holds))
    }
  }

  private func trials(only names: [String]) throws(OperationFailure) -> [Trial] {
    let all = try formulas() + packets()
    for name in names where !all.contains(where: { $0.isCalled(name) }) {
      throw OperationFailure(.noInput, "no vector is called \(name)", remedy: "--list shows all of them")
    }
    return names.isEmpty ? all : all.filter { trial in names.contains { trial.isCalled($0) } }
  }

  private func formulas() throws(OperationFailure) -> [Trial] {
    var seen: [String: Int] = [:]
    return try FormulaVector.table(in: folder).map { vector in
      seen[vector.formula, default: 0] += 1
      let number = seen[vector.formula, default: 1]
      let name = "formulas/" + vector.formula.replacing(" ", with: "-") + (number == 1 ? "" : "-\(number)")
      return Trial(name: name, why: vector.why) { vector.flaw() }
    }
  }

  private func packets() throws(OperationFailure) -> [Trial] {
    try PacketVector.table(in: folder).map { [folder] vector in
      Trial(name: "packets/" + vector.file, why: vector.why) { () throws(OperationFailure) in try vector.flaw(in: folder) }
    }
  }
}

extension Conformance.Trial {
  fileprivate func isCalled(_ text: String) -> Bool {
    name == text || name.hasPrefix(text.hasSuffix("/") ? text : text + "/")
  }
}

/// What came of one vector.
public struct Finding: Hashable, Sendable {
  /// Its name: the kind, and where it stands.
  public var name: String
  /// What it is there for.
  public var why: String
  /// How it went.
  public var result: Result

  /// How it went.
  public enum Result: Hashable, Sendable {
    /// All is as the vector says.
    case holds
    /// Something is not.
    case fails(String)
    /// It was not tried, since the node cannot do what it takes.
    case leftOut(String)
  }
}
