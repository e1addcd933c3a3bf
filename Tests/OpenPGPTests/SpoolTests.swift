import Foundation
import OpenPGP
import Testing

@Suite struct SpoolTests {
  @Test(arguments: [0, 1, 256 << 10, (256 << 10) + 1, 1 << 20, (1 << 20) + 7])
  func `what was spooled is read back, from memory and from a file alike`(size: Int) throws {
    let stage = try Stage()
    defer { try? FileManager.default.removeItem(at: stage.directory) }
    let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    let writer = SpoolWriter(directory: stage.directory)
    for start in stride(from: 0, to: size, by: 100_001) { try writer.append(bytes[start..<min(size, start + 100_001)]) }
    #expect(writer.size == size)
    let spool = try writer.finish()
    #expect(spool.size == size)
    #expect(try spool.bytes(limit: size) == bytes)
    #expect(try spool.read(at: size / 2, count: 10) == Array(bytes.dropFirst(size / 2).prefix(10)))
    #expect(try spool.read(at: size, count: 10).isEmpty)
    let part = spool.part(3..<size + 5)
    #expect(try part.bytes(limit: size) == Array(bytes.dropFirst(3)))
    #expect(try part.part(1..<2).bytes(limit: 1) == Array(bytes.dropFirst(4).prefix(1)))
    if size > 0 { #expect(throws: SpoolFailure.tooLarge(limit: size - 1)) { try spool.bytes(limit: size - 1) } }
    #expect(try FileManager.default.contentsOfDirectory(atPath: stage.directory.path) == ["tmp"], "no name is left behind")
    let lent = try spool.withFileDescriptor { descriptor, range in
      let handle = FileHandle(fileDescriptor: descriptor)
      try handle.seek(toOffset: UInt64(range.lowerBound))
      return try handle.read(upToCount: range.count)
    }
    #expect(lent.flatMap { $0 } == (size > 256 << 10 ? Data(bytes) : nil))
  }

  @Test func `the byte after the limit is refused`() throws {
    let writer = SpoolWriter(directory: URL(filePath: "/nonexistent"), limit: 4)
    try writer.append([1, 2, 3, 4])
    #expect(throws: SpoolFailure.tooLarge(limit: 4)) { try writer.append([5]) }
    #expect(try writer.finish().bytes(limit: 4) == [1, 2, 3, 4])
  }

  @Test func `a spool that cannot be written says so`() throws {
    let writer = SpoolWriter(directory: URL(filePath: "/nonexistent"))
    #expect(throws: SpoolFailure.self) { try writer.append([UInt8](repeating: 0, count: 1 << 20)) }
    #expect(throws: SpoolFailure.self) { try Spool(reading: URL(filePath: "/nonexistent/file")) }
  }

  @Test func `a file that shrinks while it is read is noticed`() throws {
    let stage = try Stage()
    defer { try? FileManager.default.removeItem(at: stage.directory) }
    let file = stage.path("file")
    try Data(count: 1000).write(to: file)
    let spool = try Spool(reading: file)
    try FileHandle(forWritingTo: file).truncate(atOffset: 10)
    #expect(throws: SpoolFailure.cutShort) { try spool.bytes(limit: 1000) }
  }
}
