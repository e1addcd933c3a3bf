// From elements to values. The schema has judged order and number before; the exact form of each value is judged here, also
// where the schema's types are wider (they allow digits of other scripts, numbers beyond 2^53-1, stray bits in base64url).

extension Action {
  /// The names of the actions that this node acts on. The schema knows more; packets with those are held.
  public static let understood: Set<String> = [
    "contact-request", "contact-accept", "profile", "membership", "status", "photo", "comment", "reaction", "retract", "relay",
    "edit", "message", "contact-remove", "heads", "resend-request", "gone", "unsupported", "share", "introduce", "move",
    "move-check", "move-answer", "key-change", "revoke", "journal",
  ]

  init(_ element: Element) throws(PacketFailure) {
    switch element.name {
    case "contact-request": self = .contactRequest(try ContactRequest(element))
    case "contact-accept": self = .contactAccept(try ContactAccept(element))
    case "profile": self = .profile(try Profile(element))
    case "membership": self = .membership(try Membership(element))
    case "status": self = .status(Status(share: try element.share(), text: try element.child("text").text))
    case "photo": self = .photo(try Photo(element))
    case "comment": self = .comment(try Comment(element))
    case "reaction": self = .reaction(try Reaction(element))
    case "retract": self = .retract(try Retract(element))
    case "relay": self = .relay(try Relay(element))
    case "share": self = .share(Share(embedded: try element.embedded(), note: element.all("note").first?.text))
    case "introduce": self = .introduce(invitation: try element.child("invitation").text)
    case "unsupported":
      self = .unsupported(
        Unsupported(
          target: try element.reference("target"), reason: try element.value("reason") { NewerPacket.Reason(rawValue: $0) }))
    case "edit": self = .edit(try Edit(element))
    case "message": self = .message(Message(text: try element.child("text").text, pictures: try element.pictures()))
    case "contact-remove": self = .contactRemove
    case "move":
      self = .move(
        Move(
          revision: try element.number("revision"),
          endpoints: try element.all("endpoint").map { endpoint throws(PacketFailure) in try endpoint.value("uri") { $0 } }))
    case "move-check": self = .moveCheck(try element.child("nonce").bytes(16))
    case "move-answer": self = .moveAnswer(try element.child("nonce").bytes(16))
    case "key-change": self = .keyChange(try KeyChange(element))
    case "revoke": self = .revoke(Revoke(certificate: try element.openPGP()))
    case "heads":
      self = .heads(
        try element.all("head").map { head throws(PacketFailure) in
          Head(stream: try head.value("stream") { StreamID(text: $0) }, last: try head.number("last"))
        })
    case "resend-request": self = .resendRequest(try Missing(element))
    case "gone": self = .gone(try Missing(element))
    case "journal": self = .journal(try Journal(element))
    default: throw .misplaced(element: element.name)
    }
  }
}

extension Action.ContactRequest {
  fileprivate init(_ element: Element) throws(PacketFailure) {
    profile = try Action.Profile(element.child("profile"))
    certificate = try element.certificate()
    half = try element.child("half").bytes(32)
    guard let proof = element.all("proof").first else { return }
    let invitation = try proof.value("invitation") { Base64URL.decode($0, count: 8) }
    self.proof = Proof(invitation: invitation, value: try proof.bytes(32))
  }
}

extension Action.ContactAccept {
  fileprivate init(_ element: Element) throws(PacketFailure) {
    request = try element.value("request") { PacketID(text: $0) }
    profile = try Action.Profile(element.child("profile"))
    certificate = try element.certificate()
    half = try element.child("half").bytes(32)
  }
}

extension Action.Profile {
  fileprivate init(_ element: Element) throws(PacketFailure) {
    revision = try element.number("revision")
    answersSearch = try element.optional("search") { $0 == "answer" ? true : nil } ?? false
    name = try element.child("name").personName()
    fields = try element.all("field").map { field throws(PacketFailure) in
      Field(name: try field.value("name", Element.token), value: field.text)
    }
    picture = try element.pictures().first
    endpoints = try element.all("endpoint").map { endpoint throws(PacketFailure) in try endpoint.value("uri") { $0 } }
    let understands = try element.child("understands")
    self.understands = Understands(
      version: try understands.value("version") { $0 },
      features: (understands["features"] ?? "").split(separator: " ").map(String.init))
    let binding = try element.child("binding")
    let fingerprint = try binding.value("fingerprint") { text in Fingerprint(text: text).flatMap { $0.text == text ? $0 : nil } }
    self.binding = Binding(fingerprint: fingerprint, signature: try binding.content { Base64URL.decode($0) })
    certificate = element.all("certificate").isEmpty ? nil : try element.certificate()
  }
}

extension Action.Membership {
  fileprivate init(_ element: Element) throws(PacketFailure) {
    stream = try element.value("stream") { StreamID(text: $0) }
    span = element["first"] == nil ? .last(try element.number("last")) : .first(try element.number("first"))
  }
}

extension Action.Photo {
  /// How many pictures one photo may have.
  static let most = 10

