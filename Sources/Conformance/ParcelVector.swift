internal import Bridge
internal import FoundationEssentials
internal import OpenPGP
internal import Packets
internal import Parcels

/// `parcels.json`: who writes and reads, and one line for each parcel.
struct ParcelTable: Decodable, Sendable {
  var people: [Person]
  /// Who opens all of them.
  var reader: String
  /// Whom the reader knows.
  var contacts: [String]
  /// Of the reader and the sender, in hexadecimal.
  var pairKey: String
  var parcels: [ParcelVector]

  struct Person: Decodable, Sendable {
    var name: String
    /// Of the author key, in hexadecimal.
    var seed: String
    /// The file of the OpenPGP key with its secret half.
    var key: String
    var fingerprint: String
    /// The OpenPGP certificate, binary in base64url.
    var certificate: String
  }

  static func read(from folder: VectorFolder) throws(OperationFailure) -> ParcelTable {
    try folder.read(ParcelTable.self, from: "parcels.json")
  }
}

/// One line of `parcels.json`: a parcel, and what its reader makes of it.
struct ParcelVector: Decodable, Sendable {
  enum Outcome: String, Decodable { case opened, held, refused }

  var file: String
  var why: String
  /// What Anna is to the reader, where she is no contact: `blocked`, `asked` (by the reader) or `stranger`.
  var standing: String?
  var outcome: Outcome
  /// Of a refused parcel: the gate that refuses it.
  var gate: String?
  /// Of an opened parcel: for each packet that no other embeds `accepted`, `held`, or the gate that refuses it.
  var packets: [String]?

  /// Where it stands in the list: the same bytes may be there for several standings.
  var name: String { file.replacing(".eml", with: "") + (standing.map { "-\($0)" } ?? "") }
}

/// Reads the parcels of the vectors, in a home for their keys that is made for this.
struct ParcelReader: Sendable {
  private let home: KeyHome
  private let opener: Opener
  private let me: Author
  private let contacts: [Fingerprint: Author]
  private let pairKey: [UInt8]
  private let sender: Fingerprint
  private let folder: VectorFolder

  init(_ table: ParcelTable, in folder: VectorFolder, at place: URL) async throws {
    let scratch = place.appending(path: "scratch", directoryHint: .isDirectory)
    home = try await KeyHome(.init(directory: place.appending(path: "gnupg", directoryHint: .isDirectory), scratch: scratch))
    self.folder = folder
    var contacts: [Fingerprint: Author] = [:]
    var me: (Fingerprint, Author)?
    for person in table.people {
      guard let key = Fingerprint(text: person.fingerprint),
        let author = Hex.decode(person.seed).flatMap({ SecretKey(seed: $0) })?.author
      else { throw Flaw("\(person.name) has no key") }
      if person.name == table.reader {
        try await home.takeIn(secretKey: folder.bytes(person.key))
        me = (key, author)
      } else if table.contacts.contains(person.name) {
        _ = try await home.pin(Base64URL.decode(person.certificate) ?? [])
        contacts[key] = author
      }
    }
    guard let me, let pairKey = Hex.decode(table.pairKey), let first = table.contacts.first,
      let sender = table.people.first(where: { $0.name == first }).flatMap({ Fingerprint(text: $0.fingerprint) })
    else { throw Flaw("parcels.json names no reader, or no sender") }
    (self.me, self.pairKey, self.sender, self.contacts) = (me.1, pairKey, sender, contacts)
    opener = Opener(home: home, mine: [me.0], scratch: scratch)
  }

  func close() async { await home.stop() }

  /// What is not as the line says; nothing where all of it is.
  func flaw(of vector: ParcelVector) async throws(OperationFailure) -> String? {
    do {
      return try await opening(of: vector)
    } catch let refusal as Refusal {
      let isMeant = vector.outcome == .refused && refusal.gate.rawValue == vector.gate
      return isMeant ? nil : "it was refused at the gate \(refusal)"
    } catch {
      throw OperationFailure(.unavailable, "\(vector.file) could not be tried (\(error))")
    }
  }

  private func opening(of vector: ParcelVector) async throws -> String? {
    let shape: Shape
    do throws(ShapeFailure) {
      shape = try Shape(of: folder.directory.appending(path: vector.file))
    } catch {
      if case .refused(let refusal) = error { throw refusal }
      throw error
    }
    let opening: Opening
    do throws(OpeningFailure) {
      opening = try await opener.open(shape, isFromOwnFolder: false) { (signer) in standing(of: signer, vector) }
    } catch {
      if case .refused(let refusal) = error { throw refusal }
      throw error
    }
    switch opening {
    case .held: return vector.outcome == .held ? nil : "it was held until its sender answers"
    case .snapshot: return "it was taken for a snapshot"
    case .opened(let parcel):
      let seen = parcel.contents.packets.filter { !$0.isEmbedded }.map { verdict($0, in: parcel) }
      return vector.outcome == .opened && seen == vector.packets
        ? nil : "it was opened, its packets \(seen.joined(separator: ", "))"
    }
  }

  private func standing(of signer: Fingerprint, _ vector: ParcelVector) -> Standing {
    guard let author = contacts[signer] else { return .stranger }
    switch signer == sender ? vector.standing : nil {
    case "blocked": return .blocked
    case "asked": return .asked(author)
    case "stranger": return .stranger
    default: return .contact(author, pairKeys: signer == sender ? [pairKey] : [])
    }
  }

  private func verdict(_ part: PacketPart, in parcel: OpenedParcel) -> String {
    do throws(Refusal) {
      let gate = PacketGate(me: me, signer: parcel.signer, standing: parcel.standing)
      let verdict = try gate.judge(part, among: parcel.contents.packets, Known(contacts: contacts))
      guard case .accepted(let packet, _) = verdict else { return "held" }
      _ = try BlobGate.awaited(by: packet) { parcel.contents.blobs[$0] }
      return "accepted"
    } catch {
      return error.gate.rawValue
    }
  }

  /// What the reader remembers of others.
  private struct Known: PacketGate.Memory {
    var contacts: [Fingerprint: Author]
    func key(of author: Author) -> Fingerprint? { contacts.first { $0.value == author }?.key }
    func kind(of stream: StreamID, by author: Author) -> StreamKind? { nil }
  }
}
