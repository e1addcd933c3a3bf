internal import Feed
internal import MIME
internal import Packets

/// The headers and parts around a page (Mailbox etiquette, "Form").
struct Envelope {
  var recipient: Recipient
  var stamp: LetterWriter.Stamp
  var kind: SentLetter.Kind
  var subject: String
  /// What stands before the address in From; the address is always the user's own.
  var from: String

  /// The token makes it unique, and is recognised in In-Reply-To and References.
  static func messageID(_ token: LetterToken, _ recipient: Recipient) -> String { "socialnet-\(token.text)@\(recipient.domain)" }

  /// multipart/alternative: the text, and the HTML with its pictures.
  func message(text: String, html: HTMLForm) throws(WritingFailure) -> Entity {
    let plain = Entity(
      [], ContentType("text", "plain", [.init("charset", "utf-8"), .init("format", "flowed")]), .text(FormatFlowed.encode(text)))
    let web = Entity([], ContentType("text", "html", [.init("charset", "utf-8")]), .text(html.html))
    var pictures: [Entity] = []
    for (index, thumbnail) in html.thumbnails.enumerated() { pictures.append(try picture(thumbnail, number: index + 1)) }
    let related = Entity(
      [], ContentType("multipart", "related", [.init("type", "text/html")]),
      .parts([web] + pictures, boundary: boundary("related")))
    return Entity(
      try headers(), ContentType("multipart", "alternative"),
      .parts([plain, pictures.isEmpty ? web : related], boundary: boundary("letter")))
  }

  private func headers() throws(WritingFailure) -> [HeaderField] {
    let own = Address(name: from, recipient.address).map { [$0] } ?? []
    let answers = Address(recipient.replyTo).map { [$0] } ?? []
    var headers = [
      try HeaderField("From", own),
      try HeaderField("To", answers),
      try HeaderField("Reply-To", answers),
      try HeaderField("Subject", text: subject),
      try HeaderField("Date", tokens: LocalTime(stamp.date, in: recipient.zone).mailDate),
      try HeaderField("Message-ID", ids: [Self.messageID(stamp.token, recipient)]),
    ]
    if let parent = stamp.follows.last {
      headers.append(try HeaderField("In-Reply-To", ids: [parent]))
      headers.append(try HeaderField("References", ids: stamp.follows))
    }
    let pause = recipient.link(subject: "pause", body: "pause 7d\r\n\r\n" + Page.reference(stamp.token.text))
    return headers + [
      try HeaderField("List-Id", tokens: "SocialNet <socialnet.\(recipient.domain)>"),  // RFC 2919
      try HeaderField("List-Post", tokens: "<\(recipient.link(subject: "post", body: ""))>"),  // RFC 2369 3.4
      try HeaderField("List-Unsubscribe", tokens: "<\(pause)>"),  // RFC 2369 3.2
      try HeaderField("Auto-Submitted", tokens: "auto-generated"),  // RFC 3834 5
      try HeaderField("X-Auto-Response-Suppress", tokens: "All"),
      try HeaderField("SocialNet-Letter", tokens: kind.rawValue),  // our own mark against loops
      try HeaderField("MIME-Version", tokens: "1.0"),
    ]
  }

  private func picture(_ thumbnail: Thumbnail, number: Int) throws(WritingFailure) -> Entity {
    let type = thumbnail.type == "image/png" ? "png" : "jpeg"
    return Entity(
      [
        try HeaderField("Content-ID", ids: [HTMLForm.contentID(number, stamp.token, recipient)]),
        try HeaderField("Content-Disposition", tokens: "inline; filename=photo-\(number).\(type)"),
      ], ContentType("image", type), .bytes(thumbnail.bytes))
  }

  /// The token is not known before the letter is sent, so no friend's words can hold a line of it.
  private func boundary(_ name: String) -> String { "=_\(name)-\(stamp.token.text)" }
}
