import Account
import Drivers
import Foundation
import Packets
import Testing

@testable import FolderDriver

/// A parcel as another node writes it, as far as this driver looks at one.
private func parcel(_ words: String, from: String = "ben@example.org") -> [UInt8] {
  Array("From: <\(from)>\r\nSocialNet-Parcel: 1\r\n\r\n\(words)\r\n".utf8)
}

/// Two directories and a driver that receives from one.
private struct Stage {
  let home: URL
  let directory: URL
  let refused: URL
  let intake: MemoryIntake
  let driver: FolderDriver

  init(directoryIsThere: Bool = true) throws {
    home = FileManager.default.temporaryDirectory.appending(path: "folder-\(UUID().uuidString)", directoryHint: .isDirectory)
    directory = home.appending(path: "in", directoryHint: .isDirectory)
    refused = home.appending(path: "refused", directoryHint: .isDirectory)
    let inpackets = home.appending(path: "inpackets", directoryHint: .isDirectory)
    for folder in [refused, inpackets] + (directoryIsThere ? [directory] : []) {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    }
    intake = MemoryIntake(directory: inpackets)
    driver = FolderDriver(
      receivingFrom: directory, refused: refused, every: .milliseconds(20), now: { Instant(milliseconds: 1_000_000) })
  }

  /// Puts a file there, under the name of its bytes where no other is given.
  @discardableResult func put(_ bytes: [UInt8], as name: String? = nil) throws -> Hash {
    let hash = Hash.of(bytes)
    try Data(bytes).write(to: directory.appending(path: name ?? hash.text + ".eml"))
    return hash
  }

  func names(_ folder: URL) throws -> [String] { try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted() }
}

@Suite struct FolderDriverTests {
  @Test func `what lies there is taken in, durable and by its own name`() async throws {
    let stage = try Stage()
    let bytes = parcel("one")
    let hash = try stage.put(bytes)
    try stage.put(parcel("two"), as: "my own name ☃.eml")
    try await stage.driver.receive(into: stage.intake, .once)
    let taken = await stage.intake.taken
    #expect(Set(taken.map(\.sha256)) == [hash, Hash.of(parcel("two"))])
    let first = try #require(taken.first { $0.sha256 == hash })
    #expect(first.size == bytes.count)
    #expect(first.kind == .parcel)
    #expect(first.place == .directory)
    #expect(try Data(contentsOf: stage.intake.directory.appending(path: hash.text + ".eml")) == Data(bytes))
    #expect(try stage.names(stage.directory).count == 2, "nothing is deleted before it is settled")
    #expect(try stage.names(stage.intake.directory).allSatisfy { !$0.hasPrefix(".") })
  }

  @Test func `a file is deleted once it was kept, and not taken twice meanwhile`() async throws {
    let stage = try Stage()
    try stage.put(parcel("one"))
    try await stage.driver.receive(into: stage.intake, .once)
    try await stage.driver.receive(into: stage.intake, .once)
    #expect(await stage.intake.taken.count == 1)
    await stage.intake.decide(.keep)
    let fresh = FolderDriver(receivingFrom: stage.directory, refused: stage.refused, every: .milliseconds(20)) {
      Instant(milliseconds: 0)
    }
    try await fresh.receive(into: stage.intake, .once)
    #expect(try stage.names(stage.directory).isEmpty)
    #expect(await stage.intake.placements.isEmpty)
    #expect(await stage.intake.taken.count == 1)
  }

  @Test(arguments: [Placement.refuse, .leave]) func `what is no parcel moves to the refused ones, with the reason beside`(
    placement: Placement
  )
    async throws
  {
    let stage = try Stage()
    let hash = try stage.put(parcel("one"))
    try await stage.driver.receive(into: stage.intake, .once)
    await stage.intake.decide(placement)
    let done = try await stage.driver.settle(await stage.intake.placements)
    #expect(done.count == 1)
    #expect(try stage.names(stage.directory).isEmpty)
    #expect(try stage.names(stage.refused) == [hash.text + ".eml", hash.text + ".txt"])
  }

  @Test func `another file that took the name meanwhile is not deleted`() async throws {
    let stage = try Stage()
    try stage.put(parcel("one"), as: "x.eml")
    try await stage.driver.receive(into: stage.intake, .once)
    await stage.intake.decide(.keep)
    try stage.put(parcel("two"), as: "x.eml")
    #expect(try await stage.driver.settle(await stage.intake.placements).count == 1)
    #expect(try stage.names(stage.directory) == ["x.eml"])
    try await stage.driver.receive(into: stage.intake, .once)
    #expect(await stage.intake.taken.count == 2)
  }

