internal import CGPGME

/// A trouble of this machine, never a peer's doing: the same operation may succeed later.
public enum EngineTrouble: Error, Equatable {
  /// The operation took longer than ``KeyHome/Configuration/patience``. A parcel that does so again and again is itself the cause.
  case timedOut
  /// The task that asked was cancelled.
  case cancelled
  /// The home was stopped.
  case stopped
  /// No agent answers, so secret keys cannot be used: start the user's gpg-agent, or look why ours does not run.
  case agentUnreachable
  /// The agent wants a passphrase and there is nobody to ask: unlock the key once with any program that uses it.
  case passphraseNeeded
  /// Bytes could not be kept or read back.
  case spool(SpoolFailure)
  /// gpg ended before it said how it went: killed, by its limits perhaps. A parcel that does so again and again is itself the cause.
  case died
  /// gpg or GPGME refused, with its sentence.
  case engine(String)

  /// The trouble that an error of GPGME stands for.
  static func engine(_ error: gpgme_error_t) -> EngineTrouble {
    if let trouble = agent(gpgme_err_code(error)) { return trouble }
    var text = [CChar](repeating: 0, count: 200)
    _ = unsafe gpgme_strerror_r(error, &text, text.count)
    return .engine(String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
  }

  /// What keeps an agent from using a secret key that it has, if the code says that.
  static func agent(_ code: gpg_err_code_t) -> EngineTrouble? {
    switch code {
    case GPG_ERR_NO_PIN_ENTRY, GPG_ERR_PIN_ENTRY, GPG_ERR_NO_PASSPHRASE, GPG_ERR_BAD_PASSPHRASE, GPG_ERR_FULLY_CANCELED:
      .passphraseNeeded
    case GPG_ERR_NO_AGENT, GPG_ERR_AGENT, GPG_ERR_NO_SCDAEMON, GPG_ERR_CARD, GPG_ERR_CARD_REMOVED, GPG_ERR_CARD_NOT_PRESENT:
      .agentUnreachable
    default: nil
    }
  }
}

/// What an operation throws. Inside an operation anything may be thrown; at its end ``KeyHome/perform(_:)`` gives it its type.
protocol OperationFailure: Error {
  static func trouble(_ trouble: EngineTrouble) -> Self
  /// Takes over a failure of a part of the operation.
  static func part(_ failure: any Error) -> Self?
}

extension OperationFailure {
  static func part(_ failure: any Error) -> Self? { nil }

  /// The failure of the whole operation, from whatever was thrown within it.
  init(_ thrown: any Error) {
    self =
      switch thrown {
      case let failure as Self: failure
      case let trouble as EngineTrouble: .trouble(trouble)
      case let failure as SpoolFailure: .trouble(.spool(failure))
      default: Self.part(thrown) ?? .trouble(.engine("\(thrown)"))
      }
  }
}
