public import Account
internal import Drivers
internal import Feed
internal import FoundationEssentials
public import Logging
internal import MailDriver
internal import Node
internal import OpenPGP
internal import Packets
internal import ServiceLifecycle
internal import Store
internal import UnixSignals

/// Accounts on this machine.
public enum LocalAccount {
  /// The version of this program.
  public static let version = "0.1.0"

  /// What can be asked of the account that lies in a layout, whether it is there or not.
  public static func operations(layout: Layout, clock: Clock = .system, log: Logger) -> any Operations {
    LocalOperations(layout: layout, clock: clock, log: log)
  }
}

/// The operations of an account on this machine. The account is opened when something needs it, and only as far as needed.
struct LocalOperations: Operations {
  let layout: Layout
  let clock: Clock
  let log: Logger

  /// Opens the account, does something with it, and lets go of it.
  func with<Result: Sendable>(
    _ open: (@Sendable () async throws -> Bridge)? = nil, _ body: @Sendable (Bridge) async throws -> Result
  ) async throws(OperationFailure) -> Result {
    do {
      let bridge =
        try await open?() ?? Bridge(layout: layout, configuration: try configuration(), clock: clock, log: log)
      do {
        guard try await bridge.store.hasIdentity() else {
          throw OperationFailure(
            .configuration, "The database of this account is missing or empty", remedy: "make it anew with `socialnet rebuild`.")
        }
        try await bridge.knowOwnKeys()
        let result = try await body(bridge)
        await bridge.close()
        return result
      } catch {
        await bridge.close()
        throw error
      }
    } catch {
      throw OperationFailure(error)
    }
  }

  /// The same for what says something in the user's name.
  func saying<Result: Sendable>(_ body: @Sendable (Bridge) async throws -> Result) async throws(OperationFailure) -> Result {
    try await with { bridge in
      try await bridge.catchUpIfPutBack()
      return try await body(bridge)
    }
  }

  func configuration() throws -> Configuration {
    guard FileManager.default.fileExists(atPath: layout.configuration.path) else {
      throw OperationFailure(.configuration, "There is no account here", remedy: "make one with `socialnet setup`.")
    }
    return try Configuration(from: layout.configuration, userHome: FileManager.default.homeDirectoryForCurrentUser)
  }

  // MARK: The account

  func setUp(_ plan: SetupPlan, progress: ProgressReport) async throws(OperationFailure) -> NewAccount {
    try await Setup(layout: layout, clock: clock, log: log).run(plan, progress)
  }

  func run(once: Bool, takingOver: Bool, progress: ProgressReport) async throws(OperationFailure) {
    try await with(openWhole) { bridge in
      if takingOver {
        try await bridge.beTheBridge(takingOver: true)
        // A daemon that looks on here is the bridge from now on.
        if !once, DaemonLock(at: bridge.layout.stateDirectory.appending(path: "daemon.lock").path) == nil {
          bridge.log.notice("the daemon that runs here is the bridge now")
          return ControlSocket.ring(at: bridge.layout.controlSocket)
        }
      }
      guard !once else { return try await bridge.runOnce() }
      let group = ServiceGroup(
        services: [Daemon(bridge: bridge)], gracefulShutdownSignals: [.sigterm, .sigint], logger: bridge.log)
      try await group.run()
    }
  }

  func rebuild(progress: ProgressReport) async throws(OperationFailure) -> Rebuilt {
    do {
      return try await Bridge.rebuild(layout: layout, configuration: try configuration(), clock: clock, log: log, progress)
    } catch {
      throw OperationFailure(error)
    }
  }

  func thin(olderThan span: Duration?, progress: ProgressReport) async throws(OperationFailure) -> Thinned {
    try await with { bridge in
      guard let mail = bridge.mailDriver else {
        throw OperationFailure(.unavailable, "An account without a mailbox has no folder to thin")
      }
      guard let span = span ?? bridge.configuration.mail.retention else {
        throw OperationFailure(
          .usage, "There is no setting that says how long parcels are kept", remedy: "say --older-than, or set mail.retention.")
      }
      let thinned: Result<Thinned, any Error>
      do {
        try await bridge.beTheBridge()
        thinned = .success(try await bridge.thin(mail, before: bridge.clock.now().adding(seconds: -span.wholeSeconds), progress))
      } catch {
        thinned = .failure(error)
      }
      await bridge.letGo()
      await mail.close()
      return try thinned.get()
    }
  }