  @Test(arguments: [true, false])
  func `a file that is still written to is not taken half`(isNamedByItsBytes: Bool) async throws {
    let stage = try Stage()
    let whole = parcel("a long one")
    let name = isNamedByItsBytes ? Hash.of(whole).text + ".eml" : "x.eml"
    let inlet = Inlet(directory: stage.directory, refused: stage.refused, disk: Disk())
    for length in [10, 20, whole.count - 1] {
      try stage.put(Array(whole.prefix(length)), as: name)
      #expect(try await !inlet.takeIn(to: stage.intake), "it waits for the rest")
    }
    #expect(await stage.intake.taken.isEmpty)
    try stage.put(whole, as: name)
    let isTakenAtOnce = try await inlet.takeIn(to: stage.intake)
    #expect(isTakenAtOnce == isNamedByItsBytes)
    #expect(try await inlet.takeIn(to: stage.intake))
    #expect(await stage.intake.taken.map(\.sha256) == [Hash.of(whole)])
  }

  @Test func `links, folders, pipes, hidden and other files are left alone`() async throws {
    let stage = try Stage()
    let secret = stage.home.appending(path: "secret")
    try Data(parcel("secret")).write(to: secret)
    let manager = FileManager.default
    try manager.createSymbolicLink(at: stage.directory.appending(path: "link.eml"), withDestinationURL: secret)
    try manager.createDirectory(at: stage.directory.appending(path: "folder.eml"), withIntermediateDirectories: true)
    let isPipeMade = unsafe mkfifo(stage.directory.appending(path: "pipe.eml").path, 0o600) == 0
    #expect(isPipeMade)
    try stage.put(parcel("hidden"), as: ".hidden.eml")
    try stage.put(parcel("partial"), as: ".tmp-1")
    try stage.put(parcel("other"), as: "readme.txt")
    try await stage.driver.receive(into: stage.intake, .once)
    #expect(await stage.intake.taken.isEmpty)
    #expect(try stage.names(stage.directory).count == 6)
  }

  @Test(arguments: [
    "a\nb.eml", "-rf.eml", "\u{1b}[31m.eml", "%2e%2e.eml", " .eml", "a\\b.eml", String(repeating: "ü", count: 120) + ".eml",
  ])
  func `hostile names are taken as they are, and settled`(name: String) async throws {
    let stage = try Stage()
    try stage.put(parcel("one"), as: name)
    try await stage.driver.receive(into: stage.intake, .once)
    #expect(await stage.intake.taken.count == 1)
    await stage.intake.decide(.keep)
    #expect(try await stage.driver.settle(await stage.intake.placements).count == 1)
    #expect(try stage.names(stage.directory).isEmpty)
  }

