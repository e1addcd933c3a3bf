internal import CCurl

/// A mail to be handed to a server.
public struct OutgoingMail: Hashable, Sendable {
  /// Envelope sender, a bare address.
  public var from: String
  /// Envelope recipient, a bare address.
  public var to: String
  /// The message with CRLF line ends.
  public var file: String
  /// Bytes.
  public var size: Int

  /// A mail from a file.
  public init(from: String, to: String, file: String, size: Int) {
    self.from = from
    self.to = to
    self.file = file
    self.size = size
  }
}

/// What became of a mail that was to be handed over.
public enum Submission: Hashable, Sendable {
  /// The server took it (250 after the dot).
  case accepted(reply: String)
  /// Not now (4yz, RFC 5321 4.2.1).
  case deferred(reply: String)
  /// Never (5yz), or an address that cannot be one.
  case refused(reply: String)
  /// All of it was sent, and the answer was lost: it may have been taken.
  case ambiguous(ConnectionFailure)
  /// The conversation ended in the middle of it: it was not taken, and perhaps it is the mail that the server cannot cope with.
  case cut(ConnectionFailure)
  /// Nothing of it was sent, and that is not the mail's fault: the next one would fare no better.
  case failed(ConnectionFailure)
}

/// Hands mails to a server over one connection that is kept for the next: ten times the rate of connecting anew for each.
public actor SMTPSender {
  private let thread: OwnThread
  private let settings: ConnectionSettings
  private let wakeUp: WakeUp
  private var curl: CurlHandle?

  /// The thread of its own.
  public nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe thread.asUnownedSerialExecutor() }

  /// A sender that is not connected yet.
  public init(_ settings: ConnectionSettings) throws(ConnectionFailure) {
    self.settings = settings
    thread = OwnThread("smtp \(settings.server.address)")
    do { wakeUp = try WakeUp() } catch { throw .files(error) }
  }

  /// Ends what is being sent, from any thread, for good.
  public nonisolated func cancel() { wakeUp.raise() }

  /// Says goodbye and closes; the next mail connects anew.
  public func close() { curl = nil }

  /// Connects, logs in, and closes.
  public func check(with secret: LoginSecret) throws(ConnectionFailure) {
    let handle = try newHandle()
    handle.authenticate(settings.server.user, secret)
    handle.set(CURLOPT_CONNECT_ONLY, 1)
    let exchange = Exchange(file: nil, size: 0)
    let code = handle.perform(hearing: exchange)
    if code != CURLE_OK { throw exchange.failure(handle.failure(code, at: settings.server)) }
  }

  /// Hands one mail over, byte for byte as it lies in its file.
  public func send(_ mail: OutgoingMail, with secret: LoginSecret) -> Submission {
    guard let from = Self.envelope(mail.from), let to = Self.envelope(mail.to) else {
      return .refused(reply: "no mail can go to such an address")
    }
    let isReused = curl != nil
    let outcome = attempt(mail, from: from, to: to, secret)
    // A rested connection that the server has closed meanwhile is found dead before anything was sent.
    guard isReused, case .failed(let failure) = outcome, failure.isBrokenConnection else { return outcome }
    curl = nil
    return attempt(mail, from: from, to: to, secret)
  }

  private func attempt(_ mail: OutgoingMail, from: String, to: String, _ secret: LoginSecret) -> Submission {
    guard !wakeUp.raised else { return .failed(.cancelled) }
    let exchange: Exchange
    do throws(ConnectionFailure) {
      if curl == nil { curl = try newHandle() }
      do { exchange = Exchange(file: try ReadingFile(mail.file), size: mail.size) } catch { throw .files(error) }
    } catch {
      return .failed(error)
    }
    guard let recipients = unsafe curl_slist_append(nil, to) else { return .failed(.outOfMemory(settings.server)) }
    defer { unsafe curl_slist_free_all(recipients) }
    // A fresh token, if the last has expired; the same password keeps the connection.
    curl?.authenticate(settings.server.user, secret)
    settings.trace?("> a mail of \(mail.size) bytes to \(to)")
    let code = unsafe curl?.upload(exchange, from: from, recipients, size: mail.size) ?? CURLE_FAILED_INIT
    settings.trace?("< \(exchange.reply)")
    if code == CURLE_OK { return .accepted(reply: exchange.reply) }
    let failure = exchange.failure(curl?.failure(code, at: settings.server) ?? .cancelled)
    if case .loginRefused = failure { curl = nil }
    return exchange.judge(failure)
  }

  private func newHandle() throws(ConnectionFailure) -> CurlHandle {
    guard let handle = CurlHandle() else { throw .outOfMemory(settings.server) }
    handle.configure(settings)
    // libcurl says EHLO with what stands behind the slash: an address literal in place of this machine's name (RFC 5321 4.1.3).
    handle.set(CURLOPT_URL, settings.server.url + "/%5B127.0.0.1%5D")
    // Every server takes credentials with AUTH itself, a round trip less (RFC 4954 4).
    handle.set(CURLOPT_SASL_IR, 1)
    handle.set(CURLOPT_SERVER_RESPONSE_TIMEOUT, settings.patience)
    handle.set(CURLOPT_LOW_SPEED_LIMIT, 1)
    handle.set(CURLOPT_LOW_SPEED_TIME, settings.patience)
    handle.set(CURLOPT_UPLOAD_BUFFERSIZE, 1 << 18)
    handle.abort(when: wakeUp)
    return handle
  }

  /// An address between angle brackets, unless it could break out of them: libcurl does not look (RFC 5321 4.1.2).
  static func envelope(_ address: String) -> String? {
    let parts = address.split(separator: "@", omittingEmptySubsequences: false)
    guard address.utf8.count <= 320, parts.count == 2, !parts.contains(""),
      !address.unicodeScalars.contains(where: { $0.value < 33 || $0.value == 127 || "<>\"()[]\\,;:".unicodeScalars.contains($0) })
    else { return nil }
    return "<\(address)>"
  }
}
