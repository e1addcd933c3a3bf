public import Account
public import Drivers
public import Feed
internal import Mailbox
internal import MailDriver
public import Node
internal import OpenPGP
public import Packets
public import Store

/// Why the bridge did not do something, for the command: what happened, what to do, and with which exit code.
public enum BridgeFailure: Error, Sendable {
  /// No account here, or settings that cannot be read.
  case configuration(String, remedy: String)
  /// The user asked for something that cannot be.
  case refused(String, remedy: String)
  /// There is no such thing.
  case notFound(String, remedy: String)
  /// Data that was given is no good.
  case badData(String, remedy: String)
  /// Server or keys cannot be reached now.
  case unavailable(String, remedy: String)
  /// Login or permission was refused.
  case permission(String, remedy: String)
  /// The disk said no.
  case disk(String, remedy: String)
  /// Try again later.
  case temporary(String)
  /// A fault of this program.
  case fault(String)

  /// What happened.
  public var said: String {
    switch self {
    case .configuration(let said, _), .refused(let said, _), .notFound(let said, _), .badData(let said, _),
      .unavailable(let said, _), .permission(let said, _), .disk(let said, _), .temporary(let said), .fault(let said):
      said
    }
  }

  /// What to do.
  public var remedy: String {
    switch self {
    case .configuration(_, let remedy), .refused(_, let remedy), .notFound(_, let remedy), .badData(_, let remedy),
      .unavailable(_, let remedy), .permission(_, let remedy), .disk(_, let remedy):
      remedy
    case .temporary: "Try again in a while; `socialnet doctor` shows the present state."
    case .fault: "This is a fault of the program; `socialnet doctor` shows the present state."
    }
  }

  /// Of sysexits.h.
  public var exitCode: Int32 {
    switch self {
    case .configuration: 78
    case .refused, .badData: 65
    case .notFound: 66
    case .unavailable: 69
    case .permission: 77
    case .disk: 74
    case .temporary: 75
    case .fault: 70
    }
  }

  /// Anything that a room below throws.
  public init(_ error: any Error) {
    self =
      switch error {
      case let failure as BridgeFailure: failure
      case let failure as StoreFailure: BridgeFailure(store: failure)
      case let failure as WishFailure: BridgeFailure(wish: failure)
      case let failure as DriverFailure: BridgeFailure(driver: failure)
      case let failure as LayoutFailure: .configuration("\(failure)", remedy: "Choose another folder with --home.")
      case let failure as CredentialFailure: .permission("\(failure)", remedy: "Mend [login] in config.toml.")
      case let failure as DiskFailure: .disk("\(failure)", remedy: "Make room on the disk, and see that the folder can be written.")
      case let failure as HomeFailure:
        .unavailable("The keys cannot be used: \(failure)", remedy: "See that gnupg is installed and the folder gnupg/ can be written.")
      case is CancellationError: .temporary("It was stopped before it was done.")
      default: .fault("\(error)")
      }
  }

  private init(store failure: StoreFailure) {
    self =
      switch failure {
      case .newer:
        .configuration("The database was made by a newer version of this program.", remedy: "Install that version again.")
      case .noIdentity: .configuration("There is no account here.", remedy: "Make one with `socialnet setup`.")
      case .full: .disk("The disk is full; nothing was changed.", remedy: "Make room; the daemon goes on by itself.")
      case .damaged(let said): .badData("The database is damaged: \(said).", remedy: "Make it anew with `socialnet rebuild`.")
      case .busy: .temporary("Another program holds the database.")
      case .failed(let said): .fault(said)
      }
  }

  private init(wish failure: WishFailure) {
    let parts = failure.said.split(separator: ";", maxSplits: 1).map(String.init)
    let remedy = parts.count > 1 ? parts[1].trimmed : "See `socialnet help`."
    let said = parts.first ?? failure.said
    self =
      switch failure {
      case .noSuchItem, .noSuchRequest, .nothingToStop, .noSuchCircle: .notFound(said, remedy: remedy)
      case .notYours: .permission(said, remedy: remedy)
      default: .badData(said, remedy: remedy)
      }
  }

  private init(driver failure: DriverFailure) {
    self =
      switch failure {
      case .loginRefused(let said): .permission(said, remedy: "Check the user name and the password source in config.toml.")
      case .unreachable(let said): .unavailable(said, remedy: "Check the address, the certificate and the network; then try again.")
      case .confused(let said): .unavailable(said, remedy: "Try again; `--verbose` shows what the server said.")
      case .intake(let said): .disk(said, remedy: "Make room on the disk, and see that the folder can be written.")
      }
  }
}

extension String {
  fileprivate var trimmed: String {
    var text = self[...]
    while text.first?.isWhitespace == true { text.removeFirst() }
    return text.prefix(1).uppercased() + text.dropFirst()
  }
}
