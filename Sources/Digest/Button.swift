/// A link that opens a mail with the answer filled in (RFC 6068): one tap and Send.
struct Button {
  /// What stands on it.
  var label: String
  /// What the answer says.
  var says: String

  /// `❤`.
  static func like(_ number: Int?) -> Button { Button(label: "❤", says: addressed("❤", to: number)) }
  /// The words are still to be written.
  static func comment(_ number: Int?) -> Button { Button(label: "Comment", says: number.map { "\($0): " } ?? "") }
  /// No more of this conversation.
  static func mute(_ number: Int?) -> Button { Button(label: "Mute", says: addressed("mute", to: number)) }
  /// Yes to a request.
  static func accept(_ number: Int?) -> Button { Button(label: "Accept", says: addressed("accept", to: number)) }
  /// No to a request.
  static func decline(_ number: Int?) -> Button { Button(label: "Decline", says: addressed("decline", to: number)) }
  /// Throws away what still waits.
  static func stop(_ number: Int?) -> Button { Button(label: "Stop", says: addressed("stop", to: number)) }

  private static func addressed(_ verb: String, to number: Int?) -> String { number.map { "\($0) \(verb)" } ?? verb }
}

extension Recipient {
  /// The link of a button in the letter with this subject and reference line. CRLF between lines (RFC 6068 5).
  func link(_ button: Button, subject: String, reference: String) -> String {
    link(subject: subject.hasPrefix("Re: ") ? subject : "Re: " + subject, body: button.says + "\r\n\r\n" + reference)
  }

  /// The link to a letter of this subject and words.
  func link(subject: String, body: String) -> String {
    "mailto:\(percentEncoded(replyTo))?subject=\(percentEncoded(subject))&body=\(percentEncoded(body))"
  }

  private func percentEncoded(_ text: String) -> String {
    let digits = Array("0123456789ABCDEF")
    var encoded = ""
    for byte in text.utf8 {
      let character = Character(Unicode.Scalar(byte))
      if byte < 128, character.isLetter || character.isNumber || "-._~@".contains(character) {
        encoded.append(character)
      } else {
        encoded += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
      }
    }
    return encoded
  }
}
