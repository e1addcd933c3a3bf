public import FoundationEssentials
public import MIME
internal import OpenPGP

/// A file that has a parcel's form: gate 1. It says nothing yet about who sealed it, or for whom.
public struct Shape: Sendable {
  /// From the outer headers, where it can be read: a hint for budgets, never believed.
  public let from: Address?
  /// The outer Message-ID, where there is exactly one.
  public let messageID: String?
  private let message: Message
  private let sealedPart: Part
  private let file: URL

  /// Looks at a file without opening anything. Cheap: it reads the file once and keeps its headers.
  public init(of file: URL) throws(ShapeFailure) {
    let message: Message
    do {
      message = try Message(file: file)
    } catch .unreadable(let reason) {
      throw .troubled(TemporaryTrouble(reason))
    } catch {
      throw .refused(Refusal(.shape, "the message is beyond a limit (\(error))"))
    }
    let headers = message.headers
    guard headers.count(of: "SocialNet-Parcel") > 0 else { throw .notAParcel }
    if let flaw = Self.flaw(in: headers) { throw .refused(Refusal(.shape, flaw)) }
    guard let part = EncryptedForm.whole(message.root) ?? EncryptedForm.mangled(message) else {
      throw .refused(Refusal(.shape, Self.flaw(in: message.root)))
    }
    self.message = message
    sealedPart = part
    self.file = file
    from = headers.onlyAddress("From")
    messageID = headers.only("Message-ID").flatMap { MessageID.list($0.unfolded).first }
  }

  /// What the writer sets once. A header that is missing may have been lost on the way, and nothing hangs on it; one that stands
  /// twice was added by somebody.
  private static let named = [
    "From", "To", "Date", "Message-ID", "Subject", "SocialNet-Parcel", "Auto-Submitted", "MIME-Version", "Content-Type",
  ]

  private static func flaw(in headers: Headers) -> String? {
    if let doubled = named.first(where: { headers.count(of: $0) > 1 }) { return "the header \(doubled) stands more than once" }
    guard headers.only("SocialNet-Parcel")?.unfolded == "1" else { return "a version of parcels other than 1" }
    return nil
  }

  private static func flaw(in root: Part) -> String {
    EncryptedForm.isEncrypted(root)
      ? "the message does not consist of exactly the two parts of an encrypted one"
      : "the message is not encrypted as a whole with OpenPGP"
  }

  /// The OpenPGP message, armoured or binary, its transfer encoding undone: read in place where it has none.
  func sealed(scratch: URL) throws(TemporaryTrouble) -> Spool {
    do {
      if sealedPart.encoding == .identity { return try Spool(reading: file, part: sealedPart.body) }
      let writer = SpoolWriter(directory: scratch)
      var reader = message.reader(of: sealedPart, limit: Message.Limits().size)
      while let piece = try reader.next() { try writer.append(piece) }
      return try writer.finish()
    } catch {
      throw TemporaryTrouble("\(error)")
    }
  }
}

/// Why a file is no parcel that could be opened.
public enum ShapeFailure: Error, Hashable, Sendable {
  /// It has no `SocialNet-Parcel`: nothing of ours, not listed, left as it is.
  case notAParcel
  /// It claims to be one: listed, remembered, and left where it lies.
  case refused(Refusal)
  /// The file cannot be read now: try again.
  case troubled(TemporaryTrouble)
}
