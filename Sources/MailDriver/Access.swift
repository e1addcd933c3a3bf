internal import Drivers
internal import Mailbox
internal import Packets

/// An open connection, and where things are on its server.
struct OpenMailbox: Sendable {
  let connection: IMAPConnection
  let layout: Layout
}

/// Makes one IMAP connection when it is needed, and a new one when it broke. Those who ask at the same time get the same one.
actor Access {
  private let settings: MailSettings
  private let gate: LoginGate
  private var opening: Task<OpenMailbox, any Error>?

  init(_ settings: MailSettings, gate: LoginGate) {
    self.settings = settings
    self.gate = gate
  }

  /// The connection, made now if there is none that works.
  func open() async throws(ConnectionFailure) -> OpenMailbox {
    if let task = opening, case .success(let open) = await task.result, !(await open.connection.isOpen), opening == task {
      opening = nil
    }
    let task = opening ?? Task { [settings, gate] in try await Self.connect(settings, gate) }
    opening = task
    do {
      return try await withTaskCancellationHandler {
        try await task.value
      } onCancel: {
        task.cancel()
      }
    } catch {
      if opening == task { opening = nil }
      throw error as? ConnectionFailure ?? .cancelled
    }
  }

  /// Where things are on the server now, for those who ask from here on.
  func set(_ layout: Layout, of connection: IMAPConnection) {
    opening = Task { OpenMailbox(connection: connection, layout: layout) }
  }

  /// Says goodbye; the next to ask gets a new connection.
  func close() async {
    guard let task = opening else { return }
    opening = nil
    task.cancel()
    if let open = try? await task.value { await open.connection.close() }
  }

  private static func connect(_ settings: MailSettings, _ gate: LoginGate) async throws -> OpenMailbox {
    let secret = try await gate.secret()
    let connection = try IMAPConnection(settings.imap)
    return try await withTaskCancellationHandler {
      do throws(ConnectionFailure) {
        try await connection.open(with: secret)
        await gate.accepted()
      } catch {
        await gate.failed(error)
        throw error
      }
      return OpenMailbox(connection: connection, layout: try await layout(on: connection, settings))
    } onCancel: {
      connection.cancel()
    }
  }

  /// Finds the folders, and makes the bridge's own where they are missing. A server that will not make them holds up nothing, unless
  /// `insisting`: what arrives can be read all the same.
  static func layout(
    on connection: IMAPConnection, _ settings: MailSettings, creating: Bool = true, insisting: Bool = false
  ) async throws(ConnectionFailure) -> Layout {
    let folders = try await connection.folders()
    guard let layout = Layout(folders, namespace: await connection.namespace, own: settings.folder) else {
      throw .commandRefused(
        server: settings.imap.server.address, command: "the folder \(settings.folder)", said: "no such name is possible")
    }
    guard creating, !layout.missing.isEmpty else { return layout }
    do { try await connection.create(layout.missing) } catch {
      guard case .commandRefused = error, !insisting else { throw error }
    }
    return layout
  }
}

/// Keeps a refused login from being tried often: providers lock accounts that fail again and again.
actor LoginGate {
  private let server: String
  private let source: @Sendable () async throws -> LoginSecret
  private let now: @Sendable () -> Instant
  private var refusal: (said: String, count: Int, at: Instant)?

  /// Minutes until the next try: after the first refusal, the second …
  private static let pauses: [Int64] = [15, 60, 240, 720]

  init(_ server: MailServer, _ settings: MailSettings) {
    self.server = server.address
    source = settings.secret
    now = settings.now
  }

  /// The password or token, unless the server has refused it lately.
  func secret() async throws(ConnectionFailure) -> LoginSecret {
    if let refusal, pause != nil { throw .loginRefused(server: server, said: refusal.said) }
    do { return try await source() } catch {
      throw .loginRefused(server: server, said: "no password or token to be had: \(error)")
    }
  }

  /// The server let us in.
  func accepted() { refusal = nil }

  /// The server did not.
  func failed(_ failure: ConnectionFailure) {
    guard case .loginRefused(_, let said) = failure else { return }
    refusal = (said, (refusal?.count ?? 0) + 1, now())
  }

  /// How long until a refused login may be tried again; nothing where it may be now. A clock that was put back makes nobody wait longer.
  var pause: Duration? {
    guard let refusal else { return nil }
    let pause = 60 * Self.pauses[min(refusal.count, Self.pauses.count) - 1]
    let now = now()
    guard refusal.at <= now, now < refusal.at.adding(seconds: pause) else { return nil }
    return .milliseconds(refusal.at.adding(seconds: pause).milliseconds - now.milliseconds)
  }
}

extension IMAPConnection {
  /// One operation, which ends early when the task is cancelled; the connection is of no use then.
  nonisolated func perform<Answer: Sendable>(
    _ work: @Sendable (IMAPConnection) async throws(ConnectionFailure) -> Answer
  ) async throws(FolderReader.Failure) -> Answer {
    do {
      return try await withTaskCancellationHandler {
        try await work(self)
      } onCancel: {
        cancel()
      }
    } catch {
      throw .connection(error as? ConnectionFailure ?? .cancelled)
    }
  }
}
