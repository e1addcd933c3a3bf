/// An endpoint that a driver of this program claims. Profiles may name others; those travel unharmed as text.
public enum Endpoint: Hashable, Sendable {
  /// `mailto:anna@example.org`.
  case mail(EmailAddress)
  /// `file:///srv/parcels/anna`: an absolute path, without a slash at its end.
  case directory(path: String)

  /// Reads `mailto:` with exactly one address and no header fields (RFC 6068), or `file://` with an absolute path (RFC 8089).
  /// Anything else is nothing.
  public init?(uri: some StringProtocol) {
    if let rest = Self.behind("mailto:", in: uri) {
      guard !rest.contains(where: { "?#".contains($0) }), let text = PercentEncoding.decode(rest) else { return nil }
      guard let address = EmailAddress(text) else { return nil }
      self = .mail(address)
    } else if let rest = Self.behind("file://", in: uri) {
      guard rest.hasPrefix("/"), !rest.contains(where: { "?#".contains($0) }) else { return nil }
      guard let path = PercentEncoding.decode(rest) else { return nil }
      self.init(path: path)
    } else {
      return nil
    }
  }

  /// The endpoint of a directory; nothing where the path is not absolute or climbs (`..`).
  public init?(path: String) {
    let names = path.split(separator: "/")
    guard path.hasPrefix("/"), !path.utf8.contains(0), !names.contains(".."), !names.contains(".") else { return nil }
    self = .directory(path: "/" + names.joined(separator: "/"))
  }

  /// The URI in the one form that is written into profiles.
  public var uri: String {
    switch self {
    case .mail(let address): "mailto:" + PercentEncoding.encode(address.text, keeping: "@+")
    case .directory(let path): "file://" + PercentEncoding.encode(path, keeping: "/")
    }
  }

  /// What follows a scheme, whose case does not count (RFC 3986 3.1).
  private static func behind<Text: StringProtocol>(_ scheme: String, in uri: Text) -> Text.SubSequence? {
    uri.prefix(scheme.count).lowercased() == scheme ? uri.dropFirst(scheme.count) : nil
  }
}
