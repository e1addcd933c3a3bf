internal import Account
internal import Drivers
internal import Feed
internal import FoundationEssentials
internal import Logging
internal import MailDriver
internal import OpenPGP
internal import Packets
internal import Store

/// Makes an account: checks both logins, makes or adopts the key, and writes the settings last of all.
struct Setup: Sendable {
  let layout: Layout
  let clock: Clock
  let log: Logger

  /// Makes the account. Logs in to both servers before anything is written, and writes the settings last.
  func run(_ plan: SetupPlan, _ progress: ProgressReport) async throws(OperationFailure) -> NewAccount {
    do { return try await make(plan, progress) } catch { throw OperationFailure(error) }
  }

  private func make(_ plan: SetupPlan, _ progress: ProgressReport) async throws -> NewAccount {
    guard !FileManager.default.fileExists(atPath: layout.configuration.path) else {
      throw OperationFailure(
        .cannotCreate, "There is an account here already (\(layout.configuration.path))",
        remedy: "choose another folder with --home.")
    }
    var configuration = try configuration(plan)
    try await clearPlace(configuration)
    if case .folder(let folder) = plan.transport { try checkFolder(folder) }
    if case .mail(let mail) = plan.transport { try await checkLogins(mail, &configuration, progress) }
    try layout.create()
    if case .mail(let mail) = plan.transport, case .typed(let password) = mail.password {
      try DurableFile.remove(layout.password)
      try DurableFile.create(layout.password, holding: Array(password.reveal().utf8))
      configuration.login = Configuration.Login(source: .file(layout.password))
    }
    let scratch = layout.stateDirectory.appending(path: "scratch", directoryHint: .isDirectory)
    let home = try await KeyHome(Bridge.keyHome(layout, scratch: scratch))
    do {
      let (author, myself) = try await keys(plan, configuration, home, progress)
      configuration.account.key = myself.fingerprint
      try await begin(configuration, author, myself)
      await home.stop()
      try configuration.write(to: layout.configuration)
      return NewAccount(
        endpoint: configuration.account.endpoint, author: author.author, fingerprint: myself.fingerprint,
        advice: advice(configuration))
    } catch {
      await home.stop()
      // Where the settings are there, so is an account, and an account has a database.
      if !FileManager.default.fileExists(atPath: layout.configuration.path) { removeDatabase() }
      throw error
    }
  }

  /// A set-up that was cut off is begun anew; a database in which anything was said is somebody's account.
  private func clearPlace(_ configuration: Configuration) async throws {
    guard FileManager.default.fileExists(atPath: layout.database.path) else { return }
    let left = try Bridge(layout: layout, configuration: configuration, clock: clock, log: log)
    let isUntouched = try await left.store.isUntouched()
    try await left.store.checkpoint()
    guard isUntouched else {
      throw OperationFailure(
        .cannotCreate, "There is a database without settings here (\(layout.database.path))", remedy: "move it away first.")
    }
    removeDatabase()
  }

  private func removeDatabase() {
    for suffix in ["", "-wal", "-shm"] { try? FileManager.default.removeItem(atPath: layout.database.path + suffix) }
  }

  /// Settings for the plan; the key stands in them once it is made.
  private func configuration(_ plan: SetupPlan) throws -> Configuration {
    guard let noKey = Fingerprint(bytes: [UInt8](repeating: 0, count: 20)) else {
      throw OperationFailure(.internalFault, "no key")
    }
    let endpoint: Endpoint
    var address: EmailAddress?
    switch plan.transport {
    case .mail(let mail):
      address = mail.address
      endpoint = .mail(mail.address)
    case .folder(let folder):
      guard let own = Endpoint(path: folder.path) else {
        throw OperationFailure(.usage, "\(folder.path) cannot be an endpoint", remedy: "give an absolute path.")
      }
      endpoint = own
    }
    var account = Configuration.Account(name: plan.name, address: address, endpoint: endpoint, key: noKey)
    if case .own = plan.key {
      account.keyOrigin = .own
      account.gnupgHome = plan.gnupgHome
    }
    var configuration = Configuration(account: account)
    configuration.digest = plan.digest
    configuration.post.undo = plan.undo
    switch plan.transport {
    case .folder(let folder): configuration.folder = folder
    case .mail(let mail):
      configuration.imap = mail.imap
      configuration.smtp = mail.smtp
      configuration.tls = mail.tls
      configuration.mail.sentCopies = mail.sentCopies
      if case .source(let source) = mail.password { configuration.login = Configuration.Login(source: source) }
    }
    return configuration
  }

