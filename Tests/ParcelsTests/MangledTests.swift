import Foundation
import MIME
import Packets
import Testing

@testable import Parcels

/// Parcels as servers leave them. The shapes are written by hand, after what the authors of mail programs (notmuch, Delta Chat, Enigmail)
/// and of the draft "PGP/MIME message mangling" tell of Exchange, Proton Mail Bridge, Mailman and Google Workspace: no mail of those
/// servers was at hand. Each has a twin that differs in one thing and is not opened.
@Suite struct MangledTests {
  /// What a server makes of a parcel, and the twin that only looks like it.
  struct Shape: CustomTestStringConvertible {
    var name: String
    /// The Content-Type of the whole.
    var type: String
    /// Parts; `%sealed` stands for the OpenPGP message, `%whole` for the `multipart/encrypted` as it was.
    var parts: [String]
    /// What differs in the twin.
    var twin: (part: String, bent: String)

    var testDescription: String { name }

    func text(sealed: String, bent: Bool = false) -> String {
      let outside = Sample.head.components(separatedBy: "Content-Type: ")[0]
      let inside = Sample.head.components(separatedBy: "Content-Type: ").dropFirst().joined(separator: "Content-Type: ")
      let body = parts.map { "--=_w\n" + $0 + "\n" }.joined() + "--=_w--\n"
      var text = outside + "Content-Type: \(type); boundary=\"=_w\"\n\n" + body
      if bent { text = text.replacing(twin.part, with: twin.bent) }
      return text.replacing("%whole", with: "Content-Type: " + inside + "%sealed" + Sample.foot)
        .replacing("\r\n", with: "\n").replacing("%sealed", with: sealed).replacing("\n", with: "\r\n")
    }
  }

  private static let version = "Content-Type: application/pgp-encrypted\n\nVersion: 1\n"
  private static let octets = "Content-Type: application/octet-stream\n\n%sealed"
  private static let footer =
    "Content-Type: text/plain; charset=\"us-ascii\"\nContent-Disposition: inline\n\n-- \nsent to the list\n"

  static let shapes = [
    Shape(
      name: "Exchange: mixed, an empty text first", type: "multipart/mixed",
      parts: [
        "Content-Type: text/plain; charset=\"us-ascii\"\nContent-ID: <1@exchange.test>\n"
          + "Content-Transfer-Encoding: quoted-printable\n\n",
        "Content-Type: application/pgp-encrypted; name=\"PGPMIME Versions Identification\"\n"
          + "Content-Description: PGP/MIME version identification\nContent-Transfer-Encoding: 7bit\n\nVersion: 1\n",
        "Content-Type: application/octet-stream; name=\"encrypted.asc\"\nContent-Description: OpenPGP encrypted message\n"
          + "Content-Disposition: inline; filename=\"encrypted.asc\"\nContent-Transfer-Encoding: 7bit\n\n%sealed",
      ], twin: ("Version: 1\n", "Version: 2\n")),
    Shape(
      name: "Exchange: the version in base64, and a disclaimer", type: "multipart/mixed",
      parts: [
        "Content-Type: text/plain; charset=\"us-ascii\"\n\nThis mail is confidential.\n",
        "Content-Type: application/pgp-encrypted\nContent-Transfer-Encoding: base64\n\nVmVyc2lvbjogMQ0K\n", octets,
      ], twin: ("text/plain", "text/html")),
    Shape(
      name: "Proton Mail Bridge: mixed, with the words Empty Message", type: "multipart/mixed",
      parts: ["Content-Type: text/plain; charset=utf-8\n\nEmpty Message\n", version, octets],
      twin: ("Content-Type: application/pgp-encrypted", "Content-Type: application/pgp-signature")),
    Shape(
      name: "mixed, with nothing added", type: "multipart/mixed", parts: [version, octets],
      twin: ("multipart/mixed", "multipart/related")),
    Shape(
      name: "Mailman: a footer behind it", type: "multipart/mixed", parts: ["%whole", footer],
      twin: ("Content-Disposition: inline", "Content-Disposition: attachment; filename=report.txt")),
    Shape(
      name: "Mailman: a header before it, and a footer behind it", type: "multipart/mixed", parts: [footer, "%whole", footer],
      twin: ("text/plain", "image/png")),
    Shape(
      name: "Google Workspace: a text with the footer first", type: "multipart/mixed",
      parts: ["Content-Type: text/plain; charset=\"UTF-8\"\n\n\nExample Ltd\n", "%whole"],
      twin: ("%whole", "Content-Type: message/rfc822\n\n%whole")),
  ]

