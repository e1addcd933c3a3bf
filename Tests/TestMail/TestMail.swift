import Foundation
import Synchronization

/// A private Dovecot and Postfix on loopback, shared by the tests of this process; it stops by itself when the process ends.
package final class TestMail: Sendable {
  /// What `deploy/testmail/start` says of itself: ports, files.
  package let variables: [String: String]
  package let folder: String

  /// The one with the usual settings: every byte of every conversation is written down.
  package static let shared = Result { try TestMail(options: ["--rawlog"]) }

  /// Everybody's password.
  package static let password = "secret"

  private static let users = (1...300).map { "user\($0)" }
  private let taken = Atomic(0)

  /// A user whose mailbox nobody has touched.
  package func newUser() throws -> String {
    let number = taken.add(1, ordering: .relaxed).oldValue
    guard number < Self.users.count else { throw ProgramFailed(program: "TestMail", said: "no users left") }
    return Self.users[number]
  }

  package init(options: [String]) throws {
    folder = NSTemporaryDirectory() + "sn-\(getpid())-\(UInt32.random(in: 0...9999))"
    let start = Self.repository + "/deploy/testmail/start"
    let end = ["--until-end-of", "\(getpid())", folder]
    let output = try runProgram(start, options + end + Self.users.map { "\($0):\(Self.password)" })
    variables = Dictionary(
      output.split(separator: "\n").compactMap { line in
        let parts = line.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        return parts.count == 2 ? (String(parts[0]), String(parts[1])) : nil
      }, uniquingKeysWith: { $1 })
  }

  package static let repository = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent().path

  package func port(_ name: String) -> UInt16 { variables[name].flatMap { UInt16($0) } ?? 0 }

  /// The server's public key, as curl pins it, told by openssl.
  package func publicKeyPin() throws -> String {
    let digest = try runProgram(
      "/bin/sh",
      [
        "-c",
        "openssl x509 -in '\(folder)/tls/server.pem' -pubkey -noout | openssl pkey -pubin -outform der | openssl dgst -sha256 -binary | base64",
      ])
    return "sha256//" + digest.trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// Another program's view of a mailbox: Python's imaplib.
  @discardableResult
  package func outside(_ user: String, _ arguments: String..., input: String = "") throws -> String {
    try outside(user, arguments, input: input)
  }

  /// Another program's view of a mailbox: Python's imaplib.
  package func outside(_ user: String, _ arguments: [String], input: String = "") throws -> String {
    let script = URL(filePath: #filePath).deletingLastPathComponent().path + "/mailbox.py"
    return try runProgram(
      "/usr/bin/python3", [script, variables["IMAP_PORT"] ?? "", "\(user)@example.test", Self.password] + arguments, input: input)
  }

  /// Returns as soon as Postfix has nothing more to deliver: what was handed over lies in mailboxes, or came back.
  package func delivered() async throws {
    let deadline = ContinuousClock.now + .seconds(30)
    // In the order of a mail's way through it, so that one that moves on meanwhile is seen. Folders in a queue have names of one letter.
    while try ["maildrop", "incoming", "active", "deferred"].contains(where: { queue in
      try FileManager.default.subpathsOfDirectory(atPath: "\(folder)/spool/\(queue)").contains { name in
        (name.split(separator: "/").last ?? "").count > 1
      }
    }) {
      guard ContinuousClock.now < deadline else { throw ProgramFailed(program: "Postfix", said: "did not deliver") }
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  /// Kills the server's side of all IMAP connections of a user.
  package func breakConnections(of user: String) throws {
    let table = try runProgram("/usr/bin/doveadm", ["-c", folder + "/dovecot.conf", "who", user])
    for line in table.split(separator: "\n").dropFirst() {
      for pid in (line.split(separator: "(").dropFirst().first ?? "").split(whereSeparator: { !$0.isNumber }) {
        kill(pid_t(pid) ?? 0, SIGKILL)
      }
    }
  }

  /// What the server heard from our clients for a user: every line, oldest conversation first.
  package func heard(_ user: String) throws -> [String] {
    try conversations(user).flatMap { name in
      try lines(of: name + ".in").filter { $0.first == "s" }
    }
  }

  /// How many bytes the server said to our clients.
  package func said(_ user: String) throws -> Int {
    try conversations(user).reduce(0) { sum, name in
      sum + (try FileManager.default.attributesOfItem(atPath: name + ".out")[.size] as? Int ?? 0)
    }
  }

  /// The server's records of conversations with us, not with the witness.
  private func conversations(_ user: String) throws -> [String] {
    let directory = (variables["RAWLOG"] ?? "") + "/" + user
    return try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".in") }.sorted()
      .map { "\(directory)/\($0.dropLast(3))" }.filter { try lines(of: $0 + ".in").contains { $0.hasPrefix("s1 CAPABILITY") } }
  }

  /// A record's lines without their times.
  private func lines(of record: String) throws -> [String] {
    String(decoding: try Data(contentsOf: URL(filePath: record)), as: UTF8.self).split(whereSeparator: \.isNewline)
      .map { String($0.drop { $0.isNumber || $0 == "." }.drop { $0 == " " }) }
  }
}

/// A program that runs beside a test and ends with it.
package final class Beside {
  private let process = Process()
  private let output = Pipe()
  private let input = Pipe()
  private var unread: [UInt8] = []

  package init(_ arguments: [String]) throws {
    process.executableURL = URL(filePath: "/usr/bin/python3")
    process.arguments = arguments
    process.standardInput = input
    process.standardOutput = output
    try process.run()
  }

  // Not by a polite signal: a child may have inherited a mask that holds it back.
  deinit { kill(process.processIdentifier, SIGKILL) }

  /// What it says first.
  package func firstLine() -> String { nextLine() }

  /// Says a line to it, and hears one.
  package func ask(_ question: String) -> String {
    input.fileHandleForWriting.write(Data((question + "\n").utf8))
    return nextLine()
  }

  private func nextLine() -> String {
    while true {
      if let end = unread.firstIndex(of: 10) {
        defer { unread.removeSubrange(...end) }
        return String(decoding: unread[..<end], as: UTF8.self)
      }
      let more = output.fileHandleForReading.availableData
      guard !more.isEmpty else { return "" }
      unread += more
    }
  }
}

package struct ProgramFailed: Error {
  package var program: String
  package var said: String

  package init(program: String, said: String) {
    self.program = program
    self.said = said
  }
}

/// Runs a program to its end. Not by Foundation's `Process`, which waits for a socket that a server started on the way holds open.
@discardableResult
package func runProgram(_ program: String, _ arguments: [String], input: String = "") throws -> String {
  let name = NSTemporaryDirectory() + "sn-run-\(getpid())-\(UInt64.random(in: 0 ... .max))"
  defer { for end in ["in", "out", "err"] { try? FileManager.default.removeItem(atPath: "\(name).\(end)") } }
  try Data(input.utf8).write(to: URL(filePath: name + ".in"))
  let shell = "f=$1; shift; exec \"$@\" <\"$f.in\" >\"$f.out\" 2>\"$f.err\""
  var words: [UnsafeMutablePointer<CChar>?] = unsafe (["sh", "-c", shell, "sh", name, program] + arguments).map {
    unsafe strdup($0)
  }
  defer { unsafe words.forEach { unsafe free($0) } }
  unsafe words.append(nil)
  var child: pid_t = 0
  guard unsafe posix_spawn(&child, "/bin/sh", nil, nil, words, environ) == 0 else {
    throw ProgramFailed(program: program, said: "not started")
  }
  var status: Int32 = 0
  while unsafe waitpid(child, &status, 0) < 0, errno == EINTR {}
  let output = String(decoding: try Data(contentsOf: URL(filePath: name + ".out")), as: UTF8.self)
  guard status == 0 else {
    let complaint = String(decoding: try Data(contentsOf: URL(filePath: name + ".err")), as: UTF8.self)
    throw ProgramFailed(program: program, said: output + complaint)
  }
  return output
}
