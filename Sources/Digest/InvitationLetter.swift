public import FoundationEssentials
public import Feed
internal import MIME
public import Packets

/// A letter from the user to a friend who has no bridge yet: plain, readable, with the link. It is the user's own mail and bears none
/// of the bridge's marks.
public struct InvitationLetter: Hashable, Sendable {
  private let own: Address
  private let friend: Address
  private let greeting: String
  private let name: String
  private let link: String

  /// A letter from `from`, whose user is called `name`, to the friend's address; `friend` is what the user calls them.
  public init(from: String, name: String, to: String, friend: String?, link: String) throws(LetterFailure) {
    let shown = Harmless.line(name)
    guard let own = Address(name: shown, from) else { throw .badAddress(from) }
    guard let address = Address(to) else { throw .badAddress(to) }
    self.own = own
    self.friend = address
    self.name = shown
    greeting = friend.map { "Hello \(Harmless.line($0))," } ?? "Hello,"
    self.link = link
  }

  /// The message, CRLF line ends. The token makes its Message-ID.
  public func bytes(token: LetterToken, date: Instant, zone: TimeZone) throws(LetterFailure) -> [UInt8] {
    do {
      return try Entity(
        [
          try HeaderField("From", [own]), try HeaderField("To", [friend]),
          try HeaderField("Subject", text: "\(name) would like to share things with you"),
          try HeaderField("Date", tokens: LocalTime(date, in: zone).mailDate),
          try HeaderField("Message-ID", ids: ["\(token.text)@\(own.domain)"]),
          try HeaderField("MIME-Version", tokens: "1.0"),
        ], ContentType("text", "plain", [.init("charset", "utf-8"), .init("format", "flowed")]), .text(FormatFlowed.encode(text))
      ).bytes()
    } catch {
      throw .notWritten(reason: error.description)
    }
  }

  private var text: String {
    """
    \(greeting)

    I use SocialNet: a social network that lives in our mailboxes. There is no company in between; what we post goes encrypted from my \
    mailbox to yours, and a digest of it arrives as an ordinary mail that you can answer.

    If you have the program, type this command and paste the line below:

      socialnet accept -

    \(link)

    The link is for you alone, works once, and for seven days.

    \(name)
    """
  }
}
