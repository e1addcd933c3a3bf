internal import Feed
internal import MIME

/// How sure it is that the user wrote a mail (Replies, "Who wrote it").
public enum Authorship: Comparable, Sendable {
  /// Anybody could have written it.
  case unproved
  /// A valid token, and the provider's word for the sender: enough for words and reactions below a post.
  case providersWord
  /// Only who has the user's mailbox or key could have written it: enough for everything.
  case proved

  /// When to look into the Sent folder again for the copy of a mail that came to INBOX first, in seconds after its arrival.
  public static let looksAgain: [Int64] = [5, 30, 120, 600]

  /// What a server adds on delivery: nothing that the user's own program filed has it. Forged mail was found in Sent folders.
  private static let traces: Set<String> = [
    "authentication-results", "received-spf", "delivered-to", "arc-seal", "arc-message-signature", "arc-authentication-results",
  ]

  /// - Parameters:
  ///   - hasToken: the mail carries the unexpired token of a letter.
  ///   - isForBridge: it goes to an address, or has a subject, by which only the bridge is meant.
  ///   - isSignatureBound: what was signed names itself the letter that it answers, or a post. Otherwise a signed mail to a friend could
  ///     be sent again by that friend, as an answer.
  init(
    _ mail: Message, _ evidence: Evidence, hasToken: Bool, isForBridge: Bool, isSignatureBound: Bool, _ settings: ReplySettings
  ) {
    let isOwn = mail.headers.onlyAddress("From").map { settings.ownAddresses.contains($0.text.lowercased()) } ?? false
    if evidence.isConfirmed || evidence.signature == .own && isSignatureBound {
      self = .proved
    } else if isOwn, Self.isOwnCopy(mail, evidence, settings), hasToken || isForBridge {
      self = .proved
    } else if hasToken, Self.isVouched(mail, evidence, settings) {
      self = .providersWord
    } else {
      self = .unproved
    }
  }

  /// Whether the provider says that the mail came from the user, and nothing speaks against it.
  static func isVouched(_ mail: Message, _ evidence: Evidence, _ settings: ReplySettings) -> Bool {
    let from = mail.headers.onlyAddress("From")?.text.lowercased()
    return from.map(settings.ownAddresses.contains) == true && providerVouches(for: mail.headers, settings) && !isVetoed(evidence)
  }

  /// Whether the bytes lie where only the user's programs put them, and look like it.
  private static func isOwnCopy(_ mail: Message, _ evidence: Evidence, _ settings: ReplySettings) -> Bool {
    guard evidence.place == .sent || evidence.place == .post else { return false }
    let found = Set(mail.headers.map { $0.name.lowercased() })
    return found.isDisjoint(with: traces.subtracting(settings.toleratedTraces)) && !isVetoed(evidence)
  }

  /// Another copy of the same Message-ID came from outside and failed the sender's own policy: then this one may be a plant too.
  private static func isVetoed(_ evidence: Evidence) -> Bool {
    evidence.twins.contains { twin in
      twin.all("Authentication-Results").contains { header in
        guard let said = AuthenticationResults(header.unfolded) else { return true }
        return said.results.contains { $0.method == "dmarc" && $0.value == "fail" }
      }
    }
  }

  /// Whether the user's provider says that the mail came from the user (RFC 8601). The first statement of that server counts, because
  /// each hop writes above what it got; a statement of that server that cannot be read, or says fail anywhere, ends it.
  private static func providerVouches(for headers: Headers, _ settings: ReplySettings) -> Bool {
    guard let server = settings.authenticationServer, let from = headers.onlyAddress("From") else { return false }
    var statements: [AuthenticationResults] = []
    for header in headers.all("Authentication-Results") {
      guard let statement = AuthenticationResults(header.unfolded) else { return false }
      if statement.server == server.lowercased() { statements.append(statement) }
    }
    let failed = statements.contains { $0.results.contains { ["dmarc", "auth"].contains($0.method) && $0.value == "fail" } }
    guard let first = statements.first, !failed else { return false }
    return first.results.contains { result in
      guard result.value == "pass" else { return false }
      switch result.method {
      case "dmarc": return result["header.from"]?.lowercased() == from.domain
      case "auth": return result["smtp.auth"]?.lowercased() == from.text.lowercased()
      default: return false
      }
    }
  }
}

extension ReplySettings {
  /// Whether any recipient is an address at which only the bridge is written to.
  func isToBridge(_ headers: Headers) -> Bool {
    recipients(headers).contains { bridgeAddresses.contains($0) }
  }

  /// Whether everybody whom the mail is to is the user.
  func isOnlyToUser(_ headers: Headers) -> Bool {
    recipients(headers).allSatisfy { ownAddresses.contains($0) || bridgeAddresses.contains($0) }
  }

  /// All addresses of To, Cc and Bcc, lower case.
  func recipients(_ headers: Headers) -> [String] {
    ["To", "Cc", "Bcc"].flatMap { name in headers.all(name) }.flatMap { Address.list($0.unfolded) }.map { $0.text.lowercased() }
  }
}
