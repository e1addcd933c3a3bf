/// Where a mail server is, and how its connection is protected.
public struct MailServer: Hashable, Sendable {
  /// What is spoken.
  public enum Service: String, Sendable {
    case imap
    case smtp
  }

  /// How the connection is protected. There is no way to continue in the clear where protection was asked for.
  public enum Protection: Hashable, Sendable {
    /// TLS from the first byte: `imaps://`, `smtps://`.
    case tls
    /// TLS before the login, or no login: `imap+starttls://`, `smtp+starttls://`.
    case startTLS
    /// None, for loopback hosts only: `imap+plain://`, `smtp+plain://`.
    case plain
  }

  /// What is spoken.
  public var service: Service
  /// How the connection is protected.
  public var protection: Protection
  /// A DNS name or an address; an IPv6 address without brackets.
  public var host: String
  /// Its TCP port.
  public var port: UInt16
  /// The login name.
  public var user: String

  /// A server, or why it cannot be one.
  public init(
    _ service: Service, _ protection: Protection, host: String, port: UInt16? = nil, user: String
  ) throws(MailServerProblem) {
    guard !host.isEmpty, host.utf8.allSatisfy(Self.mayStandInHost) else { throw .host }
    guard !user.isEmpty, !user.unicodeScalars.contains(where: { $0.value < 32 || $0.value == 127 }) else { throw .user }
    guard protection != .plain || Self.isLoopback(host) else { throw .plainBeyondLoopback }
    self.service = service
    self.protection = protection
    self.host = host
    self.user = user
    self.port = port ?? Self.usualPort(service, protection)
  }

  /// RFC 8314 7.3 and RFC 6409 3.1.
  private static func usualPort(_ service: Service, _ protection: Protection) -> UInt16 {
    switch (service, protection) {
    case (.imap, .tls): 993
    case (.imap, _): 143
    case (.smtp, .tls): 465
    case (.smtp, _): 587
    }
  }

  /// Whether this machine talks to itself: no daily limits then, and no TLS needed.
  public var isLoopback: Bool { Self.isLoopback(host) }

  /// `host:port`, for people.
  public var address: String { "\(bracketed):\(port)" }

  /// libcurl's URL, without a user.
  var url: String { "\(service.rawValue)\(protection == .tls ? "s" : "")://\(bracketed):\(port)" }

  private var bracketed: String { host.contains(":") ? "[\(host)]" : host }

  private static func mayStandInHost(_ byte: UInt8) -> Bool {
    switch byte {
    case 48...57, 65...90, 97...122, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "_"): true
    default: false
    }
  }

  /// `localhost` needs no resolver in libcurl since 7.78, so that it cannot lead elsewhere.
  private static func isLoopback(_ host: String) -> Bool {
    if host.lowercased() == "localhost" || host == "::1" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts[0] == "127" && parts.allSatisfy { UInt8($0) != nil }
  }
}

/// Why something cannot be the address of a mail server.
public enum MailServerProblem: Error, Hashable, Sendable {
  /// The host is empty or holds other characters than a name or an address may.
  case host
  /// The user name is empty or holds control characters.
  case user
  /// Without TLS only this machine itself may be spoken to.
  case plainBeyondLoopback
}

/// Whose certificates are believed. Certificate and name are checked in every case.
public enum Trust: Hashable, Sendable {
  /// The system's authorities.
  case system
  /// The system's authorities, and those in this PEM file.
  case systemAnd(caFile: String)
}

/// What proves the user to the server. Prints as `•••` wherever it is printed.
public enum LoginSecret: Sendable, CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  case password(String)
  /// An OAuth 2 access token (RFC 7628).
  case bearer(String)

  /// Never the secret.
  public var description: String { "•••" }
  /// Never the secret.
  public var debugDescription: String { "•••" }
  /// Shows nothing to those who look inside.
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// Where to, for how long, and who listens.
public struct ConnectionSettings: Sendable {
  /// Where to.
  public var server: MailServer
  /// Whose certificates are believed.
  public var trust: Trust
  /// The only public key that the server's certificate may have, whoever signed it: `sha256//` and base64 (RFC 7469 2.4).
  public var pinnedKey: String?
  /// How long a connect with login may take, and how long a server may be silent in the middle of an answer; seconds.
  public var patience: Int
  /// The most bytes that are received at once. A test makes it less than one piece of TLS holds.
  package var atOnce = 1 << 16
  /// Hears what is said, never credentials or mail: those are shown by their length.
  public var trace: (@Sendable (String) -> Void)?

