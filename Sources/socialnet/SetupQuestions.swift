internal import Account
internal import Bridge
internal import FoundationEssentials
internal import Packets

/// Makes a plan of what `setup` was told, and asks for what is missing where there is somebody to ask.
struct SetupQuestions {
  let given: Setup
  let desk: Desk

  private var canAsk: Bool { desk.console.isInteractive && !given.nonInteractive }

  /// The whole plan.
  func plan() throws(OperationFailure) -> SetupPlan {
    let transport = try self.transport()
    let name: String
    if let said = given.name { name = said } else { name = try ask("Your name, as others see it first", else: "--name NAME") }
    guard PersonName.isFit(name) else {
      throw OperationFailure(.usage, "a name has 1 to 64 characters and no control characters", remedy: "choose another --name")
    }
    var plan = SetupPlan(name: name, transport: transport)
    if case .own(let fingerprint) = given.key { plan.key = .own(fingerprint) }
    plan.gnupgHome = given.gnupgHome.map { desk.surroundings.file($0, isFolder: true) }
    plan.undo = given.undo
    plan.digest.schedule = given.digest
    plan.digest.way = given.digestBy
    if case .mail(var mail) = transport {
      plan.digest.encrypt = try encryptsDigests(of: plan)
      mail.sentCopies = try sentCopies()
      plan.transport = .mail(mail)
    }
    return plan
  }

  private func transport() throws(OperationFailure) -> SetupPlan.Transport {
    if given.place.contains("://") {
      guard case .directory(let path)? = Endpoint(uri: given.place) else {
        throw OperationFailure(
          .usage, "“\(Printable.line(given.place))” is not the URI of a directory", remedy: "write file:// and its absolute path")
      }
      var isDirectory = false
      guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory else {
        throw OperationFailure(.noInput, "there is no directory \(Printable.line(path))", remedy: "make it first")
      }
      return .folder(URL(filePath: path, directoryHint: .isDirectory))
    }
    guard let address = EmailAddress(given.place) else {
      throw OperationFailure(
        .usage, "“\(Printable.line(given.place))” is not a mail address", remedy: "write it bare, like anna@example.org")
    }
    return .mail(try mailPlan(address))
  }

  private func mailPlan(_ address: EmailAddress) throws(OperationFailure) -> SetupPlan.MailPlan {
    let imap = try server(given.imap, .imap, "Where your mail is read, for example imaps://imap.\(address.domain)", "--imap URL")
    let smtp = try server(given.smtp, .smtp, "Where your mail is sent, for example smtps://smtp.\(address.domain)", "--smtp URL")
    var tls = Configuration.TLS()
    tls.caFile = given.caFile.map { desk.surroundings.file($0) }
    return SetupPlan.MailPlan(address: address, imap: imap, smtp: smtp, password: try password(), tls: tls)
  }

  private func server(
    _ given: ServerURL?, _ service: ServerURL.Service, _ question: String, _ option: String
  ) throws(OperationFailure) -> ServerURL {
    let url: ServerURL
    if let given {
      url = given
    } else {
      let text = try ask(question, else: option)
      do { url = try ServerURL(text) } catch { throw OperationFailure(.usage, sentence: error.description) }
    }
    if url.service == .pop3 {
      throw OperationFailure(.usage, "reading mail by POP3 comes later", remedy: "use imaps://")
    }
    guard url.service == service else {
      throw OperationFailure(.usage, "\(url) is no \(service.rawValue.uppercased()) server", remedy: "correct \(option)")
    }
    return url
  }

  private func password() throws(OperationFailure) -> SetupPlan.Password {
    if let command = given.passwordCommand { return .source(.shell(command)) }
    if let file = given.passwordFile { return .source(.file(desk.surroundings.file(file))) }
    guard canAsk else {
      throw OperationFailure(.usage, "there is no password", remedy: "say --password-command CMD or --password-file FILE")
    }
    desk.console.say("Password (it is kept in a file that only you can read): ")
    let typed = desk.console.readSecret()
    desk.say("")
    guard let typed, !typed.reveal().isEmpty else { throw OperationFailure(.usage, "there is no password", remedy: "try again") }
    return .typed(typed)
  }

  /// A key of one's own means that the mail program can read encrypted mail; with a new one it cannot, unless the user sees to
  /// it.
  private func encryptsDigests(of plan: SetupPlan) throws(OperationFailure) -> Bool {
    if let said = given.digestEncrypt { return said == .yes }
    guard plan.key == .new else { return true }
    desk.say("Digests are mails to yourself: without encryption, what your friends write lies readable at your mail provider.")
    desk.say("With encryption, your mail program must have the account's OpenPGP key to show them.")
    guard canAsk else {
      desk.say("They are not encrypted; --digest-encrypt yes changes that.")
      return false
    }
    return try isYes("Encrypt digests, yes or no", else: "--digest-encrypt yes|no")
  }

  /// Deleting what lies in somebody's Sent folder needs their word.
  private func sentCopies() throws(OperationFailure) -> Configuration.Mail.SentCopies {
    if let said = given.sentCopies { return said }
    guard canAsk else { return .move }
    desk.say(
      "Some providers put a copy of each mail that is sent into Sent. Those of parcels are sealed to your friends, and of no use."
    )
    desk.say("They are moved to the bridge's folder, unless you let them be deleted.")
    return try isYes("Delete them, yes or no", else: "--sent-copies move|delete|leave") ? .delete : .move
  }

  private func isYes(_ question: String, else option: String) throws(OperationFailure) -> Bool {
    while true {
      switch try ask(question, else: option).lowercased() {
      case "yes", "y": return true
      case "no", "n", "": return false
      default: continue
      }
    }
  }

  private func ask(_ question: String, else option: String) throws(OperationFailure) -> String {
    guard canAsk else { throw OperationFailure(.usage, "\(option) is missing", remedy: "say it, or run setup on a terminal") }
    desk.console.say(question + ": ")
    guard let answer = desk.console.readLine() else {
      desk.say("")
      throw OperationFailure(.usage, "setup was given up", remedy: "begin again when you like")
    }
    return String(answer.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
  }
}
