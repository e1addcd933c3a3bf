internal import Packets

/// An invitation as one line of text: `socialnet:join#v=1&a=…&n=…&c=…&k=…&s=…` (Protocol, "Acquaintance").
///
/// It holds a secret that is good for one acquaintance, so it may be shown to the user and to nobody else; a log never sees it.
public enum InvitationLink {
  /// How every link begins.
  public static let beginning = "socialnet:join#"

  /// Certificates travel in at most so many bytes (Protocol, "Parcel").
  public static let longestCertificate = 10 * 1024

  /// The longest text that is looked at: a certificate, and ample room for the rest.
  public static let longest = 32 * 1024

  /// The link of an invitation.
  public static func text(of invitation: Invitation) -> String {
    let fields: [(String, [UInt8])] = [
      ("a", Array(invitation.endpoint.utf8)), ("n", Array(invitation.name.utf8)), ("c", invitation.certificate),
      ("k", invitation.author.key), ("s", invitation.secret),
    ]
    return beginning + "v=1" + fields.map { "&\($0)=\(Base64URL.encode($1))" }.joined()
  }

  /// Reads a link. White space anywhere in it is taken out first: mail programs and people break long lines.
  ///
  /// - Throws: ``InvitationLinkFailure``, which says nothing of the secret.
  public static func read(_ text: some StringProtocol) throws(InvitationLinkFailure) -> Invitation {
    guard text.utf8.count <= longest else { throw .tooLong }
    let joined = String(text.filter { !$0.isWhitespace })
    guard joined.prefix(beginning.count).lowercased() == beginning else { throw .noLink }
    let fields = try fields(of: joined.dropFirst(beginning.count))
    guard let version = fields["v"] else { throw .missing("v") }
    guard version == "1" else { throw .newer }
    func bytes(_ name: String) throws(InvitationLinkFailure) -> [UInt8] {
      guard let field = fields[name] else { throw .missing(name) }
      guard let bytes = Base64URL.decode(field) else { throw .unfit(name) }
      return bytes
    }
    guard let endpoint = String(validating: try bytes("a"), as: UTF8.self), isURI(endpoint) else { throw .unfit("a") }
    guard let name = String(validating: try bytes("n"), as: UTF8.self), PersonName.isFit(name) else { throw .unfit("n") }
    let certificate = try bytes("c")
    guard (1...longestCertificate).contains(certificate.count) else { throw .unfit("c") }
    guard let author = Author(key: try bytes("k")) else { throw .unfit("k") }
    let secret = try bytes("s")
    guard secret.count == 16 else { throw .unfit("s") }
    return Invitation(endpoint: endpoint, name: name, certificate: certificate, author: author, secret: secret)
  }

  /// The known fields by name. They stand in one order, each once; unknown ones between them are a newer version's business.
  private static func fields(of text: Substring) throws(InvitationLinkFailure) -> [String: Substring] {
    var expected: ArraySlice<String> = ["v", "a", "n", "c", "k", "s"]
    var fields: [String: Substring] = [:]
    for field in text.split(separator: "&", omittingEmptySubsequences: false) {
      guard let equals = field.firstIndex(of: "=") else { throw .noLink }
      let name = String(field[..<equals])
      if expected.first == name {
        expected.removeFirst()
        fields[name] = field[field.index(after: equals)...]
      } else if let first = expected.first, expected.contains(name) {
        throw .missing(first)
      } else if fields[name] != nil {
        throw .doubled(name)
      }
    }
    return fields
  }

  /// A scheme, a colon, and only what may stand in a URI.
  private static func isURI(_ text: String) -> Bool {
    guard let colon = text.firstIndex(of: ":"), colon != text.startIndex, text.utf8.count <= 2048 else { return false }
    return text.unicodeScalars.allSatisfy { (0x21...0x7e).contains($0.value) }
  }
}

/// Why a text is no invitation.
public enum InvitationLinkFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// It does not begin like one, or falls apart.
  case noLink
  /// Longer than any link.
  case tooLong
  /// Of a newer version.
  case newer
  /// A field is missing: the link was probably cut.
  case missing(String)
  /// A field holds what it must not.
  case unfit(String)
  /// A field stands twice.
  case doubled(String)

  /// One sentence that says what to do.
  public var description: String {
    switch self {
    case .noLink: "this is no invitation; it begins with \(InvitationLink.beginning)"
    case .tooLong: "this is too long for an invitation; copy the link alone"
    case .newer: "this invitation needs a newer version of SocialNet"
    case .missing(let field): "this invitation is not whole (its part “\(field)” is not in its place); copy the whole link"
    case .unfit(let field): "this invitation is damaged (its part “\(field)”); copy it again, or ask for a new one"
    case .doubled(let field): "this invitation is damaged (its part “\(field)” stands twice); copy the link alone"
    }
  }
}
