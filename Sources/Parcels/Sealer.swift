public import FoundationEssentials
public import MIME
public import OpenPGP
public import Packets

/// Seals parcels: one OpenPGP operation for all recipients, then a message of its own for each of them.
public struct Sealer: Sendable {
  private let home: KeyHome
  let me: Fingerprint
  let scratch: URL

  /// A sealer for one node.
  ///
  /// - Parameters:
  ///   - home: holds the keys of the node and its contacts.
  ///   - me: the node's own primary key, which signs, and which every parcel is encrypted to as well.
  ///   - scratch: a private directory for short-lived files.
  public init(home: KeyHome, me: Fingerprint, scratch: URL) {
    self.home = home
    self.me = me
    self.scratch = scratch
  }

  /// One recipient's message.
  public struct Copy: Hashable, Sendable {
    /// The recipient's primary key; one's own for the journal's copy.
    public var recipient: Fingerprint
    /// The recipient's bare address.
    public var to: Address
    /// Without angle brackets; chosen when the parcel was queued, never changed.
    public var messageID: String
    /// Where the message is to appear.
    public var file: URL

    /// A message to be made.
    public init(recipient: Fingerprint, to: Address, messageID: String, file: URL) {
      self.recipient = recipient
      self.to = to
      self.messageID = messageID
      self.file = file
    }
  }

  /// Seals a draft once and writes each recipient's message. When this returns, all files are there and durable; when it throws,
  /// none of them need be there, and sealing again makes other bytes.
  ///
  /// - Returns: bytes of each message, in the order of `copies`.
  public func seal(_ draft: ParcelDraft, copies: [Copy]) async throws(SealingFailure) -> [Int] {
    try check(draft, copies)
    return try await seal(draft.write(scratch: scratch), draft.outside, copies)
  }

  /// Signs and encrypts once, and writes a message for each copy.
  func seal(_ plaintext: Spool, _ outside: Outside, _ copies: [Copy]) async throws(SealingFailure) -> [Int] {
    let myKey = try Self.key(me)
    var keys: [Key] = []
    for copy in copies { keys.append(try Self.key(copy.recipient)) }
    let sealed: Sealed
    do { sealed = try await home.seal(plaintext, by: myKey, to: keys + [myKey]) } catch { throw SealingFailure(error) }
    do throws(SealingFailure) {
      var sizes: [Int] = []
      for (copy, key) in zip(copies, keys) {
        guard let piece = sealed.piece(for: key) else { throw .troubled(TemporaryTrouble("a recipient's piece is missing")) }
        sizes.append(try outside.write(copy, piece))
      }
      do { try DurableFiles.appear(copies.map(\.file)) } catch { throw .troubled(error) }
      return sizes
    } catch {
      DurableFiles.forget(copies.map(\.file))
      throw error
    }
  }

  private static func key(_ name: Fingerprint) throws(SealingFailure) -> Key {
    guard let key = Key(fingerprint: name.bytes) else { throw .unfit("a recipient without a key") }
    return key
  }

  /// Nobody outside the audience gets a copy (Never, 4).
  private func check(_ draft: ParcelDraft, _ copies: [Copy]) throws(SealingFailure) {
    let others = Set(copies.map(\.recipient)).subtracting([me])
    guard !draft.packets.isEmpty else { throw .unfit("a parcel without packets") }
    guard draft.packets.count + draft.blobs.count <= Contents.mostParts else {
      throw .unfit("more than \(Contents.mostParts) packets and blobs")
    }
    switch draft.audience {
    case .one(let fingerprint):
      guard others.isSubset(of: [fingerprint]) else { throw .unfit("a recipient outside the audience") }
    case .circle(_, let tags):
      guard others.count <= tags.count else { throw .unfit("more recipients than the audience names") }
    }
  }
}

/// What stands around the sealed part of a message.
struct Outside: Sendable {
  /// The writer's bare address.
  var from: Address
  /// Seconds since 1970.
  var date: Int64
  var boundary: String
  /// Marked, so that the own folder can be searched for it.
  var isSnapshot = false

  /// What stands in place of the subject.
  static let subject = "[...]"

  /// Writes one recipient's message under its temporary name, and returns its bytes.
  fileprivate func write(_ copy: Sealer.Copy, _ piece: Piece) throws(SealingFailure) -> Int {
    do throws(WritingFailure) {
      let file: NewFile
      do throws(TemporaryTrouble) {
        file = try NewFile(DurableFiles.temporary(copy.file))
      } catch {
        throw WritingFailure.sink(reason: error.description)
      }
      var size = 0
      try message(copy, piece).write { bytes throws(WritingFailure) in
        size += bytes.count
        do throws(TemporaryTrouble) { try file.write(bytes) } catch { throw .sink(reason: error.description) }
      }
      return size
    } catch {
      throw SealingFailure(error)
    }
  }

  /// The message that drivers carry (Protocol, "Parcel"; RFC 3156 4).
  private func message(_ copy: Sealer.Copy, _ piece: Piece) throws(WritingFailure) -> Entity {
    var headers = [
      try HeaderField("From", [from]),
      try HeaderField("To", [Address(copy.to.text) ?? copy.to]),
      try HeaderField("Date", date: date),
      try HeaderField("Message-ID", ids: [copy.messageID]),
      try HeaderField("Subject", tokens: Self.subject),
      try HeaderField("SocialNet-Parcel", tokens: "1"),
      try HeaderField("Auto-Submitted", tokens: "auto-generated"),
      try HeaderField("MIME-Version", tokens: "1.0"),
    ]
    if isSnapshot { headers.append(try HeaderField(Snapshot.header, tokens: "1")) }
    let version = Entity([], ContentType("application", "pgp-encrypted"), .text("Version: 1\n"))
    let sealed = Entity(
      [], ContentType("application", "octet-stream"),
      .lines { sink throws(WritingFailure) in
        var armor = piece.armored
        while let bytes = try armor.nextPiece() { try sink(bytes) }
      })
    let type = ContentType("multipart", "encrypted", [.init("protocol", "application/pgp-encrypted")])
    return Entity(headers, type, .parts([version, sealed], boundary: boundary))
  }
}

extension Armor {
  fileprivate mutating func nextPiece() throws(WritingFailure) -> [UInt8]? {
    do { return try next() } catch { throw .sink(reason: "\(error)") }
  }
}

/// Why nothing was sealed.
public enum SealingFailure: Error, Hashable, Sendable {
  /// The draft or its copies cannot be made into parcels: a mistake of the caller.
  case unfit(String)
  /// These keys cannot be encrypted to: leave their owners out, or wait for renewed certificates.
  case unusable([Fingerprint])
  /// Later: the same draft may be sealed again, and gives other bytes.
  case troubled(TemporaryTrouble)

  init(_ failure: WritingFailure) {
    switch failure {
    case .badHeader: self = .unfit(failure.description)
    case .unreadable, .sink: self = .troubled(TemporaryTrouble(failure.description))
    }
  }

  fileprivate init(_ failure: SealFailure) {
    switch failure {
    case .noRecipients: self = .unfit("a parcel without recipients")
    case .unusable(let keys): self = .unusable(keys.compactMap { Fingerprint(bytes: $0.fingerprint) })
    case .trouble(let trouble): self = .troubled(TemporaryTrouble("\(trouble)"))
    }
  }
}
