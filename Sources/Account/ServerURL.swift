/// Where a mail server is, how the connection is protected, and as whom to log in: `imaps://anna@imap.example.org:993`.
public struct ServerURL: Hashable, Sendable, CustomStringConvertible {
  /// What is spoken there.
  public enum Service: String, Sendable {
    /// Reading, RFC 9051.
    case imap
    /// Reading, RFC 1939. Understood here so that the message can say that it comes later.
    case pop3
    /// Sending, RFC 6409.
    case smtp
  }

  /// How the connection is protected.
  public enum Security: String, Sendable {
    /// TLS from the first byte (RFC 8314 3).
    case tls
    /// TLS after STARTTLS; never a word in the clear behind a refusal.
    case startTLS
    /// None: only for a server on this machine.
    case plain
  }

  /// What is spoken there.
  public let service: Service
  /// How the connection is protected.
  public let security: Security
  /// The login name, percent-decoded; none where the account's address serves.
  public let user: String?
  /// A name or an address, IPv6 without brackets.
  public let host: String
  /// The port; the service's own where the URL names none.
  public let port: UInt16

  /// Whether the server is on this machine: `localhost`, `127.0.0.0/8` or `::1`.
  public var isLoopback: Bool { Self.isLoopback(host) }

  /// Reads a URL.
  ///
  /// - Throws: a sentence that says what is wrong with it.
  public init(_ text: String) throws(ServerURLFailure) {
    guard let mark = Self.range(of: "://", in: text) else { throw .noScheme(text) }
    let scheme = text[..<mark.lowerBound].lowercased()
    (service, security) = try Self.schemeMeaning(scheme)

    var authority = text[mark.upperBound...]
    if authority.hasSuffix("/") { authority.removeLast() }
    guard !authority.contains(where: { "/?#".contains($0) }) else { throw .pathBehindHost(text) }
    if let at = authority.lastIndex(of: "@") {
      let name = authority[..<at]
      guard !name.contains(":") else { throw .passwordInside }
      guard let decoded = PercentEncoding.decode(name), !decoded.isEmpty, !Self.hasControls(decoded) else { throw .badUser }
      user = decoded
      authority = authority[authority.index(after: at)...]
    } else {
      user = nil
    }
    let (host, port) = try Self.hostAndPort(authority)
    self.host = host
    self.port = port ?? Self.usualPort(service, security)
    if security == .plain, !Self.isLoopback(host) { throw .plainBeyondThisMachine(scheme: scheme, host: host) }
  }

  /// The URL, with its port always.
  public var text: String {
    let scheme =
      switch security {
      case .tls: service.rawValue + "s"
      case .startTLS: service.rawValue + "+starttls"
      case .plain: service.rawValue + "+plain"
      }
    let name = user.map { PercentEncoding.encode($0, keeping: "") + "@" } ?? ""
    return "\(scheme)://\(name)\(host.contains(":") ? "[\(host)]" : host):\(port)"
  }

  /// The URL, with its port always.
  public var description: String { text }

  private static func schemeMeaning(_ scheme: String) throws(ServerURLFailure) -> (Service, Security) {
    switch scheme {
    case "imaps": (.imap, .tls)
    case "imap+starttls": (.imap, .startTLS)
    case "imap+plain": (.imap, .plain)
    case "pop3s": (.pop3, .tls)
    case "smtps": (.smtp, .tls)
    case "smtp+starttls": (.smtp, .startTLS)
    case "smtp+plain": (.smtp, .plain)
    // The bare schemes leave open whether TLS is wanted, and a guess could send a password in the clear.
    case "imap", "smtp": throw .securityNotSaid(scheme)
    default: throw .unknownScheme(scheme)
    }
  }

  private static func hostAndPort(_ authority: Substring) throws(ServerURLFailure) -> (String, UInt16?) {
    var host = authority
    var portText: Substring?
    if authority.hasPrefix("[") {
      guard let end = authority.firstIndex(of: "]") else { throw .badHost(String(authority)) }
      host = authority[authority.index(after: authority.startIndex)..<end]
      let rest = authority[authority.index(after: end)...]
      guard rest.isEmpty || rest.hasPrefix(":") else { throw .badHost(String(authority)) }
      portText = rest.isEmpty ? nil : rest.dropFirst()
      guard !host.isEmpty, host.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." }) else { throw .badHost(String(authority)) }
    } else {
      if let colon = authority.lastIndex(of: ":") {
        host = authority[..<colon]
        portText = authority[authority.index(after: colon)...]
      }
      let permitted = host.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "." }
      guard permitted, (1...255).contains(host.utf8.count) else { throw .badHost(String(authority)) }
    }
    guard let portText else { return (String(host), nil) }
    guard portText.utf8.allSatisfy({ (48...57).contains($0) }), let port = UInt16(portText), port > 0 else {
      throw .badPort(String(portText))
    }
    return (String(host), port)
  }

  private static func usualPort(_ service: Service, _ security: Security) -> UInt16 {
    switch (service, security) {
    case (.imap, .tls): 993
    case (.imap, _): 143
    case (.pop3, .tls): 995
    case (.pop3, _): 110
    case (.smtp, .tls): 465
    case (.smtp, _): 587
    }
  }

  private static func isLoopback(_ host: String) -> Bool {
    let bytes = host.split(separator: ".", omittingEmptySubsequences: false)
    let isVersion4 = bytes.count == 4 && bytes.allSatisfy { UInt8($0) != nil }
    return host.lowercased() == "localhost" || host == "::1" || (isVersion4 && bytes.first == "127")
  }

  private static func hasControls(_ text: String) -> Bool {
    text.unicodeScalars.contains { $0.properties.generalCategory == .control }
  }

  private static func range(of mark: String, in text: String) -> Range<String.Index>? { text.firstRange(of: mark) }
}

/// Why something is not the address of a server.
public enum ServerURLFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// There is no `://` in it.
  case noScheme(String)
  /// A scheme that is none of ours.
  case unknownScheme(String)
  /// `imap:` or `smtp:`, which leave the protection open.
  case securityNotSaid(String)
  /// Unprotected, and not on this machine.
  case plainBeyondThisMachine(scheme: String, host: String)
  /// A password in the URL would stand in a file and on a command line.
  case passwordInside
  /// A login name that cannot be one.
  case badUser
  /// No host, or not a possible one.
  case badHost(String)
  /// Not a number from 1 to 65535.
  case badPort(String)
  /// Something behind the port.
  case pathBehindHost(String)

  /// One sentence.
  public var description: String {
    switch self {
    case .noScheme(let text): "“\(Printable.line(text))” does not begin with imaps://, smtps:// or another scheme"
    case .unknownScheme(let scheme):
      "“\(Printable.line(scheme))://” is no kind of server; use imaps, imap+starttls, smtps or smtp+starttls"
    case .securityNotSaid(let scheme):
      "“\(Printable.line(scheme))://” does not say how the connection is protected; "
        + "use \(scheme)s:// or \(scheme)+starttls://, or on this machine \(scheme)+plain://"
    case .plainBeyondThisMachine(let scheme, let host):
      "\(scheme):// would send everything to \(host) in the clear; it is for servers on this machine only"
    case .passwordInside: "a password does not belong in a server's address; use password-command or password-file"
    case .badUser: "the login name before the @ is empty, wrongly percent-encoded or has control characters"
    case .badHost(let text): "“\(Printable.line(text))” is no possible host name"
    case .badPort(let text): "“\(Printable.line(text))” is no port; ports are numbers from 1 to 65535"
    case .pathBehindHost(let text): "“\(Printable.line(text))” has something behind host and port"
    }
  }
}