  func doctor() async -> [Check] { await Doctor(layout: layout, clock: clock, log: log).checks() }

  // MARK: Writing

  func post(
    _ text: String, photos: [PhotoFile], circle: String?, share: Bool
  ) async throws(OperationFailure) -> ItemID {
    try await saying { try await $0.post(text, photos: photos, circle: circle, share: share) }
  }

  func comment(on item: ItemName, text: String) async throws(OperationFailure) -> ItemID {
    try await saying { try await $0.wish(.comment(on: $0.item(item), text: text, pictures: [])) }
  }

  func react(to item: ItemName, emoji: [String]) async throws(OperationFailure) -> ItemID {
    try await saying { try await $0.wish(.react(to: $0.item(item), emoji: emoji)) }
  }

  func edit(_ item: ItemName, text: String) async throws(OperationFailure) {
    try await saying { _ = try await $0.wish(.edit($0.item(item), text: text)) }
  }

  func message(to contact: String, text: String, photos: [PhotoFile]) async throws(OperationFailure) -> ItemID {
    try await saying { try await $0.message(to: contact, text, photos: photos) }
  }

  func share(_ item: ItemName, text: String, circle: String?) async throws(OperationFailure) -> ItemID {
    try await saying { bridge in
      var known: String?
      if let circle { known = try await bridge.circle(circle) }
      return try await bridge.wish(.share(bridge.item(item), text: text, circle: known))
    }
  }

  func introduce(_ invitation: Invitation, to contact: String) async throws(OperationFailure) -> (who: String, to: String) {
    try await saying { try await $0.introduce(invitation, to: contact) }
  }

  func sendHistory(to contact: String) async throws(OperationFailure) -> String {
    try await saying { try await $0.wish(about: contact, in: [.contact]) { .sendHistory(to: $0) } }
  }

  func circles() async throws(OperationFailure) -> [CircleView] { try await with { try await $0.store.circles() } }

  func createCircle(_ name: String) async throws(OperationFailure) {
    try await saying { _ = try await $0.wish(.createCircle(name)) }
  }

  func add(_ contact: String, toCircle name: String) async throws(OperationFailure) -> String {
    try await saying { bridge in
      let circle = try await bridge.circle(name)
      return try await bridge.wish(about: contact, in: [.contact]) { .addToCircle(circle, $0) }
    }
  }

  func remove(_ contact: String, fromCircle name: String) async throws(OperationFailure) -> String {
    try await saying { bridge in
      let circle = try await bridge.circle(name)
      return try await bridge.wish(about: contact, in: [.contact]) { .removeFromCircle(circle, $0) }
    }
  }

  func remove(_ contact: String) async throws(OperationFailure) -> String {
    try await saying { try await $0.wish(about: contact, in: [.contact, .requested, .frozen]) { .remove($0) } }
  }

  func block(_ contact: String) async throws(OperationFailure) -> String {
    try await saying { try await $0.wish(about: contact, in: [.contact, .requested, .removed, .frozen]) { .block($0) } }
  }

  func unblock(_ contact: String) async throws(OperationFailure) -> String {
    try await saying { try await $0.wish(about: contact, in: [.blocked]) { .unblock($0) } }
  }

  func retract(_ item: ItemName) async throws(OperationFailure) {
    try await saying { _ = try await $0.wish(.retract($0.item(item))) }
  }

  func invite(address: EmailAddress?, name: String?) async throws(OperationFailure) -> GivenLink {
    try await saying { try await $0.invite(address: address, name: name) }
  }

  func accept(_ invitation: Invitation) async throws(OperationFailure) -> String {
    try await saying { try await $0.accept(invitation) }
  }

  func accept(request: String) async throws(OperationFailure) -> String {
    try await saying { bridge in
      let request = try await bridge.request(request)
      try await bridge.wish(bridge.yes(to: request.id))
      return request.name
    }
  }

  func decline(request: String) async throws(OperationFailure) -> String {
    try await saying { bridge in
      let request = try await bridge.request(request)
      try await bridge.wish(.declineRequest(request.id))
      return request.name
    }
  }

  func setProfile(field: String, value: String, for audience: FieldAudience?) async throws(OperationFailure) {
    try await saying { _ = try await $0.wish(.setProfile(field: field, value: value, for: audience)) }
  }
}
