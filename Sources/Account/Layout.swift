public import FoundationEssentials
public import Packets

/// Where the things of one account lie on disk (article "Data on disk").
public struct Layout: Hashable, Sendable {
  /// Holds `config.toml`.
  public let configurationDirectory: URL
  /// Holds everything that must last.
  public let stateDirectory: URL
  /// Sockets.
  public let sockets: URL

  /// The longest path of a GnuPG home, in bytes: beyond it the agent's socket has no room in a `sockaddr_un`.
  public static let longestGnuPGPath = 80

  private init(configuration: URL, state: URL, sockets: URL) {
    configurationDirectory = configuration
    stateDirectory = state
    self.sockets = sockets
  }

  /// Everything under one folder.
  public init(home: URL) {
    self.init(configuration: home, state: home, sockets: home.appending(path: "sockets", directoryHint: .isDirectory))
  }

  /// Everything under `home` (`--home`), else under `SOCIALNET_HOME`, else where the XDG Base Directory Specification puts it.
  ///
  /// - Parameters:
  ///   - home: what the user said on the command line; a relative path counts from `workingDirectory`.
  ///   - environment: the process's own.
  ///   - workingDirectory: the process's own.
  /// - Throws: ``LayoutFailure`` where there is no home directory at all, or a path is too long for GnuPG.
  public init(home: String?, environment: [String: String], workingDirectory: URL) throws(LayoutFailure) {
    func folder(_ path: String, from base: URL) -> URL {
      URL(filePath: path, directoryHint: .isDirectory, relativeTo: base).standardizedFileURL
    }
    func absolute(_ name: String) -> URL? {
      // The specification: a relative path in these variables is to be ignored.
      environment[name].flatMap { $0.hasPrefix("/") ? folder($0, from: workingDirectory) : nil }
    }
    if let home = home ?? environment["SOCIALNET_HOME"], !home.isEmpty {
      self.init(home: folder(home, from: workingDirectory))
    } else {
      guard let user = absolute("HOME") else { throw .noHome }
      func ours(_ variable: String, else usual: String) -> URL {
        let base = absolute(variable) ?? user.appending(path: usual, directoryHint: .isDirectory)
        return base.appending(path: "socialnet", directoryHint: .isDirectory)
      }
      let state = ours("XDG_STATE_HOME", else: ".local/state")
      self.init(
        configuration: ours("XDG_CONFIG_HOME", else: ".config"), state: state,
        sockets: absolute("XDG_RUNTIME_DIR")?.appending(path: "socialnet", directoryHint: .isDirectory)
          ?? state.appending(path: "sockets", directoryHint: .isDirectory))
    }
    let path = Self.path(of: gnupg)
    guard path.utf8.count <= Self.longestGnuPGPath else { throw .gnupgPathTooLong(path) }
  }

  /// The settings, written at setup and only read afterwards.
  public var configuration: URL { configurationDirectory.appending(path: "config.toml") }
  /// A password that was typed at setup, if one was.
  public var password: URL { configurationDirectory.appending(path: "password") }
  /// The view: everything in it can be made again from the mailbox and the keys.
  public var database: URL { stateDirectory.appending(path: "socialnet.sqlite") }
  /// Our own GnuPG home.
  public var gnupg: URL { directory("gnupg") }
  /// Parcels received and not yet processed.
  public var inpackets: URL { directory("inpackets") }
  /// Parcels sealed and not yet handed over.
  public var outpackets: URL { directory("outpackets") }
  /// What was kept out, with the reason beside.
  public var refused: URL { directory("refused") }
  /// Pictures, named by their SHA-256.
  public var blobs: URL { directory("blobs") }

  /// Makes every folder that is not there yet, readable by the user alone.
  public func create() throws(LayoutFailure) {
    for folder in [configurationDirectory, stateDirectory, gnupg, inpackets, outpackets, refused, blobs, sockets] {
      try Self.makePrivateDirectory(folder)
    }
  }

  /// The file of a picture.
  public func blob(_ sha256: Hash) -> URL { blobs.appending(path: sha256.text) }

  private func directory(_ name: String) -> URL { stateDirectory.appending(path: name, directoryHint: .isDirectory) }

  private static func makePrivateDirectory(_ folder: URL) throws(LayoutFailure) {
    var isDirectory = false
    let manager = FileManager.default
    if manager.fileExists(atPath: path(of: folder), isDirectory: &isDirectory) {
      guard isDirectory else { throw .notADirectory(path(of: folder)) }
      return
    }
    let parent = folder.deletingLastPathComponent()
    if parent != folder { try makePrivateDirectory(parent) }
    do {
      try manager.createDirectory(
        at: folder, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    } catch {
      // Another process may have made it meanwhile.
      guard manager.fileExists(atPath: path(of: folder), isDirectory: &isDirectory), isDirectory else {
        throw .cannotCreate(path(of: folder))
      }
    }
  }

  /// The path of a folder without a slash at its end.
  private static func path(of folder: URL) -> String {
    let path = folder.path(percentEncoded: false)
    return path.count > 1 && path.hasSuffix("/") ? String(path.dropLast()) : path
  }
}

/// Why an account has no place on this disk.
public enum LayoutFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// Neither `--home` nor `SOCIALNET_HOME` nor `HOME` says where to.
  case noHome
  /// The agent's socket would not fit.
  case gnupgPathTooLong(String)
  /// Something else has the name of a folder.
  case notADirectory(String)
  /// The disk or its permissions say no.
  case cannotCreate(String)

  /// One sentence that says what to do.
  public var description: String {
    switch self {
    case .noHome: "there is no home directory; say where to with --home DIR"
    case .gnupgPathTooLong(let path):
      "the GnuPG folder \(path) would have \(path.utf8.count) characters, and its agent works with \(Layout.longestGnuPGPath) at most; choose a shorter --home"
    case .notADirectory(let path): "\(path) is not a folder; move it away or choose another --home"
    case .cannotCreate(let path): "the folder \(path) cannot be made; check who may write there"
    }
  }
}
