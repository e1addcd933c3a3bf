public import Feed

/// A letter, ready to be sent.
public struct Letter: Hashable, Sendable {
  /// What must be remembered to understand the answer.
  public var record: SentLetter
  /// The message, CRLF line ends.
  public var bytes: [UInt8]
}

/// Why a letter is not written.
public enum LetterFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// No mail address: the configuration must name another.
  case badAddress(String)
  /// The message cannot be made; the reason is a sentence. A fault of this program.
  case notWritten(reason: String)

  /// One sentence.
  public var description: String {
    switch self {
    case .badAddress(let address): "\"\(address)\" is no mail address; the configuration must name another."
    case .notWritten(let reason): "A letter could not be written: \(reason)"
    }
  }
}
