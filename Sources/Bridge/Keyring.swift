internal import OpenPGP
internal import Packets

/// The account's OpenPGP keys, opened when they are first needed: a command that only reads starts no agent.
actor Keyring {
  private let configuration: KeyHome.Configuration
  private var opening: Task<KeyHome, any Error>?
  /// Whose certificates are known to be in the home: it is a copy of what the database says, and filled from there.
  private(set) var pinned: Set<Fingerprint> = []

  init(_ configuration: KeyHome.Configuration) { self.configuration = configuration }

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
    _ = try await home().pin(certificate)
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
