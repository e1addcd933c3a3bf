/// One entity of a message: its headers, what they say about the body, and where the body lies.
public struct Part: Sendable {
  /// In the order in which they stand.
  public let headers: Headers
  /// From Content-Type; `text/plain` where there is none.
  public let contentType: ContentType
  /// How the body is encoded for transfer.
  public let encoding: TransferEncoding
  /// Headers and body in the message's bytes, without the line end that belongs to the boundary behind it (RFC 2046 5.1.1).
  public let entity: Range<Int>
  /// The body in the message's bytes, still encoded for transfer.
  public let body: Range<Int>
  /// A multipart's parts in order, or the one message within `message/rfc822`.
  public let parts: [Part]

  /// From Content-Disposition, if there is one that can be read.
  public var disposition: Disposition? { headers.first("Content-Disposition").flatMap { Disposition($0.unfolded) } }

  /// From Content-ID, without the angle brackets.
  public var contentID: String? { headers.first("Content-ID").flatMap { MessageID.list($0.unfolded).first } }

  /// This part and all below it, in the order in which they stand.
  public var flattened: [Part] { [self] + parts.flatMap(\.flattened) }
}

/// How a body is made fit for transport (RFC 2045 6).
public enum TransferEncoding: Hashable, Sendable {
  /// 7bit, 8bit and binary: as it stands. Unknown encodings are taken so as well.
  case identity
  /// Sixty-four characters for bytes.
  case base64
  /// `=41` for what is not printable.
  case quotedPrintable

  init(_ headers: Headers) {
    switch headers.first("Content-Transfer-Encoding")?.keyword {
    case "base64": self = .base64
    case "quoted-printable": self = .quotedPrintable
    default: self = .identity
    }
  }
}

/// A media type with parameters (RFC 2045 5, RFC 2231).
public struct ContentType: Hashable, Sendable {
  /// In lower case: `text`.
  public var type: String
  /// In lower case: `plain`.
  public var subtype: String
  /// In order, names in lower case, values decoded.
  public var parameters: [Parameter]

  /// A name and its value.
  public struct Parameter: Hashable, Sendable {
    /// In lower case.
    public var name: String
    /// Without quotes.
    public var value: String

    /// A parameter.
    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// A media type, in lower case.
  public init(_ type: String, _ subtype: String, _ parameters: [Parameter] = []) {
    self.type = type
    self.subtype = subtype
    self.parameters = parameters
  }

  /// `text/plain`.
  public var mediaType: String { "\(type)/\(subtype)" }

  /// The value of the first parameter of this name, given in lower case.
  public subscript(name: String) -> String? { parameters.first { $0.name == name }?.value }
}

/// How a part wants to be shown (RFC 2183).
public struct Disposition: Hashable, Sendable {
  /// In lower case: `inline`, `attachment`.
  public var kind: String
  /// In order, names in lower case, values decoded.
  public var parameters: [ContentType.Parameter]

  /// The suggested name: for people, never for a path.
  public var filename: String? { parameters.first { $0.name == "filename" }?.value }
}
