// From values to elements: the other half of ActionReading.swift, in the schema's order.

extension Action {
  var element: Element {
    switch self {
    case .contactRequest(let request): request.element
    case .contactAccept(let accept): accept.element
    case .profile(let profile): profile.element
    case .membership(let membership): membership.element
    case .status(let status): Element("status", ["share": status.share.word], children: [Element("text", text: status.text)])
    case .photo(let photo): photo.element
    case .comment(let comment): comment.element
    case .reaction(let reaction): reaction.element
    case .retract(let retract): retract.element
    case .relay(let relay): relay.element
    case .share(let share):
      Element("share", children: [share.embedded.element] + (share.note.map { [Element("note", text: $0)] } ?? []))
    case .introduce(let invitation): Element("introduce", children: [Element("invitation", text: invitation)])
    case .unsupported(let word):
      Element("unsupported", ["reason": word.reason.rawValue], children: [word.target.element("target")])
    case .edit(let edit): edit.element
    case .message(let message):
      Element("message", children: [Element("text", text: message.text)] + message.pictures.map(\.element))
    case .contactRemove: Element("contact-remove")
    case .move(let move):
      Element(
        "move", ["revision": String(move.revision)], children: move.endpoints.map { Element("endpoint", ["uri": $0]) })
    case .moveCheck(let nonce): Element("move-check", children: [.base64("nonce", nonce)])
    case .moveAnswer(let nonce): Element("move-answer", children: [.base64("nonce", nonce)])
    case .keyChange(let change): change.element
    case .revoke(let revoke): .base64("revoke", revoke.certificate)
    case .heads(let heads):
      Element("heads", children: heads.map { Element("head", ["stream": $0.stream.text, "last": String($0.last)]) })
    case .resendRequest(let missing): missing.element("resend-request")
    case .gone(let missing): missing.element("gone")
    case .journal(let journal): journal.element
    }
  }
}

extension Action.ContactRequest {
  fileprivate var element: Element {
    var children = [profile.element, .base64("certificate", certificate), .base64("half", half)]
    if let proof {
      let invitation = Base64URL.encode(proof.invitation)
      children.append(Element("proof", ["invitation": invitation], text: Base64URL.encode(proof.value)))
    }
    return Element("contact-request", children: children)
  }
}

extension Action.ContactAccept {
  fileprivate var element: Element {
    Element(
      "contact-accept", ["request": request.text],
      children: [profile.element, .base64("certificate", certificate), .base64("half", half)])
  }
}

extension Action.Profile {
  fileprivate var element: Element {
    var children = [Element("name", text: name)]
    children += fields.map { Element("field", ["name": $0.name], text: $0.value) }
    if let picture { children.append(picture.element) }
    children += endpoints.map { Element("endpoint", ["uri": $0]) }
    let features = understands.features.isEmpty ? nil : understands.features.joined(separator: " ")
    children.append(Element("understands", ["version": understands.version, "features": features]))
    let signature = Base64URL.encode(binding.signature)
    children.append(Element("binding", ["fingerprint": binding.fingerprint.text], text: signature))
    if let certificate { children.append(.base64("certificate", certificate)) }
    return Element("profile", ["revision": String(revision), "search": answersSearch ? "answer" : nil], children: children)
  }
}

extension Action.Membership {
  fileprivate var element: Element {
    switch span {
    case .first(let number): Element("membership", ["stream": stream.text, "first": String(number)])
    case .last(let number): Element("membership", ["stream": stream.text, "last": String(number)])
    }
  }
}

extension Action.Photo {
  fileprivate var element: Element {
    let caption = caption.map { [Element("caption", text: $0)] } ?? []
    return Element("photo", ["share": share.word], children: pictures.map(\.element) + caption)
  }
}

extension Action.Comment {
  fileprivate var element: Element {
    Element(
      "comment",
      children: [root.element("root"), target.element("target"), Element("text", text: text)] + pictures.map(\.element))
  }
}

extension Action.Reaction {
  fileprivate var element: Element {
    let emoji = emoji.map { Element("emoji", text: $0) }
    return Element(
      "reaction", ["revision": String(revision)], children: [root.element("root"), target.element("target")] + emoji)
  }
}

extension Action.Retract {
  fileprivate var element: Element {
    let root = root.map { [$0.element("root")] } ?? []
    return Element("retract", children: root + [target.element("target")])
  }
}

extension Action.Edit {
  fileprivate var element: Element {
    let root = root.map { [$0.element("root")] } ?? []
    let replacement =
      switch replacement {
      case .words(let text): [Element("text", text: text)]
      case .pictures(let pictures): pictures.map(\.element)
      }
    return Element("edit", ["revision": String(revision)], children: root + [target.element("target")] + replacement)
  }
}

extension Action.Missing {
  fileprivate func element(_ name: String) -> Element {
    let ranges = ranges.map { range in
      Element("range", ["stream": range.stream.text, "first": String(range.first), "last": String(range.last)])
    }
    return Element(name, children: ranges + blobs.map { Element("blob", ["sha256": $0.text]) })
  }
}

extension Action.KeyChange {
  fileprivate var element: Element {
    Element(
      "key-change", ["revision": String(revision)],
      children: [
        .base64("certificate", certificate), Element("signature", ["by": "old"], text: Base64URL.encode(oldSignature)),
        Element("signature", ["by": "new"], text: Base64URL.encode(newSignature)),
      ])
  }
}

extension Action.Relay {
  fileprivate var element: Element {
    Element(
      "relay",
      children: [embedded.element, Element("card", ["author": cardAuthor.text], children: [Element("name", text: cardName)])])
  }
}

extension Action.Journal {
  fileprivate var element: Element {
    let records = records.map { record in
      var element = Element(record.name, text: record.text)
      element.attributes = record.attributes.map { Element.Attribute(name: $0.name, value: $0.value) }
      return element
    }
    return Element("journal", ["previous": previous?.text], children: records)
  }

  /// Whether every name in the records is one that XML takes as it is: nothing else is ever put between angle brackets.
  var hasPlainNames: Bool {
    records.allSatisfy { record in
      Self.isPlain(record.name) && record.attributes.allSatisfy { Self.isPlain($0.name) && $0.name != "xmlns" }
    }
  }

  private static func isPlain(_ name: String) -> Bool {
    guard let first = name.utf8.first, isLetter(first) else { return false }
    return name.utf8.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || [0x2d, 0x2e, 0x5f].contains($0) }
  }

  private static func isLetter(_ character: UInt8) -> Bool {
    (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(character) || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(character)
  }
}

extension Embedded {
  fileprivate var element: Element { Element("embedded", ["sha256": sha256.text, "size": String(size)]) }
}

extension Reference {
  fileprivate func element(_ name: String) -> Element {
    Element(name, ["author": author.text, "id": id.text, "sha256": sha256.text])
  }
}

extension Picture {
  fileprivate var element: Element {
    let bytes = Element("blob", ["sha256": blob.sha256.text, "size": String(blob.size), "type": blob.type])
    let people = people.map { Element("person", ["author": $0.text]) }
    return Element(
      "picture", ["width": String(width), "height": String(height), "alternative": alternative], children: [bytes] + people)
  }
}

extension Element {
  fileprivate static func base64(_ name: String, _ bytes: [UInt8]) -> Element { Element(name, text: Base64URL.encode(bytes)) }
}

extension Bool {
  fileprivate var word: String { self ? "yes" : "no" }
}
