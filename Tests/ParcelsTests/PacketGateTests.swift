import FoundationEssentials
import MIME
import OpenPGP
import Packets
import Testing

@testable import Parcels

/// Gates 5 and 7 in pairs: what is refused, and a twin that differs only in what is guarded.
@Suite struct PacketGateTests {
  /// Anna sends, Ben reads, Carol is known to both.
  private let anna: Voice
  private let ben: Voice
  private let carol: Voice
  private let post: SignedPacket
  private let known: Standing

  init() throws {
    anna = try Voice("anna", seed: 1)
    ben = try Voice("ben", seed: 2)
    carol = try Voice("carol", seed: 3)
    post = try Say.status("Finally moved in.", by: anna)
    known = .contact(anna.author, pairKeys: [])
  }

  private struct Memory: PacketGate.Memory {
    var keys: [Author: Fingerprint] = [:]
    var kinds: [StreamID: StreamKind] = [:]
    func key(of author: Author) -> Fingerprint? { keys[author] }
    func kind(of stream: StreamID, by author: Author) -> StreamKind? { kinds[stream] }
  }

  /// The verdict on the first of some packets, or why it is refused.
  private func judge(
    _ packets: SignedPacket..., standing: Standing? = nil, keys: [Author: Fingerprint] = [:], kinds: [StreamID: StreamKind] = [:]
  ) throws -> Result<PacketGate.Verdict, Refusal> {
    let parts = PacketPart.read(packets, [])
    let gate = PacketGate(me: ben.author, signer: anna.key, standing: standing ?? known)
    let first = try #require(parts.first)
    return Result { () throws(Refusal) in try gate.judge(first, among: parts, Memory(keys: keys, kinds: kinds)) }
  }

  private func isRefused(_ verdict: Result<PacketGate.Verdict, Refusal>) -> Bool {
    if case .failure(let refusal) = verdict { refusal.gate == .packet } else { false }
  }

  private func isAccepted(_ verdict: Result<PacketGate.Verdict, Refusal>) -> Bool {
    if case .success(.accepted) = verdict { true } else { false }
  }

  private func isHeld(_ verdict: Result<PacketGate.Verdict, Refusal>) -> Bool {
    if case .success(.held) = verdict { true } else { false }
  }

  @Test func `the author's signature must stand over these bytes`() throws {
    #expect(isAccepted(try judge(post)))
    #expect(isRefused(try judge(SignedPacket(bytes: post.bytes, signature: []))))
    #expect(isRefused(try judge(SignedPacket(bytes: post.bytes, signature: Say.status("x", by: anna).signature))))
  }

  @Test func `the author must be the one that is pinned for the signer`() throws {
    #expect(isRefused(try judge(Say.status("Hello", by: carol))))
    #expect(isAccepted(try judge(Say.status("Hello", by: anna))))
    #expect(isRefused(try judge(post, keys: [anna.author: carol.key])))
    #expect(isAccepted(try judge(post, keys: [anna.author: anna.key])))
  }

  @Test func `a packet that breaks the schema is refused`() throws {
    #expect(isRefused(try judge(Say.bent(post, by: anna) { $0.replacing("share=\"no\"", with: "share=\"maybe\"") })))
    #expect(isAccepted(try judge(Say.bent(post, by: anna) { $0.replacing("share=\"no\"", with: "share=\"yes\"") })))
  }

  @Test func `what is addressed to somebody else is refused`() throws {
    let root = try Say.status("Ben's", by: ben)
    #expect(isAccepted(try judge(Say.comment("Nice", on: root, by: anna, to: ben))))
    #expect(isRefused(try judge(Say.comment("Nice", on: root, by: anna, to: carol))))
    #expect(isAccepted(try judge(Say.comment("Nice", on: root, by: anna, to: carol), standing: .myself(anna.author))))
  }

