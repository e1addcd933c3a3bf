internal import Account
internal import ArgumentParser
internal import Bridge
internal import Feed
internal import Packets

/// How arguments are read into values. What is wrong with one is said in a sentence that the parser puts behind the argument's
/// name.
enum Arguments {
  /// ITEM.
  static func item(_ text: String) throws -> ItemName {
    guard let item = ItemName(text) else {
      throw ValidationError("an item is named by its id as feed shows it, a beginning of it, or #N of the last digest")
    }
    return item
  }

  /// A bare mail address.
  static func address(_ text: String) throws -> EmailAddress {
    guard let address = EmailAddress(text) else {
      throw ValidationError("it is not a mail address; write it bare, like anna@example.org")
    }
    return address
  }

  /// A server's address.
  static func server(_ text: String) throws -> ServerURL {
    do { return try ServerURL(text) } catch { throw ValidationError(error.description) }
  }

  /// An invitation link; what is wrong with it is said in a sentence of its own.
  static func invitation(_ text: String) throws(OperationFailure) -> Invitation {
    do { return try InvitationLink.read(text) } catch { throw OperationFailure(.badData, sentence: error.description) }
  }

  /// An endpoint; a bare mail address is one too.
  static func endpoint(_ text: String) throws -> String {
    if let address = EmailAddress(text) { return Endpoint.mail(address).uri }
    guard let endpoint = Endpoint(uri: text) else {
      throw ValidationError("an endpoint is mailto: and an address, or file:// and an absolute path")
    }
    return endpoint.uri
  }

  /// What stands before a fingerprint in a QR code, as OpenKeychain and others write and read it.
  static let fingerprintScheme = "OPENPGP4FPR:"

  /// Eight digits, or a fingerprint, in groups or not, or as it stands in a QR code.
  static func comparison(_ text: String) throws -> String {
    let scanned = text.uppercased().filter { $0 != " " && $0 != "-" }
    let isScanned = scanned.hasPrefix(fingerprintScheme)
    let bare = isScanned ? String(scanned.dropFirst(fingerprintScheme.count)) : scanned
    let isCode = !isScanned && bare.utf8.count == 8 && bare.utf8.allSatisfy { (48...57).contains($0) }
    guard isCode || Fingerprint(text: bare) != nil else {
      throw ValidationError("it is the eight digits, or the forty of a fingerprint, that the other reads out")
    }
    return bare
  }

  /// A schedule for digests.
  static func schedule(_ text: String) throws -> Schedule {
    guard let schedule = Schedule(text: text) else { throw ValidationError("it is not \(Schedule.expected)") }
    return schedule
  }

  /// A span of time.
  static func span(_ text: String) throws -> Duration {
    guard let span = Duration(text: text) else { throw ValidationError("a span of time is written 20s, 10m, 2h, 7d or 0") }
    return span
  }

  /// One of a few words.
  static func word<Word: RawRepresentable & CaseIterable>(_ text: String) throws -> Word where Word.RawValue == String {
    guard let word = Word(rawValue: text) else {
      throw ValidationError("it is not " + Word.allCases.map(\.rawValue).joined(separator: " or "))
    }
    return word
  }
}

/// `yes` or `no`.
enum YesNo: String, CaseIterable {
  case yes
  case no
}

/// Help for arguments that several subcommands have.
enum Help {
  /// ITEM.
  static let item: ArgumentHelp = "The item: its id as feed shows it, any unambiguous beginning of it, or #N of the last digest."
  /// CONTACT.
  static let contact: ArgumentHelp = "Who: the name, the address, the author or the fingerprint, as contacts shows them."
  /// TEXT.
  static let words: ArgumentHelp = "What to say; - reads it from standard input."
}
