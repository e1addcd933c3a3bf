internal import Account
internal import FoundationEssentials
internal import MIME
internal import OpenPGP
internal import Packets

extension Bridge {
  /// The identity's key, as the OpenPGP room names it.
  var key: Key {
    get throws {
      guard let key = Key(fingerprint: me.bytes) else { throw OperationFailure(.configuration, "no key of version 4 is set") }
      return key
    }
  }

  /// A letter as the user wants it: as it is, or signed and encrypted to the user's own key (RFC 3156 6.2), its subject inside.
  func sealedToUser(_ letter: [UInt8]) async throws -> [UInt8] {
    guard configuration.digest.encrypt else { return letter }
    let message = try Message(letter)
    let outside = [
      "from", "to", "reply-to", "date", "message-id", "references", "auto-submitted", "list-id", "x-auto-response-suppress",
    ]
    let inner = try message.headers.filter {
      ["subject", "mime-version"].contains($0.name.lowercased()) || $0.name.lowercased().hasPrefix("content-")
    }
    .map { try HeaderField($0.name, tokens: $0.unfolded).bytes }
    let body = try message.bytes(in: message.root.body)
    let sealed = try await keyring.home().seal(Spool(Array(inner.joined()) + [13, 10] + body), by: key, to: [key])
    guard let piece = try sealed.piece(for: key) else { throw OperationFailure(.internalFault, "a letter could not be sealed") }
    var headers = try message.headers.filter { outside.contains($0.name.lowercased()) }
      .map { try HeaderField($0.name, tokens: $0.unfolded) }
    headers += [try HeaderField("Subject", tokens: "[...]"), try HeaderField("MIME-Version", tokens: "1.0")]
    let version = Entity([], ContentType("application", "pgp-encrypted"), .text("Version: 1\n"))
    // RFC 3156 4: armor goes as it is, in 7bit; not every mail program undoes a transfer encoding before it decrypts.
    let ciphertext = Entity(
      [], ContentType("application", "octet-stream"),
      .lines { sink throws(WritingFailure) in
        var armor = piece.armored
        while true {
          let bytes: [UInt8]?
          do { bytes = try armor.next() } catch { throw .sink(reason: "\(error)") }
          guard let bytes else { return }
          try sink(bytes)
        }
      })
    let type = ContentType("multipart", "encrypted", [.init("protocol", "application/pgp-encrypted")])
    let boundary = "=_" + Hash.of(letter).text.prefix(32)
    return try Entity(headers, type, .parts([version, ciphertext], boundary: boundary)).bytes()
  }
}
