public import FoundationEssentials
internal import Subprocess
internal import SystemPackage

/// Where a password or an OAuth token comes from. It is asked for anew at each login, and kept nowhere.
public enum PasswordSource: Hashable, Sendable {
  /// A line for `/bin/sh -c`, whose first line of output is the secret: `pass show mail/anna`.
  case shell(String)
  /// A program and its arguments, without a shell.
  case program([String])
  /// A file whose first line is the secret.
  case file(URL)
}

/// A secret that was fetched, and what is wrong with how it is kept.
public struct Credential: Sendable {
  /// The password or the token.
  public var secret: Secret<String>
  /// A sentence for the log and `doctor`, for example that others on this machine can read the file.
  public var warning: String?
}

extension PasswordSource {
  /// What a password command sees of the environment: enough to find programs, agents and a desktop's secret store.
  public static let passedOn = [
    "PATH", "HOME", "USER", "LOGNAME", "LANG", "LC_ALL", "TZ", "XDG_RUNTIME_DIR", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
    "DBUS_SESSION_BUS_ADDRESS", "DISPLAY", "WAYLAND_DISPLAY", "GNUPGHOME", "GPG_TTY", "PASSWORD_STORE_DIR", "SSH_AUTH_SOCK",
  ]

  /// No password or token is longer; tokens of some kilobytes exist. In bytes.
  static let longest = 64 * 1024

  /// Fetches the secret.
  ///
  /// - Parameters:
  ///   - environment: the process's own; of it a command gets only ``passedOn``.
  ///   - timeLimit: after it the command and its children are ended. A minute leaves time to touch a key.
  /// - Throws: ``CredentialFailure``, never with any of the command's output in it.
  public func fetch(
    environment: [String: String], timeLimit: Duration = .seconds(60)
  ) async throws(CredentialFailure) -> Credential {
    switch self {
    case .file(let url): return try Self.read(url)
    case .shell(let line):
      let output = try await Self.run(.path("/bin/sh"), ["-c", line], environment, timeLimit)
      return Credential(secret: try Self.firstLine(of: output, from: "password-command"), warning: nil)
    case .program(let words):
      guard let program = words.first else { throw .commandFailed("password-command is empty") }
      let executable: Executable = program.contains("/") ? .path(FilePath(program)) : .name(program)
      let output = try await Self.run(executable, Array(words.dropFirst()), environment, timeLimit)
      return Credential(secret: try Self.firstLine(of: output, from: "password-command"), warning: nil)
    }
  }

  private static func run(
    _ executable: Executable, _ arguments: [String], _ environment: [String: String], _ timeLimit: Duration
  ) async throws(CredentialFailure) -> [UInt8] {
    var passed: [Environment.Key: String] = [:]
    for name in passedOn { if let key = Environment.Key(rawValue: name) { passed[key] = environment[name] } }
    let childEnvironment = Environment.custom(passed)
    var platform = PlatformOptions()
    platform.processGroupID = 0  // A group of its own, so that the time limit reaches what the command started.
    platform.teardownSequence = [.gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .milliseconds(500))]
    let options = platform
    let result = await withTaskGroup(of: Result<[UInt8], CredentialFailure>?.self) { group in
      group.addTask {
        do {
          let done = try await Subprocess.run(
            executable, arguments: Arguments(arguments), environment: childEnvironment, platformOptions: options,
            output: .bytes(limit: longest), error: .discarded)
          return switch done.terminationStatus {
          case .exited(0): .success(done.standardOutput)
          case .exited(let code): .failure(.commandFailed("password-command ended with code \(code)"))
          default: .failure(.commandFailed("password-command was ended by a signal"))
          }
        } catch {
          return .failure(.commandFailed("password-command could not be run, or printed too much"))
        }
      }
      group.addTask {
        try? await Task.sleep(for: timeLimit)
        return nil
      }
      let first = await group.next().flatMap(\.self)
      group.cancelAll()
      return first
    }
    guard let result else { throw .commandFailed("password-command gave no answer within \(timeLimit.wholeSeconds) s") }
    return try result.get()
  }

  private static func read(_ url: URL) throws(CredentialFailure) -> Credential {
    let path = url.path(percentEncoded: false)
    let attributes = try? FileManager.default.attributesOfItem(atPath: path)
    guard let attributes, let data = try? Data(contentsOf: url) else { throw .fileUnreadable(path) }
    guard data.count <= longest else { throw .fileUnusable(path) }
    let permissions = (attributes[.posixPermissions] as? Int) ?? 0
    let warning = permissions & 0o077 == 0 ? nil : "\(path) can be read by others on this machine; run chmod 600 on it"
    return Credential(secret: try firstLine(of: Array(data), from: path), warning: warning)
  }

  private static func firstLine(of bytes: [UInt8], from source: String) throws(CredentialFailure) -> Secret<String> {
    var line = bytes.prefix { $0 != UInt8(ascii: "\n") }
    if line.last == UInt8(ascii: "\r") { line.removeLast() }
    guard !line.isEmpty, line.allSatisfy({ $0 >= 32 && $0 != 127 }), let text = String(validating: line, as: UTF8.self) else {
      throw .fileUnusable(source)
    }
    return Secret(text)
  }
}

/// Why there is no password. Says nothing of what a command printed.
public enum CredentialFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// The command did not do its work.
  case commandFailed(String)
  /// There is no such file, or it may not be read.
  case fileUnreadable(String)
  /// The first line is empty, too long, or has characters that no password has.
  case fileUnusable(String)

  /// One sentence that says what to do.
  public var description: String {
    switch self {
    case .commandFailed(let what): "\(what); run it in a terminal to see why"
    case .fileUnreadable(let path): "the password file \(path) cannot be read; check its name and permissions"
    case .fileUnusable(let source): "the first line from \(source) is no password; it must hold the password and nothing else"
    }
  }
}
