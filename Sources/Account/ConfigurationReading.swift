public import FoundationEssentials
internal import Packets

extension Configuration {
  /// Settings are some kilobytes; a file of more is something else.
  static let longestFile = 1 << 20

  /// Reads `config.toml`.
  ///
  /// - Parameters:
  ///   - file: the file; relative paths in it count from its folder.
  ///   - userHome: what `~/` stands for in it.
  public init(from file: URL, userHome: URL?) throws(ConfigurationFailure) {
    let path = file.path(percentEncoded: false)
    guard FileManager.default.fileExists(atPath: path) else { throw .missing(path) }
    guard let data = try? Data(contentsOf: file), data.count <= Self.longestFile else { throw .unreadable(path) }
    guard let document = String(validating: data, as: UTF8.self) else { throw .notUTF8(path) }
    try self.init(document: document, folder: file.deletingLastPathComponent(), userHome: userHome)
  }

  /// Reads settings.
  ///
  /// - Parameters:
  ///   - document: TOML.
  ///   - folder: what relative paths count from.
  ///   - userHome: what `~/` stands for.
  public init(document: String, folder: URL, userHome: URL?) throws(ConfigurationFailure) {
    var top = try SettingsReader(document: document)
    let paths = Paths(folder: folder, userHome: userHome)
    var accountSection = try top.section("account")
    let address = try accountSection.parsed("address", "a mail address") { EmailAddress($0) }
    let mail = try Mail(&top, address: address)
    self.init(account: try Account(&accountSection, address: address, plusAddress: mail.plusAddress, paths))
    self.mail = mail
    imap = try Self.server("imap", .imap, &top)
    smtp = try Self.server("smtp", .smtp, &top)
    login = try Login(&top, paths)
    tls = try TLS(&top, paths)
    digest = try Digest(&top)
    post = try Post(&top)
    limits = try Limits(&top)

    var folderSection = try top.section("folder")
    self.folder = try folderSection.text("directory").map(paths.url)
    try folderSection.finish()
    try top.finish()
    try checkTogether()
  }

  /// What no key by itself can be blamed for.
  private func checkTogether() throws(ConfigurationFailure) {
    if let server = imap ?? smtp, login == nil {
      throw .missingKey("login.password-command", why: "\(server.host) asks for a password; password-file does too")
    }
    if imap == nil, smtp != nil { throw .missingKey("imap.url", why: "an account with [smtp] needs it") }
    if smtp == nil, imap != nil { throw .missingKey("smtp.url", why: "an account with [imap] needs it") }
    if imap != nil, account.address == nil { throw .missingKey("account.address", why: "an account with mail needs it") }
    if imap == nil, folder == nil { throw .missingKey("imap.url", why: "an account needs [imap] and [smtp], or [folder]") }
  }

  private static func server(
    _ name: String, _ service: ServerURL.Service, _ top: inout SettingsReader
  ) throws(ConfigurationFailure) -> ServerURL? {
    var section = try top.section(name)
    let text = try section.text("url")
    try section.finish()
    guard let text else { return nil }
    let url: ServerURL
    do { url = try ServerURL(text) } catch { throw .wrongValue(key: "\(name).url", reason: error.description) }
    if url.service == .pop3 { throw .wrongValue(key: "\(name).url", reason: "POP3 comes later; use imaps://") }
    guard url.service == service else {
      throw .wrongValue(key: "\(name).url", reason: "\(url) is no \(name.uppercased()) server")
    }
    return url
  }
}

/// Paths in the file: absolute, from the user's home, or from the file's folder.
struct Paths {
  let folder: URL
  let userHome: URL?

  func url(_ text: String) -> URL {
    if text.hasPrefix("~/"), let userHome { return userHome.appending(path: String(text.dropFirst(2))) }
    return URL(filePath: text, relativeTo: folder).standardizedFileURL
  }
}

