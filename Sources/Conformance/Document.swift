internal import Packets

/// A packet as a transcript lets somebody write it: text, so that it may say what this program never would.
struct Document {
  let id: String
  let author: Author
  let created: Instant
  let stream: Packet.Stream?
  let line: Transcript.Written

  init(id: String, author: Author, created: Instant, stream: Packet.Stream?, _ line: Transcript.Written) {
    (self.id, self.author, self.created, self.stream, self.line) = (id, author, created, stream, line)
  }

  /// The document; `value` says what stands for the words between `{{` and `}}`.
  func text(_ value: ([Substring]) throws -> String) throws -> String {
    var text =
      "<packet xmlns=\"urn:socialnet:1\" version=\"1.0\" id=\"\(id)\" author=\"\(author.text)\" created=\"\(created.text)\">\n"
    if let stream {
      let to = stream.to.map { " to=\"\($0.text)\"" } ?? ""
      text += "  <stream id=\"\(stream.id.text)\" sequence=\"\(stream.sequence)\"\(to)/>\n"
    }
    text += "  \(try Self.filled(line.action, value))\n"
    if let fallback = line.fallback { text += "  <fallback>\(fallback)</fallback>\n" }
    return text + "</packet>"
  }

  private static func filled(_ text: String, _ value: ([Substring]) throws -> String) throws -> String {
    try text.replacing(/\{\{(.*?)\}\}/) { try value($0.output.1.split(separator: " ")) }
  }
}
