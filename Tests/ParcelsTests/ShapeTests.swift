import Foundation
import MIME
import Packets
import Testing

@testable import Parcels

@Suite struct ShapeTests {
  /// The shape of a file that holds a text, made longer by zeros where a size is given.
  private func shape(_ text: String, size: Int? = nil) throws -> Shape {
    let file = FileManager.default.temporaryDirectory.appending(path: "shape-\(UUID().uuidString)")
    try Data(text.utf8).write(to: file)
    defer { try? FileManager.default.removeItem(at: file) }
    if let size { try FileHandle(forWritingTo: file).truncate(atOffset: UInt64(size)) }
    return try Shape(of: file)
  }

  private static let whole = Sample.head + "-----BEGIN PGP MESSAGE-----\r\n" + Sample.foot

  private func gate(size: Int? = nil, _ bend: (String) -> String) throws -> Gate? {
    do {
      _ = try shape(bend(Self.whole), size: size)
      return nil
    } catch ShapeFailure.refused(let refusal) {
      return refusal.gate
    }
  }

  @Test func `a parcel tells from whom it claims to be`() throws {
    let shape = try shape(Self.whole)
    #expect(shape.from?.text == "anna@example.org")
    #expect(shape.messageID == "m@example.org")
  }

  @Test func `without its header a message is nobody's parcel`() throws {
    #expect(throws: ShapeFailure.notAParcel) { try shape(Self.whole.replacing("SocialNet-Parcel", with: "X-Parcel")) }
    #expect(throws: ShapeFailure.notAParcel) { try shape("") }
    #expect(throws: ShapeFailure.troubled(TemporaryTrouble("No such file or directory"))) {
      try Shape(of: URL(filePath: "/nonexistent/parcel.eml"))
    }
  }

  static let doubled = [
    "From", "To", "Date", "Message-ID", "Subject", "SocialNet-Parcel", "Auto-Submitted", "MIME-Version", "Content-Type",
  ]

  @Test(arguments: doubled) func `a header that stands twice is refused, once it is not`(name: String) throws {
    let line = try #require(Self.whole.split(separator: "\r\n").first { $0.hasPrefix("\(name):") })
    #expect(try gate { "\(line)\r\n" + $0 } == .shape)
    #expect(try gate { "X-\(line)\r\n" + $0 } == nil)
  }

  @Test(arguments: [
    ("SocialNet-Parcel: 1", "SocialNet-Parcel: 2", "another version"),
    ("SocialNet-Parcel: 1", "SocialNet-Parcel: 1, 1", "no version at all"),
    ("multipart/encrypted", "multipart/alternative", "not encrypted as a whole"),
    ("application/pgp-encrypted\"", "application/pkcs7\"", "another protocol"),
    ("; protocol=\"application/pgp-encrypted\"", "", "no protocol"),
    ("\r\n--=_b--", "\r\n--=_b\r\n\r\nfooter\r\n--=_b--", "three parts"),
    ("application/octet-stream", "application/pgp-encrypted", "the wrong second part"),
    ("boundary=\"=_b\"", "boundary=\"=_c\"", "no parts"),
  ]) func `another shape is refused`(part: String, bent: String, reason: String) throws {
    #expect(try gate { $0.replacing(part, with: bent) } == .shape)
    #expect(try gate { $0 } == nil)
  }

  @Test func `a message beyond the limits is refused at its edge`() throws {
    func header(_ length: Int) -> (String) -> String { { "X: \(String(repeating: "x", count: length))\r\n" + $0 } }
    let used =
      Self.whole.utf8.count - (Self.whole.firstRange(of: "\r\n\r\n").map { Self.whole[$0.upperBound...].utf8.count } ?? 0)
    #expect(try gate(header((64 << 10) - used - 5)) == nil)
    #expect(try gate(header((64 << 10) - used - 4)) == .shape)
    #expect(try gate(size: 40 << 20) { $0 } == nil)
    #expect(try gate(size: (40 << 20) + 1) { $0 } == .shape)
  }

  @Test func `headers that a provider dropped or rewrote do no harm`() throws {
    #expect(
      try gate { $0.replacing("Auto-Submitted: auto-generated\r\n", with: "Received: from x\r\nReceived: from y\r\n") } == nil)
    #expect(try gate { $0.replacing("Subject: [...]", with: "Subject: [list] [...]") } == nil)
  }
}
