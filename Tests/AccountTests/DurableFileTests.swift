import Account
import Foundation
import Packets
import Testing

private func path(_ url: URL) -> String { url.path(percentEncoded: false) }

@Suite struct DurableFileTests {
  @Test func `a copy is whole, named by its bytes, and for whom it was said`() throws {
    let folder = try temporaryFolder()
    let bytes = [UInt8]((0..<200_000).map { UInt8(truncatingIfNeeded: $0) })
    let file = folder.appending(path: "source")
    try Data(bytes).write(to: file)
    let target = folder.appending(path: "target", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
    let copy = try DurableFile.copy(file, intoFolder: target, limit: bytes.count, mode: 0o644)
    #expect(copy.sha256 == Hash.of(bytes))
    #expect(copy.look.size == bytes.count)
    let names = try FileManager.default.contentsOfDirectory(atPath: path(target))
    #expect(names == [copy.sha256.text + ".eml"])
    let place = path(target.appending(path: names[0]))
    #expect(FileManager.default.contents(atPath: place) == Data(bytes))
    #expect(try FileManager.default.attributesOfItem(atPath: place)[.posixPermissions] as? Int == 0o644)
    #expect(throws: DiskFailure.tooLarge(path(file))) { try DurableFile.copy(file, intoFolder: target, limit: bytes.count - 1) }
    #expect(try FileManager.default.contentsOfDirectory(atPath: path(target)) == names, "nothing half is left behind")
  }

  @Test func `links, folders and pipes are no files, and nobody waits for them`() throws {
    let folder = try temporaryFolder()
    let file = folder.appending(path: "file")
    try Data("x".utf8).write(to: file)
    let link = folder.appending(path: "link")
    try FileManager.default.createSymbolicLink(at: link, withDestinationURL: file)
    let pipe = folder.appending(path: "pipe")
    let isPipeMade = unsafe mkfifo(path(pipe), 0o600) == 0
    #expect(isPipeMade)
    for name in [link, pipe, folder] {
      #expect(throws: DiskFailure.notAFile(path(name))) { try DurableFile.hash(of: name) }
      #expect(throws: DiskFailure.notAFile(path(name))) { try DurableFile.head(of: name, limit: 1) }
      #expect(throws: DiskFailure.notAFile(path(name))) { try DurableFile.copy(name, intoFolder: folder, limit: 10) }
      #expect(try !DurableFile.look(at: name).isRegular)
    }
    #expect(try DurableFile.hash(of: file) == Hash.of(Array("x".utf8)))
  }

  @Test func `a file is made once, and settled in place of another`() throws {
    let folder = try temporaryFolder()
    let (one, other) = (folder.appending(path: "one"), folder.appending(path: "other"))
    try DurableFile.create(one, holding: [1])
    #expect(throws: DiskFailure.exists(path(one))) { try DurableFile.create(one, holding: [2]) }
    try DurableFile.create(other, holding: [2])
    try DurableFile.settle(one, as: other)
    #expect(FileManager.default.contents(atPath: path(other)) == Data([1]))
    #expect(!FileManager.default.fileExists(atPath: path(one)))
    try DurableFile.remove(other)
    try DurableFile.remove(other)
    #expect(throws: DiskFailure.missing(path(one))) { try DurableFile.settle(one, as: other) }
  }

  @Test func `a file that changed looks different`() throws {
    let file = try temporaryFolder().appending(path: "file")
    try Data("one".utf8).write(to: file)
    let before = try DurableFile.look(at: file)
    #expect(try DurableFile.look(at: file) == before)
    try Data("two!".utf8).write(to: file)
    #expect(try DurableFile.look(at: file) != before)
  }
}
