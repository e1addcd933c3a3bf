internal import Drivers
internal import Mailbox

extension DriverFailure {
  /// What a connection's failure means to the driver's caller.
  init(_ failure: ConnectionFailure) {
    self =
      switch failure {
      case .loginRefused: .loginRefused(failure.description)
      case .certificate, .noStartTLS, .unreachable, .timedOut, .closed, .cancelled: .unreachable(failure.description)
      case .protocolViolation, .commandRefused, .folderChanged: .confused(failure.description)
      case .files: .intake(failure.description)
      }
  }

  /// What ended a pass through a folder.
  init(_ failure: FolderReader.Failure) {
    self =
      switch failure {
      case .connection(let failure): DriverFailure(failure)
      case .intake(let said): .intake(said)
      case .full(let said): .full(said)
      case .message(_, let failure): DriverFailure(failure)
      }
  }
}

extension ConnectionFailure {
  /// Whether the server spoke, and what it said is the trouble.
  var isAboutWords: Bool {
    switch self {
    case .protocolViolation, .commandRefused: true
    default: false
    }
  }

  /// Whether a message that the server cannot cope with, or speaks of in riddles, may be behind it.
  var mayBeOneMessage: Bool {
    switch self {
    case .protocolViolation, .commandRefused, .closed, .unreachable, .timedOut: true
    case .loginRefused, .certificate, .noStartTLS, .folderChanged, .files, .cancelled: false
    }
  }
}

extension FolderReader.Failure {
  /// Whether the conversation goes on, and only this folder is the trouble.
  var concernsOneFolder: Bool {
    switch self {
    case .connection(.commandRefused), .connection(.folderChanged), .full: true
    default: false
    }
  }

  /// Whether a new connection may get further, with more care or without one message.
  var isWorthAnotherTry: Bool {
    switch self {
    case .message: true
    case .connection(let failure): failure.mayBeOneMessage
    case .intake, .full: false
    }
  }
}
