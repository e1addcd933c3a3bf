internal import MIME

/// Finds the OpenPGP message in a mail: where RFC 3156 has it, or where one of the servers on the way is known to leave it.
///
/// Each of those shapes is named here. What only looks like one of them is somebody's mail, and is not touched: text between armour
/// lines, encryption deeper inside, two encrypted parts, attachments beside one.
enum EncryptedForm {
  /// RFC 3156 4: `multipart/encrypted` of exactly its two parts.
  static func whole(_ part: Part) -> Part? {
    guard isEncrypted(part), types(part) == pair else { return nil }
    return part.parts.last
  }

  /// The shapes that servers make of it. The text that they add is never read.
  static func mangled(_ message: Message) -> Part? {
    guard message.root.contentType.mediaType == "multipart/mixed" else { return nil }
    return mixedUp(message) ?? wrapped(message.root)
  }

  /// Whether a part says of itself that it is encrypted with OpenPGP.
  static func isEncrypted(_ part: Part) -> Bool {
    part.contentType.mediaType == "multipart/encrypted"
      && part.contentType["protocol"]?.lowercased() == "application/pgp-encrypted"
  }

  /// Exchange and Proton Mail Bridge make `multipart/mixed` of it, and put a text before the two parts: Exchange an empty one, or the
  /// organisation's disclaimer; Proton the words "Empty Message". Some gateways add none.
  private static func mixedUp(_ message: Message) -> Part? {
    var parts = message.root.parts[...]
    if let first = parts.first, isAddedText(first) { parts = parts.dropFirst() }
    guard parts.map(\.contentType.mediaType) == pair, let version = parts.first,
      // The type that said it is lost, so the version has to (RFC 3156 4).
      let said = try? message.body(of: version, limit: 1 << 10),
      String(decoding: said, as: UTF8.self).lowercased().split(whereSeparator: \.isWhitespace) == ["version:", "1"]
    else { return nil }
    return parts.last
  }

  /// Mailing lists (Mailman) and providers (Google Workspace) put the whole into a `multipart/mixed`, with a header before it, a footer
  /// behind it, or both.
  private static func wrapped(_ root: Part) -> Part? {
    let encrypted = root.parts.filter(isEncrypted)
    guard let only = encrypted.first, encrypted.count == 1, (2...3).contains(root.parts.count) else { return nil }
    var others = root.parts[...]
    if let first = others.first, isAddedText(first) { others = others.dropFirst() }
    if let last = others.last, isAddedText(last) { others = others.dropLast() }
    return others.count == 1 ? whole(only) : nil
  }

  /// A text that a server adds: plain, shown in line, and short.
  private static func isAddedText(_ part: Part) -> Bool {
    part.contentType.mediaType == "text/plain" && part.disposition.map { $0.kind == "inline" } ?? true
      && part.body.count <= 16 << 10
  }

  private static let pair = ["application/pgp-encrypted", "application/octet-stream"]

  private static func types(_ part: Part) -> [String] { part.parts.map(\.contentType.mediaType) }
}