  private func checkLogins(
    _ mail: SetupPlan.MailPlan, _ configuration: inout Configuration, _ progress: ProgressReport
  ) async throws {
    progress("logging in to \(mail.imap.host) and \(mail.smtp.host)")
    var typed: Secret<String>?
    if case .typed(let password) = mail.password { typed = password }
    guard var settings = try Bridge.mailSettings(configuration, clock, log, typed: typed) else { return }
    settings.folder = configuration.mail.folder
    let findings = try await MailDriver(settings).check(creatingFolders: true)
    if let flaw = findings.first(where: { $0.result == .fail }) { throw OperationFailure(flaw) }
  }

  private func advice(_ configuration: Configuration) -> [String] {
    guard configuration.imap != nil else {
      return ["This account has no mailbox and so no log: what is lost here can only come back from a backup of its folder."]
    }
    return [
      "Parcels are moved from your inbox to the folder \(configuration.mail.folder). A filter on the header SocialNet-Parcel that files "
        + "them there at once keeps your telephone from buzzing."
    ]
  }

  private func checkFolder(_ folder: URL) throws {
    var isDirectory = false
    guard FileManager.default.fileExists(atPath: folder.path, isDirectory: &isDirectory), isDirectory else {
      throw OperationFailure(.noInput, "The directory \(folder.path) does not exist.", remedy: "Make it, and call setup again.")
    }
  }

  private func keys(
    _ plan: SetupPlan, _ configuration: Configuration, _ home: KeyHome, _ progress: ProgressReport
  ) async throws -> (SecretKey, Myself) {
    var random = SystemRandomNumberGenerator()
    guard let author = SecretKey(seed: Random.bytes(SecretKey.seedLength, using: &random)) else {
      throw OperationFailure(.internalFault, "no randomness")
    }
    let key: Key
    if case .own(let own) = plan.key, let wanted = Key(fingerprint: own.bytes) {
      progress("taking your key")
      let usual = FileManager.default.homeDirectoryForCurrentUser.appending(path: ".gnupg", directoryHint: .isDirectory)
      _ = try await home.adopt(wanted, from: plan.gnupgHome ?? usual)
      key = wanted
    } else {
      progress("making an OpenPGP key")
      key = try await home.makeIdentityKey()
    }
    guard let fingerprint = Fingerprint(bytes: key.fingerprint) else {
      throw OperationFailure(.internalFault, "a key of another version")
    }
    let binding = try await home.sign(Derivation.bindingText(author: author.author, fingerprint: fingerprint), by: key)
    let myself = Myself(
      author: author.author, fingerprint: fingerprint, certificate: try await home.certificate(of: key), binding: binding,
      name: plan.name, endpoints: [configuration.account.endpoint.uri])
    return (author, myself)
  }

  private func begin(_ configuration: Configuration, _ key: SecretKey, _ myself: Myself) async throws {
    let bridge = try Bridge(layout: layout, configuration: configuration, clock: clock, log: log)
    try await bridge.store.begin(key, myself, at: clock.now())
    try await bridge.noteCaughtUp()
    for case let mail as MailDriver in bridge.drivers {
      try await mail.begin(into: Desk(bridge: bridge))
      await mail.close()
    }
    await bridge.close()
  }
}
