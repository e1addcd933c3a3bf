internal import Drivers
public import Mailbox

/// One thing that `setup` and `doctor` looked at.
public struct MailFinding: Hashable, Sendable {
  /// How it stands.
  public enum Result: String, Sendable {
    /// All is well.
    case ok
    /// It works, with something missing.
    case warn
    /// It does not work.
    case fail
  }

  /// What was looked at: `imap`, `idle`, `move`, `sent`, `folders`, `room`, `smtp`.
  public var name: String
  /// How it stands.
  public var result: Result
  /// One sentence: what was found.
  public var said: String
  /// One sentence: what to do; empty where there is nothing to do.
  public var remedy: String
  /// The failure behind it, if there was one, for those who decide by it.
  public var failure: ConnectionFailure?
}

extension MailDriver {
  /// Logs in to both servers and looks at what they can do. With `creatingFolders`, makes the bridge's own folders where they are
  /// missing. Does not wait for a refused login to rest: a person asked.
  public func check(creatingFolders: Bool = false) async -> [MailFinding] {
    let secret: LoginSecret
    do { secret = try await settings.secret() } catch {
      return [
        MailFinding(
          name: "login", result: .fail, said: "There is no password or token: \(error).",
          remedy: "Check the password file or command in the configuration.")
      ]
    }
    var findings = await checkIMAP(secret, creatingFolders)
    findings.append(await mailer.check(secret))
    return findings
  }

  private func checkIMAP(_ secret: LoginSecret, _ creatingFolders: Bool) async -> [MailFinding] {
    let server = settings.imap.server
    do throws(ConnectionFailure) {
      let connection = try IMAPConnection(settings.imap)
      try await connection.open(with: secret)
      var findings = [MailFinding(name: "imap", result: .ok, said: "Logged in to \(server.address).", remedy: "")]
      findings += await capabilities(of: connection)
      findings += try await folders(on: connection, creatingFolders)
      if let room = try await room(on: connection) { findings.append(room) }
      await connection.close()
      return findings
    } catch {
      return [MailFinding(name: "imap", result: .fail, said: error.description, remedy: error.remedy, failure: error)]
    }
  }

  private func capabilities(of connection: IMAPConnection) async -> [MailFinding] {
    var findings: [MailFinding] = []
    if await connection.supports("MOVE") {
      findings.append(MailFinding(name: "move", result: .ok, said: "Parcels are moved to \(settings.folder).", remedy: ""))
    } else if await connection.supports("UIDPLUS") {
      findings.append(
        MailFinding(name: "move", result: .ok, said: "Parcels are copied to \(settings.folder) and then removed.", remedy: ""))
    } else {
      findings.append(
        MailFinding(
          name: "move", result: .warn, said: "The server can neither move mails nor remove a single one: parcels stay in INBOX.",
          remedy: "Set up a filter of the provider's that files mails with the header SocialNet-Parcel in \(settings.folder)."))
    }
    if await connection.supports("IDLE"), settings.usesIdle {
      findings.append(MailFinding(name: "idle", result: .ok, said: "New mail is noticed at once.", remedy: ""))
    } else {
      findings.append(
        MailFinding(
          name: "idle", result: settings.usesIdle ? .warn : .ok, said: "New mail is noticed within \(settings.poll) seconds.",
          remedy: settings.usesIdle ? "The server offers no IDLE; a smaller `poll` makes it quicker." : ""))
    }
    return findings
  }

  /// How much of the mailbox is used, where the server tells.
  private func room(on connection: IMAPConnection) async throws(ConnectionFailure) -> MailFinding? {
    guard let (used, limit) = try await connection.quota(), limit > 0 else { return nil }
    let percent = used / max(1, limit / 100)
    let said = "\(percent) % of the mailbox (\(limit / 1024) MB) are used."
    guard percent >= 90 else { return MailFinding(name: "room", result: .ok, said: said, remedy: "") }
    return MailFinding(
      name: "room", result: percent >= 100 ? .fail : .warn, said: said,
      remedy: "Make room: delete what you do not need, or let `socialnet thin` fold old parcels together.")
  }

  private func folders(on connection: IMAPConnection, _ create: Bool) async throws(ConnectionFailure) -> [MailFinding] {
    let layout = try await Access.layout(on: connection, settings, creating: create, insisting: true)
    var findings: [MailFinding] = []
    if let sent = layout.sent {
      findings.append(MailFinding(name: "sent", result: .ok, said: "Sent mail lies in \(sent.text ?? "Sent").", remedy: ""))
    } else {
      findings.append(
        MailFinding(
          name: "sent", result: .warn, said: "There is no folder for sent mail, so answers by mail are asked back once.",
          remedy: "Let your mail program keep copies of sent mail on the server."))
    }
    let isThere = create || layout.missing.isEmpty
    findings.append(
      MailFinding(
        name: "folders", result: isThere ? .ok : .warn,
        said: isThere ? "The folder \(settings.folder) is there." : "The folder \(settings.folder) is missing.",
        remedy: isThere ? "" : "It is made when the bridge runs."))
    return findings
  }
}

extension Mailer {
  func check(_ secret: LoginSecret) async -> MailFinding {
    let server = settings.smtp.server
    do throws(ConnectionFailure) {
      try await sender.check(with: secret)
      return MailFinding(name: "smtp", result: .ok, said: "Logged in to \(server.address).", remedy: "")
    } catch {
      return MailFinding(name: "smtp", result: .fail, said: error.description, remedy: error.remedy, failure: error)
    }
  }
}
