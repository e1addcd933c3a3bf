import Packets
import Testing

@Suite struct NamesTests {
  @Test(
    arguments: [
      (0, "1970-01-01T00:00:00.000Z"), (951_782_399_999, "2000-02-28T23:59:59.999Z"),
      (951_782_400_000, "2000-02-29T00:00:00.000Z"),
      (-1, "1969-12-31T23:59:59.999Z"), (1_795_341_600_000, "2026-11-22T10:00:00.000Z"),
      (-62_135_596_800_000, "0001-01-01T00:00:00.000Z"), (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
    ] as [(Int64, String)])
  func `a moment has one text`(milliseconds: Int64, text: String) {
    #expect(Instant(milliseconds: milliseconds).text == text)
    #expect(Instant(text: text)?.milliseconds == milliseconds)
  }

  @Test func `every day of four hundred years is read as it was written`() {
    let days = (Int64(-73_000)..<73_100).filter { day in
      let moment = Instant(milliseconds: day * 86_400_000 + 12_345_678)
      return Instant(text: moment.text) != moment
    }
    #expect(days.isEmpty)
  }

  @Test func `moments that the text cannot say are written as the nearest`() {
    #expect(Instant(milliseconds: .min).text == "0001-01-01T00:00:00.000Z")
    #expect(Instant(milliseconds: .max).text == "9999-12-31T23:59:59.999Z")
  }

  @Test(arguments: [
    ("2026-02-29T00:00:00.000Z", "no leap year"), ("1900-02-29T00:00:00.000Z", "no leap year"),
    ("2026-04-31T00:00:00.000Z", "April"),
    ("2026-00-10T00:00:00.000Z", "month 0"), ("2026-13-10T00:00:00.000Z", "month 13"), ("2026-01-00T00:00:00.000Z", "day 0"),
    ("2026-01-32T00:00:00.000Z", "day 32"), ("0000-01-01T00:00:00.000Z", "year 0"), ("2026-01-01T24:00:00.000Z", "hour 24"),
    ("2026-01-01T00:60:00.000Z", "minute 60"), ("2026-12-31T23:59:60.000Z", "leap second"),
    ("2026-01-01T00:00:00Z", "no fraction"),
    ("2026-01-01T00:00:00.000+00:00", "offset"), ("2026-01-01t00:00:00.000z", "lower case"),
    ("2026-01-01 00:00:00.000Z", "blank"),
    (" 2026-01-01T00:00:00.000Z", "blank before"), ("٢٠٢٦-01-01T00:00:00.000Z", "other digits"), ("", "empty"),
  ]) func `what is no exact moment is refused`(text: String, reason: String) {
    #expect(Instant(text: text) == nil, "\(reason)")
  }

  @Test(arguments: [
    ("ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1x", "stray bits in the last character"),
    ("ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w=", "padding"),
    ("Ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w", "case"),
    ("iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w", "no prefix"), ("ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1", "short"),
    ("ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w\n", "line end"), ("ed25519:", "no key"),
  ]) func `what is no exact author is refused`(text: String, reason: String) {
    #expect(Author(text: text) == nil, "\(reason)")
  }

  @Test func `other names have one text`() {
    #expect(Hash(text: String(repeating: "0a", count: 32))?.text == String(repeating: "0a", count: 32))
    #expect(Hash(text: String(repeating: "0A", count: 32)) == nil)
    #expect(Fingerprint(text: String(repeating: "0a", count: 20))?.text == String(repeating: "0A", count: 20))
    #expect(StreamID(text: "Zm9vYmFyZm9vYmFyZm9vYg")?.text == "Zm9vYmFyZm9vYmFyZm9vYg")
    #expect(StreamID(text: "Zm9vYmFyZm9vYmFyZm9vYh") == nil)
    #expect(PacketID(text: "0193a5f0-7c2e-4d31-9f5e-2f6b1c0a9d11") == nil)
    #expect(PacketID(text: "0193A5F0-7c2e-7d31-9f5e-2f6b1c0a9d11") == nil)
  }

  @Test func `a packet id carries its moment`() {
    var chance = Dice(seed: 1)
    let id = PacketID(at: Instant(milliseconds: 0x0193_a5f0_7c2e), using: &chance)
    #expect(id.text.hasPrefix("0193a5f0-7c2e-7"))
    #expect(PacketID(text: id.text) == id)
  }

  @Test func `random bytes come from the generator that was given`() {
    var one = Dice(seed: 7)
    var other = Dice(seed: 7)
    #expect(Random.bytes(13, using: &one) == Random.bytes(13, using: &other))
    #expect(Random.bytes(0, using: &one).isEmpty)
  }
}

/// A generator that repeats itself (SplitMix64), so that a test does.
struct Dice: RandomNumberGenerator {
  var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
