import Packets

/// Two authors and one packet of every action, always the same: what the vectors and most tests are made from.
struct Samples {
  let anna: SecretKey
  let ben: SecretKey
  let annaFingerprint: Fingerprint
  let photoBlob: Blob
  let status: SignedPacket
  let comment: SignedPacket

  struct Missing: Error {}

  init() throws {
    guard let anna = SecretKey(seed: [UInt8](repeating: 1, count: 32)),
      let ben = SecretKey(seed: [UInt8](repeating: 2, count: 32)),
      let fingerprint = Fingerprint(bytes: [UInt8](repeating: 0x11, count: 20))
    else { throw Missing() }
    (self.anna, self.ben, annaFingerprint) = (anna, ben, fingerprint)
    photoBlob = Blob(sha256: Hash.of(Array("a picture".utf8)), size: 9, type: "image/jpeg")
    status = try SignedPacket.sign(
      Self.packet(1, by: anna, Self.circle(42), .status(.init(share: false, text: "Finally moved in."))), with: anna)
    let root = try Self.reference(to: status)
    let words = Action.Comment(root: root, target: root, text: "Congratulations!")
    comment = try SignedPacket.sign(Self.packet(2, by: ben, Self.direct(1, to: anna.author), .comment(words)), with: ben)
  }

  /// A name for each packet, and the packet.
  func all() throws -> [(name: String, key: SecretKey, packet: Packet)] {
    let root = try Self.reference(to: status)
    let reply = try Self.reference(to: comment)
    let picture = Picture(width: 640, height: 480, alternative: "A \"house\" <new>", blob: photoBlob, people: [ben.author])
    let proof = Action.ContactRequest.Proof(invitation: Array(0...7), value: [UInt8](repeating: 0x44, count: 32))
    let half = [UInt8](repeating: 0x0b, count: 32)
    let certificate = Array("certificate".utf8)
    let request = Action.ContactRequest(profile: profile(of: "Ben Ito"), certificate: certificate, half: half, proof: proof)
    let accept = Action.ContactAccept(
      request: try Self.id(3), profile: profile(of: "Anna Berg"), certificate: certificate, half: half)
    var full = profile(of: "Anna Berg")
    (full.answersSearch, full.certificate, full.picture) = (true, certificate, picture)
    full.fields = [.init(name: "city", value: "Berlin"), .init(name: "about", value: "Tea & <biscuits>\nand a tab\t")]
    full.understands.features = ["later", "much-later"]
    let inner = Embedded(sha256: comment.sha256, size: UInt64(comment.bytes.count))
    let heron = try SignedPacket.sign(
      Self.packet(30, by: ben, Self.circle(7), .status(.init(share: true, text: "A heron in the yard."))), with: ben)
    let shown = Embedded(sha256: heron.sha256, size: UInt64(heron.bytes.count))
    let records = [
      Action.Journal.Record(
        name: "pin", attributes: [.init(name: "author", value: ben.author.text), .init(name: "mark", value: "a\tb\"")]),
      Action.Journal.Record(name: "note", text: "several\nlines & signs"),
    ]
    func make(_ number: Int, _ key: SecretKey, _ stream: Packet.Stream, _ action: Action) throws -> Packet {
      try Self.packet(number, by: key, stream, action)
    }
    return [
      ("contact-request", ben, try make(3, ben, Self.direct(0, to: anna.author, 2), .contactRequest(request))),
      ("contact-accept", anna, try make(4, anna, Self.direct(1, to: ben.author, 2), .contactAccept(accept))),
      ("profile", anna, try make(5, anna, Self.circle(1), .profile(full))),
      (
        "membership-first", anna,
        try make(6, anna, Self.direct(2, to: ben.author, 2), .membership(.init(stream: Self.stream(1), span: .first(43))))
      ),
      (
        "membership-last", anna,
        try make(7, anna, Self.direct(3, to: ben.author, 2), .membership(.init(stream: Self.stream(1), span: .last(50))))
      ),
      ("status", anna, try make(1, anna, Self.circle(42), .status(.init(share: false, text: "Finally moved in.")))),
      (
        "photo", anna,
        try make(8, anna, Self.circle(43), .photo(.init(share: true, pictures: [picture, picture], caption: "Both 🏠")))
      ),
      (
        "comment", ben,
        try make(2, ben, Self.direct(1, to: anna.author), .comment(.init(root: root, target: root, text: "Congratulations!")))
      ),
      (
        "comment-on-comment", ben,
        try make(
          9, ben, Self.direct(2, to: anna.author), .comment(.init(root: root, target: reply, text: "!", pictures: [picture])))
      ),
      (
        "reaction", ben,
        try make(
          10, ben, Self.direct(3, to: anna.author),
          .reaction(.init(root: root, target: root, revision: 1_795_341_600_000, emoji: ["❤️", "👍🏽"])))
      ),
      (
        "reaction-none", ben,
        try make(
          11, ben, Self.direct(4, to: anna.author),
          .reaction(.init(root: root, target: root, revision: 1_795_341_600_001, emoji: [])))
      ),
      ("retract-post", anna, try make(12, anna, Self.circle(44), .retract(.init(root: nil, target: root)))),
      ("retract-comment", ben, try make(13, ben, Self.direct(5, to: anna.author), .retract(.init(root: root, target: reply)))),
      (
        "relay", anna,
        try make(14, anna, Self.circle(45), .relay(.init(embedded: inner, cardAuthor: ben.author, cardName: "Ben Ito")))
      ),
      (
        "message", anna,
        try make(17, anna, Self.direct(4, to: ben.author, 2), .message(.init(text: "Only you", pictures: [picture])))
      ),
      (
        "edit-post", anna,
        try make(
          18, anna, Self.circle(46),
          .edit(.init(root: nil, target: root, revision: 1_795_341_600_000, replacement: .words("Finally & really moved in."))))
      ),
      (
        "edit-pictures", anna,
        try make(
          19, anna, Self.circle(47),
          .edit(.init(root: nil, target: root, revision: 1_795_341_600_001, replacement: .pictures([picture]))))
      ),
      (
        "edit-comment", ben,
        try make(
          20, ben, Self.direct(6, to: anna.author),
          .edit(.init(root: root, target: reply, revision: 1_795_341_600_000, replacement: .words("Congratulations, both!"))))
      ),
      ("contact-remove", anna, try make(21, anna, Self.direct(5, to: ben.author, 2), .contactRemove)),
      (
        "move", anna,
        try make(
          27, anna, Self.direct(8, to: ben.author, 2),
          .move(.init(revision: 1_795_341_600_000, endpoints: ["mailto:anna@new.example", "https://new.example/in"])))
      ),
      (
        "move-check", ben, try make(28, ben, Self.direct(7, to: anna.author, 2), .moveCheck([UInt8](repeating: 0x55, count: 16)))
      ),
      (
        "move-answer", anna,
        try make(29, anna, Self.direct(9, to: ben.author, 2), .moveAnswer([UInt8](repeating: 0x55, count: 16)))
      ),
      (
        "key-change", anna,
        try make(
          26, anna, Self.direct(7, to: ben.author, 2),
          .keyChange(
            .init(
              revision: 1_795_341_600_000, certificate: certificate, oldSignature: Array("by the old".utf8),
              newSignature: Array("by the new".utf8))))
      ),
      (
        "revoke", anna,
        try make(25, anna, Self.direct(6, to: ben.author, 2), .revoke(.init(certificate: Array("revocation".utf8))))
      ),
      (
        "heads", anna,
        try Self.packet(
          22, by: anna, nil, .heads([.init(stream: Self.stream(1), last: 47), .init(stream: Self.stream(2), last: 5)]))
      ),
      (
        "resend-request", ben,
        try Self.packet(
          23, by: ben, nil,
          .resendRequest(.init(ranges: [.init(stream: Self.stream(1), first: 44, last: 45)], blobs: [photoBlob.sha256])))
      ),
      (
        "gone", anna,
        try Self.packet(24, by: anna, nil, .gone(.init(ranges: [.init(stream: Self.stream(1), first: 44, last: 44)])))
      ),
      ("share", anna, try make(31, anna, Self.circle(48), .share(.init(embedded: shown, note: "Look at this.")))),
      ("share-no-note", anna, try make(32, anna, Self.circle(49), .share(.init(embedded: shown, note: nil)))),
      (
        "introduce", anna,
        try make(33, anna, Self.direct(10, to: ben.author, 2), .introduce(invitation: "socialnet:join#v=1&a=bWFpbHRvOmE"))
      ),
      (
        "unsupported", ben, try Self.packet(34, by: ben, nil, .unsupported(.init(target: root, reason: .action)))
      ),
      ("journal-first", anna, try make(15, anna, Self.circle(1, 3), .journal(.init(previous: nil, records: records)))),
      ("journal", anna, try make(16, anna, Self.circle(2, 3), .journal(.init(previous: Hash.of([]), records: [])))),
    ]
  }

