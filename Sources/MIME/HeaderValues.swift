extension ContentType {
  /// Reads a value; nothing where it is none.
  public init?(_ value: String) {
    guard let parsed = GMime.contentType(value) else { return nil }
    self = parsed
  }

  /// What the headers say; text/plain where they say nothing (RFC 2045 5.2), application/octet-stream where it cannot be read.
  init(_ headers: Headers) {
    guard let header = headers.first("Content-Type") else {
      self.init("text", "plain")
      return
    }
    self = ContentType(header.unfolded) ?? ContentType("application", "octet-stream")
  }
}

extension Disposition {
  /// Reads a value; nothing where it is none.
  public init?(_ value: String) {
    guard let parsed = GMime.disposition(value) else { return nil }
    self = parsed
  }
}

/// One mailbox (RFC 5322 3.4).
public struct Address: Hashable, Sendable {
  /// What is shown, decoded; for people, never for decisions.
  public var name: String?
  /// Before the last `@`, exactly as written: only its own server may say that case does not count.
  public var local: String
  /// Behind the last `@`, in lower case.
  public var domain: String

  /// A mailbox with a name, from `local@domain`; nothing where it is not of this form, or holds white space, quotes or brackets.
  public init?(name: String? = nil, _ address: some StringProtocol) {
    guard let at = address.lastIndex(of: "@") else { return nil }
    let local = String(address[..<at])
    let domain = String(address[address.index(after: at)...]).lowercased()
    func isPlain(_ text: String) -> Bool {
      !text.isEmpty
        && !text.unicodeScalars.contains {
          $0.value <= 32 || $0.value == 127 || "()<>[]:;@\\,\"\u{FFFD}".unicodeScalars.contains($0)
        }
    }
    guard isPlain(local), isPlain(domain) else { return nil }
    self.name = name
    self.local = local
    self.domain = domain
  }

  /// `local@domain`.
  public var text: String { "\(local)@\(domain)" }

  /// Whether both name the same mailbox, whatever they are shown as.
  public func isSameMailbox(as other: Address) -> Bool { local == other.local && domain == other.domain }

  /// The mailboxes of From, To, Cc, Reply-To, those in groups with them. What cannot be read is left out.
  public static func list(_ value: String) -> [Address] {
    GMime.mailboxes(value).compactMap { Address(name: $0.name, $0.address) }
  }
}

extension Headers {
  /// The one mailbox of a field that stands exactly once and names exactly one; nothing otherwise. A second `@` outside quotes and
  /// comments is enough for nothing: parsers differ on what is meant by it, and one of them is the provider's.
  public func onlyAddress(_ name: String) -> Address? {
    guard let value = only(name)?.unfolded else { return nil }
    var scanner = ValueScanner(value)
    guard scanner.skip(past: "@"), !scanner.skip(past: "@") else { return nil }
    let found = GMime.mailboxes(value)
    guard found.count == 1, let mailbox = found.first else { return nil }
    return Address(name: mailbox.name, mailbox.address)
  }

  /// The moment of Date, if it stands once and can be read: seconds since 1970.
  public var date: Int64? { only("Date").flatMap { MailDate.seconds($0.unfolded) } }
}

/// Message-ID, In-Reply-To, References, Content-ID (RFC 5322 3.6.4).
public enum MessageID {
  /// Everything in angle brackets, in order, without them and without white space inside. Phrases and comments are skipped.
  public static func list(_ value: String) -> [String] {
    var scanner = ValueScanner(value)
    var found: [String] = []
    while scanner.skip(past: "<"), let inside = scanner.text(before: ">") {
      let id = inside.filter { $0 != " " && $0 != "\t" }
      if !id.isEmpty, !id.contains("<") { found.append(id) }
    }
    return found
  }
}

/// Moments as mail writes them (RFC 5322 3.3).
public enum MailDate {
  /// Seconds since 1970 of `Sat, 21 Nov 2026 14:05:00 +0100`; nothing where it cannot be read.
  public static func seconds(_ value: String) -> Int64? { GMime.date(value) }

  /// `Sat, 21 Nov 2026 13:05:00 +0000`, in UTC. Moments outside the years 1970 to 9999 become the nearest that has a form.
  public static func text(_ seconds: Int64) -> String {
    let seconds = min(max(0, seconds), 253_402_300_799)
    let (days, second) = seconds.quotientAndRemainder(dividingBy: 86_400)
    // The civil date of a day number, counted in years that begin in March, so that the leap day is the last of its year.
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let march = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * march + 2) / 5 + 1
    let month = march < 10 ? march + 3 : march - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
    func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let clock = "\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60))"
    return "\(weekdays[Int(days % 7)]), \(two(day)) \(months[Int(month - 1)]) \(year) \(clock) +0000"
  }
}

extension String {
  /// With U+FFFD for NUL, at which C would stop reading.
  var replacingNUL: String {
    guard utf8.contains(0) else { return self }
    return String(String.UnicodeScalarView(unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 }))
  }
}
