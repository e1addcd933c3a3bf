internal import Drivers
internal import FoundationEssentials
internal import Mailbox
internal import Packets

/// Hands mails to the provider's submission server.
actor Mailer {
  let settings: MailSettings
  let sender: SMTPSender
  private let gate: LoginGate
  /// Nothing is tried before then, and this is said of it.
  private var rest: (outcome: Outcome, from: Instant, seconds: Int64)?
  /// How many mails in a row could not even be begun.
  private var failures = 0

  /// A server that is away is not asked again for each of many mails that wait.
  private static let restOfAway: Int64 = 30
  /// Providers that count mails lock accounts that go on.
  private static let restAtLimit: Int64 = 3600

  init(_ settings: MailSettings) throws(ConnectionFailure) {
    self.settings = settings
    sender = try SMTPSender(settings.smtp)
    gate = LoginGate(settings.smtp.server, settings)
  }

  func send(_ consignment: Consignment) async -> Outcome {
    guard let endpoint = MailEndpoint(consignment.endpoint) else {
      return .refused(reason: "\(consignment.endpoint) is no mail address")
    }
    let now = settings.now()
    if let rest, rest.from <= now, now < rest.from.adding(seconds: rest.seconds) { return rest.outcome }
    rest = nil
    let secret: LoginSecret
    do { secret = try await gate.secret() } catch { return .unreachable(reason: error.description) }
    let mail = OutgoingMail(
      from: settings.address, to: endpoint.address, file: consignment.file.path, size: consignment.size)
    return await judge(await sender.send(mail, with: secret))
  }

  private func judge(_ submission: Submission) async -> Outcome {
    switch submission {
    case .failed: failures += 1
    // The server is about to leave, whatever was asked (RFC 5321 3.8).
    case .deferred(let reply) where reply.hasPrefix("421"): failures += 1
    default: failures = 0
    }
    switch submission {
    case .accepted(let reply):
      await gate.accepted()
      return .handedOver(reply: reply)
    case .deferred(let reply), .refused(let reply):
      if Self.speaksOfALimit(reply) {
        let until = settings.now().adding(seconds: Self.restAtLimit)
        return pause(.deferred(reason: "the provider's limit: \(reply)", after: until), Self.restAtLimit)
      }
      if case .refused = submission { return .refused(reason: reply) }
      let outcome = Outcome.deferred(reason: reply, after: nil)
      return failures < 2 ? outcome : pause(outcome, Self.restOfAway)
    case .ambiguous(let failure): return .ambiguous(reason: failure.description)
    case .cut(let failure): return .unreachable(reason: failure.description)
    case .failed(.files(let failure)): return .deferred(reason: failure.description, after: nil)
    case .failed(let failure):
      await gate.failed(failure)
      let outcome = Outcome.unreachable(reason: failure.description)
      return failures < 2 ? outcome : pause(outcome, Self.restOfAway)
    }
  }

  private func pause(_ outcome: Outcome, _ seconds: Int64) -> Outcome {
    rest = (outcome, settings.now(), seconds)
    return outcome
  }

  /// Whether a refusal is about how much was sent, and so not for ever whatever its first digit says: Gmail says 550 5.4.5, Exchange
  /// Online 550 5.1.90, Outlook 554 SubmissionQuotaExceeded.
  static func speaksOfALimit(_ reply: String) -> Bool {
    let words = reply.lowercased()
    return ["5.4.5", "4.4.5", "5.1.90", "sending limit", "sending quota", "daily limit", "submissionquotaexceeded"]
      .contains { words.contains($0) }
  }

  func close() async { await sender.close() }
}