  func profile(of name: String) -> Action.Profile {
    Action.Profile(
      revision: 1_795_341_600_000, name: name, endpoints: ["mailto:someone+social@example.org"],
      binding: .init(fingerprint: annaFingerprint, signature: Array("signature".utf8)))
  }

  static func packet(_ number: Int, by key: SecretKey, _ stream: Packet.Stream?, _ action: Action) throws -> Packet {
    Packet(
      id: try id(number), author: key.author, created: Instant(milliseconds: 1_795_341_600_000), stream: stream, action: action,
      fallback: Fallback.text(for: action, authorName: nil))
  }

  static func id(_ number: Int) throws -> PacketID {
    let digits = String(number)
    guard let id = PacketID(text: "0193a5f0-7c2e-7d31-9f5e-" + String(repeating: "0", count: 12 - digits.count) + digits) else {
      throw Missing()
    }
    return id
  }

  static func reference(to signed: SignedPacket) throws -> Reference {
    guard case .understood(let packet) = try signed.read() else { throw Missing() }
    return Reference(to: signed, packet)
  }

  static func stream(_ number: UInt8) throws -> StreamID {
    guard let id = StreamID(bytes: [UInt8](repeating: number, count: 16)) else { throw Missing() }
    return id
  }
  static func circle(_ sequence: UInt64, _ id: UInt8 = 1) throws -> Packet.Stream {
    .init(id: try stream(id), sequence: sequence)
  }
  static func direct(_ sequence: UInt64, to author: Author, _ id: UInt8 = 4) throws -> Packet.Stream {
    .init(id: try stream(id), sequence: sequence, to: author)
  }
}
