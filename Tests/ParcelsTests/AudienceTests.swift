import Packets
import Testing

@testable import Parcels

@Suite struct AudienceTests {
  private let key = [UInt8](repeating: 1, count: 32)
  private let other = [UInt8](repeating: 2, count: 32)

  private func fingerprint(_ byte: UInt8) throws -> Fingerprint {
    try #require(Fingerprint(bytes: [UInt8](repeating: byte, count: 20)))
  }

  @Test(arguments: [(1, 1), (2, 2), (3, 4), (5, 8), (500, 512), (512, 512)])
  func `a circle is filled up to a power of two and sorted`(members: Int, tags: Int) throws {
    var random = SplitMix(state: 1)
    let keys = (0..<members).map { number in [UInt8](repeating: UInt8(number & 255), count: 31) + [UInt8(number >> 8)] }
    let audience = try #require(Audience.circle(pairKeys: keys, using: &random))
    guard case .circle(_, let found) = audience else { throw Person.Held() }
    #expect(found.count == tags)
    #expect(Audience(header: audience.header) == audience)
    let reader = try fingerprint(9)
    #expect(keys.allSatisfy { audience.names(reader, pairKeys: [$0]) })
    #expect(!audience.names(reader, pairKeys: [[UInt8](repeating: 7, count: 30) + [99, 99]]))
  }

  @Test func `a circle has at most 512 members`() {
    var random = SplitMix(state: 1)
    #expect(Audience.circle(pairKeys: (0..<513).map { [UInt8($0 & 255), UInt8($0 >> 8)] }, using: &random) == nil)
  }

  @Test func `one node is named by its fingerprint alone`() throws {
    let audience = Audience.one(try fingerprint(1))
    #expect(Audience(header: audience.header) == audience)
    #expect(audience.names(try fingerprint(1), pairKeys: []))
    #expect(!audience.names(try fingerprint(2), pairKeys: [key]))
  }

  @Test(arguments: [
    ("", "nothing"), ("fingerprint=", "no fingerprint"), ("fingerprint=12", "a short one"), ("fingerprint=zz", "no hex"),
    ("salt=AAAAAAAAAAAAAAAAAAAAAA", "no tags"), ("salt=AAAAAAAAAAAAAAAAAAAAAA; tags=", "an empty circle"),
    ("salt=AAAA; tags=AAAAAAAAAAA", "a short salt"), ("tags=AAAAAAAAAAA; salt=AAAAAAAAAAAAAAAAAAAAAA", "the other way round"),
    ("salt=AAAAAAAAAAAAAAAAAAAAAA; tags=AAAAAAAAAAAAAAAAAAAAAA", "a doubled tag"),
    ("salt=AAAAAAAAAAAAAAAAAAAAAA; tags=AAAAAAAAAAIAAAAAAAAAAQ", "unsorted tags"),
    ("salt=AAAAAAAAAAAAAAAAAAAAAA; tags=AAAAAAAAAAAAAAAAAAAAAQAAAAAAAAAC", "three tags"),
    ("salt=AAAAAAAAAAAAAAAAAAAAAA; tags=AAAA", "a piece of a tag"),
    ("salt=AAAAAAAAAAAAAAAAAAAAAA; tags=AAAAAAAAAAA; x=y", "more"),
    ("salt=AAAAAAAAAAAAAAAAAAAAAB; tags=AAAAAAAAAAA", "stray bits"),
  ]) func `a malformed audience names nobody`(header: String, reason: String) {
    #expect(Audience(header: header) == nil)
  }

  @Test func `the well-formed twin of those is read`() {
    #expect(Audience(header: "salt=AAAAAAAAAAAAAAAAAAAAAA; tags=AAAAAAAAAAA") != nil)
    #expect(Audience(header: "salt=AAAAAAAAAAAAAAAAAAAAAA; tags=AAAAAAAAAAAAAAAAAAA AAQ") != nil)
  }

  @Test func `the tag is the published one`() throws {
    let salt = (0..<16).map { UInt8($0) }
    let pairKey = try #require(Hex.decode("7cdcf617863165711f1aa7f9feca6fbe27f0bd0ca0e97cd402dc9990798887d1"))
    let tag = try #require(Hex.decode("75d7772dd52c6ee8"))
    #expect(Audience.circle(salt: salt, tags: [tag]).names(try fingerprint(9), pairKeys: [pairKey]))
  }
}
