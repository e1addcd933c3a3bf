import Feed
import Foundation
import Node
import Packets
import Store
import TestNodes
import Testing

/// Certificates with new subkeys, or another expiry, of a key that stays. What they are worth was judged before.
@Suite struct RenewalTests {
  private static func certificate(of person: Person, at other: Person) async throws -> String? {
    try await other.store.contacts().first { $0.author == person.author }.map { String(decoding: $0.certificate, as: UTF8.self) }
  }

  @Test func `a renewed certificate takes the pinned one's place, stands in later profiles, and survives a rebuild`() async throws
  {
    let (world, anna, ben, carol, dora) = try await Cast.friends(of: "anna")
    try await ben.wish(.renewCertificate(Array("renewed".utf8)))
    try await world.carry()
    #expect(try await Self.certificate(of: ben, at: anna) == "renewed")
    #expect(try await Self.certificate(of: carol, at: anna) == "certificate of Carol")
    // Nothing is said twice, and nothing that was not renewed.
    let before = try await ben.store.unread(at: world.now).count
    try await ben.wish(.renewCertificate(Array("renewed".utf8)))
    #expect(try await ben.store.nextSealing(at: world.now) == nil)
    #expect(try await ben.store.unread(at: world.now).count == before)
    // Who missed it, and who comes later, has it all the same.
    try await ben.wish(.renewCertificate(Array("renewed again".utf8)))
    #expect(try await world.collect().map(\.kinds) == [["profile"]], "and this one is lost on the way")
    try await ben.wish(.setProfile(field: "city", value: "Bergen"))
    try await dora.accept(try await ben.invite())
    try await world.carry()
    for friend in [anna, dora] { #expect(try await Self.certificate(of: ben, at: friend) == "renewed again") }
    let fresh = try await anna.rebuilt()
    #expect(try await fresh.store.contacts() == anna.store.contacts())
  }

  @Test func `an older profile brings back no old certificate, and one's endpoints stay the newest`() async throws {
    let (world, anna, ben, _, _) = try await Cast.friends(of: "anna")
    let myself = try await ben.store.myself()
    let now = UInt64(world.now.milliseconds)
    // Each in a stream of its own, as the order of arrival is nobody's to choose.
    for (number, (revision, certificate, endpoint)) in [
      (now + 20, "newest", "mailto:new@ben.example"), (now + 10, "older", "mailto:old@ben.example"),
    ].enumerated() {
      var profile = Action.Profile(
        revision: revision, name: "Ben", fields: [], endpoints: [endpoint],
        binding: .init(fingerprint: myself.fingerprint, signature: myself.binding))
      profile.certificate = Array(certificate.utf8)
      let stream = try #require(StreamID(bytes: [UInt8](repeating: UInt8(number + 1), count: 16)))
      try await anna.receive(
        try ben.forge(.profile(profile), in: .init(id: stream, sequence: 1, to: nil), to: anna, created: world.now))
      world.wait(seconds: 1)
    }
    #expect(anna.refused.isEmpty)
    #expect(try await Self.certificate(of: ben, at: anna) == "newest")
    // It is looked whether he is there (Protocol, "Keys and addresses").
    try await world.carry()
    #expect(try await anna.store.contacts().first { $0.author == ben.author }?.endpoints == ["mailto:new@ben.example"])
  }
}
