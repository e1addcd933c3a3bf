public import Account
internal import Drivers
public import Feed
internal import FoundationEssentials
public import Logging
internal import MailDriver
internal import OpenPGP
public import Packets
internal import Store

/// Makes an account: checks both logins, makes or adopts the key, and writes the settings last of all.
public struct Setup: Sendable {
  /// What the user said, but for the key, which is made here.
  public struct Wishes: Sendable {
    /// Settings with a placeholder for the key.
    public var configuration: Configuration
    /// The user's own key, or nothing to have one made.
    public var ownKey: Fingerprint?

    /// Wishes for an account.
    public init(configuration: Configuration, ownKey: Fingerprint?) {
      self.configuration = configuration
      self.ownKey = ownKey
    }
  }

  let layout: Layout
  let clock: Clock
  let log: Logger

  /// A set-up in this layout.
  public init(layout: Layout, clock: Clock = .system, log: Logger) {
    self.layout = layout
    self.clock = clock
    self.log = log
  }

  /// Makes the account. `said` hears what is being done, a line each.
  ///
  /// Stopped half-way, nothing is lost: the settings are written last, and until then setup can be called again.
  public func run(_ wishes: Wishes, said: @Sendable (String) -> Void) async throws(BridgeFailure) -> Configuration {
    do {
      return try await make(wishes, said)
    } catch {
      throw BridgeFailure(error)
    }
  }

  private func make(_ wishes: Wishes, _ said: @Sendable (String) -> Void) async throws -> Configuration {
    guard !FileManager.default.fileExists(atPath: layout.configuration.path) else {
      throw BridgeFailure.configuration(
        "There is an account here already: \(layout.configuration.path).", remedy: "Choose another folder with --home.")
    }
    var configuration = wishes.configuration
    if let settings = try Bridge.mailSettings(configuration, clock, log) {
      said("logging in to \(settings.imap.server.address) and \(settings.smtp.server.address)")
      try await MailDriver(settings).check()
    }
    if let folder = configuration.folder { try checkFolder(folder) }
    try layout.create()
    let scratch = layout.stateDirectory.appending(path: "scratch", directoryHint: .isDirectory)
    let home = try await KeyHome(Bridge.keyHome(layout, scratch: scratch))
    do {
      let (key, binding, author, certificate) = try await keys(wishes, home, said)
      configuration.account.key = key
      await home.stop()
      try await begin(configuration, author, Myself(
        author: author.author, fingerprint: key, certificate: certificate, binding: binding, name: configuration.account.name,
        endpoints: [configuration.account.endpoint.uri]))
    } catch {
      await home.stop()
      throw error
    }
    try configuration.write(to: layout.configuration)
    return configuration
  }

  private func checkFolder(_ folder: URL) throws {
    var isDirectory = false
    guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isDirectory), isDirectory else {
      throw BridgeFailure.notFound("The directory \(folder.path) does not exist.", remedy: "Make it, and call setup again.")
    }
  }

  private func keys(
    _ wishes: Wishes, _ home: KeyHome, _ said: @Sendable (String) -> Void
  ) async throws -> (Fingerprint, [UInt8], SecretKey, [UInt8]) {
    var random = SystemRandomNumberGenerator()
    guard let author = SecretKey(seed: Random.bytes(SecretKey.seedLength, using: &random)) else {
      throw BridgeFailure.fault("no randomness")
    }
    let key: Key
    if let own = wishes.ownKey, let wanted = Key(fingerprint: own.bytes) {
      said("using your key \(own.text); its secret part stays with your own agent")
      try await home.adopt(wanted, from: wishes.configuration.account.gnupgHome)
      key = wanted
    } else {
      said("making a new OpenPGP key")
      key = try await home.makeIdentityKey()
    }
    guard let fingerprint = Fingerprint(bytes: key.fingerprint) else { throw BridgeFailure.fault("a key of another version") }
    let binding = try await home.sign(Derivation.bindingText(author: author.author, fingerprint: fingerprint), by: key)
    return (fingerprint, binding, author, try await home.certificate(of: key))
  }

  private func begin(_ configuration: Configuration, _ key: SecretKey, _ myself: Myself) async throws {
    let bridge = try Bridge(layout: layout, configuration: configuration, clock: clock, log: log)
    if try await bridge.store.hasIdentity() {
      throw BridgeFailure.configuration(
        "There is a database without settings here: \(layout.database.path).", remedy: "Move it away, and call setup again.")
    }
    try await bridge.store.begin(key, myself, at: clock.now())
    await bridge.close()
  }
}
