import Foundation
import OpenPGP
import Testing

/// A person of a test, with a home of their own under a short path, and gpg itself to do what the room never does.
final class Person: Sendable {
  let home: KeyHome
  let key: Key
  let stage: Stage
  let name: String

  init(_ name: String, on stage: Stage, programs: KeyHome.Programs? = nil, threads: Int = 2) async throws {
    self.name = name
    self.stage = stage
    home = try await KeyHome(
      .init(
        directory: stage.path(name), scratch: stage.path("tmp"), programs: try programs ?? Stage.programs(), threads: threads,
        patience: .seconds(300))
    )
    key = try await home.makeIdentityKey()
  }

  /// Both pin each other.
  func befriend(_ other: Person) async throws {
    _ = try await home.pin(try await other.certificate)
    _ = try await other.home.pin(try await certificate)
  }

  var certificate: [UInt8] {
    get async throws { try await home.certificate(of: key) }
  }

  /// Makes a further key with gpg itself and returns its name; `time` is when gpg believes it is.
  func gpgKey(
    _ name: String, algorithm: String = "ed25519", usage: String = "cert,sign", expires: String = "never", time: String? = nil
  )
    throws -> Key
  {
    let clock = time.map { ["--faked-system-time", $0] } ?? []
    let known = try listedKeys()
    _ = try stage.gpg(
      home: stage.path(self.name),
      clock + ["--passphrase", "", "--quick-gen-key", "\(name) <\(name)@example.org>", algorithm, usage, expires])
    return try #require(try listedKeys().first { !known.contains($0) })
  }

  func listedKeys() throws -> [Key] {
    let lines = String(decoding: try gpg("--with-colons", "--list-keys"), as: UTF8.self).split(separator: "\n")
    return zip(lines, lines.dropFirst()).compactMap { line, next in
      line.hasPrefix("pub:") ? Key(hex: next.split(separator: ":", omittingEmptySubsequences: false)[9]) : nil
    }
  }

  /// gpg on this person's home.
  @discardableResult func gpg(_ arguments: String..., input: [UInt8] = []) throws -> [UInt8] {
    try stage.gpg(home: stage.path(name), arguments, input: input)
  }
}

/// A directory for one test, removed when it ends.
final class Stage: Sendable {
  let directory: URL

  init() throws {
    directory = URL(filePath: "/tmp/pgp-\(UUID().uuidString.prefix(6))")
    try FileManager.default.createDirectory(at: path("tmp"), withIntermediateDirectories: true)
  }

  func path(_ name: String) -> URL { directory.appending(path: name) }

  /// Plays a test, then stops every home that was made for it and removes the directory.
  static func play(_ body: (Stage) async throws -> [Person]) async throws {
    let stage = try Stage()
    defer { try? FileManager.default.removeItem(at: stage.directory) }
    for person in try await body(stage) { await person.home.stop() }
  }

  /// The small programs that stand before gpg, compiled once as the installation does it, beside the tests.
  private static let compiled = Result {
    let stage = try Stage()
    defer { try? FileManager.default.removeItem(at: stage.directory) }
    let tests = try FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    return try stage.programs(in: URL(filePath: tests).deletingLastPathComponent())
  }

  static func programs() throws -> KeyHome.Programs { try compiled.get() }

  /// The same in front of a stand-in for gpg.
  func programs(gpg: String) throws -> KeyHome.Programs {
    let folder = path("programs-\(UUID().uuidString.prefix(6))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    return try programs(in: folder, ["-DGPG=\"\(gpg)\""])
  }

  private func programs(in folder: URL, _ flags: [String] = []) throws -> KeyHome.Programs {
    let build = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../deploy/gpg-launcher/build")
    _ = try run(build.path, [folder.path] + flags)
    return KeyHome.Programs(launcher: folder.appending(path: "gpg-launcher"), opener: folder.appending(path: "gpg-opener"))
  }

  func gpg(home: URL, _ arguments: [String], input: [UInt8] = []) throws -> [UInt8] {
    try run("/usr/bin/gpg", ["--homedir", home.path, "--batch", "--no-tty", "--quiet", "--yes"] + arguments, input: input)
  }

  /// Runs a program with files for input and output, so that nothing waits for a pipe.
  func run(_ program: String, _ arguments: [String], input: [UInt8] = []) throws -> [UInt8] {
    let id = UUID().uuidString
    let (source, target, complaints) = (path("\(id).in"), path("\(id).out"), path("\(id).err"))
    try Data(input).write(to: source)
    for file in [target, complaints] { try Data().write(to: file) }
    let process = Process()
    process.executableURL = URL(filePath: program)
    process.arguments = arguments
    process.standardInput = try FileHandle(forReadingFrom: source)
    process.standardOutput = try FileHandle(forWritingTo: target)
    process.standardError = try FileHandle(forWritingTo: complaints)
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else {
      throw Failed(command: arguments, said: (try? String(contentsOf: complaints, encoding: .utf8)) ?? "")
    }
    return Array(try Data(contentsOf: target))
  }

  struct Failed: Error { let command: [String], said: String }
}

extension Opened {
  /// Who signed and what it says, where everything held.
  var signed: (by: Key, plaintext: [UInt8])? {
    guard case .signed(let key, let plaintext) = self, let bytes = try? plaintext.bytes(limit: .max) else { return nil }
    return (key, bytes)
  }
}

extension Piece {
  var bytes: [UInt8] { get throws { try read(at: 0, count: size) } }

  var text: [UInt8] {
    get throws {
      var armor = armored
      var text: [UInt8] = []
      while let next = try armor.next() { text += next }
      return text
    }
  }
}