  @Test func `a stream keeps the kind that it was begun with`() throws {
    let stream = try Say.stream(1).id
    #expect(isAccepted(try judge(post, kinds: [stream: .circle])))
    for kind in [StreamKind.open, .private, .journal] { #expect(isRefused(try judge(post, kinds: [stream: kind]))) }
    let newer = Say.bent(post, by: anna) { $0.replacing("status", with: "dance") }
    #expect(isHeld(try judge(newer, kinds: [stream: .circle])))
    #expect(isRefused(try judge(newer, kinds: [stream: .open])))
  }

  @Test func `a sender may say what the sender's standing allows`() throws {
    let request = try Say.request(by: anna, to: ben)
    let id = try Say.reference(request).id
    let accept = try Say.packet(
      .contactAccept(
        .init(request: id, profile: Say.profile(of: anna), certificate: [1], half: [UInt8](repeating: 7, count: 32))),
      by: anna, Say.stream(3, to: ben))
    let revoke = try Say.packet(.revoke(.init(certificate: [1])), by: anna, Say.stream(3, to: ben))
    let change = try Say.packet(
      .keyChange(.init(revision: 1, certificate: [1], oldSignature: [1], newSignature: [1])), by: anna, Say.stream(3, to: ben))
    let journal = try Say.packet(.journal(.init(previous: nil, records: [])), by: anna, Say.stream(5))
    let table: [(SignedPacket, Standing, Bool)] = [
      (post, known, true), (accept, known, true), (request, known, true), (journal, known, false),
      (post, .asked(anna.author), false), (accept, .asked(anna.author), true), (request, .asked(anna.author), true),
      (request, .stranger, true), (accept, .stranger, false), (post, .stranger, false),
      (journal, .myself(anna.author), true), (journal, .myself(nil), true), (journal, .myself(carol.author), false),
      (request, .blocked, false), (request, .frozen(anna.author), false), (post, .frozen(anna.author), false),
      (revoke, known, true), (revoke, .frozen(anna.author), true), (revoke, .retired(anna.author), true),
      (change, known, true), (change, .retired(anna.author), true), (change, .frozen(anna.author), false),
      (change, .asked(anna.author), false), (change, .stranger, false),
      (post, .retired(anna.author), false), (request, .retired(anna.author), false), (accept, .retired(anna.author), false),
      (revoke, .retired(carol.author), false), (revoke, .frozen(carol.author), false), (revoke, .revoked, false),
      (revoke, .stranger, false), (revoke, .asked(anna.author), false), (revoke, .blocked, false),
    ]
    for (packet, standing, isAllowed) in table {
      let verdict = try judge(packet, standing: standing)
      #expect(isAllowed ? isAccepted(verdict) : isRefused(verdict), "\(standing)")
    }
  }

  @Test func `a request is alone in its parcel`() throws {
    let request = try Say.request(by: anna, to: ben)
    #expect(isAccepted(try judge(request)))
    #expect(isRefused(try judge(request, post)))
  }

  @Test func `a profile is bound to the key that sealed it`() throws {
    func profile(_ key: Fingerprint) throws -> SignedPacket {
      try Say.packet(.profile(Say.profile(of: anna, bound: key)), by: anna, Say.stream(1))
    }
    #expect(isAccepted(try judge(profile(anna.key))))
    #expect(isRefused(try judge(profile(carol.key))))
  }

  @Test func `what needs a newer node is held for a contact and refused from a stranger`() throws {
    let newer = Say.bent(post, by: anna) { $0.replacing("version=\"1.0\"", with: "version=\"1.1\"") }
    #expect(isHeld(try judge(newer)))
    #expect(isRefused(try judge(newer, standing: .stranger)))
    #expect(isRefused(try judge(SignedPacket(bytes: newer.bytes, signature: []))))
  }

  @Test func `a relay brings along what it carries`() throws {
    let comment = try Say.comment("Nice", on: post, by: carol, to: anna)
    let relay = try Say.relay(comment, by: anna, of: carol)
    guard case .success(.accepted(_, let embedded)) = try judge(relay, comment) else { throw Person.Held() }
    #expect(embedded?.signed == comment)
    #expect(embedded?.packet.author == carol.author)
    let parts = PacketPart.read([relay, comment, post], [])
    #expect(parts.map(\.isEmbedded) == [false, true, false])
  }

  @Test func `a relay whose load is missing or unfit is refused`() throws {
    let comment = try Say.comment("Nice", on: post, by: carol, to: anna)
    let relay = try Say.relay(comment, by: anna, of: carol)
    #expect(isAccepted(try judge(relay, comment)))
    #expect(isRefused(try judge(relay)))
    #expect(isRefused(try judge(relay, SignedPacket(bytes: comment.bytes, signature: []))))
    #expect(isRefused(try judge(Say.relay(comment, by: anna, of: carol, size: comment.bytes.count + 1), comment)))
    #expect(isRefused(try judge(Say.relay(comment, by: anna, of: ben), comment)))
    let toBen = try Say.comment("Nice", on: post, by: carol, to: ben)
    #expect(isRefused(try judge(Say.relay(toBen, by: anna, of: carol), toBen)))
    let onCarols = try Say.comment("Nice", on: Say.status("Carol's", by: carol), by: carol, to: anna)
    #expect(isRefused(try judge(Say.relay(onCarols, by: anna, of: carol), onCarols)))
    let status = try Say.status("Carol's", by: carol)
    #expect(isRefused(try judge(Say.relay(status, by: anna, of: carol), status)))
    let broken = Say.bent(comment, by: carol) { $0.replacing("<text>", with: "<text/><text>") }
    #expect(isRefused(try judge(Say.relay(broken, by: anna, of: carol), broken)))
  }

  @Test func `a relay of what needs a newer node is held with it`() throws {
    let comment = try Say.comment("Nice", on: post, by: carol, to: anna)
    let newer = Say.bent(comment, by: carol) { $0.replacing("version=\"1.0\"", with: "version=\"2.0\"") }
    let relay = try Say.relay(newer, by: anna, of: carol)
    guard case .success(.held(let held, _)) = try judge(relay, newer) else { throw Person.Held() }
    #expect(held.kind == "relay")
    #expect(held.author == anna.author)
    #expect(held.reason == .version)
    #expect(isRefused(try judge(relay, SignedPacket(bytes: newer.bytes, signature: []))))
  }

  @Test func `a share carries a post that its author lets be shared, and nothing else`() throws {
    func share(_ inner: SignedPacket) throws -> SignedPacket {
      let embedded = Embedded(sha256: inner.sha256, size: UInt64(inner.bytes.count))
      return try Say.packet(.share(.init(embedded: embedded, note: "Look")), by: anna, Say.stream(1, 2), number: 3)
    }
    let free = try Say.packet(.status(.init(share: true, text: "For all")), by: carol, Say.stream(2))
    guard case .success(.accepted(_, let embedded?)) = try judge(share(free), free) else { throw Person.Held() }
    #expect(embedded.signed == free)
    let closed = try Say.packet(.status(.init(share: false, text: "For you")), by: carol, Say.stream(2))
    #expect(isRefused(try judge(share(closed), closed)))
    let comment = try Say.comment("Nice", on: post, by: carol, to: anna)
    #expect(isRefused(try judge(share(comment), comment)))
    #expect(isRefused(try judge(share(free), SignedPacket(bytes: free.bytes, signature: []))))
    #expect(isRefused(try judge(share(free))))
  }

  @Test func `what an unknown packet carries is not taken for its sender's words`() throws {
    let status = try Say.status("Carol's", by: carol)
    let share = Say.bent(post, by: anna) {
      $0.replacing(
        "<status share=\"no\"><text>Finally moved in.</text></status>",
        with: "<dance>\n<embedded\n size='9' sha256='\(status.sha256.text)'/></dance>")
    }
    let parts = PacketPart.read([share, status], [])
    #expect(parts.map(\.isEmbedded) == [false, true])
    #expect(isHeld(try judge(share, status)))
    // Words that only speak of it carry nothing.
    let words = try Say.status("<embedded sha256=\"\(status.sha256.text)\"/>", by: anna)
    #expect(PacketPart.read([words, status], []).map(\.isEmbedded) == [false, false])
  }

  @Test func `blobs: one of another length is refused, an absent one awaited`() throws {
    let blob = Blob(sha256: Hash.of([1, 2, 3]), size: 3, type: "image/jpeg")
    let picture = Picture(width: 1, height: 1, alternative: nil, blob: blob)
    let photo = try Say.packet(.photo(.init(share: false, pictures: [picture, picture], caption: nil)), by: anna, Say.stream(1))
    guard case .understood(let packet) = try photo.read() else { throw Person.Held() }
    #expect(try BlobGate.awaited(by: packet) { $0 == blob.sha256 ? 3 : nil }.isEmpty)
    #expect(try BlobGate.awaited(by: packet) { _ in nil } == [blob])
    #expect(throws: Refusal(.blobs, "a blob has another length than the packet says")) {
      try BlobGate.awaited(by: packet) { _ in 4 }
    }
  }
}

