internal import CCurl
internal import Glibc

/// Moves bytes between a socket and a ``Session``: libcurl does greeting, TLS and login, and then carries our own words.
///
/// Not Sendable: it lives on the thread of its ``IMAPConnection``.
struct Pump: ~Copyable {
  private let curl: CurlHandle
  private let socket: Int32
  private let settings: ConnectionSettings
  private let wakeUp: WakeUp
  private var buffer: [UInt8]
  /// How long the server may be silent in the middle of an answer.
  var patience: Duration
  var session = Session()

  /// Connects and logs in. Anything that the server said after its OK is lost in libcurl: ask CAPABILITY anew.
  init(_ settings: ConnectionSettings, secret: LoginSecret, wakeUp: WakeUp) throws(ConnectionFailure) {
    guard let curl = CurlHandle() else { throw .unreachable(server: settings.server.address, said: "out of memory") }
    curl.configure(settings)
    curl.authenticate(settings.server.user, secret)
    curl.set(CURLOPT_URL, settings.server.url)
    curl.set(CURLOPT_CONNECT_ONLY, 1)
    curl.set(CURLOPT_TIMEOUT, settings.patience)
    curl.abort(when: wakeUp)
    settings.trace?("connecting to \(settings.server.address)")
    let exchange = Exchange(file: nil, size: 0)
    let code = curl.perform(hearing: exchange)
    guard code == CURLE_OK else { throw exchange.failure(curl.failure(code, at: settings.server)) }
    guard let socket = curl.socket else { throw .unreachable(server: settings.server.address, said: "no socket") }
    buffer = [UInt8](repeating: 0, count: settings.atOnce)
    self.curl = curl
    self.socket = socket
    self.settings = settings
    self.wakeUp = wakeUp
    patience = .seconds(settings.patience)
  }

  /// Runs the session until something happens. Nothing where every command is answered, or `deadline` came while waiting.
  ///
  /// Silence for longer than ``patience`` is a failure, unless a deadline says how long it may last.
  mutating func next(until deadline: ContinuousClock.Instant? = nil) throws(ConnectionFailure) -> Session.Event? {
    while true {
      let step: Session.Step
      do { step = try session.resume() } catch { throw failure(error) }
      switch step {
      case .event(let event):
        if let trace = settings.trace, let line = event.summary { trace("< " + line) }
        return event
      case .finished: return nil
      case .write(let bytes): try send(bytes[...])
      case .writeFile(let path, let size): try sendFile(path, size)
      case .read:
        guard try receive(until: deadline) else { return nil }
      }
    }
  }

  /// Brings what has arrived to the session, waiting for it if need be. False where `deadline` came first.
  private mutating func receive(until deadline: ContinuousClock.Instant?) throws(ConnectionFailure) -> Bool {
    let end = deadline ?? .now + patience
    // First receive, then poll: TLS holds bytes back that poll does not see.
    while !(try receiveAtOnce()) {
      guard try wait(for: Int16(POLLIN), until: end) else {
        guard deadline == nil else { return false }
        throw .timedOut(server: settings.server.address)
      }
    }
    return true
  }

  /// False where nothing is there.
  private mutating func receiveAtOnce() throws(ConnectionFailure) -> Bool {
    var count = 0
    let code = unsafe buffer.withUnsafeMutableBytes { unsafe curl_easy_recv(curl.raw, $0.baseAddress, $0.count, &count) }
    if code == CURLE_AGAIN { return false }
    guard code == CURLE_OK else { throw curl.failure(code, at: settings.server) }
    guard count > 0 else { throw .closed(server: settings.server.address, said: "") }
    session.receive(buffer[..<count])
    return true
  }

  private mutating func send(_ bytes: ArraySlice<UInt8>) throws(ConnectionFailure) {
    var rest = bytes
    while !rest.isEmpty {
      var count = 0
      let code = unsafe rest.withUnsafeBytes { unsafe curl_easy_send(curl.raw, $0.baseAddress, $0.count, &count) }
      switch code {
      case CURLE_OK: rest = rest.dropFirst(count)
      case CURLE_AGAIN:
        // A server that waits for us to read its answers takes nothing more until then.
        if try receiveAtOnce() { continue }
        guard try wait(for: Int16(POLLIN | POLLOUT), until: .now + patience) else {
          throw .timedOut(server: settings.server.address)
        }
      default: throw curl.failure(code, at: settings.server)
      }
    }
  }

  private mutating func sendFile(_ path: String, _ size: Int) throws(ConnectionFailure) {
    do {
      var file = try ReadingFile(path)
      var left = size
      while left > 0 {
        let piece = try file.read(atMost: min(left, 1 << 16))
        left -= piece.count
        try send(piece[...])
      }
    } catch let failure as FileFailure {
      throw .files(failure)
    } catch let failure as ConnectionFailure {
      throw failure
    } catch {
      throw .cancelled
    }
  }

  /// Waits for the socket. False at the deadline.
  private func wait(for events: Int16, until deadline: ContinuousClock.Instant) throws(ConnectionFailure) -> Bool {
    while true {
      guard !wakeUp.raised else { throw .cancelled }
      let left = ContinuousClock.now.duration(to: deadline)
      guard left > .zero else { return false }
      var sources = [
        pollfd(fd: socket, events: events, revents: 0), pollfd(fd: wakeUp.readEnd, events: Int16(POLLIN), revents: 0),
      ]
      let milliseconds =
        left.components.seconds < 86400
        ? left.components.seconds * 1000 + 1 + left.components.attoseconds / 1_000_000_000_000_000 : 86_400_000
      let count = unsafe poll(&sources, 2, Int32(milliseconds))
      guard count >= 0 || errno == EINTR else {
        throw .unreachable(server: settings.server.address, said: FileFailure("wait for", "the socket").description)
      }
      if count > 0, sources[0].revents != 0 { return true }
    }
  }

  private func failure(_ failure: SessionFailure) -> ConnectionFailure {
    let server = settings.server.address
    return switch failure {
    case .malformed(let failure): .protocolViolation(server: server, said: failure.description)
    case .unknownTag(let tag): .protocolViolation(server: server, said: "an answer to \(tag), which was never asked")
    case .unexpectedContinuation: .protocolViolation(server: server, said: "a + that nothing waits for")
    case .closed(let words): .closed(server: server, said: words)
    }
  }
}

extension Session.Event {
  /// For a trace: what the server said, of mail only how long it is.
  fileprivate var summary: String? {
    switch self {
    case .completed(let id, let status): "s\(id.number) \(status.condition.rawValue) \(status.text)"
    case .body(.began(let size)): "a body of \(size) bytes"
    case .body, .response(.continuation): nil
    case .idling: "+ idling"
    case .response(.fetch(let fetched)):
      "\(fetched.number) FETCH UID \(fetched.uid.map(String.init) ?? "?") \(fetched.sections.keys.sorted().joined(separator: " "))"
    case .response(let response): String("\(response)".prefix(300))
    }
  }
}
