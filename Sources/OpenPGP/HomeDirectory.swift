internal import FoundationEssentials
private import Glibc

/// A GnuPG home of ours on disk: the directory and the options that gpg reads there.
struct HomeDirectory {
  let url: URL

  /// The longest path of a home, in bytes: the agent's sockets lie below it, and a socket's path ends at 107 bytes.
  static let longestPath = 80

  /// Options for every operation in every home. What GPGME passes on the command line comes on top.
  private static let options = """
    # Written by the program at each start.
    # Agents are started by the program alone: one that gpg starts would inherit the launcher's limits.
    no-autostart
    # Nothing is ever asked of the network, and no key enters a keyring unasked.
    disable-dirmngr
    no-auto-key-locate
    no-auto-key-retrieve
    no-auto-key-import
    # Who is trusted is decided by pinned fingerprints, never by the web of trust.
    trust-model always
    no-auto-check-trustdb
    # What this side writes (Protocol, "Parcel").
    cipher-algo AES256
    digest-algo SHA512
    compress-algo none
    no-throw-keyids
    no-encrypt-to
    # A machine without a battery begins in 1970: keys and signatures of tomorrow are as good as those of yesterday.
    ignore-time-conflict
    ignore-valid-from
    # A message that hides its recipients would make gpg try every secret key.
    skip-hidden-recipients
    # A certificate of ours: one user id, and only subkeys that decrypt: none that signs, so that the primary key does.
    export-options export-minimal
    export-filter keep-uid=primary = 1
    export-filter drop-subkey=usage !~ e || usage =~ s
    """

  /// Our agent keeps software keys only.
  private static let agentOptions = "disable-scdaemon\n"

  /// Makes the directory and writes its options; a directory that is there already is kept.
  init(preparing url: URL) throws {
    guard url.path.utf8.count <= Self.longestPath else { throw HomeFailure.pathTooLong(limit: Self.longestPath) }
    self.url = url
    do {
      let manager = FileManager.default
      try manager.createDirectory(at: url, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      try manager.setAttributes([.posixPermissions: 0o700], ofItemAtPath: url.path)
      try Data((Self.options + "\n").utf8).write(to: url.appending(path: "gpg.conf"), options: .atomic)
      try Data(Self.agentOptions.utf8).write(to: url.appending(path: "gpg-agent.conf"), options: .atomic)
    } catch {
      throw HomeFailure.unwritable(path: url.path, reason: "\(error)")
    }
  }

  private static let throwawayPrefix = "home-"

  /// Makes the private directory for short-lived files, and removes what a process left there that is no more.
  static func prepareScratch(_ directory: URL) throws(HomeFailure) {
    let manager = FileManager.default
    do {
      try manager.createDirectory(at: directory, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
      for name in try manager.contentsOfDirectory(atPath: directory.path) where name.hasPrefix(throwawayPrefix) {
        let owner = name.dropFirst(throwawayPrefix.count).prefix(while: \.isNumber)
        guard let process = pid_t(owner), kill(process, 0) != 0, errno == ESRCH else { continue }
        try manager.removeItem(at: directory.appending(path: name))
      }
    } catch {
      throw .unwritable(path: directory.path, reason: "\(error)")
    }
  }

  /// Lends an empty home in `directory`, and removes it with everything in it.
  static func withThrowaway<Value>(in directory: URL, _ body: (URL) throws -> Value) throws -> Value {
    let url = directory.appending(path: "\(throwawayPrefix)\(getpid())-\(UUID().uuidString.prefix(8))")
    defer { try? FileManager.default.removeItem(at: url) }
    return try body(HomeDirectory(preparing: url).url)
  }
}

/// Why a home cannot be used.
public enum HomeFailure: Error, Equatable {
  /// The path of the home is too long for the agent's sockets: choose a shorter one, of at most `limit` bytes.
  case pathTooLong(limit: Int)
  /// The directory or its options could not be written.
  case unwritable(path: String, reason: String)
  /// GnuPG does not run here, or its agent does not.
  case trouble(EngineTrouble)
}

extension HomeFailure: OperationFailure {}
