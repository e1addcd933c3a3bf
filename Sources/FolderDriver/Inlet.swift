internal import Account
internal import Drivers
internal import FoundationEssentials
internal import Packets

/// The directory that parcels come in by.
///
/// Everybody who may write there is a stranger: names, sizes and kinds of files are whatever they like. Links, pipes and folders
/// are left alone, and so is what does not end in `.eml` or begins with a dot.
actor Inlet {
  static let driver = "folder"
  /// Gate 1: what is larger is no parcel (Protocol, "Opening"). Bytes.
  static let largest = 40 << 20
  /// Files made durable together.
  static let batch = 64

  private let directory: URL
  private let refused: URL
  private let disk: Disk
  /// What was found the last time, so that a file still being written to is recognised, and one that waits is not read again.
  private var found: [String: File] = [:]
  private var hasSettled = false
  /// What was taken in and not settled yet, so that it is not taken again meanwhile.
  private var taken: [String: FileLook] = [:]

  init(directory: URL, refused: URL, disk: Disk) {
    self.directory = directory
    self.refused = refused
    self.disk = disk
  }

  /// Takes in what lies there. Returns whether nothing waits: no file is left that may still be written to.
  func takeIn(to intake: any Intake) async throws(DriverFailure) -> Bool {
    if !hasSettled { try await settleWhatIsDecided(intake) }
    hasSettled = true
    let files = try await look()
    let ripe = files.filter(\.isRipe)

    for file in ripe where file.look.size > Self.largest { await setAside(file) }
    let candidates = ripe.filter { $0.look.size <= Self.largest }.map { file in
      (file: file, candidate: Candidate(origin: origin(file.name), kind: .parcel, from: file.from, size: file.look.size))
    }
    guard !candidates.isEmpty else { return ripe.count == files.count }
    let admitted = try await ask { try await intake.admit(candidates.map(\.candidate)) }
    var rest = candidates.filter { admitted.contains($0.candidate.origin) }.map(\.file)[...]
    while !rest.isEmpty, !Task.isCancelled {
      try await take(Array(rest.prefix(Self.batch)), intake)
      rest = rest.dropFirst(Self.batch)
      try await settleWhatIsDecided(intake)
    }
    return ripe.count == files.count
  }

  /// Carries out placements. Every file is first compared with what was taken: the same name may stand for another one now.
  func settle(_ placements: [Origin: Placement]) async -> Set<Origin> {
    var done: Set<Origin> = []
    for (origin, placement) in placements {
      // A file's name has no slash, so that its hash can stand before it, and its time: a parcel that is sent twice comes twice.
      let parts = origin.file.split(separator: "/", maxSplits: 2)
      guard origin.driver == Self.driver, parts.count == 3, let sha256 = Hash(text: parts[0]) else {
        done.insert(origin)
        continue
      }
      let file = URL(filePath: origin.folder, directoryHint: .isDirectory).appending(path: String(parts[2]))
      if await disk.run({ [refused] in Self.settle(file, sha256, placement, refused) }) { done.insert(origin) }
    }
    return done
  }

  // MARK: Looking

  private struct File: Sendable {
    let name: String
    let look: FileLook
    /// Whether it is whole: it bears the name of its bytes, or it did not change since the last look.
    let isRipe: Bool
    /// The address in the outer From.
    let from: String?
  }

  /// Every parcel file, and what is remembered of those that are gone forgotten.
  private func look() async throws(DriverFailure) -> [File] {
    let looks = await disk.run { [directory] in Self.looks(in: directory) }
    guard let looks else {
      throw .unreachable("the directory \(directory.path(percentEncoded: false)) is not there, or may not be read")
    }
    taken = taken.filter { looks[$0.key] == $0.value }
    let new = looks.filter { taken[$0.key] == nil }
    let files = await disk.run { [directory, found] in
      new.map { name, look in Self.file(name, look, in: directory, before: found[name]) }
    }
    found = Dictionary(uniqueKeysWithValues: files.map { ($0.name, $0) })
    return files
  }

  private static func looks(in directory: URL) -> [String: FileLook]? {
    guard let names = try? FileManager.default.contentsOfDirectory(atPath: directory.path(percentEncoded: false)) else {
      return nil
    }
    var looks: [String: FileLook] = [:]
    for name in names where name.hasSuffix(".eml") && !name.hasPrefix(".") {
      if let look = try? DurableFile.look(at: directory.appending(path: name)), look.isRegular { looks[name] = look }
    }
    return looks
  }

  private static func file(_ name: String, _ look: FileLook, in directory: URL, before: File?) -> File {
    if let before, before.look == look, before.isRipe { return before }
    let file = directory.appending(path: name)
    var isRipe = before?.look == look
    if !isRipe, look.size <= largest, let named = Hash(text: name.dropLast(4)) {
      isRipe = (try? DurableFile.hash(of: file)) == named
    }
    let head = isRipe ? try? DurableFile.head(of: file, limit: 16_384) : nil
    return File(name: name, look: look, isRipe: isRipe, from: head.flatMap(OuterFrom.address))
  }

  // MARK: Taking

  private func take(_ files: [File], _ intake: any Intake) async throws(DriverFailure) {
    let (inpackets, directory) = (intake.directory, directory)
    let copies = await disk.run { () -> Result<[(File, StoredFile)], DiskFailure> in
      do throws(DiskFailure) {
        var copies: [(File, StoredFile)] = []
        for file in files {
          if let copy = try Self.copy(file, from: directory, to: inpackets) { copies.append((file, copy)) }
        }
        try DurableFile.syncDirectory(inpackets)
        return .success(copies)
      } catch {
        return .failure(error)
      }
    }
    let stored: [(File, StoredFile)]
    do { stored = try copies.get() } catch { throw .intake(error.description) }
    let received = stored.map { file, copy in
      Received(
        kind: .parcel, sha256: copy.sha256, size: copy.look.size, arrived: copy.look.modified,
        origin: origin("\(copy.sha256.text)/\(copy.look.modified.milliseconds)/\(file.name)"), place: .directory)
    }
    guard !received.isEmpty else { return }
    try await ask { try await intake.take(received, position: nil) }
    for (file, copy) in stored { taken[file.name] = copy.look }
  }

  /// A copy, or nothing where the source is not fit to be read any more. What the own disk refuses is thrown.
  private static func copy(_ file: File, from directory: URL, to inpackets: URL) throws(DiskFailure) -> StoredFile? {
    let source = directory.appending(path: file.name)
    do {
      return try DurableFile.copy(source, intoFolder: inpackets, limit: largest)
    } catch {
      guard error.path == source.path(percentEncoded: false) else { throw error }
      return nil
    }
  }

  // MARK: Settling

  private func settleWhatIsDecided(_ intake: any Intake) async throws(DriverFailure) {
    let placements = try await ask { try await intake.unsettled(at: Self.driver) }
    guard !placements.isEmpty else { return }
    let done = await settle(placements)
    try await ask { try await intake.settled(done) }
  }

  /// Whether it is done, or can never be done.
  private static func settle(_ file: URL, _ sha256: Hash, _ placement: Placement, _ refused: URL) -> Bool {
    guard let found = try? DurableFile.look(at: file) else { return true }
    guard found.isRegular, (try? DurableFile.hash(of: file)) == sha256 else { return true }
    do throws(DiskFailure) {
      switch placement {
      case .keep, .discard: try DurableFile.remove(file)
      case .refuse, .leave: try move(file, to: refused, as: sha256.text, because: "This is no parcel, or one that was refused.")
      }
      try DurableFile.syncDirectory(file.deletingLastPathComponent())
      return true
    } catch {
      return false
    }
  }

  /// A file that nobody will ever take in. Where it cannot be moved it is left, and looked at no more.
  private func setAside(_ file: File) async {
    let (source, refused) = (directory.appending(path: file.name), refused)
    let reason = "\(Printable.line(file.name)) holds \(file.look.size) bytes; a parcel has at most \(Self.largest)."
    // Not read, it has no hash: a name of its own, which the same file gets again.
    let name = "too-large-" + Hash.of(Array(file.name.utf8)).text.prefix(16)
    await disk.run { try? Self.move(source, to: refused, as: name, because: reason) }
    taken[file.name] = file.look
  }

  /// Moves a file to the refused ones, with the reason beside it unless a better one is there already.
  private static func move(_ file: URL, to refused: URL, as name: String, because reason: String) throws(DiskFailure) {
    let place = refused.appending(path: name + ".eml")
    do throws(DiskFailure) {
      try DurableFile.rename(file, to: place)
    } catch .elsewhere {
      _ = try DurableFile.copy(file, intoFolder: refused, limit: largest)
      try DurableFile.remove(file)
    }
    do throws(DiskFailure) {
      try DurableFile.create(refused.appending(path: name + ".txt"), holding: Array((reason + "\n").utf8))
    } catch .exists {
      return
    }
  }

  private func origin(_ file: String) -> Origin {
    Origin(driver: Self.driver, folder: directory.path(percentEncoded: false), file: file)
  }

  /// Asks the intake; whatever it says no with is our own disk's or database's trouble.
  private func ask<Answer: Sendable>(_ question: () async throws -> Answer) async throws(DriverFailure) -> Answer {
    do { return try await question() } catch { throw .intake("\(error)") }
  }
}
