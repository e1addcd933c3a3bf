internal import CGMime

extension Message {
  /// The words of a text part as UTF-8 with LF line ends: its charset decoded, and for text/plain its flowed lines joined. HTML stays
  /// HTML (see ``HTMLText``).
  ///
  /// - Parameter limit: bytes of the decoded body.
  public func text(of part: Part, limit: Int) throws(MessageFailure) -> String {
    let bytes = try body(of: part, limit: limit)
    let text = Charset.decode(bytes, part.contentType["charset"] ?? "utf-8").replacingNUL
    let type = part.contentType
    guard type.mediaType == "text/plain", type["format"]?.lowercased() == "flowed" else {
      return text.lines.joined(separator: "\n")
    }
    return FormatFlowed.decode(text, deletesSpace: type["delsp"]?.lowercased() == "yes")
  }
}

/// Text in the charsets of the world, through iconv, with GMime's knowledge of their many names.
public enum Charset {
  /// The text as UTF-8. Bytes that the charset has not become U+FFFD; an unknown charset is taken for UTF-8, and what claims to be
  /// UTF-8 or ASCII and is not, for Windows-1252, as mail programs do.
  public static func decode(_ bytes: [UInt8], _ charset: String) -> String {
    let name = charset.lowercased()
    if ["utf-8", "utf8", "us-ascii", "ascii"].contains(name) {
      return String(validating: bytes, as: UTF8.self) ?? converted(bytes, "windows-1252")
        ?? String(decoding: bytes, as: UTF8.self)
    }
    return converted(bytes, name) ?? String(decoding: bytes, as: UTF8.self)
  }

  private static func converted(_ bytes: [UInt8], _ charset: String) -> String? {
    GMime.withTables()
    guard let converter = unsafe g_mime_iconv_open("UTF-8", charset), Int(bitPattern: converter) != -1 else { return nil }
    defer { unsafe _ = g_mime_iconv_close(converter) }
    var input = bytes
    var output: [UInt8] = []
    unsafe input.withUnsafeMutableBytes { buffer in
      var next = unsafe buffer.baseAddress?.assumingMemoryBound(to: CChar.self)
      var left = buffer.count
      while left > 0 {
        let before = left
        let piece = unsafe [UInt8](unsafeUninitializedCapacity: 4096) { room, count in
          var end = unsafe UnsafeMutableRawPointer(room.baseAddress)?.assumingMemoryBound(to: CChar.self)
          var free = 4096
          unsafe _ = iconv(converter, &next, &left, &end, &free)
          count = 4096 - free
        }
        output += piece
        guard left > 0, piece.isEmpty, left == before else { continue }
        // A byte that the charset has not, or a character cut short at the end.
        output += "\u{FFFD}".utf8
        unsafe next = next.map { unsafe $0 + 1 }
        left -= 1
      }
    }
    return String(decoding: output, as: UTF8.self)
  }
}
