import Account
import FoundationEssentials
import Testing

private let here = URL(filePath: "/work/", directoryHint: .isDirectory)

private func path(_ url: URL) -> String { url.path(percentEncoded: false) }

@Suite struct LayoutTests {
  @Test func `--home puts everything under one folder, and comes before SOCIALNET_HOME`() throws {
    let layout = try Layout(home: "/a", environment: ["SOCIALNET_HOME": "/b", "HOME": "/c"], workingDirectory: here)
    #expect(path(layout.configuration) == "/a/config.toml")
    #expect(path(layout.database) == "/a/socialnet.sqlite")
    #expect(path(layout.gnupg) == "/a/gnupg/")
    #expect(path(layout.inpackets) == "/a/inpackets/")
    #expect(path(layout.outpackets) == "/a/outpackets/")
    #expect(path(layout.refused) == "/a/refused/")
    #expect(path(layout.blobs) == "/a/blobs/")
    #expect(path(layout.sockets) == "/a/sockets/")
  }

  @Test func `SOCIALNET_HOME comes before XDG, and counts from the working directory`() throws {
    let layout = try Layout(home: nil, environment: ["SOCIALNET_HOME": "x/../y", "HOME": "/c"], workingDirectory: here)
    #expect(path(layout.configuration) == "/work/y/config.toml")
  }

  @Test func `XDG is followed`() throws {
    let plain = try Layout(home: nil, environment: ["HOME": "/c"], workingDirectory: here)
    #expect(path(plain.configuration) == "/c/.config/socialnet/config.toml")
    #expect(path(plain.database) == "/c/.local/state/socialnet/socialnet.sqlite")
    #expect(path(plain.sockets) == "/c/.local/state/socialnet/sockets/")
    let said = try Layout(
      home: nil,
      environment: ["HOME": "/c", "XDG_CONFIG_HOME": "/k", "XDG_STATE_HOME": "relative", "XDG_RUNTIME_DIR": "/run/user/1"],
      workingDirectory: here)
    #expect(path(said.configuration) == "/k/socialnet/config.toml")
    #expect(path(said.database) == "/c/.local/state/socialnet/socialnet.sqlite", "a relative path is ignored")
    #expect(path(said.sockets) == "/run/user/1/socialnet/")
  }

  @Test func `without any home there is a sentence`() {
    #expect(throws: LayoutFailure.noHome) { try Layout(home: nil, environment: [:], workingDirectory: here) }
  }

  @Test func `a GnuPG path of 80 characters works, and one of 81 is refused with a sentence`() throws {
    let longest = "/" + String(repeating: "a", count: 80 - "//gnupg".count)
    _ = try Layout(home: longest, environment: [:], workingDirectory: here)
    let failure = #expect(throws: LayoutFailure.gnupgPathTooLong(longest + "a/gnupg")) {
      try Layout(home: longest + "a", environment: [:], workingDirectory: here)
    }
    #expect(failure?.description.contains("81 characters") == true)
  }

  @Test func `folders are made for the user alone, and only those that are missing`() throws {
    let home = try temporaryFolder().appending(path: "deep/home", directoryHint: .isDirectory)
    let layout = Layout(home: home)
    try layout.create()
    for folder in [home, layout.gnupg, layout.inpackets, layout.sockets] {
      let attributes = try FileManager.default.attributesOfItem(atPath: path(folder))
      #expect(attributes[.posixPermissions] as? Int == 0o700)
    }
    try layout.create()
  }

  @Test func `a file with a folder's name is refused`() throws {
    let home = try temporaryFolder()
    try Data().write(to: home.appending(path: "blobs"))
    #expect(throws: LayoutFailure.notADirectory(path(home) + "blobs")) { try Layout(home: home).create() }
  }
}

@Suite struct SecretTests {
  @Test func `a secret does not show itself`() {
    let secret = Secret("hunter2")
    var dumped = ""
    dump(secret, to: &dumped)
    for shown in [
      "\(secret)", String(describing: secret), String(reflecting: secret), dumped, "\([secret])", "\(Optional(secret) as Any)",
    ] {
      #expect(!shown.contains("hunter2"))
    }
    #expect(secret.reveal() == "hunter2")
  }

  @Test func `a stranger's words cannot steer a terminal`() {
    #expect(Printable.line("a\u{1b}[31mb\nc\u{202e}d") == "a\u{fffd}[31mb\u{fffd}c\u{fffd}d")
    #expect(Printable.text("a\r\n\tb\u{9b}") == "a\u{fffd}\n\tb\u{fffd}")
    #expect(Printable.line("👩‍👩‍👧 é") == "👩‍👩‍👧 é")
    #expect(Printable.line("abcd", limit: 3) == "abc…")
  }
}
