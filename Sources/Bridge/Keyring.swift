internal import FoundationEssentials
internal import OpenPGP
internal import Packets

/// The account's OpenPGP keys, opened when they are first needed: a command that only reads starts no agent.
actor Keyring {
  private let configuration: KeyHome.Configuration
  private var opening: Task<KeyHome, any Error>?
  /// Whose certificates are known to be in the home: it is a copy of what the database says, and filled from there.
  private(set) var pinned: Set<Fingerprint> = []
  /// What this or an earlier process took in: a start with a thousand contacts need not do it again.
  private var record: [String: Hash]
  private let recordFile: URL

  init(_ configuration: KeyHome.Configuration) {
    self.configuration = configuration
    recordFile = configuration.directory.appending(path: "pinned")
    let lines = (try? String(contentsOf: recordFile, encoding: .utf8))?.split(separator: "\n") ?? []
    let pairs = lines.compactMap { line -> (String, Hash)? in
      let words = line.split(separator: " ")
      return words.count == 2 ? Hash(text: words[1]).map { (String(words[0]), $0) } : nil
    }
    record = Dictionary(pairs, uniquingKeysWith: { _, last in last })
  }

  /// The home, with its agent running.
  func home() async throws -> KeyHome {
    let configuration = configuration
    let task = opening ?? Task { try await KeyHome(configuration) }
    opening = task
    do {
      return try await task.value
    } catch {
      opening = nil
      throw error
    }
  }

  /// Takes a certificate in.
  func pin(_ certificate: [UInt8], _ fingerprint: Fingerprint) async throws {
    let (home, hash) = (try await home(), Hash.of(certificate))
    if record[fingerprint.text] != hash || !home.holds(fingerprint.bytes) {
      _ = try await home.pin(certificate)
      record[fingerprint.text] = hash
      let lines = record.map { "\($0.key) \($0.value.text)\n" }.sorted().joined()
      // Lost, it is made again by the next start.
      try? Data(lines.utf8).write(to: recordFile, options: .atomic)
    }
    pinned.insert(fingerprint)
  }

  /// A renewed certificate is to be taken in.
  func forget(_ fingerprint: Fingerprint) { pinned.remove(fingerprint) }

  /// Ends the agent, if it was started here.
  func stop() async {
    guard let opening else { return }
    self.opening = nil
    if let home = try? await opening.value { await home.stop() }
  }
}
