internal import CLinux
internal import Glibc
private import Synchronization

/// A directory in which messages become durable (architecture, rule 4): write all, make them durable together, rename, make the names
/// durable. A file that bears its lasting name is whole.
public final class MessageDirectory: Sendable {
  /// Where the messages lie.
  public let path: String
  let limit: Int
  private let prefix: String
  private let counter = Atomic(0)

  /// A directory that exists. Files under way are called `.<purpose>-…part`; messages of more than `limit` bytes are not kept.
  public init(_ path: String, purpose: String, limit: Int) {
    self.path = path
    self.limit = limit
    prefix = ".\(purpose)-"
  }

  /// Removes what an earlier process of the same purpose left unfinished.
  public func sweep() throws(FileFailure) {
    guard let directory = unsafe opendir(path) else { throw FileFailure("read", path) }
    defer { unsafe closedir(directory) }
    while let entry = unsafe readdir(directory) {
      let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
        unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) { unsafe String(cString: $0) }
      }
      if name.hasPrefix(prefix), name.hasSuffix(".part") { unsafe unlink("\(path)/\(name)") }
    }
  }

  func newFile() throws(FileFailure) -> ArrivingFile {
    let number = counter.add(1, ordering: .relaxed).newValue
    return try ArrivingFile(path: "\(path)/\(prefix)\(getpid())-\(number).part", limit: limit)
  }

  /// Makes a batch durable under its lasting names.
  func keep(_ batch: [(StoredMessage, ArrivingFile)]) throws(FileFailure) -> [StoredMessage] {
    guard !batch.isEmpty else { return [] }
    let directory = unsafe open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard directory >= 0 else { throw FileFailure("open", path) }
    defer { close(directory) }
    // A few are cheaper one by one; for many, one call for the file system costs less than a journal commit each.
    if batch.count <= 4 {
      for (_, file) in batch { try file.synchronize() }
    } else {
      guard syncfs(directory) == 0 else { throw FileFailure("syncfs", path) }
    }
    for (message, file) in batch { try file.rename(to: "\(path)/\(Self.name(of: message.sha256))") }
    guard fsync(directory) == 0 else { throw FileFailure("fsync", path) }
    return batch.map { $0.0 }
  }

  private static func name(of sha256: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: sha256.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self) + ".eml"
  }
}
