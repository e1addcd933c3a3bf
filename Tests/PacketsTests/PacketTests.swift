import Conformance
import Packets
import Testing

@Suite struct PacketTests {
  let samples: Samples
  init() throws { samples = try Samples() }

  @Test func `every action is read as it was written, and signed by its author alone`() throws {
    for (name, key, packet) in try samples.all() {
      let signed = try SignedPacket.sign(packet, with: key)
      #expect(try signed.read() == .understood(packet), "\(name)")
      #expect(signed.verifySignature(by: packet.author), "\(name)")
      #expect(!signed.verifySignature(by: key == samples.anna ? samples.ben.author : samples.anna.author), "\(name)")
      #expect(try SignedPacket.sign(packet, with: key) == signed, "\(name)")
    }
  }

  @Test func `one changed byte spoils the signature`() throws {
    let signed = samples.status
    for index in stride(from: 0, to: signed.bytes.count, by: 7) {
      var bytes = signed.bytes
      bytes[index] ^= 1
      #expect(!SignedPacket(bytes: bytes, signature: signed.signature).verifySignature(by: samples.anna.author))
    }
    #expect(!SignedPacket(bytes: signed.bytes, signature: []).verifySignature(by: samples.anna.author))
  }

  @Test func `the exact form that is written does not change`() {
    #expect(
      String(decoding: samples.status.bytes, as: UTF8.self) == """
        <packet xmlns="urn:socialnet:1" version="1.0" id="0193a5f0-7c2e-7d31-9f5e-000000000001" \
        author="ed25519:iojj3XQJ8ZX9UtstPLpdcspnCb8dlBIb83SIAbQPb1w" created="2026-11-22T10:00:00.000Z">
          <stream id="AQEBAQEBAQEBAQEBAQEBAQ" sequence="42"/>
          <status share="no"><text>Finally moved in.</text></status>
        </packet>
        """)
  }

  @Test(arguments: [
    ("one\r\ntwo\rthree\nfour", "one\ntwo\nthree\nfour", "line ends"),
    ("a\u{0}b\u{1b}c\u{fffe}d\u{ffff}e", "abcde", "not in XML"),
    ("<!--&amp;-->\"]]>'", "<!--&amp;-->\"]]>'", "markup"), ("\t a  b \n", "\t a  b \n", "white space"), ("", "", "nothing"),
    ("❤️ 👩‍👩‍👧 é e\u{301} \u{85}\u{2028}", "❤️ 👩‍👩‍👧 é e\u{301} \u{85}\u{2028}", "other characters"),
    ("\r\r\n\n", "\n\n\n", "several line ends"),
  ]) func `words come back as they were, less what XML cannot say`(words: String, read: String, what: String) throws {
    let picture = Picture(width: 1, height: 1, alternative: words, blob: samples.photoBlob)
    let photo = Action.Photo(share: true, pictures: [picture], caption: words)
    let signed = try SignedPacket.sign(
      try Samples.packet(1, by: samples.anna, Samples.circle(1), .photo(photo)), with: samples.anna)
    guard case .understood(let packet) = try signed.read(), case .photo(let back) = packet.action else { throw Samples.Missing() }
    #expect(back.caption.map { Array($0.unicodeScalars) } == Array(read.unicodeScalars))
    #expect(back.pictures.first?.alternative.map { Array($0.unicodeScalars) } == Array(read.unicodeScalars))
  }

  @Test func `a fallback is written where the protocol asks for one`() throws {
    for (name, key, packet) in try samples.all() {
      var packet = packet
      packet.fallback = nil
      guard case .understood(let read) = try SignedPacket.sign(packet, with: key).read() else { throw Samples.Missing() }
      #expect(
        (read.fallback == nil)
          == ["status", "comment", "message", "heads", "resend-request", "gone", "unsupported"].contains(
            packet.action.elementName), "\(name)")
      packet.fallback = "In other words."
      guard case .understood(let other) = try SignedPacket.sign(packet, with: key).read() else { throw Samples.Missing() }
      #expect(other.fallback == "In other words.")
    }
  }

  @Test func `what readers would refuse is not signed`() throws {
    let (anna, ben) = (samples.anna, samples.ben)
    let status = Action.status(.init(share: false, text: "x"))
    let picture = Picture(width: 1, height: 1, alternative: nil, blob: samples.photoBlob)
    let eleven = Action.Photo(share: false, pictures: Array(repeating: picture, count: 11), caption: nil)
    var nameless = samples.profile(of: "")
    nameless.fields = [.init(name: "home city", value: "")]
    let root = try Samples.reference(to: samples.status)
    func record(_ name: String, _ attribute: String = "a") -> Action {
      .journal(.init(previous: nil, records: [.init(name: name, attributes: [.init(name: attribute, value: "")])]))
    }
    let refusals: [(Packet.Stream?, Action, PacketFailure)] = [
      (nil, status, .invalid(action: "status")), (try Samples.direct(1, to: ben.author), status, .invalid(action: "status")),
      (try Samples.circle(0), status, .value(element: "stream", attribute: "sequence")),
      (try Samples.circle(1 << 53), status, .value(element: "stream", attribute: "sequence")),
      (try Samples.circle(1), .status(.init(share: false, text: String(repeating: "a", count: 65_537))), .tooMuchText),
      (try Samples.circle(1), .photo(eleven), .misplaced(element: "picture")),
      (try Samples.circle(1), .profile(nameless), .value(element: "name", attribute: nil)),
      (try Samples.circle(1), .comment(.init(root: root, target: root, text: "x")), .invalid(action: "comment")),
      (try Samples.circle(1), record("a><b"), .value(element: "journal", attribute: nil)),
      (try Samples.circle(1), record("o:a"), .value(element: "journal", attribute: nil)),
      (try Samples.circle(1), record(""), .value(element: "journal", attribute: nil)),
      (try Samples.circle(1), record("a", "xmlns"), .value(element: "journal", attribute: nil)),
      (try Samples.circle(1), record("a", "x=\"\" y"), .value(element: "journal", attribute: nil)),
    ]
    for (stream, action, failure) in refusals {
      let packet = try Samples.packet(1, by: anna, stream, action)
      #expect(throws: failure) { try SignedPacket.sign(packet, with: anna) }
    }
    let foreign = try Samples.packet(1, by: anna, Samples.circle(1), status)
    #expect(throws: PacketFailure.foreignAuthor) { try SignedPacket.sign(foreign, with: ben) }
  }

  @Test func `packets are read on many threads at once`() async throws {
    let packets = try samples.all().map { try SignedPacket.sign($0.packet, with: $0.key) }
    let expected = try packets.map { try $0.read() }
    let cut = SignedPacket(bytes: Array(samples.status.bytes.dropLast()), signature: [])
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<16 {
        group.addTask { () throws in
          for _ in 0..<20 {
            for (packet, read) in zip(packets, expected) { #expect(try packet.read() == read) }
            #expect(throws: PacketFailure.self) { try cut.read() }
          }
        }
      }
      try await group.waitForAll()
    }
  }

  /// Every document of the vectors with bytes changed, cut out and doubled by chance: refused or read, never a trap.
  @Test func `damaged documents are refused or read`() throws {
    var dice = Dice(seed: 11)
    let documents = try PacketVector.table(in: .source).filter { !$0.file.hasPrefix("limits") }.map {
      try $0.signed(in: .source).bytes
    }
    var refused = 0
    for _ in 0..<3000 {
      guard var bytes = documents.randomElement(using: &dice) else { return }
      for _ in 0..<Int.random(in: 1...4, using: &dice) {
        let start = Int.random(in: 0..<bytes.count, using: &dice)
        let end = min(bytes.count, start + Int.random(in: 0...12, using: &dice))
        switch Int.random(in: 0...2, using: &dice) {
        case 0: bytes[start] = UInt8.random(in: 0...255, using: &dice)
        case 1: bytes.removeSubrange(start..<end)
        default: bytes.insert(contentsOf: bytes[start..<end], at: start)
        }
        if bytes.isEmpty { bytes = [0x3c] }
      }
      do { _ = try SignedPacket(bytes: bytes, signature: []).read() } catch { refused += 1 }
    }
    #expect(refused > 1000)
  }
}
