internal import Bridge
internal import FoundationEssentials

/// One JSON object, `{"schema": 1, …}`. The schema number changes when a key is renamed or taken out, not when one is added.
enum JSON {
  /// The version of the contract (article "Command").
  static let schema = 1

  /// The object as bytes, with a line end.
  static func object(_ data: some Encodable) throws(OperationFailure) -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      return Array(try encoder.encode(Numbered(data: data))) + [UInt8(ascii: "\n")]
    } catch {
      throw OperationFailure(.internalFault, "the answer could not be written as JSON", remedy: "please report this")
    }
  }

  /// The data's own keys, and the schema's beside them.
  private struct Numbered<Data: Encodable>: Encodable {
    let data: Data
    enum CodingKeys: CodingKey { case schema }

    func encode(to encoder: any Encoder) throws {
      try data.encode(to: encoder)
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(JSON.schema, forKey: .schema)
    }
  }
}

/// A value that stands in JSON as `null` where it is missing, so that every key is always there.
@propertyWrapper
struct OrNull<Value: Encodable>: Encodable {
  var wrappedValue: Value?

  init(wrappedValue: Value?) { self.wrappedValue = wrappedValue }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    if let wrappedValue { try container.encode(wrappedValue) } else { try container.encodeNil() }
  }
}

/// What was wrong, on standard error.
struct ErrorOutput: Encodable {
  var error: Failure

  struct Failure: Encodable {
    /// The exit code.
    var code: Int32
    var message: String
    var remedy: String

    init(_ failure: OperationFailure) {
      code = failure.code.rawValue
      message = failure.message
      remedy = failure.remedy
    }
  }
}
