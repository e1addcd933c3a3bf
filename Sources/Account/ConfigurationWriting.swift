public import FoundationEssentials
internal import Packets

extension Configuration {
  /// Writes `config.toml` once: every setting with a line that says what it does, those at their usual value as comments.
  /// Readable by the user alone, and durable when this returns.
  ///
  /// - Throws: ``ConfigurationFailure/exists(_:)`` where a file is there already: the program never changes one.
  public func write(to file: URL) throws(ConfigurationFailure) {
    do throws(DiskFailure) {
      try DurableFile.create(file, holding: Array(document.utf8))
    } catch .exists(let path) {
      throw .exists(path)
    } catch {
      throw .unwritable(error)
    }
  }

  /// The settings as an annotated TOML document.
  public var document: String {
    var page = SettingsPage()
    page.words(
      "Settings of one SocialNet account. Written once, by socialnet setup; the program only reads it, so change what you like.")
    page.words("What stands behind a # is what is done anyway. socialnet doctor says what is wrong with it.")
    writeAccount(&page)
    writeServers(&page)
    writeMail(&page)
    writeDigestAndPost(&page)
    writeFolderAndLimits(&page)
    return page.text
  }

  private func writeAccount(_ page: inout SettingsPage) {
    page.section("account", needed: true)
    page.set("name", .text(account.name), "the name that others see first")
    page.set("address", account.address.map { .text($0.text) } ?? .example("\"anna@example.org\""), "your own mail address")
    page.set("endpoint", .text(account.endpoint.uri), "where others send parcels; it stands in your profile")
    page.set("key", .text(account.key.text), "your OpenPGP key")
    page.set(
      "key-origin", .text(account.keyOrigin.rawValue),
      "\"new\": made by setup; \"own\": brought along, its secret stays with your own gpg-agent")
    page.set(
      "gnupg-home", account.gnupgHome.map { .path($0) } ?? .example("\"~/.gnupg\""),
      "the GnuPG home that a key of your own lives in")
  }

  private func writeServers(_ page: inout SettingsPage) {
    let hasMail = imap != nil
    page.section("imap", needed: hasMail)
    page.set(
      "url", imap.map { .text($0.text) } ?? .example("\"imaps://anna@imap.example.org:993\""),
      "imaps://, imap+starttls://, or on this machine imap+plain://")
    page.section("smtp", needed: hasMail)
    page.set(
      "url", smtp.map { .text($0.text) } ?? .example("\"smtps://anna@smtp.example.org:465\""),
      "smtps://, smtp+starttls://, or on this machine smtp+plain://")
    page.section("login", needed: login != nil)
    var command = SettingsPage.Value.example("\"pass show mail/anna\"")
    var file = SettingsPage.Value.example("\"password\"")
    switch login?.source {
    case .shell(let line): command = .text(line)
    case .program(let words): command = .texts(words)
    case .file(let url): file = .path(url)
    case nil: break
    }
    page.set(
      "password-command", command, "prints the password or token; a text is run by /bin/sh, a list [\"…\"] without a shell")
    page.set("password-file", file, "its first line is the password; chmod 600")
    page.set("kind", .text((login?.kind ?? .password).rawValue, usual: "password"), "\"password\" or \"oauth\"")
    page.section("tls")
    page.set("ca-file", tls.caFile.map { .path($0) } ?? .example("\"ca.pem\""), "certificates to trust beside the system's")
    page.set(
      "pinned-certificate", tls.pinnedCertificate.map { .text($0) } ?? .example("\"sha256//…\""),
      "the one public key that your servers may have")
  }

  private func writeMail(_ page: inout SettingsPage) {
    let usual = Mail()
    page.section("mail")
    page.set("folder", .text(mail.folder, usual: usual.folder), "the bridge's own folder in your mailbox")
    page.set(
      "plus-address", mail.plusAddress.map { .text($0.text) } ?? .example("false"),
      "true, false, or an address of the same mailbox, to filter by")
    page.set("poll", .span(mail.poll, usual: usual.poll), "how often folders that are not watched are looked at")
    page.set("idle", .text(mail.idle ? "on" : "off", usual: "on"), "wait for new mail with IDLE")
    page.set(
      "authserv-id", mail.authservID.map { .text($0) } ?? .example("\"mx.example.org\""),
      "how your provider signs Authentication-Results")
    page.set(
      "sent-copies", .text(mail.sentCopies.rawValue, usual: usual.sentCopies.rawValue),
      "copies of parcels that the provider puts into Sent: \"move\" to the folder, \"delete\" or \"leave\"")
    page.set(
      "retention", mail.retention.map { .span($0) } ?? .example("\"off\""),
      "\"365d\": parcels older than that are folded into few mails; nothing of them is lost")
    page.set(
      "mails-per-minute", mail.mailsPerMinute.map { .number($0) } ?? .example("20"),
      "0: no limit, which is usual on a server of this machine")
    page.set("mails-per-day", mail.mailsPerDay.map { .number($0) } ?? .example("200"), "what does not fit goes tomorrow")
  }