  fileprivate init(_ element: Element) throws(PacketFailure) {
    share = try element.share()
    pictures = try element.pictures()
    caption = element.all("caption").first?.text
    guard (1...Self.most).contains(pictures.count) else { throw .misplaced(element: "picture") }
  }
}

extension Action.Comment {
  fileprivate init(_ element: Element) throws(PacketFailure) {
    root = try element.reference("root")
    target = try element.reference("target")
    text = try element.child("text").text
    pictures = try element.pictures()
  }
}

extension Action.Reaction {
  fileprivate init(_ element: Element) throws(PacketFailure) {
    root = try element.reference("root")
    target = try element.reference("target")
    revision = try element.number("revision")
    emoji = element.all("emoji").map(\.text)
  }
}

extension Action.Retract {
  fileprivate init(_ element: Element) throws(PacketFailure) {
    root = element.all("root").isEmpty ? nil : try element.reference("root")
    target = try element.reference("target")
  }
}

extension Action.Edit {
  fileprivate init(_ element: Element) throws(PacketFailure) {
    root = element.all("root").isEmpty ? nil : try element.reference("root")
    target = try element.reference("target")
    revision = try element.number("revision")
    let pictures = try element.pictures()
    replacement = pictures.isEmpty ? .words(try element.child("text").text) : .pictures(pictures)
    guard pictures.count <= Action.Photo.most else { throw .misplaced(element: "picture") }
  }
}

extension Action.Missing {
  fileprivate init(_ element: Element) throws(PacketFailure) {
    ranges = try element.all("range").map { range throws(PacketFailure) in
      let first = try range.number("first")
      // Number 0 is a contact-request's, which is asked for in its own way.
      let last = try range.value("last") { text in Element.number(text).flatMap { $0 >= max(first, 1) ? $0 : nil } }
      return Range(stream: try range.value("stream") { StreamID(text: $0) }, first: first, last: last)
    }
    blobs = try element.all("blob").map { blob throws(PacketFailure) in try blob.value("sha256") { Hash(text: $0) } }
  }
}

extension Action.KeyChange {
  fileprivate init(_ element: Element) throws(PacketFailure) {
    revision = try element.number("revision")
    certificate = try element.certificate()
    let signatures = element.all("signature")
    guard let old = signatures.first(where: { $0["by"] == "old" }), let new = signatures.first(where: { $0["by"] == "new" })
    else { throw .misplaced(element: "signature") }
    oldSignature = try old.openPGP()
    newSignature = try new.openPGP()
  }
}

extension Action.Relay {
  fileprivate init(_ element: Element) throws(PacketFailure) {
    embedded = try element.embedded()
    let card = try element.child("card")
    cardAuthor = try card.value("author") { Author(text: $0) }
    cardName = try card.child("name").personName()
  }
}

extension Action.Journal {
  fileprivate init(_ element: Element) throws(PacketFailure) {
    previous = try element.optional("previous") { Hash(text: $0) }
    records = element.children.map { child in
      let attributes = child.attributes.map { Record.Attribute(name: $0.name, value: $0.value) }
      return Record(name: child.name, attributes: attributes, text: child.text)
    }
  }
}

extension Element {
  fileprivate func bytes(_ count: Int) throws(PacketFailure) -> [UInt8] { try content { Base64URL.decode($0, count: count) } }

  /// A detached signature, or whatever else OpenPGP makes.
  fileprivate func openPGP() throws(PacketFailure) -> [UInt8] {
    try content { text in
      Base64URL.decode(text).flatMap { (1...Action.largestCertificate).contains($0.count) ? $0 : nil }
    }
  }

  fileprivate func certificate() throws(PacketFailure) -> [UInt8] {
    try child("certificate").content { text in Base64URL.decode(text).flatMap { $0.count <= Action.largestCertificate ? $0 : nil }
    }
  }

  fileprivate func personName() throws(PacketFailure) -> String { try content { PersonName.isFit($0) ? $0 : nil } }

  fileprivate func share() throws(PacketFailure) -> Bool { try value("share") { ["yes": true, "no": false][$0] } }

  fileprivate func embedded() throws(PacketFailure) -> Embedded {
    let inner = try child("embedded")
    return Embedded(sha256: try inner.value("sha256") { Hash(text: $0) }, size: try inner.number("size"))
  }

  fileprivate func reference(_ name: String) throws(PacketFailure) -> Reference {
    let element = try child(name)
    return Reference(
      author: try element.value("author") { Author(text: $0) }, id: try element.value("id") { PacketID(text: $0) },
      sha256: try element.value("sha256") { Hash(text: $0) })
  }

  fileprivate func pictures() throws(PacketFailure) -> [Picture] {
    try all("picture").map { element throws(PacketFailure) in
      let blob = try element.child("blob")
      return Picture(
        width: try element.number("width"), height: try element.number("height"), alternative: element["alternative"],
        blob: Blob(
          sha256: try blob.value("sha256") { Hash(text: $0) }, size: try blob.number("size"), type: try blob.value("type") { $0 }),
        people: try element.all("person").map { person throws(PacketFailure) in try person.value("author") { Author(text: $0) } })
    }
  }
}
