internal import Account
internal import Bridge
internal import FoundationEssentials

/// Where a play and another implementation meet: `wishes/N.json` and `answers/N.json` in a directory that both know.
struct MeetingPlace: Sendable {
  let directory: URL

  /// - Throws: ``OperationFailure`` where the directory is not there: it is the other side's, and never made.
  init(_ directory: URL) throws(OperationFailure) {
    guard (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) != nil else {
      throw OperationFailure(
        .noInput, "there is no directory \(directory.path)", remedy: "make it, and let the other node answer there first")
    }
    self.directory = directory
    for folder in [wishes, answers] {
      do {
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      } catch {
        throw OperationFailure(.inputOutput, "\(folder.path) cannot be made (\(error))")
      }
    }
  }

  var wishes: URL { directory.appending(path: "wishes", directoryHint: .isDirectory) }
  var answers: URL { directory.appending(path: "answers", directoryHint: .isDirectory) }

  /// The numbers of the files in a folder, the lowest first.
  func numbers(in folder: URL) -> [Int] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".json") && !$0.hasPrefix(".") }.compactMap { Int($0.dropLast(5)) }.sorted()
  }

  func file(_ number: Int, in folder: URL) -> URL { folder.appending(path: "\(number).json") }

  /// Written beside and renamed, so that nobody reads half of it.
  func write(_ value: some Encodable, as number: Int, in folder: URL) throws(OperationFailure) {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    do {
      let beside = folder.appending(path: ".tmp-\(number)")
      try encoder.encode(value).write(to: beside)
      try FileManager.default.moveItem(at: beside, to: file(number, in: folder))
    } catch {
      throw OperationFailure(.inputOutput, "\(file(number, in: folder).path) cannot be written (\(error))")
    }
  }

  /// A whole file, which is then gone; nothing where it is not there yet.
  func take<Value: Decodable>(_ type: Value.Type, _ number: Int, from folder: URL) throws(OperationFailure) -> Value? {
    let file = file(number, in: folder)
    guard let data = try? Data(contentsOf: file) else { return nil }
    try? FileManager.default.removeItem(at: file)
    do { return try JSONDecoder().decode(type, from: data) } catch {
      throw OperationFailure(.badData, "\(file.path) is not of the form that the article Conformance says (\(error))")
    }
  }
}

/// Another implementation as the node that is tried.
actor FolderNode: PlayedNode {
  private let place: MeetingPlace
  private let patience: Duration
  /// Where the directories of the play's people lie.
  nonisolated var friends: URL { place.directory.appending(path: "friends", directoryHint: .isDirectory) }
  private var number: Int

  init(_ place: MeetingPlace, patience: Duration) {
    self.place = place
    self.patience = patience
    // What an earlier play left is not answered again.
    number = (place.numbers(in: place.wishes) + place.numbers(in: place.answers)).max() ?? 0
  }

  func answer(_ wish: PlayWish) async throws(OperationFailure) -> PlayAnswer {
    number += 1
    try place.write(wish, as: number, in: place.wishes)
    let deadline = ContinuousClock.now + patience
    while ContinuousClock.now < deadline {
      if let answer = try place.take(PlayAnswer.self, number, from: place.answers) { return answer }
      do { try await Task.sleep(for: .milliseconds(10)) } catch {
        throw OperationFailure(.tryAgain, "the play was stopped")
      }
    }
    let file = place.file(number, in: place.wishes)
    try? FileManager.default.removeItem(at: file)
    throw OperationFailure(
      .unavailable, "nobody answered \(file.path) (\(wish.do.rawValue)) within \(patience.components.seconds) seconds",
      remedy: "let the other node watch that directory, and answer as the article Conformance says")
  }
}

extension OwnNode {
  /// Is the other side of somebody's play until that ends: answers wishes as they come.
  func answer(at place: MeetingPlace) async throws(OperationFailure) {
    while true {
      for number in place.numbers(in: place.wishes) {
        guard let wish = try place.take(PlayWish.self, number, from: place.wishes) else { continue }
        try place.write(try await answer(wish), as: number, in: place.answers)
        if wish.do == .end { return }
      }
      do { try await Task.sleep(for: .milliseconds(10)) } catch {
        throw OperationFailure(.tryAgain, "it was stopped")
      }
    }
  }
}
