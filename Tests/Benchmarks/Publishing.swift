internal import FoundationEssentials

/// One GPGME operation, one APPEND, and bare SMTP of the same bytes, one after the other over connections that are open: what
/// publishing costs at least.
struct Publishing: Encodable {
  /// What to publish.
  struct Plan: Decodable {
    /// The sender's GnuPG home, whose agent runs.
    var home: String
    var signer: String
    var recipients: [String]
    /// What is sealed.
    var text: String
    var imap: Server.Login
    var smtp: Server.Login
    /// What is appended to the folder that the URL of `imap` names.
    var append: String
    var from: String
    var mails: [Mail]
  }

  /// One copy.
  struct Mail: Decodable {
    var to: String
    var file: String
  }

  /// Seconds of the one operation, the one APPEND, and all mails.
  let seal, append, submit: Double

  init(_ plan: Plan) throws {
    let text = try Self.bytes(plan.text)
    let gpg = try GPG(home: plan.home)
    let keys = try gpg.keys(signer: plan.signer, recipients: plan.recipients)
    seal = try measured { try gpg.seal(text, to: keys) }

    let appended = try Self.bytes(plan.append)
    let imap = try Server(plan.imap)
    try imap.greet("NOOP")
    append = try measured { try imap.upload(appended) }

    let mails = try plan.mails.map { (to: $0.to, bytes: try Self.bytes($0.file)) }
    let smtp = try Server(plan.smtp)
    try smtp.greet("NOOP")
    submit = try measured {
      for mail in mails { try smtp.upload(mail.bytes, from: plan.from, to: mail.to) }
    }
  }

  private static func bytes(_ file: String) throws -> [UInt8] { [UInt8](try Data(contentsOf: URL(filePath: file))) }
}
