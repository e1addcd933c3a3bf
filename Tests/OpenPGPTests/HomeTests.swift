import Foundation
import Glibc
import OpenPGP
import Testing

/// The home on disk, its agent, and what happens when a program of GnuPG does not do its part.
@Suite struct HomeTests {
  static let words = Array("Finally moved in.\r\n".utf8)

  @Test func `a home is private, and its path has to be short`() async throws {
    try await Stage.play { stage in
      let anna = try await Person("anna", on: stage)
      let attributes = try FileManager.default.attributesOfItem(atPath: anna.directory.path)
      #expect((attributes[.posixPermissions] as? NSNumber)?.intValue == 0o700)
      let fits = stage.path(String(repeating: "x", count: 80 - stage.directory.path.utf8.count - 1))
      #expect(fits.path.utf8.count == 80)
      let scratch = stage.path("tmp")
      let home = try await KeyHome(.init(directory: fits, scratch: scratch, threads: 1))
      _ = try await home.makeIdentityKey()
      await home.stop()
      await #expect(throws: HomeFailure.pathTooLong(limit: 80)) {
        try await KeyHome(.init(directory: URL(filePath: fits.path + "x"), scratch: scratch))
      }
      await #expect(throws: HomeFailure.self) {
        try await KeyHome(.init(directory: URL(filePath: "/proc/nowhere"), scratch: scratch))
      }
      return [anna]
    }
  }

  @Test func `no process of GnuPG is left when a home was stopped`() async throws {
    let stage = try Stage()
    defer { try? FileManager.default.removeItem(at: stage.directory) }
    let anna = try await Person("anna", on: stage)
    _ = try await anna.home.inspect(try await anna.certificate)
    _ = try await anna.home.seal(Spool(Self.words), by: anna.key, to: [anna.key])
    let agents = stage.processes
    #expect(agents.count == 1, "one agent, and none for a throw-away home")
    await anna.home.stop()
    #expect(stage.processes.isEmpty)
    await #expect(throws: SealFailure.trouble(.stopped)) {
      try await anna.home.seal(Spool(Self.words), by: anna.key, to: [anna.key])
    }
    #expect(try FileManager.default.contentsOfDirectory(atPath: stage.path("tmp").path).isEmpty, "scratch is clean")
  }

  @Test func `the last process that uses a home ends its agent`() async throws {
    let stage = try Stage()
    defer { try? FileManager.default.removeItem(at: stage.directory) }
    let daemon = try await Person("anna", on: stage)
    func command() async throws -> KeyHome {
      try await KeyHome(.init(directory: daemon.directory, scratch: stage.path("tmp"), threads: 1))
    }
    let first = try await command()
    await first.stop()
    _ = try await daemon.home.sign(Self.words, by: daemon.key)
    let second = try await command()
    await daemon.home.stop()
    #expect(stage.processes.count == 1, "still in use")
    _ = try await second.sign(Self.words, by: daemon.key)
    await second.stop()
    #expect(stage.processes.isEmpty)
  }

  @Test func `an agent that a killed process left is ended, and one that we did not start is left alone`() async throws {
    let stage = try Stage()
    defer { try? FileManager.default.removeItem(at: stage.directory) }
    let home = stage.path("anna")
    let record = home.appending(path: "agent.pid")
    let killed = try await KeyHome(.init(directory: home, scratch: stage.path("tmp"), threads: 1))
    let agent = try #require(stage.processes.first)
    try Data().write(to: record)
    await killed.stop()
    for (text, left) in [("", [agent]), ("1\n", [agent]), ("\(agent)\n", [])] {
      try Data(text.utf8).write(to: record)
      let keys = try await KeyHome(.init(directory: home, scratch: stage.path("tmp"), threads: 1))
      await keys.stop()
      #expect(stage.processes == left, "recorded: \(text)")
    }
  }

  @Test func `operations that run while a home stops leave nothing behind`() async throws {
    let stage = try Stage()
    defer { try? FileManager.default.removeItem(at: stage.directory) }
    let anna = try await Person("anna", on: stage)
    let certificate = try await anna.certificate
    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask { _ = try? await anna.home.sign(Self.words, by: anna.key) }
        group.addTask { _ = try? await anna.home.inspect(certificate) }
      }
      group.addTask { await anna.home.stop() }
    }
    #expect(stage.processes.isEmpty)
    #expect(try FileManager.default.contentsOfDirectory(atPath: stage.path("tmp").path).isEmpty)
  }

  @Test func `what a killed process left in the scratch directory is removed`() async throws {
    try await Stage.play { stage in
      for name in ["home-999999999-x", "home-\(getpid())-x", "other"] {
        try FileManager.default.createDirectory(at: stage.path("tmp/\(name)"), withIntermediateDirectories: true)
      }
      let anna = try await Person("anna", on: stage)
      let names = try FileManager.default.contentsOfDirectory(atPath: stage.path("tmp").path)
      #expect(Set(names) == ["home-\(getpid())-x", "other"])
      return [anna]
    }
  }

  @Test func `an agent that died is started again, and no message is lost by it`() async throws {
    try await Stage.play { stage in
      let anna = try await Person("anna", on: stage)
      let message = try await anna.home.seal(Spool(Self.words), by: anna.key, to: [anna.key])
      for _ in 0..<2 {
        stage.processes.forEach { kill($0, SIGKILL) }
        await anna.opens(try #require(message.piece(for: anna.key)).bytes)
        stage.processes.forEach { kill($0, SIGKILL) }
        _ = try await anna.home.sign(Self.words, by: anna.key)
      }
      return [anna]
    }
  }

  @Test func `the launcher limits gpg, and the agent has no limits`() async throws {
    try await Stage.play { stage in
      let anna = try await Person("anna", on: stage, programs: try Stage.programs())
      let message = try anna.letter(to: anna)
      await anna.opens(message)
      let zeros = [UInt8](repeating: 0, count: 8 << 20)
      let bomb = try anna.letter(to: anna, ["-z", "9", "--compress-algo", "bzip2"], words: zeros)
      await anna.refuses(bomb, .tooLarge(limit: 1000), limit: 1000)
      await anna.opens(bomb, limit: zeros.count)
      for _ in 0..<2 {
        let agent = try #require(stage.processes.first)
        let limits = try String(contentsOfFile: "/proc/\(agent)/limits", encoding: .utf8).split(separator: "\n")
        for name in ["Max cpu time", "Max address space"] {
          #expect(limits.contains { $0.hasPrefix(name) && $0.contains("unlimited") }, "\(name)")
        }
        kill(agent, SIGKILL)  // and gpg, with its limits, starts no other
        await anna.opens(message)
      }
      // The launcher itself, starting a shell in place of gpg.
      let shell = try #require(stage.programs(gpg: "/bin/sh").launcher)
      let told = try stage.run(shell.path, ["-c", "ulimit -t; ulimit -v; ulimit -c"])
      #expect(String(decoding: told, as: UTF8.self) == "30\n262144\n0\n")
      #expect(throws: (any Error).self) { try stage.run(shell.path, ["-c", "x=$(head -c 400000000 /dev/zero | tr '\\0' x)"]) }
      return [anna]
    }
  }

  @Test func `a gpg that hangs, or is killed, is this machine's trouble and no refusal`() async throws {
    let stage = try Stage()
    defer { try? FileManager.default.removeItem(at: stage.directory) }
    let anna = try await Person("anna", on: stage)
    let message = try anna.letter(to: anna)
    for (behaviour, trouble, patience) in [
      ("exec sleep 60", .timedOut, .seconds(5)), ("kill -9 $$", .died, .seconds(300)), ("exec true", .died, .seconds(300)),
      ("exec false", .died, .seconds(300)),
    ] as [(String, EngineTrouble, Duration)] {
      let gpg = try stage.program("[ \"${*#*--decrypt}\" = \"$*\" ] || \(behaviour)")
      for programs in [KeyHome.Programs(launcher: gpg), try stage.programs(gpg: gpg.path)] {
        let home = try await KeyHome(
          .init(directory: anna.directory, scratch: stage.path("tmp"), programs: programs, threads: 1, patience: patience))
        for _ in 0..<2 {
          await #expect(throws: OpenFailure.trouble(trouble), "\(behaviour)") {
            try await home.open(Spool(message), limit: 1000)
          }
        }
        await home.stop()
      }
    }
    await anna.opens(message)

    // A gpg that never comes to its last words, though it wrote everything.
    let mute = try stage.program(
      """
      n=$(sed 's/.*--status-fd \\([0-9]*\\).*/\\1/' <<< "$*")
      [ "${*#*--encrypt}" = "$*" ] || eval "exec /usr/bin/gpg \\"\\$@\\" $n> >(grep -v END_ENCRYPTION >&$n)"
      """)
    let home = try await KeyHome(
      .init(directory: anna.directory, scratch: stage.path("tmp"), programs: .init(launcher: mute), threads: 1))
    await #expect(throws: SealFailure.trouble(.died)) { try await home.seal(Spool(Self.words), by: anna.key, to: [anna.key]) }
    _ = try await home.sign(Self.words, by: anna.key)
    await home.stop()
    await anna.home.stop()
  }

  @Test(arguments: [true, false])
  func `an operation ends when its task is cancelled`(hasOpener: Bool) async throws {
    let stage = try Stage()
    defer { try? FileManager.default.removeItem(at: stage.directory) }
    let anna = try await Person("anna", on: stage)
    let message = try anna.letter(to: anna)
    let started = stage.path("started")
    let gpg = try stage.program("[ \"${*#*--decrypt}\" = \"$*\" ] || { touch \(started.path); exec sleep 60; }")
    let programs =
      hasOpener ? try stage.programs(gpg: gpg.path) : KeyHome.Programs(launcher: gpg)
    let home = try await KeyHome(.init(directory: anna.directory, scratch: stage.path("tmp"), programs: programs, threads: 1))
    let opening = Task { try await home.open(Spool(message), limit: 1000) }
    try await stage.wait { FileManager.default.fileExists(atPath: started.path) }
    let queued = Task { try await home.open(Spool(message), limit: 1000) }
    queued.cancel()
    opening.cancel()
    for task in [opening, queued] {
      await #expect(throws: OpenFailure.trouble(.cancelled)) { try await task.value }
    }
    await home.stop()
    await anna.home.stop()
  }
}

extension Stage {
  /// Processes of GnuPG that run on a home of this stage.
  var processes: [pid_t] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { pid_t($0) }.filter { process in
      let command = try? String(contentsOfFile: "/proc/\(process)/cmdline", encoding: .utf8)
      return command?.contains(directory.path + "/") == true && command?.hasPrefix("gpg") == true
        || command?.contains("bin/gpg") == true && command?.contains(directory.path + "/") == true
    }
  }

  /// A stand-in for gpg that does something first.
  func program(_ first: String) throws -> URL {
    let file = path("gpg-\(UUID().uuidString)")
    try Data("#!/bin/bash\n\(first)\nexec /usr/bin/gpg \"$@\"\n".utf8).write(to: file)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file.path)
    return file
  }

  /// Waits for a condition, at most ten seconds.
  func wait(_ condition: () -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(10)
    while !condition() {
      try #require(ContinuousClock.now < deadline)
      try await Task.sleep(for: .milliseconds(10))
    }
  }
}
