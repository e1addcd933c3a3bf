public import FoundationEssentials
public import MIME
internal import OpenPGP
public import Packets

/// What is to be sealed: the inside of a parcel. Everything in it is fixed, so the same draft gives the same bytes.
public struct ParcelDraft: Sendable {
  /// The writer's bare address; it stands outside as well.
  public var from: Address
  /// Seconds since 1970; it stands outside as well.
  public var date: Int64
  /// The writer's name, for who has no bridge.
  public var writerName: String
  /// For whom it is.
  public var audience: Audience
  /// In the order in which they are to be processed, embedded ones with their carriers.
  public var packets: [SignedPacket]
  /// The bytes that the packets name, each in a file.
  public var blobs: [EnclosedBlob]
  /// What a person reads whose mail program opens the parcel (``ReadableText``); no node does.
  public var text: String
  let boundaries: (inner: String, outer: String)

  /// A blob and where its bytes lie.
  public struct EnclosedBlob: Hashable, Sendable {
    /// As the packet names it.
    public var blob: Blob
    /// The file of its bytes.
    public var file: URL

    /// A blob to be enclosed.
    public init(_ blob: Blob, in file: URL) {
      self.blob = blob
      self.file = file
    }
  }

  /// A draft; the generator chooses the boundaries.
  public init(
    from: Address, date: Int64, writerName: String, audience: Audience, packets: [SignedPacket], blobs: [EnclosedBlob],
    text: String, using random: inout some RandomNumberGenerator
  ) {
    self.from = Address(from.text) ?? from
    self.date = date
    self.writerName = writerName
    self.audience = audience
    self.packets = packets
    self.blobs = blobs
    self.text = text
    boundaries = (Self.boundary(using: &random), Self.boundary(using: &random))
  }

  /// `=_` stands in no base64, no quoted-printable and no armour.
  static func boundary(using random: inout some RandomNumberGenerator) -> String {
    "=_" + Hex.encode(Random.bytes(16, using: &random))
  }

  /// What stands around it.
  var outside: Outside { Outside(from: from, date: date, boundary: boundaries.outer) }

  /// The entity that is signed and encrypted, without its padding (RFC 9788 for the headers).
  func entity() throws(WritingFailure) -> Entity {
    let dateText = MailDate.text(date)
    let headers = [
      try HeaderField("From", [from]),
      try HeaderField("Date", date: date),
      try HeaderField("Subject", text: "SocialNet: \(writerName)"),
      try HeaderField("HP-Outer", tokens: "From: \(from.text)"),
      try HeaderField("HP-Outer", tokens: "Date: \(dateText)"),
      try HeaderField("HP-Outer", tokens: "Subject: \(Outside.subject)"),
      try HeaderField("SocialNet-Audience", tokens: audience.header),
      try HeaderField("MIME-Version", tokens: "1.0"),
    ]
    var parts = [Entity([], ContentType("text", "plain", [.init("charset", "utf-8")]), .text(text))]
    for packet in packets { parts.append(try Self.part(packet)) }
    for enclosed in blobs { parts.append(try Self.part(enclosed)) }
    let type = ContentType("multipart", "mixed", [.init("hp", "cipher"), .init("protected-headers", "v1")])
    return Entity(headers, type, .parts(parts, boundary: boundaries.inner))
  }

  private static func part(_ packet: SignedPacket) throws(WritingFailure) -> Entity {
    let headers = [
      try HeaderField("SocialNet-Signature", tokens: Base64URL.encode(packet.signature)),
      try HeaderField("Content-Disposition", tokens: "attachment; filename=packet.xml"),
    ]
    return Entity(headers, ContentType("application", "vnd.socialnet.packet+xml"), .bytes(packet.bytes))
  }

  private static func part(_ enclosed: EnclosedBlob) throws(WritingFailure) -> Entity {
    let hash = enclosed.blob.sha256.text
    let type = ContentType(enclosed.blob.type) ?? ContentType("application", "octet-stream")
    let headers = [
      try HeaderField("Content-ID", ids: ["\(hash)@socialnet.invalid"]),
      try HeaderField("Content-Disposition", tokens: "attachment"),
    ]
    return Entity(headers, type, .file(enclosed.file))
  }

  /// Writes the inside with its padding: an epilogue of spaces that hides the true length (Protocol, "Parcel").
  func write(scratch: URL) throws(SealingFailure) -> Spool {
    let inside: Entity
    do { inside = try entity() } catch { throw SealingFailure(error) }
    return try Self.write(inside, scratch: scratch)
  }

  static func write(_ entity: Entity, scratch: URL) throws(SealingFailure) -> Spool {
    let writer = SpoolWriter(directory: scratch, limit: Contents.mostBytes)
    do {
      try entity.write { piece throws(WritingFailure) in
        do { try writer.append(copy piece) } catch { throw .sink(reason: "\(error)") }
      }
    } catch {
      throw SealingFailure(error)
    }
    do {
      try writer.append(Padding.bytes(behind: writer.size))
      return try writer.finish()
    } catch {
      throw .troubled(TemporaryTrouble("\(error)"))
    }
  }
}

/// What stands behind the last boundary of a parcel's inside.
enum Padding {
  private static let least = 4096
  private static let line = [UInt8](repeating: UInt8(ascii: " "), count: 74) + [13, 10]

  /// Lines of 74 spaces, the last cut anywhere, so that the whole has max(4,096, Padmé(length)) bytes.
  static func bytes(behind length: Int) -> [UInt8] {
    let target = max(least, Int(clamping: Derivation.padme(UInt64(length))))
    let missing = max(0, target - length)
    return Array(repeatElement(line, count: missing / line.count + 1).joined().prefix(missing))
  }
}