  @Test func `a huge file is moved aside without being read`() async throws {
    let stage = try Stage()
    let path = stage.directory.appending(path: "huge.eml").path
    try Data().write(to: URL(filePath: path))
    let isLong = unsafe truncate(path, 10 << 30) == 0
    #expect(isLong)
    try await stage.driver.receive(into: stage.intake, .once)
    #expect(await stage.intake.taken.isEmpty)
    #expect(try stage.names(stage.directory).isEmpty)
    let names = try stage.names(stage.refused)
    #expect(names.count == 2)
    let reason = try String(contentsOf: stage.refused.appending(path: try #require(names.last)), encoding: .utf8)
    #expect(reason == "huge.eml holds 10737418240 bytes; a parcel has at most 41943040.\n")
  }

  @Test func `what is not admitted waits, and is asked for again`() async throws {
    let stage = try Stage()
    try stage.put(parcel("known", from: "BEN@example.org"))
    try stage.put(parcel("unknown", from: "eve@example.net"))
    await stage.intake.admit(only: ["ben@example.org"])
    try await stage.driver.receive(into: stage.intake, .once)
    #expect(await stage.intake.taken.map(\.sha256) == [Hash.of(parcel("known", from: "BEN@example.org"))])
    await stage.intake.admit(only: nil)
    try await stage.driver.receive(into: stage.intake, .once)
    #expect(await stage.intake.taken.count == 2)
  }

  @Test func `a missing directory stops a single look, is waited for otherwise, and is never made`() async throws {
    let stage = try Stage(directoryIsThere: false)
    await #expect(throws: DriverFailure.self) { try await stage.driver.receive(into: stage.intake, .once) }
    let task = Task { try await stage.driver.receive(into: stage.intake, .forever) }
    await stage.intake.waitUntilReported(1)
    #expect(!FileManager.default.fileExists(atPath: stage.directory.path))
    try FileManager.default.createDirectory(at: stage.directory, withIntermediateDirectories: true)
    try stage.put(parcel("late"))
    await stage.intake.waitUntilTaken(1)
    await stage.intake.waitUntilReported(2)
    task.cancel()
    try await task.value
    let reports = await stage.intake.reports
    guard case .troubled("folder", .unreachable, _) = reports[0] else { return #expect(Bool(false), "\(reports)") }
    #expect(reports.dropFirst() == [.working(driver: "folder")], "each condition is reported once")
  }

  @Test func `a database that fails leaves the file where it is`() async throws {
    let stage = try Stage()
    try stage.put(parcel("one"))
    await stage.intake.fail(true)
    await #expect(throws: DriverFailure.self) { try await stage.driver.receive(into: stage.intake, .once) }
    #expect(try stage.names(stage.directory).count == 1)
    await stage.intake.fail(false)
    try await stage.driver.receive(into: stage.intake, .once)
    #expect(await stage.intake.taken.count == 1)
  }

  // MARK: Handing over

  @Test func `a parcel is handed over whole, under its own name, and readable by others`() async throws {
    let stage = try Stage()
    let bytes = parcel("one")
    let file = stage.home.appending(path: "sealed")
    try Data(bytes).write(to: file)
    let endpoint = try #require(Endpoint(path: stage.directory.path)).uri
    #expect(stage.driver.claims(endpoint))
    var outcomes: [Int64: Outcome] = [:]
    for await (id, outcome) in stage.driver.transmit(
      [7, 8].map { Consignment(id: $0, endpoint: endpoint, file: file, size: bytes.count) })
    {
      outcomes[id] = outcome
    }
    let name = Hash.of(bytes).text + ".eml"
    #expect(outcomes == [7: .handedOver(reply: name), 8: .handedOver(reply: name)], "the same bytes again are the same file")
    #expect(try stage.names(stage.directory) == [name])
    let written = stage.directory.appending(path: name).path
    #expect(try Data(contentsOf: URL(filePath: written)) == Data(bytes))
    #expect(try FileManager.default.attributesOfItem(atPath: written)[.posixPermissions] as? Int == 0o644)
  }

  @Test func `what cannot be handed over is tried again, or never`() async throws {
    let stage = try Stage(directoryIsThere: false)
    let file = stage.home.appending(path: "sealed")
    try Data(parcel("one")).write(to: file)
    let missing = try #require(Endpoint(path: stage.directory.path)).uri
    #expect(await outcome(stage, missing, file) == .unreachable(reason: "there is no directory \(stage.directory.path)"))
    #expect(!FileManager.default.fileExists(atPath: stage.directory.path))
    guard case .refused = await outcome(stage, "mailto:a@b", file) else { return #expect(Bool(false)) }
    #expect(!stage.driver.claims("mailto:a@b"))
    #expect(!stage.driver.claims("file://host/x"))
    try FileManager.default.createDirectory(at: stage.directory, withIntermediateDirectories: true)
    guard case .deferred = await outcome(stage, missing, stage.home.appending(path: "gone")) else { return #expect(Bool(false)) }
    #expect(try stage.names(stage.directory).isEmpty, "nothing half is left behind")
  }

  private func outcome(_ stage: Stage, _ endpoint: String, _ file: URL) async -> Outcome? {
    for await (_, outcome) in stage.driver.transmit([Consignment(id: 1, endpoint: endpoint, file: file, size: 1)]) {
      return outcome
    }
    return nil
  }
}

@Suite struct OuterFromTests {
  @Test(
    arguments: [
      ("From: <Anna@Example.org>\r\n\r\n", "anna@example.org"), ("from:<a@b>\n\n", "a@b"),
      ("To: <x@y>\r\nFROM: A <a@b>\r\n", "a@b"),
      ("From: a@b\r\n\r\n", "a@b"), ("From:\tAnna@b \r\n\r\n", "anna@b"), ("From: Anna <a@b>\n", "a@b"),
      ("From: a@b, c@d\r\n\r\n", nil), ("From: Anna a@b\r\n\r\n", nil), ("From: Anna\r\n\r\n", nil), ("From: \r\n\r\n", nil),
      ("From: <a@b>\r\nFrom: <c@d>\r\n\r\n", nil), ("To: <a@b>\r\n\r\nFrom: <c@d>\r\n", nil),
      ("From: >a@b<\r\n\r\n", nil), ("", nil), ("From: <>\r\n\r\n", nil), ("From", nil),
    ] as [(String, String?)])
  func `the outer From is a hint where there is exactly one`(head: String, address: String?) {
    #expect(OuterFrom.address(in: Array(head.utf8)) == address)
  }
}
