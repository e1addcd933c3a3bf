internal import FoundationEssentials

/// Base64 in lines (RFC 2045 6.8).
enum Base64 {
  /// Bytes of a full line of 76 characters.
  static let lineLength = 57

  /// The characters for these bytes, without line ends.
  static func line(_ bytes: [UInt8]) -> [UInt8] { Array(Data(bytes).base64EncodedData()) }

  /// Lines of 76 characters, each with its CRLF.
  static func lines(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
    guard !bytes.isEmpty else { return [] }
    let options: Data.Base64EncodingOptions = [.lineLength76Characters, .endLineWithCarriageReturn, .endLineWithLineFeed]
    return Array(Data(bytes).base64EncodedData(options: options)) + crlf
  }
}

/// Quoted-printable text (RFC 2045 6.7).
enum QuotedPrintable {
  /// Each line with its CRLF; none longer than 76 characters.
  static func encode(_ text: String) -> [UInt8] {
    var output: [UInt8] = []
    for line in text.lines {
      var column = 0
      let bytes = Array(line.utf8)
      for (index, byte) in bytes.enumerated() {
        let isLast = index == bytes.count - 1
        let isSpace = byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\t")
        let isPlain = (33...126).contains(byte) && byte != UInt8(ascii: "=") || isSpace && !isLast
        // A dot alone and `From ` are safe behind this too: no program between has to touch them.
        let isRisky = column == 0 && (byte == UInt8(ascii: ".") || byte == UInt8(ascii: "F"))
        let piece = isPlain && !isRisky ? [byte] : escaped(byte)
        if column + piece.count > (isLast ? 76 : 75) {
          output += Array("=\r\n".utf8)
          column = 0
        }
        output += piece
        column += piece.count
      }
      output += crlf
    }
    return output
  }

  private static func escaped(_ byte: UInt8) -> [UInt8] {
    let digits = Array("0123456789ABCDEF".utf8)
    return [UInt8(ascii: "="), digits[Int(byte >> 4)], digits[Int(byte & 15)]]
  }
}

let crlf: [UInt8] = [13, 10]
