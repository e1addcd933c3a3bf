public import Bridge
public import FoundationEssentials
public import Logging

/// Holds a node against the vectors: this program itself, or another one.
public struct Conformance: Sendable {
  let folder: VectorFolder
  private let scratch: URL
  private let clock: Clock
  private let log: Logger

  /// What is held against which vectors.
  ///
  /// - Parameters:
  ///   - folder: the vectors.
  ///   - scratch: where a folder for keys and accounts may be made, which is gone at the end.
  ///   - clock: of the node that is tried, where it is this program, and of those who speak to it.
  ///   - log: of that node.
  public init(vectors folder: VectorFolder, scratch: URL, clock: Clock, log: Logger) {
    (self.folder, self.scratch, self.clock, self.log) = (folder, scratch, clock, log)
  }

  /// One vector: its name, what it is there for, and how it is tried.
  struct Trial: Sendable {
    var name: String
    var why: String
    var attempt: @Sendable (Props) async throws(OperationFailure) -> Finding.Result
  }

  /// The names of vectors and what each is there for, in the order in which they are tried.
  public func list(only names: [String] = []) throws(OperationFailure) -> [(name: String, why: String)] {
    try chosen(names, of: trials()).map { ($0.name, $0.why) }
  }

  /// Tries vectors with this program, one after the other, and tells of each.
  ///
  /// - Parameter names: whole names, or the beginnings of some up to a `/`; all vectors where there are none.
  public func run(
    only names: [String] = [], _ report: (Finding) throws(OperationFailure) -> Void
  ) async throws(OperationFailure) {
    try await attempt(chosen(names, of: trials()), with: props(playing: nil), report)
  }

  /// Plays the transcripts with another node, which answers in a directory.
  public func run(
    against directory: URL, patience: Duration = .seconds(30), only names: [String] = [],
    _ report: (Finding) throws(OperationFailure) -> Void
  ) async throws(OperationFailure) {
    let other = FolderNode(try MeetingPlace(directory), patience: patience)
    let chosen = try chosen(names, of: transcripts())
    try await attempt(chosen, with: props(playing: other), report)
    _ = try await other.answer(PlayWish(.end))
  }

  /// Lets this program be the other node of somebody's play, until that ends.
  public func answer(at directory: URL) async throws(OperationFailure) {
    let place = try MeetingPlace(directory)
    let props = props(playing: nil)
    let answered: Result<Void, OperationFailure>
    do throws(OperationFailure) {
      try await props.ownNode().answer(at: place)
      answered = .success(())
    } catch {
      answered = .failure(error)
    }
    await props.close()
    try answered.get()
  }

  private func props(playing other: FolderNode?) -> Props {
    Props(
      folder, scratch.appending(path: "socialnet-\(UUID().uuidString.prefix(8))", directoryHint: .isDirectory), other, clock, log)
  }

  private func attempt(
    _ trials: [Trial], with props: Props, _ report: (Finding) throws(OperationFailure) -> Void
  ) async throws(OperationFailure) {
    do throws(OperationFailure) {
      for trial in trials {
        try report(Finding(name: trial.name, why: trial.why, result: try await trial.attempt(props)))
      }
    } catch {
      await props.close()
      throw error
    }
    await props.close()
  }

  private func chosen(_ names: [String], of all: [Trial]) throws(OperationFailure) -> [Trial] {
    for name in names where !all.contains(where: { $0.isCalled(name) }) {
      throw OperationFailure(.noInput, "no vector is called \(name)", remedy: "--list shows all of them")
    }
    return names.isEmpty ? all : all.filter { trial in names.contains { trial.isCalled($0) } }
  }

  // MARK: Kinds

  private func trials() throws(OperationFailure) -> [Trial] { try formulas() + packets() + parcels() + transcripts() }

  private func formulas() throws(OperationFailure) -> [Trial] {
    var seen: [String: Int] = [:]
    return try FormulaVector.table(in: folder).map { vector in
      seen[vector.formula, default: 0] += 1
      let number = seen[vector.formula, default: 1]
      let name = "formulas/" + vector.formula.replacing(" ", with: "-") + (number == 1 ? "" : "-\(number)")
      return Trial(name: name, why: vector.why) { (_) in Finding.Result(flaw: vector.flaw()) }
    }
  }

  private func packets() throws(OperationFailure) -> [Trial] {
    try PacketVector.table(in: folder).map { [folder] vector in
      Trial(name: "packets/" + vector.file, why: vector.why) { (_) throws(OperationFailure) in
        Finding.Result(flaw: try vector.flaw(in: folder))
      }
    }
  }

  private func parcels() throws(OperationFailure) -> [Trial] {
    try ParcelTable.read(from: folder).parcels.map { vector in
      Trial(name: vector.name, why: vector.why) { (props) throws(OperationFailure) in
        Finding.Result(flaw: try await props.parcelReader().flaw(of: vector))
      }
    }
  }

  private func transcripts() throws(OperationFailure) -> [Trial] {
    try Transcript.names(in: folder).map { (name) throws(OperationFailure) in
      let transcript = try Transcript.read(name, in: folder)
      return Trial(name: "\(Transcript.folder)/\(name)", why: transcript.why) { (props) throws(OperationFailure) in
        try await props.play(transcript)
      }
    }
  }
}

extension Conformance.Trial {
  fileprivate func isCalled(_ text: String) -> Bool {
    name == text || name.hasPrefix(text.hasSuffix("/") ? text : text + "/")
  }
}
