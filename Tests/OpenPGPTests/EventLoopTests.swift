import CGPGME
import Foundation
import Testing

@testable import OpenPGP

/// The loop in which GPGME waits, with pipes in the place of gpg.
@Suite struct EventLoopTests {
  /// Which descriptors were served, in their order; each is read as GPGME would.
  private final class Served {
    var said: [(descriptor: Int32, text: String)] = []

    static let read: gpgme_io_cb_t = { served, descriptor in
      let bytes = FileHandle(fileDescriptor: descriptor).availableData
      if let served = unsafe served {
        unsafe Unmanaged<Served>.fromOpaque(served).takeUnretainedValue().said
          .append((descriptor, String(decoding: bytes, as: UTF8.self)))
      }
      return 0
    }
  }

  @Test func `words that come together with an end are read before the end is told`() throws {
    let (status, words) = (Pipe(), Pipe())
    let served = Served()
    let loop = EventLoop()
    let patience = Patience(deadline: .now + .seconds(60), cancellation: nil)
    for pipe in [status, words] {
      _ = unsafe loop.watch(
        pipe.fileHandleForReading.fileDescriptor, writing: false, Served.read, Unmanaged.passUnretained(served).toOpaque())
    }
    try status.fileHandleForWriting.close()
    try words.fileHandleForWriting.write(contentsOf: Data("gpg: Fatal".utf8))
    try words.fileHandleForWriting.close()
    for _ in 0..<2 { #expect(loop.waitForWork(patience) == nil) }
    withExtendedLifetime(served) {
      #expect(served.said.map(\.text) == ["gpg: Fatal", "", ""])
      #expect(served.said.map(\.descriptor).first == words.fileHandleForReading.fileDescriptor)
    }
  }
}
