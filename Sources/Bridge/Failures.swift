internal import Account
internal import Drivers
internal import MailDriver
internal import Mailbox
internal import Node
internal import OpenPGP
internal import Packets
internal import Pictures
internal import Store

extension OperationFailure {
  /// Anything that a room below throws, as the user reads it.
  init(_ error: any Error) {
    switch error {
    case let failure as OperationFailure: self = failure
    case let failure as StoreFailure: self.init(store: failure)
    case let failure as WishFailure: self.init(wish: failure)
    case let failure as DriverFailure: self.init(driver: failure)
    case let failure as ConfigurationFailure: self.init(failure)
    case let failure as LayoutFailure: self.init(failure)
    case let failure as CredentialFailure: self.init(failure)
    case let failure as DiskFailure: self.init(failure)
    case is HashFailure, is FileFailure: self.init(.inputOutput, "\(error)", remedy: "see that the disk works.")
    case let failure as PictureFailure: self.init(picture: failure)
    case OpenFailure.trouble(let trouble): self.init(trouble: trouble)
    case let failure as AdoptionFailure: self.init(adoption: failure)
    case let failure as CertificateFailure: self.init(certificate: failure)
    case let failure as HomeFailure:
      self.init(
        .unavailable, "The keys cannot be used (\(failure))", remedy: "see that gnupg is installed and gnupg/ can be written.")
    case is CancellationError: self.init(.tryAgain, "It was stopped before it was done", remedy: "call it again.")
    default: self.init(.internalFault, "\(error)", remedy: "`socialnet doctor` shows the present state.")
    }
  }

  /// What a check of the mail account found wrong.
  init(_ finding: MailFinding) {
    let code: ExitCode =
      switch finding.failure {
      case .loginRefused: .refused
      case .files: .inputOutput
      case nil where finding.name == "login": .refused
      default: .unavailable
      }
    self.init(code, finding.said.withoutStop, remedy: finding.remedy.asClause)
  }

  private init(store failure: StoreFailure) {
    switch failure {
    case .newer:
      self.init(.configuration, "The database was made by a newer version of this program", remedy: "install that version again.")
    case .noIdentity: self.init(.configuration, "There is no account here", remedy: "make one with `socialnet setup`.")
    case .full:
      self.init(.inputOutput, "The disk is full, and nothing was changed", remedy: "make room; the daemon goes on by itself.")
    case .disk(let said):
      self.init(
        .inputOutput, "The database cannot be read or written (\(said))",
        remedy: "see that the disk works and has room; the daemon goes on by itself.")
    case .unsure(let said):
      self.init(
        .inputOutput, "The disk did not confirm what was written (\(said)), and it may have taken effect",
        remedy: "look before you say it again; the daemon goes on by itself.")
    case .damaged(let said):
      self.init(.badData, "The database is damaged (\(said))", remedy: "make it anew with `socialnet rebuild`.")
    case .busy: self.init(.tryAgain, "Another program holds the database", remedy: "try again in a moment.")
    case .failed(let said): self.init(.internalFault, said, remedy: "`socialnet doctor` shows the present state.")
    }
  }

  private init(picture failure: PictureFailure) {
    switch failure {
    case .unreadable: self.init(.noInput, "\(failure)", remedy: "check its name and permissions.")
    case .unwritten: self.init(.inputOutput, "\(failure)", remedy: "see that the disk works and has room.")
    case .missingTool: self.init(.unavailable, sentence: "\(failure)")
    case .tooSlow, .interrupted: self.init(.tryAgain, "\(failure)", remedy: "try again.")
    case .notAPicture, .unsupported, .tooLarge, .tooManyPixels, .damaged: self.init(.badData, sentence: "\(failure)")
    }
  }

  private init(adoption failure: AdoptionFailure) {
    switch failure {
    case .certificate(let failure): self.init(certificate: failure)
    case .trouble(let trouble): self.init(trouble: trouble)
    case .expiredOrRevoked, .primaryCannotSign, .cannotDecrypt: self.init(.badData, sentence: "\(failure)")
    }
  }

  private init(certificate failure: CertificateFailure) {
    switch failure {
    case .unknown: self.init(.noInput, "\(failure)", remedy: "see `gpg --list-keys`; --gnupg-home names another GnuPG home.")
    case .trouble(let trouble): self.init(trouble: trouble)
    default: self.init(.badData, "\(failure)", remedy: "take another key.")
    }
  }

  private init(trouble: EngineTrouble) {
    switch trouble {
    case .agentUnreachable, .passphraseNeeded: self.init(.unavailable, sentence: "\(trouble)")
    case .spool: self.init(.inputOutput, sentence: "\(trouble)")
    default: self.init(.tryAgain, "\(trouble)", remedy: "try again; `--verbose` shows more.")
    }
  }

  private init(wish failure: WishFailure) {
    let code: ExitCode =
      switch failure {
      case .noSuchItem, .noSuchRequest, .nothingToStop, .noSuchCircle: .noInput
      case .notYours: .refused
      default: .badData
      }
    self.init(code, sentence: failure.said)
  }

  private init(driver failure: DriverFailure) {
    switch failure {
    case .loginRefused(let said):
      self.init(.refused, said, remedy: "check the user name and the password source.")
    case .unreachable(let said):
      self.init(.unavailable, said, remedy: "check the address, the certificate and the network, and try again.")
    case .confused(let said): self.init(.unavailable, said, remedy: "try again; `--verbose` shows what the server said.")
    case .full(let said):
      self.init(.tryAgain, "The mailbox is full (\(said))", remedy: "make room in it; nothing is lost.")
    case .intake(let said):
      self.init(.inputOutput, said, remedy: "make room on the disk, and see that the folder can be written.")
    }
  }
}

extension String {
  /// Without the full stop, so that a remedy may follow behind a semicolon.
  fileprivate var withoutStop: String { hasSuffix(".") ? String(dropLast()) : self }
  /// As the second half of a sentence.
  fileprivate var asClause: String { prefix(1).lowercased() + dropFirst() }
}