@Suite struct DraftTests {
  private let anna: Voice
  private let address: Address

  init() throws {
    anna = try Voice("anna", seed: 1)
    address = try #require(Address("anna@example.org"))
  }

  private func draft(_ text: String = "Words.\n", seed: UInt64 = 5) throws -> ParcelDraft {
    var random = SplitMix(state: seed)
    return ParcelDraft(
      from: address, date: 1_795_341_600, writerName: "Änne Berg", audience: .one(anna.key),
      packets: [try Say.status("Hello", by: anna)],
      blobs: [], text: text, using: &random)
  }

  @Test func `the inside has the protocol's headers and parts, and nothing of chance`() throws {
    let bytes = try draft().entity().bytes()
    #expect(try draft().entity().bytes() == bytes)
    #expect(try draft(seed: 6).entity().bytes() != bytes)
    let message = try Message(bytes)
    #expect(
      message.headers.map { "\($0.name): \($0.decoded)" }.prefix(8) == [
        "From: anna@example.org", "Date: Sun, 22 Nov 2026 10:00:00 +0000", "Subject: SocialNet: Änne Berg",
        "HP-Outer: From: anna@example.org", "HP-Outer: Date: Sun, 22 Nov 2026 10:00:00 +0000", "HP-Outer: Subject: [...]",
        "SocialNet-Audience: fingerprint=\(anna.key.text)", "MIME-Version: 1.0",
      ])
    let type = message.root.contentType
    #expect((type.mediaType, type["hp"], type["protected-headers"]) == ("multipart/mixed", "cipher", "v1"))
    #expect(message.root.parts.map(\.contentType.mediaType) == ["text/plain", "application/vnd.socialnet.packet+xml"])
    let packet = message.root.parts[1]
    #expect(packet.disposition?.filename == "packet.xml")
    #expect(packet.headers.only("SocialNet-Signature")?.unfolded.utf8.count == 86)
  }

  @Test func `padding hides the length up to a step`() throws {
    for length in [0, 1, 4000, 4095, 4096, 4097, 10_000, 100_000, 1_000_003] {
      let padding = Padding.bytes(behind: length)
      #expect(length + padding.count == max(4096, Int(Derivation.padme(UInt64(length)))))
      for line in padding.split(separator: 10).dropLast() { #expect(line.count == 75 && line.last == 13) }
    }
    #expect(
      Set(
        try ["a", "ab", String(repeating: "x\n", count: 100)].map {
          try draft($0).write(scratch: FileManager.default.temporaryDirectory).size
        }) == [4096])
  }

  @Test func `a person without a bridge can read it`() throws {
    let status = try Say.status("Finally moved in.", by: anna)
    let carol = try Voice("carol", seed: 3)
    let comment = try Say.comment("Nice!", on: status, by: carol, to: anna)
    let packets = try [status, Say.relay(comment, by: anna, of: carol), comment].map { signed -> Packet in
      guard case .understood(let packet) = try signed.read() else { throw Person.Held() }
      return packet
    }
    let text = ReadableText.text(packets, writerName: "Anna") { $0 == carol.author ? "Carol" : nil }
    #expect(text.contains("Finally moved in."))
    #expect(text.contains("Carol commented: Nice!"))
    #expect(text.hasPrefix("Anna writes:\n"))
  }
}
