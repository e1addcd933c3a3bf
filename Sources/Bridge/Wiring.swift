internal import Account
internal import Drivers
internal import FolderDriver
internal import FoundationEssentials
internal import Logging
internal import Mailbox
internal import MailDriver

extension Bridge {
  /// The drivers that an account's settings ask for.
  static func drivers(_ layout: Layout, _ configuration: Configuration, _ clock: Clock, _ log: Logger) throws -> [any Driver] {
    var drivers: [any Driver] = []
    if let settings = try mailSettings(configuration, clock, log) { drivers.append(try MailDriver(settings)) }
    // Every node can hand parcels to a directory; only one that has one of its own receives there.
    drivers.append(FolderDriver(receivingFrom: configuration.folder, refused: layout.refused, now: clock.now))
    return drivers
  }

  /// The mail account, as its driver needs it; nothing for an account without mail.
  ///
  /// - Parameter typed: a password that was just typed, and stands in no file yet.
  static func mailSettings(
    _ configuration: Configuration, _ clock: Clock, _ log: Logger, typed: Secret<String>? = nil
  ) throws -> MailSettings? {
    guard let address = configuration.account.address, let imap = configuration.imap, let smtp = configuration.smtp else {
      return nil
    }
    let login = configuration.login
    let trust = try trust(configuration.tls)
    let trace: @Sendable (String) -> Void = { line in log.trace("\(line)") }
    let connection = { (server: MailServer) in
      var settings = ConnectionSettings(server, trust: trust, trace: trace)
      settings.pinnedKey = configuration.tls.pinnedCertificate
      return settings
    }
    var settings = MailSettings(
      address: address.text, plusAddress: configuration.mail.plusAddress?.text,
      imap: connection(try server(imap, .imap, configuration)),
      smtp: connection(try server(smtp, .smtp, configuration)),
      secret: {
        if let typed { return .password(typed.reveal()) }
        guard let login else { throw OperationFailure(.configuration, "no password source is set") }
        let credential = try await login.source.fetch(environment: ProcessInfo.processInfo.environment)
        if let warning = credential.warning { log.warning("\(warning)") }
        let text = credential.secret.reveal()
        return login.kind == .oauth ? .bearer(text) : .password(text)
      }, now: clock.now)
    settings.folder = configuration.mail.folder
    settings.usesIdle = configuration.mail.idle
    settings.sentCopies =
      switch configuration.mail.sentCopies {
      case .move: .move
      case .delete: .delete
      case .leave: .leave
      }
    settings.poll = max(1, Int(configuration.mail.poll.components.seconds))
    return settings
  }

  private static func trust(_ tls: Configuration.TLS) throws(OperationFailure) -> Trust {
    guard let file = tls.caFile else { return .system }
    // Otherwise the server's certificate would seem to be at fault.
    guard let bytes = try? Data(contentsOf: file), String(decoding: bytes, as: UTF8.self).contains("-----BEGIN ") else {
      throw OperationFailure(
        .configuration, "\(file.path) holds no certificates, or cannot be read",
        remedy: "name a PEM file of certificate authorities as ca-file, or leave it out.")
    }
    return .systemAnd(caFile: file.path)
  }

  private static func server(
    _ url: ServerURL, _ service: MailServer.Service, _ configuration: Configuration
  ) throws -> MailServer {
    let protection: MailServer.Protection =
      switch url.security {
      case .tls: .tls
      case .startTLS: .startTLS
      case .plain: .plain
      }
    guard let user = configuration.user(for: url) else {
      throw OperationFailure(.configuration, "No user name for \(url.host).", remedy: "Write it into the URL: imaps://user@host.")
    }
    do {
      return try MailServer(service, protection, host: url.host, port: url.port, user: user)
    } catch {
      throw OperationFailure(
        .configuration, "\(url.text) is no server that can be used: \(error)", remedy: "Mend its URL in config.toml.")
    }
  }
}