extension Configuration.Account {
  init(
    _ section: inout SettingsReader, address: EmailAddress?, plusAddress: EmailAddress?, _ paths: Paths
  ) throws(ConfigurationFailure) {
    guard let name = try section.parsed("name", "a name of 1 to 64 characters", { PersonName.isFit($0) ? $0 : nil }) else {
      throw .missingKey("account.name", why: "it is the name that others see")
    }
    guard let key = try section.parsed("key", "a fingerprint of 40 hexadecimal digits", { Fingerprint(text: $0) }) else {
      throw .missingKey("account.key", why: "it names the OpenPGP key that setup made or took")
    }
    let said = try section.parsed("endpoint", "a mailto: or file:// URI") { Endpoint(uri: $0) }
    guard let endpoint = said ?? (plusAddress ?? address).map(Endpoint.mail) else {
      throw .missingKey("account.endpoint", why: "others must know where to send parcels; address serves too")
    }
    let origin = try section.parsed("key-origin", "\"new\" or \"own\"") { KeyOrigin(rawValue: $0) }
    self.init(
      name: name, address: address, endpoint: endpoint, key: key, keyOrigin: origin ?? .new,
      gnupgHome: try section.text("gnupg-home").map(paths.url))
    try section.finish()
  }
}

extension Configuration.Login {
  init?(_ top: inout SettingsReader, _ paths: Paths) throws(ConfigurationFailure) {
    var section = try top.section("login")
    let kind = try section.parsed("kind", "\"password\" or \"oauth\"") { Kind(rawValue: $0) }
    let file = try section.text("password-file").map(paths.url)
    var command: PasswordSource?
    if section.isList("password-command") {
      command = try section.texts("password-command").map(PasswordSource.program)
      if case .program(let words)? = command, words.first ?? "" == "" {
        throw .wrongValue(key: "login.password-command", reason: "the list is empty")
      }
    } else {
      command = try section.parsed("password-command", "a command") { $0.isEmpty ? nil : $0 }.map(PasswordSource.shell)
    }
    try section.finish()
    if file != nil, command != nil {
      throw .wrongValue(key: "login.password-file", reason: "password-command stands there too; keep one of them")
    }
    guard let source = command ?? file.map(PasswordSource.file) else { return nil }
    self.init(source: source, kind: kind ?? .password)
  }
}

extension Configuration.TLS {
  init(_ top: inout SettingsReader, _ paths: Paths) throws(ConfigurationFailure) {
    var section = try top.section("tls")
    caFile = try section.text("ca-file").map(paths.url)
    pinnedCertificate = try section.parsed("pinned-certificate", "sha256// and 44 characters of base64") { pin in
      let digest = pin.dropFirst(8)
      let isBase64 = digest.dropLast().utf8.allSatisfy {
        $0 == 43 || $0 == 47 || (48...57).contains($0) || (65...90).contains($0) || (97...122).contains($0)
      }
      return pin.hasPrefix("sha256//") && digest.utf8.count == 44 && digest.last == "=" && isBase64 ? pin : nil
    }
    try section.finish()
  }
}

extension Configuration.Mail {
  init(_ top: inout SettingsReader, address: EmailAddress?) throws(ConfigurationFailure) {
    self.init()
    var section = try top.section("mail")
    let isFolder: (String) -> Bool = { name in
      (1...200).contains(name.utf8.count) && !name.unicodeScalars.contains { $0.properties.generalCategory == .control }
    }
    folder = try section.parsed("folder", "the name of a mail folder", { isFolder($0) ? $0 : nil }) ?? folder
    if section.isTruth("plus-address") {
      plusAddress = try section.truth("plus-address") == true ? address?.plus("socialnet") : nil
    } else {
      plusAddress = try section.parsed("plus-address", "true, false or a mail address") { EmailAddress($0) }
    }
    poll = try section.span("poll") ?? poll
    guard (.seconds(1) ... .seconds(86_400)).contains(poll) else {
      throw .wrongValue(key: "mail.poll", reason: "it must be from 1 second to 1 day")
    }
    idle = try section.parsed("idle", "\"on\" or \"off\"") { ["on": true, "off": false][$0] } ?? idle
    authservID = try section.text("authserv-id")
    sentCopies = try section.parsed("sent-copies", "\"move\", \"delete\" or \"leave\"") { SentCopies(rawValue: $0) } ?? sentCopies
    retention =
      try section.parsed("retention", "\"off\", or days such as \"365d\"") { (text: String) -> Duration?? in
        if text == "off" { return .some(nil) }
        return Duration(text: text).flatMap { $0 < .seconds(86_400) ? nil : .some($0) }
      } ?? nil
    mailsPerMinute = try section.number("mails-per-minute", in: 0...100_000)
    mailsPerDay = try section.number("mails-per-day", in: 0...10_000_000)
    try section.finish()
  }
}

