import Account
import Feed
import Foundation
import MIME
import OpenPGP
import Packets
import Parcels
import Store
import Synchronization
import TestMail
import Testing

@testable import Bridge

/// What somebody's keys can be made to seal beside what their node would: for parcels that no honest node sends.
struct Hand {
  let person: Person
  let secret: SecretKey
  let key: Fingerprint

  init(of person: Person) throws {
    self.person = person
    let text = try #require(try person.rows("SELECT lower(hex(seed)) FROM identity").first)
    let seed = try #require(Hex.decode(text))
    secret = try #require(SecretKey(seed: seed))
    key = try person.configuration.account.key
  }

  /// A packet in a stream of its own.
  func packet(_ action: Action, to reader: Author? = nil, id: PacketID? = nil) throws -> SignedPacket {
    var random = SystemRandomNumberGenerator()
    let now = person.stage.now
    let stream = try #require(StreamID(bytes: Random.bytes(16, using: &random)))
    return try SignedPacket.sign(
      Packet(
        id: id ?? PacketID(at: now, using: &random), author: secret.author, created: now,
        stream: .init(id: stream, sequence: 1, to: reader), action: action, fallback: nil), with: secret)
  }

  func status(_ text: String, id: PacketID? = nil) throws -> SignedPacket {
    try packet(.status(.init(share: false, text: text)), id: id)
  }

  /// For whom a parcel says that it is.
  enum Circle {
    /// The reader alone, by fingerprint.
    case reader
    /// A circle of whom the reader is one.
    case withReader
    /// A circle of others.
    case ofOthers
  }

  /// Seals packets to a reader. Returns the parcel's file.
  func parcel(
    _ packets: [SignedPacket], to reader: Person, circle: Circle = .reader, blobs: [ParcelDraft.EnclosedBlob] = []
  ) async throws -> URL {
    let file = person.stage.path("\(UUID().uuidString).eml")
    let readersKey = try reader.configuration.account.key
    try await person.with { bridge in
      let home = try await bridge.keyring.home()
      _ = try await home.pin(try await reader.node.profile().certificate)
      var random = SystemRandomNumberGenerator()
      let keys = try await bridge.store.signer(readersKey, at: person.stage.now)?.pairKeys ?? []
      let others = [Random.bytes(32, using: &random)]
      let audience: Parcels.Audience? =
        switch circle {
        case .reader: .one(readersKey)
        case .withReader: .circle(pairKeys: keys + others, using: &random)
        case .ofOthers: .circle(pairKeys: others + others, using: &random)
        }
      let from = try #require(bridge.ownAddress)
      let draft = ParcelDraft(
        from: from, date: person.stage.now.milliseconds / 1000, writerName: person.name, audience: try #require(audience),
        packets: packets, blobs: blobs, text: "\(person.name) writes.\n", using: &random)
      let to = try #require(Address("\(readersKey.text.lowercased())@node.invalid"))
      _ = try await Sealer(home: home, me: key, scratch: bridge.scratch).seal(
        draft, copies: [.init(recipient: readersKey, to: to, messageID: "\(UUID().uuidString)@node.invalid", file: file)])
    }
    return file
  }

  /// Seals packets to a reader, and puts the parcel into their directory.
  func send(
    _ packets: [SignedPacket], to reader: Person, circle: Circle = .reader, blobs: [ParcelDraft.EnclosedBlob] = []
  ) async throws {
    try reader.receive(try await parcel(packets, to: reader, circle: circle, blobs: blobs))
  }
}

extension Person {
  /// Puts a copy of a parcel into the own directory, as the folder driver of its writer would.
  func receive(_ parcel: URL) throws {
    _ = try DurableFile.copy(parcel, intoFolder: #require(directory), limit: 40 << 20)
  }

  /// Words of everything in the feed, oldest first.
  func words() async throws -> [String] { try await node.feed(limit: 100, since: nil, words: nil).map(\.text).reversed() }

  func expect(words expected: [String], sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let words = try await words()
    #expect(words == expected, sourceLocation: sourceLocation)
  }

  /// Exactly this was refused since it was last looked at.
  func expect(refused expected: [String], sourceLocation: SourceLocation = #_sourceLocation) async throws {
    let refused = try await newRefusals()
    #expect(refused == expected, sourceLocation: sourceLocation)
  }

  /// What was refused since this was last asked: gate and reason, oldest first.
  func newRefusals() async throws -> [String] {
    let all = try await node.refused().reversed().map { "\($0.gate): \($0.reason)" }
    let known = seen.withLock { seen in
      defer { seen = all.count }
      return seen
    }
    return Array(all[known...])
  }
}
