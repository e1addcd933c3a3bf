import Account
import Bridge
import Feed
import Packets
import Testing

/// People and things that every test knows. Their names try to steer a terminal now and then.
struct Cast: Sendable {
  let anna: FeedItem.Person
  let ben: FeedItem.Person
  let address: EmailAddress
  let key: Fingerprint
  let moved: FeedItem
  let sunset: FeedItem
  let comment: FeedItem
  let future: FeedItem
  let contact: Contact
  let request: PendingRequest
  let myself: Myself
  let inpackets: [WaitingInpacket]
  let outpackets: [WaitingOutpacket]
  let checks: [Check]

  init() throws {
    func author(_ byte: UInt8) throws -> Author { try #require(Author(key: [UInt8](repeating: byte, count: 32))) }
    func id(_ digit: Int) throws -> PacketID { try #require(PacketID(text: "0193a5f0-7c2e-7d31-9f5e-2f6b1c0a9d1\(digit)")) }
    func moment(_ minutes: Int64) throws -> Instant {
      try #require(Instant(text: "2026-11-21T14:05:00.000Z")).adding(seconds: minutes * 60)
    }
    func hash(_ byte: UInt8) throws -> Hash { try #require(Hash(bytes: [UInt8](repeating: byte, count: 32))) }
    anna = .init(name: "Anna Berg", author: try author(1))
    ben = .init(name: "Ben \u{1b}[31mIto", author: try author(2))
    address = try #require(EmailAddress("anna@example.org"))
    key = try #require(Fingerprint(bytes: [UInt8](repeating: 0xab, count: 20)))

    let movedName = PacketName(author: anna.author, id: try id(1))
    let sunsetName = PacketName(author: ben.author, id: try id(2))
    moved = FeedItem(
      id: ItemID(movedName), name: movedName, kind: .status, author: anna, created: try moment(0), received: try moment(1),
      text: "Finally moved in.\n\nCome by any time\u{202e}.", comments: 1, reactions: [.init(emoji: "❤", by: ["Ben", "Jo"])])
    let photos = [
      FeedItem.Photograph(
        blob: Blob(sha256: try hash(3), size: 1234, type: "image/jpeg"), width: 2048, height: 1536, alternative: "harbour",
        present: true),
      FeedItem.Photograph(
        blob: Blob(sha256: try hash(4), size: 99, type: "image/png"), width: 10, height: 20, alternative: nil, present: false),
    ]
    sunset = FeedItem(
      id: ItemID(sunsetName), name: sunsetName, kind: .photo, author: ben, created: try moment(275), received: try moment(276),
      text: "Sunset", photos: photos, edited: true)
    let commentName = PacketName(author: try author(5), id: try id(3))
    comment = FeedItem(
      id: ItemID(commentName), name: commentName, kind: .comment, author: .init(name: "Jo", author: try author(5)),
      created: try moment(300), received: try moment(300), text: "Lovely!", root: moved.id, parent: moved.id,
      introducedBy: "Anna Berg")
    let futureName = PacketName(author: ben.author, id: try id(4))
    future = FeedItem(
      id: ItemID(futureName), name: futureName, kind: .held, author: ben, created: try moment(-10), received: try moment(-9),
      text: "Ben asks: tea or coffee?", held: true)

    contact = Contact(
      author: ben.author, fingerprint: key, name: ben.name, state: .contact, mark: .invited, since: try moment(0),
      certificate: [1],
      ourHalf: [], theirHalf: [], endpoints: ["mailto:ben@example.org", "https://ben.example.org/in"], request: nil)
    request = PendingRequest(
      id: try id(5), author: try author(6), fingerprint: key, name: "Jo", endpoints: ["mailto:jo@example.net"], certificate: [1],
      half: [1], received: try moment(7), proof: false)
    myself = Myself(
      author: anna.author, fingerprint: key, certificate: [1], binding: [1], name: "Anna Berg",
      endpoints: ["mailto:anna@example.org"],
      fields: ["school": "Abbey", "city": "Hamburg"])
    inpackets = [
      WaitingInpacket(
        id: try hash(7), received: try moment(1), kind: "parcel", size: 5120, attempts: 1, said: "the disk was full")
    ]
    outpackets = [
      WaitingOutpacket(
        id: 41, to: "Ben", endpoint: "mailto:ben@example.org", kind: "status", queued: try moment(0), attempts: 2,
        nextAttempt: try moment(15), lastReply: "451 try later"),
      WaitingOutpacket(
        id: 42, to: "Jo", endpoint: "mailto:jo@example.net", kind: "relay", queued: try moment(0), attempts: 9, nextAttempt: nil,
        lastReply: "550 no such user"),
    ]
    checks = [
      Check("configuration", .ok, "config.toml is readable"),
      Check("budget", .warn, "180 of 200 mails are sent today", remedy: "raise mails-per-day if your provider allows more"),
      Check("imap", .fail, "the server refuses the password", remedy: "change password-command", code: .refused),
      Check("smtp", .fail, "the server does not answer", remedy: "try later", code: .unavailable),
    ]
  }
}
