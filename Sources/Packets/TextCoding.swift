/// Names that stand in JSON as their one text form.
public protocol TextForm: Codable {
  /// Reads the text form.
  init?(text: some StringProtocol)
  /// The text form.
  var text: String { get }
}

extension TextForm {
  /// Reads the text form out of a JSON string.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let value = Self(text: text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "no \(Self.self)")
    }
    self = value
  }

  /// Writes the text form as a JSON string.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(text)
  }
}

extension Author: TextForm {}
extension Fingerprint: TextForm {}
extension Hash: TextForm {}
extension StreamID: TextForm {}
extension PacketID: TextForm {}

/// Bytes that stand in JSON as base64url.
@propertyWrapper
public struct Base64: Hashable, Sendable, Codable {
  /// The bytes.
  public var wrappedValue: [UInt8]

  /// Wraps bytes.
  public init(wrappedValue: [UInt8]) { self.wrappedValue = wrappedValue }

  /// Reads base64url.
  public init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    guard let bytes = Base64URL.decode(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "no base64url")
    }
    wrappedValue = bytes
  }

  /// Writes base64url.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(Base64URL.encode(wrappedValue))
  }
}

extension KeyedDecodingContainer {
  /// Bytes that are not there are none: what was written before they had a place can still be read.
  public func decode(_ type: Base64.Type, forKey key: Key) throws -> Base64 {
    try decodeIfPresent(type, forKey: key) ?? Base64(wrappedValue: [])
  }
}

extension Instant: Codable {
  /// Reads milliseconds since 1970.
  public init(from decoder: any Decoder) throws {
    self.init(milliseconds: try decoder.singleValueContainer().decode(Int64.self))
  }

  /// Writes milliseconds since 1970.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(milliseconds)
  }
}