extension Configuration.Digest {
  init(_ top: inout SettingsReader) throws(ConfigurationFailure) {
    self.init()
    var section = try top.section("digest")
    schedule = try section.parsed("schedule", Schedule.expected) { Schedule(text: $0) } ?? schedule
    way = try section.parsed("by", "\"smtp\" or \"append\"") { Way(rawValue: $0) } ?? way
    encrypt = try section.truth("encrypt") ?? encrypt
    if let names = try section.texts("at-once") {
      atOnce = []
      for name in names {
        guard let kind = AtOnce(rawValue: name) else {
          throw .wrongValue(
            key: "digest.at-once", reason: "“\(Printable.line(name))” is not \"request\", \"comment\" or \"message\"")
        }
        atOnce.insert(kind)
      }
    }
    try section.finish()
  }
}

extension Configuration.Post {
  init(_ top: inout SettingsReader) throws(ConfigurationFailure) {
    self.init()
    var section = try top.section("post")
    undo = try section.span("undo")
    ask = try section.truth("ask") ?? ask
    sealOneByOne = try section.truth("seal-one-by-one") ?? sealOneByOne
    try section.finish()
  }
}

extension Configuration.Limits {
  init(_ top: inout SettingsReader) throws(ConfigurationFailure) {
    self.init()
    var section = try top.section("limits")
    strangersPerHour = try section.number("strangers-per-hour", in: 0...1_000_000) ?? strangersPerHour
    packetsPerDay = try section.number("packets-per-day", in: 0...10_000_000) ?? packetsPerDay
    megabytesPerDay = try section.number("megabytes-per-day", in: 0...1_000_000) ?? megabytesPerDay
    keepDays = try section.number("keep-days", in: 30...100_000) ?? keepDays
    patience = try section.span("patience") ?? patience
    try section.finish()
  }
}

extension Schedule {
  /// What ``init(text:)`` reads, for messages.
  public static let expected = "daily@07:00, daily@07:00,19:00, weekly@Mon07:00, hourly, now or off"
}

/// What is wrong with `config.toml`.
public enum ConfigurationFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// There is no file.
  case missing(String)
  /// There is one, and it cannot be read.
  case unreadable(String)
  /// It is not text.
  case notUTF8(String)
  /// It is not TOML from there on.
  case syntax(line: Int, column: Int, reason: String)
  /// A key that the program does not know.
  case unknownKey(String, nearest: String?)
  /// A key holds another kind of value.
  case wrongKind(key: String, expected: String, found: String)
  /// The right kind, and not a possible value.
  case wrongValue(key: String, reason: String)
  /// Something that must stand there does not.
  case missingKey(String, why: String)
  /// Setup found a file that it must not replace.
  case exists(String)
  /// Setup could not write it.
  case unwritable(DiskFailure)

  /// One sentence.
  public var description: String {
    switch self {
    case .missing(let path): "there is no account here (\(path)); run socialnet setup"
    case .unreadable(let path): "\(path) cannot be read; check its permissions"
    case .notUTF8(let path): "\(path) is not text in UTF-8"
    case .syntax(let line, let column, let reason): "config.toml, line \(line), column \(column): \(reason)"
    case .unknownKey(let key, let nearest):
      "config.toml has an unknown setting \(key)" + (nearest.map { "; did you mean \($0)?" } ?? "")
    case .wrongKind(let key, let expected, let found): "config.toml: \(key) must be \(expected), and is a value of kind \(found)"
    case .wrongValue(let key, let reason): "config.toml: \(key): \(reason)"
    case .missingKey(let key, let why): "config.toml: \(key) is missing: \(why)"
    case .exists(let path): "there is an account already (\(path)); remove it first, or choose another --home"
    case .unwritable(let failure): failure.description
    }
  }
}
