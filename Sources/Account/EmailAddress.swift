/// One bare mail address, `anna@example.org`, safe to stand in an SMTP command, a header and a URI.
///
/// Narrower than RFC 5321 allows: no quoted local part, no address literal, since both carry characters that have a meaning
/// elsewhere. Characters beyond ASCII are left as they are (RFC 6531); IDNA is the business of who looks names up.
public struct EmailAddress: Hashable, Sendable, CustomStringConvertible {
  /// What stands before the `@`, as written.
  public let localPart: String
  /// What stands behind the `@`, as written.
  public let domain: String

  /// Reads an address; anything else is nothing.
  public init?(_ text: some StringProtocol) {
    guard let at = text.lastIndex(of: "@") else { return nil }
    let local = text[..<at]
    let domain = text[text.index(after: at)...]
    // RFC 5321 4.5.3.1: at most 64 and 255 octets. RFC 5322 3.2.3: dots only between atoms.
    guard (1...64).contains(local.utf8.count), (1...255).contains(domain.utf8.count) else { return nil }
    guard Self.areAtoms(local, allowed: Self.isAtomText) else { return nil }
    guard Self.areAtoms(domain, allowed: Self.isDomainText) else { return nil }
    let labels = domain.split(separator: ".")
    guard labels.allSatisfy({ $0.utf8.count <= 63 && !$0.hasPrefix("-") && !$0.hasSuffix("-") }) else { return nil }
    self.localPart = String(local)
    self.domain = String(domain)
  }

  /// The address as written.
  public var text: String { localPart + "@" + domain }

  /// The address in lower case, to compare with: providers tell no case apart.
  public var lowercased: String { text.lowercased() }

  /// The address as written.
  public var description: String { text }

  /// The same mailbox under an address that filters can tell apart, `anna+socialnet@example.org` (RFC 5233).
  public func plus(_ detail: String) -> EmailAddress? { EmailAddress(localPart + "+" + detail + "@" + domain) }

  private static func areAtoms(_ text: some StringProtocol, allowed: (Unicode.Scalar) -> Bool) -> Bool {
    text.split(separator: ".", omittingEmptySubsequences: false).allSatisfy { atom in
      !atom.isEmpty && atom.unicodeScalars.allSatisfy(allowed)
    }
  }

  /// RFC 5322 3.2.3 `atext`, and what RFC 6532 3.2 adds to it.
  private static func isAtomText(_ scalar: Unicode.Scalar) -> Bool {
    isLetterOrDigit(scalar) || "!#$%&'*+-/=?^_`{|}~".unicodeScalars.contains(scalar)
  }

  private static func isDomainText(_ scalar: Unicode.Scalar) -> Bool { isLetterOrDigit(scalar) || scalar == "-" }

  private static func isLetterOrDigit(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .decimalNumber, .nonspacingMark,
      .spacingMark:
      true
    default: false
    }
  }
}
