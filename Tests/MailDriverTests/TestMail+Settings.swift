import Foundation
import MailDriver
import Mailbox
import Packets
import TestMail

extension TestMail {
  func imap(_ user: String, _ protection: MailServer.Protection = .plain, host: String = "127.0.0.1") throws -> MailServer {
    let port = port(protection == .tls ? "IMAPS_PORT" : "IMAP_PORT")
    return try MailServer(.imap, protection, host: host, port: port, user: "\(user)@example.test")
  }

  func smtp(_ user: String, _ protection: MailServer.Protection = .plain) throws -> MailServer {
    let port = port(protection == .tls ? "SMTPS_PORT" : "SUBMISSION_PORT")
    return try MailServer(.smtp, protection, host: "127.0.0.1", port: port, user: "\(user)@example.test")
  }

  var authority: Trust { .systemAnd(caFile: variables["CA_FILE"] ?? "") }

  func settings(_ user: String) throws -> MailSettings {
    var settings = MailSettings(
      address: "\(user)@example.test", plusAddress: "\(user)+socialnet@example.test",
      imap: ConnectionSettings(try imap(user)), smtp: ConnectionSettings(try smtp(user)),
      secret: { .password(TestMail.password) }, now: { Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) })
    settings.poll = 1
    return settings
  }
}