  /// Settings with a patience of 60 seconds.
  public init(
    _ server: MailServer, trust: Trust = .system, patience: Int = 60, trace: (@Sendable (String) -> Void)? = nil
  ) {
    self.server = server
    self.trust = trust
    self.patience = patience
    self.trace = trace
  }
}

/// Why a conversation with a mail server could not begin or go on.
public enum ConnectionFailure: Error, Hashable, Sendable {
  /// The server does not accept user and password or token. Only the user can mend it, and every further try may lock the account.
  case loginRefused(server: String, said: String)
  /// The certificate is not signed by a trusted authority, has expired, or names another host.
  case certificate(server: String, said: String)
  /// TLS was asked for, and the server does not offer it.
  case noStartTLS(server: String)
  /// No such host, nobody answers at its port, or the connection broke.
  case unreachable(server: String, said: String)
  /// Silence for longer than allowed.
  case timedOut(server: String)
  /// What the server said cannot be right; the connection was ended.
  case protocolViolation(server: String, said: String)
  /// The server ended the conversation; its words.
  case closed(server: String, said: String)
  /// The server answered NO or BAD to something that must work; its words.
  case commandRefused(server: String, command: String, said: String)
  /// The folder was made anew (UIDVALIDITY is another): what was known of its UIDs is void.
  case folderChanged(server: String, folder: String)
  /// Our own files failed.
  case files(FileFailure)
  /// The task was cancelled.
  case cancelled
}

extension ConnectionFailure {
  /// Whether the connection itself gave way, so that a fresh one may fare better.
  var isBrokenConnection: Bool {
    switch self {
    case .unreachable, .closed: true
    default: false
    }
  }

  static func outOfMemory(_ server: MailServer) -> ConnectionFailure {
    .unreachable(server: server.address, said: "out of memory")
  }
}

extension ConnectionFailure: CustomStringConvertible {
  /// One sentence that says what happened.
  public var description: String {
    switch self {
    case .loginRefused(let server, let said): "\(server) refuses the login\(Self.quote(said))."
    case .certificate(let server, let said): "The certificate of \(server) is not to be trusted: \(said)."
    case .noStartTLS(let server): "\(server) offers no TLS, and nothing is sent in the clear."
    case .unreachable(let server, let said): "\(server) cannot be reached: \(said)."
    case .timedOut(let server): "\(server) does not answer in time."
    case .protocolViolation(let server, let said): "\(server) said something that cannot be right: \(said)."
    case .closed(let server, let said): "\(server) ended the connection\(Self.quote(said))."
    case .commandRefused(let server, let command, let said): "\(server) refused \(command)\(Self.quote(said))."
    case .folderChanged(let server, let folder): "\(server) has made the folder \(folder) anew."
    case .files(let failure): failure.description
    case .cancelled: "Stopped."
    }
  }

  /// One sentence that says what to do.
  public var remedy: String {
    switch self {
    case .loginRefused:
      "Check the user name, and the password or the command that prints it; some providers want an app password."
    case .certificate: "Check the host's name; for a certificate of your own, name the file of its authority."
    case .noStartTLS: "Use the address with TLS from the start: imaps:// or smtps://."
    case .unreachable: "Check the network, the host's name and the port."
    case .timedOut:
      "Check that host and port are those of a mail server of this kind, and that TLS begins there as you say; if it stays, ask the provider."
    case .closed, .folderChanged: "Try again; if it stays, ask the provider."
    case .protocolViolation: "Check that host and port are those of a mail server of this kind."
    case .commandRefused: "Check the account's rights, and that there is space left."
    case .files: "Check the disk's space and the folder's rights."
    case .cancelled: "Nothing to do."
    }
  }

  private static func quote(_ words: String) -> String { words.isEmpty ? "" : " (\"\(words)\")" }
}
