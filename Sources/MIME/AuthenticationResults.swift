/// What a server says it checked about a mail (RFC 8601). Whether that server is believed is the caller's business: anybody can
/// write this header.
public struct AuthenticationResults: Hashable, Sendable {
  /// Who says so, in lower case.
  public var server: String
  /// In order; empty for `none`.
  public var results: [Result]

  /// One check: `dmarc=pass (p=none) header.from=example.org`.
  public struct Result: Hashable, Sendable {
    /// In lower case: `dkim`, `spf`, `dmarc`, `auth`.
    public var method: String
    /// In lower case: `pass`, `fail`, `none` …
    public var value: String
    /// Why, for people.
    public var reason: String?
    /// What was checked, in order.
    public var properties: [Property]

    /// The value of the first property of this name: `smtp.auth`, `header.from`.
    public subscript(name: String) -> String? { properties.first { $0.name == name }?.value }
  }

  /// `smtp.auth=anna@example.org`.
  public struct Property: Hashable, Sendable {
    /// In lower case, type and property: `smtp.auth`. Some servers write their own without a type.
    public var name: String
    /// As written.
    public var value: String
  }

  /// Reads a value (unfolded). Nothing where any piece of it cannot be read: half a statement proves nothing.
  public init?(_ value: String) {
    var scanner = ValueScanner(value)
    scanner.skipSpaceAndComments()
    guard let server = scanner.value() else { return nil }
    self.server = server.lowercased()
    results = []
    scanner.skipSpaceAndComments()
    if !scanner.isAtEnd, !scanner.take(";") {
      guard scanner.token() == "1" else { return nil }  // the only version there is
      scanner.skipSpaceAndComments()
      guard scanner.isAtEnd || scanner.take(";") else { return nil }
    }
    while !scanner.isAtEnd {
      scanner.skipSpaceAndComments()
      if scanner.isAtEnd { break }
      guard let result = Self.result(&scanner) else { return nil }
      if let result { results.append(result) }
    }
  }

  /// One piece up to `;` or the end: a result, or `none`, which is none.
  private static func result(_ scanner: inout ValueScanner) -> Result?? {
    let method = scanner.token(until: ";=()/\"").lowercased()
    guard !method.isEmpty else { return nil }
    if scanner.take("/") { guard !scanner.token().isEmpty else { return nil } }
    scanner.skipSpaceAndComments()
    if method == "none", scanner.isAtEnd || scanner.take(";") { return .some(nil) }
    guard scanner.take("="), let value = pairValue(&scanner) else { return nil }
    var result = Result(method: method, value: value.lowercased(), reason: nil, properties: [])
    while !scanner.isAtEnd, !scanner.take(";") {
      let name = scanner.token().lowercased()
      scanner.skipSpaceAndComments()
      guard !name.isEmpty, scanner.take("="), let value = pairValue(&scanner) else { return nil }
      if name == "reason" { result.reason = value } else { result.properties.append(Property(name: name, value: value)) }
    }
    return result
  }

  private static func pairValue(_ scanner: inout ValueScanner) -> String? {
    scanner.skipSpaceAndComments()
    guard let value = scanner.value(until: ";()\"") else { return nil }
    scanner.skipSpaceAndComments()
    return value
  }
}
