/// Paragraphs in plain text that may be wrapped anew (RFC 3676).
public enum FormatFlowed {
  /// Joins the lines that belong together. Quotation comes out as one `> ` a level in front of each paragraph.
  ///
  /// - Parameter deletesSpace: `delsp=yes`: the space that marks a soft break is not part of the text.
  public static func decode(_ text: String, deletesSpace: Bool = false) -> String {
    var paragraphs: [String] = []
    var open: (depth: Int, text: String)?
    func finished(_ paragraph: (depth: Int, text: String)) -> String {
      let quotes = String(repeating: "> ", count: paragraph.depth)
      return paragraph.text.isEmpty ? String(quotes.dropLast()) : quotes + paragraph.text
    }
    for line in text.lines {
      let quotes = line.utf8.prefix { $0 == UInt8(ascii: ">") }.count
      var content = line.utf8.dropFirst(quotes)
      if content.first == UInt8(ascii: " ") { content = content.dropFirst() }  // space-stuffing
      let isSignature = content.elementsEqual("-- ".utf8)
      // A soft break only joins what stands at one level of quotation.
      if let paragraph = open, paragraph.depth != quotes || isSignature {
        paragraphs.append(finished(paragraph))
        open = nil
      }
      let isSoft = content.last == UInt8(ascii: " ") && !isSignature
      if isSoft, deletesSpace { content = content.dropLast() }
      let paragraph = (depth: quotes, text: (open?.text ?? "") + String(Substring(content)))
      if isSoft {
        open = paragraph
      } else {
        paragraphs.append(finished(paragraph))
        open = nil
      }
    }
    if let open { paragraphs.append(finished(open)) }
    return paragraphs.joined(separator: "\n")
  }

  /// Breaks paragraphs softly so that no line is longer than `width` columns, if its words allow it; LF line ends.
  ///
  /// Each line is a paragraph. Lines that begin with `>`, a space or `From ` are stuffed with a space, so that they are neither
  /// quotation nor changed on the way.
  public static func encode(_ text: String, width: Int = 72) -> String {
    text.lines.map { paragraph in wrapped(paragraph, width).joined(separator: "\n") }.joined(separator: "\n")
  }

  private static func wrapped(_ paragraph: Substring, _ width: Int) -> [String] {
    // A space at a line's end would make it flow into the next; only the signature mark has a right to it.
    var rest = paragraph == "-- " ? paragraph : paragraph.trimmingTrailingSpaces
    var lines: [String] = []
    repeat {
      let stuffing = rest.first == " " || rest.first == ">" || rest.hasPrefix("From ") ? " " : ""
      let room = width - stuffing.count
      guard rest.count > room, let space = breakingPoint(rest, room) else {
        lines.append(stuffing + rest)
        break
      }
      lines.append(stuffing + rest[...space])
      rest = rest[rest.index(after: space)...]
    } while !rest.isEmpty
    return lines
  }

  /// The last space that leaves a line within the room, or the first behind it. Never among leading spaces, and never so that the
  /// line would be a signature mark.
  private static func breakingPoint(_ rest: Substring, _ room: Int) -> Substring.Index? {
    let indent = rest.hasPrefix("-- ") ? rest.index(rest.startIndex, offsetBy: 3) : rest.prefix { $0 == " " }.endIndex
    let fitting = rest.prefix(room)
    if let space = fitting.lastIndex(of: " "), space >= indent { return space }
    return rest[max(indent, fitting.endIndex)...].firstIndex(of: " ")
  }
}

extension StringProtocol {
  /// Its lines, ended by LF or CRLF; a line end at the end begins no further line.
  var lines: [SubSequence] {
    var lines = split(omittingEmptySubsequences: false) { $0 == "\n" || $0 == "\r\n" }
    if lines.last?.isEmpty == true { lines.removeLast() }
    return lines
  }

  var trimmingTrailingSpaces: SubSequence {
    var rest = self[...]
    while rest.last == " " { rest.removeLast() }
    return rest
  }
}
