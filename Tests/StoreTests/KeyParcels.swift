import Feed
import GRDB
import Packets
import TestNodes
import Testing

@testable import Store

extension Person {
  /// A further key of this person's.
  func anotherKey(_ number: UInt8) throws -> Fingerprint {
    guard let key = Fingerprint(bytes: [number] + fingerprint.bytes.dropFirst()) else { throw Missing() }
    return key
  }

  /// Puts another key in place of the present one, as the bridge does.
  @discardableResult
  func change(to number: UInt8) async throws -> Fingerprint {
    let (old, new) = (try await store.myself().fingerprint, try anotherKey(number))
    let revision = max(try await store.newestKeyRevision() + 1, UInt64(world.now.milliseconds))
    let change = Action.KeyChange(from: old, to: new, of: author, revision: revision)
    try await wish(.changeKey(NewKey(fingerprint: new, binding: Array("binding of \(name) \(number)".utf8), change: change)))
    #expect(try await store.isProfileBoundToAFormerKey())
    try await wish(.setProfile(field: "name", value: name))
    #expect(try await !store.isProfileBoundToAFormerKey())
    return new
  }

  /// The key that somebody is pinned with here.
  func pinned(_ other: Person) async throws -> Fingerprint? {
    try await store.contacts().first { $0.author == other.author }?.fingerprint
  }

  /// A place in the private stream to somebody, far behind the last.
  func place(to other: Person, _ sequence: UInt64 = 900) async throws -> Packet.Stream {
    let (author, peer) = (author.text, other.author.text)
    let id = try await store.pool.read { db in
      try String.fetchOne(
        db, sql: "SELECT id FROM stream WHERE author = ? AND kind = 'private' AND peer = ?", arguments: [author, peer])
    }
    guard let stream = id.flatMap({ StreamID(text: $0) }) else { throw Missing() }
    return Packet.Stream(id: stream, sequence: sequence, to: other.author)
  }
}
