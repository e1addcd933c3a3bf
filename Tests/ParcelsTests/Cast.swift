import FoundationEssentials
import Glibc
import MIME
import OpenPGP
import Packets
import Testing

@testable import Parcels

/// Somebody who says something.
protocol Speaker: Sendable {
  var name: String { get }
  var secret: SecretKey { get }
  var key: Fingerprint { get }
}

extension Speaker {
  var author: Author { secret.author }
}

/// Somebody who needs no OpenPGP.
struct Voice: Speaker {
  let name: String
  let secret: SecretKey
  let key: Fingerprint

  init(_ name: String, seed: UInt8) throws {
    self.name = name
    secret = try #require(SecretKey(seed: [UInt8](repeating: seed, count: 32)))
    key = try #require(Fingerprint(bytes: [UInt8](repeating: seed, count: 20)))
  }
}

/// A person of a test: an author, an OpenPGP key in a home of its own, an address.
final class Person: Speaker {
  let name: String
  let secret: SecretKey
  let home: KeyHome
  let key: Fingerprint
  let address: Address
  let stage: Stage

  init(_ name: String, seed: UInt8, on stage: Stage) async throws {
    self.name = name
    self.stage = stage
    secret = try #require(SecretKey(seed: [UInt8](repeating: seed, count: 32)))
    home = try await KeyHome(.init(directory: stage.path(name), scratch: stage.path("tmp"), threads: 1, patience: .seconds(30)))
    key = try #require(Fingerprint(bytes: try await home.makeIdentityKey().fingerprint))
    address = try #require(Address("\(name)@example.org"))
  }

