import Foundation
import MailDriver
import Mailbox
import Packets

/// A private Dovecot and Postfix on loopback, shared by the tests of this process; it stops by itself when the process ends.
final class TestMail: Sendable {
  let variables: [String: String]
  let folder: String

  /// The one with the usual settings: every byte of every conversation is written down.
  static let shared = Result { try TestMail(options: ["--rawlog"]) }

  static let users = (1...24).map { "user\($0)" }

  init(options: [String]) throws {
    folder = NSTemporaryDirectory() + "sn-\(getpid())-\(UInt32.random(in: 0...9999))"
    let start = Self.repository + "/deploy/testmail/start"
    let end = ["--until-end-of", "\(getpid())", folder]
    let output = try run(start, options + end + Self.users.map { "\($0):secret" })
    variables = Dictionary(
      output.split(separator: "\n").compactMap { line in
        let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
      }, uniquingKeysWith: { $1 })
  }

  static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  func port(_ name: String) -> UInt16 { variables[name].flatMap { UInt16($0) } ?? 0 }

  func imap(_ user: String, _ protection: MailServer.Protection = .plain, host: String = "127.0.0.1") throws -> MailServer {
    let port = port(protection == .tls ? "IMAPS_PORT" : "IMAP_PORT")
    return try MailServer(.imap, protection, host: host, port: port, user: "\(user)@example.test")
  }

  func smtp(_ user: String, _ protection: MailServer.Protection = .plain) throws -> MailServer {
    let port = port(protection == .tls ? "SMTPS_PORT" : "SUBMISSION_PORT")
    return try MailServer(.smtp, protection, host: "127.0.0.1", port: port, user: "\(user)@example.test")
  }

  var authority: Trust { .systemAnd(caFile: variables["CA_FILE"] ?? "") }

  func settings(_ user: String) throws -> MailSettings {
    var settings = MailSettings(
      address: "\(user)@example.test", plusAddress: "\(user)+socialnet@example.test",
      imap: ConnectionSettings(try imap(user)), smtp: ConnectionSettings(try smtp(user)),
      secret: { .password("secret") }, now: { Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) })
    settings.poll = 1
    return settings
  }

  /// Another program's view of a mailbox: Python's imaplib.
  @discardableResult
  func outside(_ user: String, _ arguments: String..., input: String = "") throws -> String {
    let script = URL(filePath: #filePath).deletingLastPathComponent().path + "/mailbox.py"
    return try run(
      "/usr/bin/python3", [script, variables["IMAP_PORT"] ?? "", "\(user)@example.test", "secret"] + arguments, input: input)
  }

  /// What the server heard from its clients for a user: every command line.
  func heard(_ user: String) throws -> [String] {
    let directory = (variables["RAWLOG"] ?? "") + "/" + user
    return try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".in") }.sorted().flatMap { name in
      String(decoding: try Data(contentsOf: URL(filePath: directory + "/" + name)), as: UTF8.self).split(whereSeparator: \.isNewline)
        .map { line in String(line.drop { $0.isNumber || $0 == "." }.drop { $0 == " " }) }
    }
  }

  /// How many bytes the server said to a user's clients.
  func said(_ user: String) throws -> Int {
    let directory = (variables["RAWLOG"] ?? "") + "/" + user
    return try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".out") }
      .reduce(0) { sum, name in
        sum + (try FileManager.default.attributesOfItem(atPath: directory + "/" + name)[.size] as? Int ?? 0)
      }
  }
}

struct ProgramFailed: Error {
  var program: String
  var said: String
}

/// Runs a program to its end.
@discardableResult
func run(_ program: String, _ arguments: [String], input: String = "") throws -> String {
  let process = Process()
  process.executableURL = URL(filePath: program)
  process.arguments = arguments
  // Files, not pipes: a server started on the way would hold a pipe open.
  let name = NSTemporaryDirectory() + "sn-run-\(getpid())-\(UInt64.random(in: 0 ... .max))"
  defer { for end in ["in", "out", "err"] { try? FileManager.default.removeItem(atPath: "\(name).\(end)") } }
  try Data(input.utf8).write(to: URL(filePath: name + ".in"))
  for end in ["out", "err"] { FileManager.default.createFile(atPath: "\(name).\(end)", contents: nil) }
  process.standardInput = FileHandle(forReadingAtPath: name + ".in")
  process.standardOutput = FileHandle(forWritingAtPath: name + ".out")
  process.standardError = FileHandle(forWritingAtPath: name + ".err")
  try process.run()
  process.waitUntilExit()
  let output = String(decoding: try Data(contentsOf: URL(filePath: name + ".out")), as: UTF8.self)
  guard process.terminationStatus == 0 else {
    throw ProgramFailed(
      program: program, said: output + String(decoding: try Data(contentsOf: URL(filePath: name + ".err")), as: UTF8.self))
  }
  return output
}
