import FoundationEssentials
import Testing

@testable import Account

private let environment = ["PATH": "/usr/bin:/bin", "HOME": "/nowhere", "SOCIALNET_SECRET": "leak"]

/// What a source says is wrong; nothing where it gives a secret.
private func complaint(_ source: PasswordSource, timeLimit: Duration = .seconds(20)) async -> String? {
  do {
    _ = try await source.fetch(environment: environment, timeLimit: timeLimit)
    return nil
  } catch {
    return error.description
  }
}

@Suite struct PasswordSourceTests {
  @Test(arguments: [
    (PasswordSource.shell("echo one; echo two"), "one"), (.shell("printf 'no line end'"), "no line end"),
    (.shell("printf 'dos\\r\\n'"), "dos"), (.shell("echo pä\\ ß"), "pä ß"),
    (.program(["echo", "$HOME `id` ; x"]), "$HOME `id` ; x"), (.program(["/bin/echo", "a"]), "a"),
    (.shell("echo $HOME${SOCIALNET_SECRET:-}"), "/nowhere"),
  ]) func `the first line of a command is the secret`(source: PasswordSource, secret: String) async throws {
    #expect(try await source.fetch(environment: environment).secret.reveal() == secret)
  }

  @Test(arguments: [
    (PasswordSource.shell("echo hunter2; exit 3"), "ended with code 3"), (.shell("true"), "is no password"),
    (.shell("printf '\\n'"), "is no password"), (.shell("printf 'a\\033b\\n'"), "is no password"),
    (.shell("echo hunter2 >&2; exit 1"), "run it in a terminal"), (.program(["/nonexistent/program"]), "could not be run"),
    (.program(["no-such-program-here"]), "could not be run"), (.program([]), "is empty"),
    (.shell("printf '\\377\\n'"), "is no password"), (.shell("yes hunter2"), "printed too much"),
    (.shell("kill -9 $$"), "ended by a signal"),
  ]) func `a command that fails says so in a sentence, and nothing of what it printed`(source: PasswordSource, expected: String)
    async throws
  {
    let said = try #require(await complaint(source))
    #expect(said.contains(expected))
    #expect(!said.contains("hunter2"))
    #expect(!said.contains("\n"))
  }

  @Test func `a command that hangs is ended with its children`() async throws {
    let folder = try temporaryFolder()
    let mark = folder.appending(path: "pid").path(percentEncoded: false)
    let said = await complaint(.shell("sleep 1000 & echo $! > \(mark); wait"), timeLimit: .seconds(1))
    #expect(said?.contains("no answer within 1 s") == true)
    let child = try String(contentsOfFile: mark, encoding: .utf8).split(separator: "\n").first
    #expect(await isGone(process: String(try #require(child))))
  }

  @Test func `a file that others can read gives a warning`() async throws {
    let file = try temporaryFolder().appending(path: "password")
    try DurableFile.create(file, holding: Array("hunter2\nnotes\n".utf8))
    let kept = try await PasswordSource.file(file).fetch(environment: [:])
    #expect(kept.secret.reveal() == "hunter2")
    #expect(kept.warning == nil)
    try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: file.path(percentEncoded: false))
    let open = try await PasswordSource.file(file).fetch(environment: [:])
    #expect(open.warning?.contains("chmod 600") == true)
    #expect(!"\(open)".contains("hunter2"))
  }

  @Test func `a file that is missing or empty says so`() async throws {
    let file = try temporaryFolder().appending(path: "password")
    #expect(await complaint(.file(file))?.contains("cannot be read") == true)
    try DurableFile.create(file, holding: [])
    #expect(await complaint(.file(file))?.contains("is no password") == true)
  }

  /// Waits, at most ten seconds, until a process has ended (a zombie has).
  private func isGone(process: String) async -> Bool {
    for _ in 0..<200 {
      guard let state = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8) else { return true }
      if state.contains(") Z ") { return true }
      try? await Task.sleep(for: .milliseconds(50))
    }
    return false
  }
}
