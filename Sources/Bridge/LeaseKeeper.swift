internal import Account
internal import Drivers
internal import Feed
internal import FoundationEssentials
internal import Logging
internal import MailDriver
internal import MIME
internal import Packets
internal import Store

/// Sees to it that of several machines with one account one is the bridge. Two at once would lose nothing, since each writes streams of
/// its own; but they would mail everything twice.
actor LeaseKeeper {
  /// What this machine may do.
  enum Standing: Hashable, Sendable {
    /// Be the bridge: it has the lease, or nobody says otherwise (the mailbox cannot be reached, or cannot keep leases).
    case bridge
    /// Look on: another machine has the lease.
    case onlooker(Lease)
  }

  private let machine: Machine
  private(set) var standing: Standing?
  /// Lies in the folder because this process put it there.
  private var own: (uid: UInt32, lease: Lease, at: Instant)?
  /// Another machine's, as it was last seen, and since when that one lies there: it is alive as long as it changes.
  private var seen: (uid: UInt32, changed: Instant?)?
  private var lastLook: Instant?
  /// Never changes, and is asked for at each look.
  private var author: Author?

  init(_ machine: Machine) { self.machine = machine }

  /// Looks who is the bridge; takes or renews the lease where it is free, or where the user says so. Beside a daemon of the same home that has
  /// it, a command leaves it to that one.
  @discardableResult
  func look(_ bridge: Bridge, takingOver: Bool = false, asDaemon: Bool = false) async throws -> Standing {
    guard let mail = bridge.mailDriver, try await mail.canRemove() else { return set(.bridge) }
    let now = bridge.clock.now()
    lastLook = now
    let author = try await ownAuthor(bridge)
    let lying = try await read(mail, author)
    guard let top = lying.max(by: { $1.lease.isAbove($0.lease) }) else {
      return try await take(term: 1, since: now, bridge, mail, author)
    }
    if top.lease.holder == machine.id {
      if !asDaemon, own == nil, bridge.hasDaemon { return set(.bridge) }
      // One's own from before a crash counts on; one that is fresh needs nothing.
      if top.uid == own?.uid, let own, own.at.adding(seconds: Lease.renewal) > now, lying.count == 1 { return set(.bridge) }
      return try await take(term: top.lease.term, since: top.lease.since, bridge, mail, author)
    }
    if !takingOver, isAlive(top, at: now) { return set(.onlooker(top.lease)) }
    guard top.lease.term < .max else { return set(.onlooker(top.lease)) }
    return try await take(term: top.lease.term + 1, since: now, bridge, mail, author)
  }

  /// Whether it is time to look again: an onlooker looks whenever there is a reason, the bridge once a minute at most.
  func isDue(at now: Instant) -> Bool {
    standing != .bridge || lastLook.map { $0.adding(seconds: 60) <= now || $0 > now } ?? true
  }

  /// Another may be the bridge from now on.
  func release(_ bridge: Bridge) async {
    guard let own, let mail = bridge.mailDriver else { return }
    self.own = nil
    standing = nil
    guard let lying = try? await mail.leases(), lying.leases.contains(where: { $0.uid == own.uid }) else { return }
    _ = try? await mail.remove(leases: [own.uid], validity: lying.validity)
  }

  private func set(_ standing: Standing) -> Standing {
    self.standing = standing
    return standing
  }

  private func ownAuthor(_ bridge: Bridge) async throws -> Author {
    if let author { return author }
    let author = try await bridge.store.myself().author
    self.author = author
    return author
  }

  private typealias Lying = (uid: UInt32, arrived: Instant, lease: Lease)

  private func read(_ mail: MailDriver, _ author: Author) async throws -> [Lying] {
    try await mail.leases().leases.compactMap { lying in
      Lease(field: lying.field, by: author).map { (lying.uid, lying.arrived, $0) }
    }
  }

  /// Ten minutes from its arrival by the server's clock, or since it was seen to change: this machine's clock may be wrong.
  private func isAlive(_ lying: Lying, at now: Instant) -> Bool {
    // Of the first that is seen nothing is known but when it arrived.
    if seen?.uid != lying.uid { seen = (lying.uid, seen == nil && own == nil ? nil : now) }
    return [lying.arrived, seen?.changed].compactMap { $0 }.contains { $0.adding(seconds: Lease.life) > now }
  }

  /// Puts a lease there, and takes away those that it replaces, unless another was quicker.
  private func take(
    term: UInt64, since: Instant, _ bridge: Bridge, _ mail: MailDriver, _ author: Author
  ) async throws -> Standing {
    let lease = Lease(holder: machine.id, machine: machine.name, since: since, term: term)
    do {
      try await put(lease, bridge, mail)
    } catch DriverFailure.full {
      // A mailbox without room keeps nobody from being the bridge.
      return set(.bridge)
    }
    let lying = try await read(mail, author)
    guard let top = lying.max(by: { $1.lease.isAbove($0.lease) }), top.lease.holder != machine.id else {
      let validity = try await mail.leases().validity
      let gone = lying.map(\.uid).filter { $0 != own?.uid }
      if !gone.isEmpty { _ = try await mail.remove(leases: gone, validity: validity) }
      return set(.bridge)
    }
    await release(bridge)
    return set(.onlooker(top.lease))
  }

  private func put(_ lease: Lease, _ bridge: Bridge, _ mail: MailDriver) async throws {
    guard let mine = bridge.ownAddress else { return }
    let now = bridge.clock.now()
    let signature = try await bridge.store.sign(lease.signedText)
    var random = SystemRandomNumberGenerator()
    let messageID = "lease-\(Hex.encode(Random.bytes(16, using: &random)))@\(mine.domain)"
    let words = """
      This mail says which of your machines is the SocialNet bridge of this account: \(lease.machine), since \(lease.since.text).
      It is replaced every few minutes. If it is deleted, it comes again.
      """
    let entity = Entity(
      [
        try HeaderField("From", [mine]), try HeaderField("To", [mine]), try HeaderField("Date", date: now.milliseconds / 1000),
        try HeaderField("Message-ID", ids: [messageID]),
        try HeaderField("Subject", text: "SocialNet: which machine is the bridge"),
        try HeaderField(Lease.header, tokens: lease.field(signature: signature)),
        try HeaderField("Auto-Submitted", tokens: "auto-generated"),
        try HeaderField("MIME-Version", tokens: "1.0"),
      ], ContentType("text", "plain", [.init("charset", "utf-8")]), .text(words))
    let file = bridge.scratch.appending(path: "\(messageID.prefix { $0 != "@" }).eml")
    let bytes = try entity.bytes()
    try FileManager.default.createDirectory(at: bridge.scratch, withIntermediateDirectories: true)
    try Data(bytes).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    let lies = try await mail.appendOwn(file, size: bytes.count, messageID: messageID)
    own = (lies.uid, lease, now)
  }
}

