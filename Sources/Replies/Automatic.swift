internal import MIME

/// Why a mail is not written by a person.
public enum Automatic: String, Sendable {
  /// The bridge's own, come back.
  case ownMark
  /// Auto-Submitted says so (RFC 3834 5).
  case autoSubmitted
  /// Precedence is bulk, junk or auto_reply; or an older mark of the same kind.
  case precedence
  /// A mailing list sent it on.
  case list
  /// It came from nobody, as bounces do.
  case nullReturnPath
  /// A report on delivery or reading.
  case report
  /// An answer to an appointment.
  case calendar

  /// Headers are parsed, not searched. X-Auto-Response-Suppress says nothing about the mail that bears it: Outlook's own answers do.
  init?(_ mail: Message) {
    let headers = mail.headers
    func keyword(_ name: String, isOneOf words: Set<String>) -> Bool { headers.all(name).contains { words.contains($0.keyword) } }
    let types = mail.root.flattened.map(\.contentType)
    if headers.count(of: "SocialNet-Letter") + headers.count(of: "SocialNet-Parcel") > 0 {
      self = .ownMark
    } else if headers.all("Auto-Submitted").contains(where: { $0.keyword != "no" }) {
      self = .autoSubmitted
    } else if keyword("Precedence", isOneOf: ["bulk", "junk", "auto_reply"])
      || headers.count(of: "X-Autoreply") + headers.count(of: "X-Autorespond") > 0
    {
      self = .precedence
    } else if headers.count(of: "List-Id") + headers.count(of: "List-Post") + headers.count(of: "List-Unsubscribe") > 0
      || keyword("Precedence", isOneOf: ["list"])
    {
      self = .list
    } else if headers.all("Return-Path").contains(where: { $0.unfolded == "<>" }) {
      self = .nullReturnPath
    } else if types.contains(where: { $0.mediaType == "multipart/report" || $0.subtype == "disposition-notification" }) {
      self = .report
    } else if types.contains(where: { $0.mediaType == "text/calendar" || $0.mediaType == "application/ics" }) {
      self = .calendar
    } else {
      return nil
    }
  }
}
