internal import FoundationEssentials
public import MIME
internal import OpenPGP
public import Packets

/// What a parcel held, taken out of its seal and out of its padding, to be kept in a snapshot of one's own. Its signature was judged when
/// it was folded; all other gates are asked again when it is opened, as if it had just come.
public struct Folded: Sendable {
  /// SHA-256 of the mail that it was: its name among what came in.
  public let sha256: Hash
  /// When that mail arrived.
  public let arrived: Instant
  /// The primary key that sealed it.
  public let signer: Fingerprint
  /// The signed inside, as it stood.
  let inside: Spool

  /// Bytes that it takes in a snapshot.
  public var size: Int { inside.size + 512 }

  /// Folds what was opened.
  public init(_ parcel: OpenedParcel, sha256: Hash, arrived: Instant) throws(TemporaryTrouble) {
    self.init(sha256: sha256, arrived: arrived, signer: parcel.signer, inside: try Self.withoutPadding(parcel.contents.plaintext))
  }

  init(sha256: Hash, arrived: Instant, signer: Fingerprint, inside: Spool) {
    self.sha256 = sha256
    self.arrived = arrived
    self.signer = signer
    self.inside = inside
  }

  /// Whether two are the same, byte for byte.
  public func isSame(as other: Folded) throws(TemporaryTrouble) -> Bool {
    guard sha256 == other.sha256, arrived == other.arrived, signer == other.signer else { return false }
    return try inside.hash() == other.inside.hash()
  }

  /// The padding is an epilogue of spaces and line ends (Protocol, "Parcel").
  private static func withoutPadding(_ plaintext: Spool) throws(TemporaryTrouble) -> Spool {
    var end = plaintext.size
    while end > 0 {
      let start = max(0, end - (64 << 10))
      let bytes: [UInt8]
      do { bytes = try plaintext.read(at: start, count: end - start) } catch { throw TemporaryTrouble("\(error)") }
      guard let last = bytes.lastIndex(where: { $0 != 32 && $0 != 13 && $0 != 10 }) else {
        end = start
        continue
      }
      return plaintext.part(0..<min(plaintext.size, start + last + 1))
    }
    return plaintext.part(0..<0)
  }
}

extension Spool {
  fileprivate func hash() throws(TemporaryTrouble) -> Hash {
    var hasher = Hasher256()
    try pieces { piece in hasher.update(piece) }
    return hasher.finish()
  }

  /// Hands all bytes on in pieces of at most 64 KiB.
  fileprivate func pieces(_ body: (borrowing [UInt8]) -> Void) throws(TemporaryTrouble) {
    for offset in stride(from: 0, to: size, by: 64 << 10) {
      do { body(try read(at: offset, count: 64 << 10)) } catch { throw TemporaryTrouble("\(error)") }
    }
  }
}

/// A parcel of one's own that holds what older parcels held, so that those may go (Protocol, "The journal").
public struct Snapshot: Sendable {
  /// In the order in which they were folded.
  public let folded: [Folded]

  static let header = "SocialNet-Snapshot"
  static let partType = "application/vnd.socialnet.parcel"
  static let partHeader = "SocialNet-Folded"
  /// How many parcels one snapshot holds at most.
  public static let mostParcels = 5000
  /// Bytes of parcels in one snapshot: with armour and padding they stay below 9 MB on the wire (Protocol, "Parcel").
  public static let mostBytes = 6_200_000

  /// Reads a snapshot out of one's own decrypted parcel; nothing where it is another parcel.
  init?(_ plaintext: Spool) throws(OpeningFailure) {
    let limits = Message.Limits(size: Contents.mostBytes, parts: Self.mostParcels + 2)
    let message: Message
    do {
      message = try Message(plaintext, limits: limits)
    } catch .unreadable(let reason) {
      throw .troubled(TemporaryTrouble(reason))
    } catch {
      return nil
    }
    guard message.headers.only(Self.header)?.unfolded == "1" else { return nil }
    folded = message.root.parts.compactMap { part in
      guard part.contentType.mediaType == Self.partType, let words = part.headers.only(Self.partHeader)?.unfolded else {
        return nil
      }
      let fields = words.split(separator: " ")
      guard fields.count == 3, let sha256 = Hash(text: fields[0]), let milliseconds = Int64(fields[1]),
        let signer = Fingerprint(text: fields[2])
      else { return nil }
      return Folded(
        sha256: sha256, arrived: Instant(milliseconds: milliseconds), signer: signer, inside: plaintext.part(part.body))
    }
  }

  /// The entity that is sealed to oneself.
  static func entity(_ folded: [Folded], _ outside: Outside, me: Fingerprint, boundary: String) throws(WritingFailure) -> Entity {
    let dateText = MailDate.text(outside.date)
    let headers = [
      try HeaderField("From", [outside.from]),
      try HeaderField("Date", date: outside.date),
      try HeaderField("Subject", text: "SocialNet: snapshot"),
      try HeaderField("HP-Outer", tokens: "From: \(outside.from.text)"),
      try HeaderField("HP-Outer", tokens: "Date: \(dateText)"),
      try HeaderField("HP-Outer", tokens: "Subject: \(Outside.subject)"),
      try HeaderField("SocialNet-Audience", tokens: Audience.one(me).header),
      try HeaderField(header, tokens: "1"),
      try HeaderField("MIME-Version", tokens: "1.0"),
    ]
    let words = "This holds \(folded.count) parcels of this account that lay here one by one. The account needs it: leave it.\n"
    var parts = [Entity([], ContentType("text", "plain", [.init("charset", "utf-8")]), .text(words))]
    for one in folded {
      let field = try HeaderField(partHeader, tokens: "\(one.sha256.text) \(one.arrived.milliseconds) \(one.signer.text)")
      parts.append(
        Entity(
          [field], ContentType("application", "vnd.socialnet.parcel"),
          .lines { sink throws(WritingFailure) in
            for offset in stride(from: 0, to: one.inside.size, by: 64 << 10) {
              let piece: [UInt8]
              do { piece = try one.inside.read(at: offset, count: 64 << 10) } catch { throw .sink(reason: "\(error)") }
              try sink(piece)
            }
          }))
    }
    let type = ContentType("multipart", "mixed", [.init("hp", "cipher"), .init("protected-headers", "v1")])
    return Entity(headers, type, .parts(parts, boundary: boundary))
  }
}

extension Sealer {
  /// Seals a snapshot to oneself, and writes its message, durable when this returns.
  ///
  /// - Parameters:
  ///   - folded: what it holds; the caller keeps to ``Snapshot/mostBytes`` and ``Snapshot/mostParcels``.
  ///   - from: one's own address.
  ///   - date: seconds since 1970.
  ///   - copy: who gets it: oneself.
  ///   - random: makes the boundaries.
  /// - Returns: bytes of the message.
  public func seal(
    snapshot folded: [Folded], from: Address, date: Int64, copy: Copy, using random: inout some RandomNumberGenerator
  ) async throws(SealingFailure) -> Int {
    let outside = Outside(
      from: Address(from.text) ?? from, date: date, boundary: ParcelDraft.boundary(using: &random), isSnapshot: true)
    let inner = ParcelDraft.boundary(using: &random)
    let entity: Entity
    do { entity = try Snapshot.entity(folded, outside, me: me, boundary: inner) } catch { throw SealingFailure(error) }
    return try await seal(ParcelDraft.write(entity, scratch: scratch), outside, [copy]).first ?? 0
  }
}
