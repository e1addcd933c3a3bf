import Foundation
import Testing

@testable import OpenPGP

/// Forms that are read and written without gpg.
@Suite struct FormTests {
  @Test(arguments: [1, 2, 3, 47, 48, 49, 96, 1000, 48 << 10, (48 << 10) + 1, 100_000])
  func `armor is what gpg takes off again`(size: Int) throws {
    let stage = try Stage()
    defer { try? FileManager.default.removeItem(at: stage.directory) }
    // gpg takes armor off without looking, as long as a packet stands at the start.
    let bytes = [0xcb, 0xff] + (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let piece = Piece(sessionKey: Array(bytes.prefix(5)), body: Spool(Array(bytes.dropFirst(5))))
    let text = try piece.text
    #expect(text.count == piece.armored.size)
    let lines = String(decoding: text, as: UTF8.self).components(separatedBy: "\r\n")
    #expect(lines.first == "-----BEGIN PGP MESSAGE-----" && lines[1].isEmpty)
    #expect(lines.dropFirst(2).prefix { !$0.hasPrefix("=") }.dropLast().allSatisfy { $0.count == 64 })
    #expect(lines.suffix(2) == ["-----END PGP MESSAGE-----", ""])
    #expect(try stage.run("/usr/bin/gpg", ["--homedir", stage.directory.path, "--batch", "--dearmor"], input: text) == bytes)
  }

  @Test func `the checksum of an armor is the one of RFC 4880`() {
    var checksum = CRC24()
    checksum.add(Array("123456789".utf8))
    #expect(checksum.bytes == [0x21, 0xcf, 0x02])  // the check value of CRC-24/OPENPGP
  }

  @Test(
    arguments: [
      ([0x84, 5], 1, 2, 5, "old format, one length byte"),
      ([0x85, 1, 2], 1, 3, 258, "old format, two"),
      ([0x86, 0, 1, 0, 0], 1, 5, 65536, "old format, four"),
      ([0x87], 1, 1, nil, "old format, to the end"),
      ([0xc1, 191], 1, 2, 191, "new format, one"),
      ([0xc1, 192, 0], 1, 3, 192, "new format, two"),
      ([0xc1, 223, 255], 1, 3, 8383, "new format, two, the most"),
      ([0xd2, 0xff, 0, 1, 0, 0], 18, 6, 65536, "new format, five"),
      ([0xd2, 0xed], 18, 2, nil, "new format, in parts"),
      ([0xff, 1], nil, 2, 1, "a kind that has no name here"),
    ] as [([UInt8], UInt8?, Int, Int?, String)])
  func `the header of a packet is read`(bytes: [UInt8], tag: UInt8?, header: Int, body: Int?, form: String) throws {
    let packet = try #require(OpenPGPPacket(at: bytes[...]), "\(form)")
    #expect(packet.tag?.rawValue == tag && packet.headerSize == header && packet.bodySize == body, "\(form)")
    for size in 0..<bytes.count { #expect(OpenPGPPacket(at: bytes.prefix(size)) == nil, "\(form), cut to \(size)") }
  }

  @Test func `bytes of any kind are walked without harm`() throws {
    var random = SplitMix(state: 1)
    for _ in 0..<20_000 {
      let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in UInt8.random(in: 0...255, using: &random) }
      let row = OpenPGPPacket.row(in: bytes)
      #expect(row == nil || row?.last.map { $0.range.upperBound } ?? 0 == bytes.count)
      _ = try Sealed.parts(of: Spool(bytes))
    }
  }

  @Test(
    arguments: [
      ([0x84, 12, 3] + [UInt8](repeating: 9, count: 8) + [18, 0, 0, 0xd2, 1, 1], true, "one session key"),
      ([0x84, 12, 2] + [UInt8](repeating: 9, count: 8) + [18, 0, 0, 0xd2, 1, 1], false, "session key of version 2"),
      ([0x84, 12, 3] + [UInt8](repeating: 9, count: 8) + [18, 0, 0], false, "no data behind it"),
      ([0x84, 200, 3] + [UInt8](repeating: 9, count: 8), false, "a session key cut short"),
      ([0x8c, 2, 4, 9, 0xd2, 1, 1], false, "a passphrase"),
      ([], false, "nothing"),
    ] as [([UInt8], Bool, String)])
  func `a sealed message is taken apart only in its own form`(bytes: [UInt8], isTaken: Bool, form: String) throws {
    #expect(try (Sealed.parts(of: Spool(bytes)) != nil) == isTaken, "\(form)")
  }

  @Test(arguments: [
    ("", "nothing"), (String(repeating: "A", count: 39), "one digit short"), (String(repeating: "A", count: 41), "one too many"),
    (String(repeating: "G", count: 40), "no hexadecimal digit"), (String(repeating: "A", count: 64), "version 5"),
  ])
  func `a fingerprint of another form is none`(text: String, form: String) throws {
    #expect(Key(hex: text) == nil, "\(form)")
    let key = try #require(Key(hex: String(repeating: "aB09", count: 10)))
    #expect(key.hex == String(repeating: "AB09", count: 10) && Key(fingerprint: key.fingerprint) == key)
    #expect(key.id.value == 0xab09_ab09_ab09_ab09)
  }
}

/// A random generator that repeats itself, so that a failure does too.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ mixed >> 30) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ mixed >> 27) &* 0x94d0_49bb_1331_11eb
    return mixed ^ mixed >> 31
  }
}