  var openPGPKey: Key { get throws { try #require(Key(fingerprint: key.bytes)) } }
  var certificate: [UInt8] { get async throws { try await home.certificate(of: try openPGPKey) } }
  var opener: Opener { Opener(home: home, mine: [key], scratch: stage.path("tmp")) }
  var sealer: Sealer { Sealer(home: home, me: key, scratch: stage.path("tmp")) }

  func befriend(_ other: Person) async throws {
    _ = try await home.pin(try await other.certificate)
    _ = try await other.home.pin(try await certificate)
  }

  /// A draft of one status, or of other packets.
  func draft(_ audience: Audience, _ packets: [SignedPacket]? = nil, blobs: [ParcelDraft.EnclosedBlob] = []) throws -> ParcelDraft
  {
    var random = SplitMix(state: 5)
    let packets = try packets ?? [Say.status("Finally moved in.", by: self)]
    return ParcelDraft(
      from: address, date: 1_795_341_600, writerName: name.capitalized, audience: audience, packets: packets, blobs: blobs,
      text: "\(name) writes.\n", using: &random)
  }

  /// The message that a draft becomes for one recipient. `bend` changes the inside before it is sealed.
  func send(_ draft: ParcelDraft, to other: Person, bend: ((String) -> String)? = nil) async throws -> URL {
    let file = stage.path("\(stage.next()).eml")
    guard let bend else {
      _ = try await sealer.seal(draft, copies: [.init(recipient: other.key, to: other.address, messageID: "m@x", file: file)])
      return file
    }
    let inside = bend(String(decoding: try draft.entity().bytes(), as: UTF8.self))
    return try await send(inside: Array(inside.utf8), to: other, file)
  }

  func send(inside: [UInt8], to other: Person, _ file: URL? = nil) async throws -> URL {
    let sealed = try await home.seal(Spool(inside), by: openPGPKey, to: [other.openPGPKey])
    var armor = try #require(sealed.piece(for: other.openPGPKey)).armored
    var text: [UInt8] = []
    while let piece = try armor.next() { text += piece }
    return try stage.message(around: text, file)
  }

  /// Opens what `standing` says about anybody who signed it.
  func open(_ file: URL, _ standing: Standing, own: Bool = false) async throws -> OpenedParcel {
    let opening = try await opener.open(Shape(of: file), isFromOwnFolder: own) { (_) in standing }
    guard case .opened(let parcel) = opening else { throw Held() }
    return parcel
  }

  /// At which gate it is refused; nothing where it is opened.
  func gate(_ file: URL, _ standing: Standing, own: Bool = false) async throws -> Gate? {
    do {
      _ = try await open(file, standing, own: own)
      return nil
    } catch OpeningFailure.refused(let refusal) {
      return refusal.gate
    }
  }

  struct Held: Error {}
}

/// A directory for one test, removed when it ends.
final class Stage: Sendable {
  let directory = URL(filePath: "/tmp/parcels-\(UUID().uuidString.prefix(6))")

  init() throws { try FileManager.default.createDirectory(at: path("tmp"), withIntermediateDirectories: true) }

  func path(_ name: String) -> URL { directory.appending(path: name) }
  func next() -> String { UUID().uuidString }

  /// Plays a test, then stops every home that was made for it and removes the directory.
  static func play(_ names: String..., body: ([Person]) async throws -> Void) async throws {
    let stage = try Stage()
    defer { try? FileManager.default.removeItem(at: stage.directory) }
    var people: [Person] = []
    for (index, name) in names.enumerated() { people.append(try await Person(name, seed: UInt8(index + 1), on: stage)) }
    let played: Result<Void, any Error>
    do { played = .success(try await body(people)) } catch { played = .failure(error) }
    for person in people { await person.home.stop() }
    try played.get()
  }

  /// A message of a parcel's form around any OpenPGP message.
  func message(around sealed: [UInt8], _ file: URL? = nil) throws -> URL {
    let file = file ?? path("\(next()).eml")
    try Data(Array(Sample.head.utf8) + sealed + Array(Sample.foot.utf8)).write(to: file)
    return file
  }
}

/// The outside of a parcel as bytes.
enum Sample {
  static let head = """
    From: anna@example.org
    To: ben@example.org
    Date: Sun, 22 Nov 2026 10:00:00 +0000
    Message-ID: <m@example.org>
    Subject: [...]
    SocialNet-Parcel: 1
    Auto-Submitted: auto-generated
    MIME-Version: 1.0
    Content-Type: multipart/encrypted; protocol="application/pgp-encrypted"; boundary="=_b"

    --=_b
    Content-Type: application/pgp-encrypted

    Version: 1

    --=_b
    Content-Type: application/octet-stream


    """.replacing("\n", with: "\r\n")
  static let foot = "\r\n--=_b--\r\n"
}

/// Packets, said in a word.
enum Say {
  static let now = Instant(milliseconds: 1_795_341_600_000)

  static func packet(
    _ action: Action, by speaker: some Speaker, _ stream: Packet.Stream?, number: UInt64 = 1
  ) throws -> SignedPacket {
    var random = SplitMix(state: number)
    let packet = Packet(
      id: PacketID(at: now, using: &random), author: speaker.author, created: now, stream: stream, action: action, fallback: nil)
    return try SignedPacket.sign(packet, with: speaker.secret)
  }

  /// Another text in a packet, and a good signature over it.
  static func bent(_ packet: SignedPacket, by speaker: some Speaker, _ bend: (String) -> String) -> SignedPacket {
    let bytes = Array(bend(String(decoding: packet.bytes, as: UTF8.self)).utf8)
    return SignedPacket(bytes: bytes, signature: speaker.secret.sign(Derivation.signedText(packet: bytes)))
  }

  static func stream(_ number: UInt8, _ sequence: UInt64 = 1, to other: (any Speaker)? = nil) throws -> Packet.Stream {
    .init(id: try #require(StreamID(bytes: [UInt8](repeating: number, count: 16))), sequence: sequence, to: other?.author)
  }

  static func status(_ text: String, by speaker: some Speaker) throws -> SignedPacket {
    try packet(.status(.init(share: false, text: text)), by: speaker, stream(1))
  }

  static func comment(
    _ text: String, on root: SignedPacket, by speaker: some Speaker, to other: any Speaker
  ) throws -> SignedPacket {
    let reference = try reference(root)
    return try packet(
      .comment(.init(root: reference, target: reference, text: text)), by: speaker, stream(2, to: other), number: 2)
  }

  static func relay(
    _ comment: SignedPacket, by speaker: some Speaker, of other: any Speaker, size: Int? = nil
  ) throws -> SignedPacket {
    let embedded = Embedded(sha256: comment.sha256, size: UInt64(size ?? comment.bytes.count))
    return try packet(
      .relay(.init(embedded: embedded, cardAuthor: other.author, cardName: other.name)), by: speaker, stream(1, 2), number: 3)
  }

  static func reference(_ signed: SignedPacket) throws -> Reference {
    guard case .understood(let packet) = try signed.read() else { throw Person.Held() }
    return Reference(to: signed, packet)
  }

  static func profile(of speaker: some Speaker, bound key: Fingerprint? = nil, signature: [UInt8] = [1]) -> Action.Profile {
    Action.Profile(
      revision: 1, name: speaker.name, endpoints: ["mailto:\(speaker.name)@example.org"],
      binding: .init(fingerprint: key ?? speaker.key, signature: signature))
  }

  static func request(
    by speaker: some Speaker, to other: any Speaker, profile: Action.Profile? = nil, certificate: [UInt8] = [1]
  ) throws -> SignedPacket {
    let request = Action.ContactRequest(
      profile: profile ?? Say.profile(of: speaker), certificate: certificate, half: [UInt8](repeating: 7, count: 32), proof: nil)
    return try packet(.contactRequest(request), by: speaker, stream(3, 0, to: other), number: 4)
  }

  /// A request with a binding that its sender's key really signed.
  static func boundRequest(
    by person: Person, to other: Person, bound key: Fingerprint? = nil, signature: [UInt8]? = nil, certificate: [UInt8]? = nil
  ) async throws -> SignedPacket {
    let text = Derivation.bindingText(author: person.author, fingerprint: key ?? person.key)
    let made = try await person.home.sign(text, by: person.openPGPKey)
    let own = try await person.certificate
    return try request(
      by: person, to: other, profile: profile(of: person, bound: key, signature: signature ?? made),
      certificate: certificate ?? own)
  }
}

/// Random numbers that are the same in every run.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
