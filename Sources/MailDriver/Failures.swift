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
      case .poison(let uid): .confused("the server cannot say what message \(uid) is; the others are read without it.")
      }
  }
}
