public import FoundationEssentials
public import Packets

/// To whom the letters go: the user of this node.
public struct Recipient: Hashable, Sendable {
  /// The user's own mail address, `local@domain`.
  public var address: String
  /// Where answers go: the plus-address where it works, else the own one.
  public var replyTo: String
  /// The user's author key, by which the user's own posts are known as such.
  public var author: Author
  /// Times are shown in it. Zones with daylight saving time need Foundation in the program.
  public var zone: TimeZone

  /// A user.
  public init(address: String, replyTo: String, author: Author, zone: TimeZone) {
    self.address = address
    self.replyTo = replyTo
    self.author = author
    self.zone = zone
  }

  /// Behind the `@` of the own address: the letters' Message-IDs live in it.
  var domain: String { address.split(separator: "@").last.map(String.init) ?? "localhost" }
}