  private func gate(_ text: String) throws -> Gate? {
    let file = FileManager.default.temporaryDirectory.appending(path: "mangled-\(UUID().uuidString)")
    try Data(text.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    do {
      _ = try Parcels.Shape(of: file)
      return nil
    } catch ShapeFailure.refused(let refusal) {
      return refusal.gate
    }
  }

  private static let armour = "-----BEGIN PGP MESSAGE-----\n\nwcBM\n-----END PGP MESSAGE-----\n"

  @Test(arguments: shapes) func `a shape that a server is known to make passes, its twin does not`(shape: Shape) throws {
    #expect(try gate(shape.text(sealed: Self.armour)) == nil)
    #expect(try gate(shape.text(sealed: Self.armour, bent: true)) == .shape)
    #expect(throws: ShapeFailure.notAParcel) {
      try gate(shape.text(sealed: Self.armour).replacing("SocialNet-Parcel: 1\r\n", with: ""))
    }
  }

  private static let deeper = "Content-Type: multipart/mixed; boundary=\"=_d\"\n\n--=_d\n%whole\n--=_d--\n"
  private static let encrypted = "multipart/encrypted; protocol=\"application/pgp-encrypted\""

  static let others: [(name: String, type: String, parts: [String])] = [
    ("PGP inline", "multipart/mixed", ["Content-Type: text/plain\n\n%sealed"]),
    ("PGP inline with a footer", "multipart/mixed", ["Content-Type: text/plain\n\n%sealed", footer]),
    ("the other order", "multipart/mixed", [octets, version]),
    ("a text between", "multipart/mixed", [version, footer, octets]),
    ("a text behind the two", "multipart/mixed", [version, octets, footer]),
    ("two sealed parts", "multipart/mixed", [version, octets, octets]),
    ("two encrypted parts", "multipart/mixed", ["%whole", "%whole"]),
    ("two encrypted parts and a footer", "multipart/mixed", ["%whole", "%whole", footer]),
    ("two footers", "multipart/mixed", ["%whole", footer, footer]),
    ("no footer at all", "multipart/mixed", ["%whole"]),
    ("a picture beside it", "multipart/mixed", ["%whole", "Content-Type: image/png\n\nx", footer]),
    ("an attachment behind the footer", "multipart/mixed", ["%whole", footer, "Content-Type: application/pdf\n\nx"]),
    ("a footer longer than any", "multipart/mixed", ["%whole", footer + String(repeating: "line\n", count: 4000)]),
    ("no version", "multipart/mixed", ["Content-Type: application/pgp-encrypted\n\n", octets]),
    ("a forwarded mail", "multipart/mixed", [footer, "Content-Type: message/rfc822\n\nSubject: Fwd\n%whole"]),
    ("one level deeper", "multipart/mixed", [deeper, footer]),
    ("alternatives", "multipart/alternative", [footer, "%whole"]),
    ("a footer inside the encrypted one", encrypted, [version, octets, footer]),
  ]

  @Test func `what only looks like one of these shapes is left alone`() throws {
    for (name, type, parts) in Self.others {
      let shape = Shape(name: name, type: type, parts: parts, twin: ("", ""))
      #expect(try gate(shape.text(sealed: Self.armour)) == .shape, "\(name)")
    }
  }

  @Test func `a mangled parcel opens as the one that was sent`() async throws {
    try await Stage.play("anna", "ben") { people in
      let (anna, ben) = (people[0], people[1])
      try await anna.befriend(ben)
      let draft = try anna.draft(.one(ben.key))
      let message = try Message(file: try await anna.send(draft, to: ben))
      let part = try #require(message.root.parts.last)
      let sealed = String(decoding: try message.body(of: part, limit: 1 << 20), as: UTF8.self).replacing("\r\n", with: "\n")
      for shape in Self.shapes {
        let file = ben.stage.path("\(ben.stage.next()).eml")
        try Data(shape.text(sealed: sealed).utf8).write(to: file)
        let parcel = try await ben.open(file, .contact(anna.author, pairKeys: []))
        #expect(parcel.contents.packets.map(\.signed) == draft.packets, "\(shape.name)")
        #expect(try await anna.gate(file, .myself(anna.author), own: true) == .decryption, "\(shape.name): sealed to Ben alone")
      }
    }
  }
}