extension Bridge {
  /// For what only the bridge may do: fails where another machine is it.
  func beTheBridge(takingOver: Bool = false) async throws {
    let standing: LeaseKeeper.Standing
    do {
      standing = try await lease.look(self, takingOver: takingOver)
    } catch let failure as DriverFailure {
      // Who cannot be reached says nothing; whatever else needs the mailbox says so itself.
      log.debug("the lease could not be looked at: \(failure.said)")
      return
    }
    guard case .onlooker(let other) = standing else { return }
    throw OperationFailure(
      .tryAgain, "\(other.said); this one only looks on", remedy: "`socialnet run --take-over` makes this machine the bridge.")
  }

  /// Whether a daemon of this home runs.
  fileprivate var hasDaemon: Bool { DaemonLock(at: layout.stateDirectory.appending(path: "daemon.lock").path) == nil }

  /// Another machine may be the bridge from now on. In a task of its own, because who is told to stop still lets go; not for long, since
  /// what is left there ends by itself.
  func letGo() async {
    let releasing = Task { await lease.release(self) }
    let patience = Task {
      try await Task.sleep(for: .seconds(5))
      releasing.cancel()
    }
    await releasing.value
    patience.cancel()
  }

  /// Looks, and says so where it changed; whether this machine may be the bridge now.
  func mayBeTheBridge() async -> Bool {
    let before = await lease.standing
    guard await lease.isDue(at: clock.now()) else { return before == .bridge }
    do {
      let standing = try await lease.look(self, asDaemon: true)
      guard standing != before else { return standing == .bridge }
      switch standing {
      case .bridge: if before != nil { log.notice("this machine is the bridge now") }
      case .onlooker(let other): log.warning("\(other.said); this one only looks on")
      }
      return standing == .bridge
    } catch {
      log.debug("the lease could not be looked at: \(OperationFailure(error).sentence)")
      if case .onlooker = before { return false }
      return true
    }
  }
}

extension Lease {
  /// Who, and since when.
  var said: String { "\(Printable.line(machine)) has been the bridge of this account since \(since.text)" }
}
