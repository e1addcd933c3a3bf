public import Mailbox
public import Packets

/// A mail account as the driver needs it.
public struct MailSettings: Sendable {
  /// The user's own address, `anna@example.org`: envelope sender of everything, and who the user's own mails are from.
  public var address: String
  /// Where parcels and posts may be addressed besides, `anna+socialnet@example.org`, if the provider delivers it.
  public var plusAddress: String?
  /// Where mail is read.
  public var imap: ConnectionSettings
  /// Where mail is handed over.
  public var smtp: ConnectionSettings
  /// Gives the password or token, fresh for each login; it may run a command.
  public var secret: @Sendable () async throws -> LoginSecret
  /// The bridge's own folder: ASCII, levels parted by `/`, without the server's prefix.
  public var folder = "SocialNet"
  /// Notice new mail by IDLE where the server offers it; otherwise INBOX is polled too.
  public var usesIdle = true
  /// Seconds between looks into folders that are not watched by IDLE.
  public var poll = 60
  /// What becomes of the copies of our own mails that a provider puts into the Sent folder.
  public var sentCopies = SentCopies.move
  /// How long to rely on the server to tell of news. A quarter of an hour is half of what RFC 2177 3 allows for IDLE, and a look at its
  /// end covers what a server forgot to say.
  public var longestWait = Duration.seconds(900)
  /// Bytes; larger mails are no parcels and stay where they are (Protocol, gate 1).
  public var largestMail = 40 << 20
  /// The clock, for pauses and for the times of reports.
  public var now: @Sendable () -> Instant
  /// Lets time pass on that clock.
  public var sleep: @Sendable (Duration) async throws -> Void = { try await Task.sleep(for: $0) }

  /// Copies that a provider keeps of all that is sent by SMTP. A parcel's is sealed to the friend alone: of no use to its sender.
  public enum SentCopies: Sendable {
    /// Moved to the bridge's folder.
    case move
    /// Deleted.
    case delete
    /// Left where they are.
    case leave
  }

  /// An account with the usual folder and pace.
  public init(
    address: String, plusAddress: String? = nil, imap: ConnectionSettings, smtp: ConnectionSettings,
    secret: @escaping @Sendable () async throws -> LoginSecret, now: @escaping @Sendable () -> Instant
  ) {
    self.address = address
    self.plusAddress = plusAddress
    self.imap = imap
    self.smtp = smtp
    self.secret = secret
    self.now = now
  }
}