  private func writeDigestAndPost(_ page: inout SettingsPage) {
    let usual = Digest()
    page.section("digest")
    page.set("schedule", .text(digest.schedule.description, usual: usual.schedule.description), Schedule.expected)
    page.set("by", .text(digest.way.rawValue, usual: usual.way.rawValue), "\"smtp\": sent to you; \"append\": put into INBOX")
    page.set(
      "encrypt", .truth(digest.encrypt, usual: usual.encrypt),
      "to your own key; otherwise your provider can read what friends write")
    let names = AtOnceNames(digest.atOnce)
    page.set("at-once", .texts(names.written, usual: AtOnceNames(usual.atOnce).written), "what does not wait for the digest")
    page.section("post")
    page.set(
      "undo", post.undo.map { .span($0) } ?? .example("\"10m\""),
      "how long a post can be taken back; not said: 0 for the command, 10m for mail")
    page.set("ask", .truth(post.ask, usual: true), "ask about words that have no target; false: post them")
    page.set(
      "seal-one-by-one", .truth(post.sealOneByOne, usual: false), "slower; a provider that holds several copies cannot link them")
  }

  private func writeFolderAndLimits(_ page: inout SettingsPage) {
    page.section("folder", needed: folder != nil)
    page.set("directory", folder.map { .path($0) } ?? .example("\"/srv/parcels/anna\""), "parcels come in by this directory")
    let usual = Limits()
    page.section("limits")
    page.set(
      "strangers-per-hour", .number(limits.strangersPerHour, usual: usual.strangersPerHour),
      "parcels from addresses that are no contact's")
    page.set("packets-per-day", .number(limits.packetsPerDay, usual: usual.packetsPerDay), "from one contact")
    page.set("megabytes-per-day", .number(limits.megabytesPerDay, usual: usual.megabytesPerDay), "from one contact")
    page.set("keep-days", .number(limits.keepDays, usual: usual.keepDays), "what is over is forgotten then")
    page.set(
      "patience", limits.patience == usual.patience ? .example("\"1h\"") : .span(limits.patience),
      "how long what is missing may be on its way, before it is asked for")
  }

  private struct AtOnceNames {
    let written: [String]
    init(_ kinds: Set<Digest.AtOnce>) { written = Digest.AtOnce.allCases.filter(kinds.contains).map(\.rawValue) }
  }
}

/// A TOML document in the making, with a comment behind each line.
struct SettingsPage {
  private(set) var text = ""

  /// What stands behind a key.
  enum Value {
    /// A value that was chosen.
    case chosen(String)
    /// A value that is usual anyway, or only an example: written as a comment.
    case example(String)

    static func text(_ value: String, usual: String? = nil) -> Value { make(quoted(value), isUsual: value == usual) }
    static func texts(_ values: [String], usual: [String]? = nil) -> Value {
      make("[" + values.map(quoted).joined(separator: ", ") + "]", isUsual: values == usual)
    }
    static func truth(_ value: Bool, usual: Bool) -> Value { make("\(value)", isUsual: value == usual) }
    static func number(_ value: Int, usual: Int? = nil) -> Value { make("\(value)", isUsual: value == usual) }
    static func span(_ value: Duration, usual: Duration? = nil) -> Value { make(quoted(value.text), isUsual: value == usual) }
    static func path(_ url: URL) -> Value { text(url.path(percentEncoded: false)) }

    private static func make(_ written: String, isUsual: Bool) -> Value { isUsual ? .example(written) : .chosen(written) }

    /// A basic string (TOML 1.0.0, "String").
    private static func quoted(_ text: String) -> String {
      var quoted = "\""
      for scalar in text.unicodeScalars {
        switch scalar {
        case "\"": quoted += "\\\""
        case "\\": quoted += "\\\\"
        case _ where scalar.properties.generalCategory == .control:
          let digits = String(scalar.value, radix: 16)
          quoted += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
        default: quoted.unicodeScalars.append(scalar)
        }
      }
      return quoted + "\""
    }
  }

  /// A comment on a line of its own.
  mutating func words(_ words: String) { text += "# \(words)\n" }

  /// Begins a section. One of settings that may all be left out stands uncommented, so that who uncomments a setting finds it in
  /// its section.
  mutating func section(_ name: String, needed: Bool = true) { text += needed ? "\n[\(name)]\n" : "\n# [\(name)]\n" }

  /// A key, its value, and what it does.
  mutating func set(_ key: String, _ value: Value, _ meaning: String) {
    let line =
      switch value {
      case .chosen(let written): "\(key) = \(written)"
      case .example(let written): "# \(key) = \(written)"
      }
    text += line + String(repeating: " ", count: max(2, 44 - line.count)) + "# \(meaning)\n"
  }
}
