internal import Account
internal import FoundationEssentials
internal import Packets
internal import Store

extension Bridge {
  /// How long a file lies before it counts as left behind, in seconds: another process may be at work on it.
  private static let leftBehind: Int64 = 3600

  /// Takes away what processes that died have left: half-written files, what a driver brought and could not tell of, and sealed
  /// copies and letters that nobody will send.
  func sweep() async throws {
    let needed = Set(try await store.unsentMessageIDs().map { layout.outpacket($0).lastPathComponent })
    sweep(layout.outpackets) { name in name.hasPrefix(".") || name.hasSuffix(".eml") && !needed.contains(name) }
    let taken = Set(try await store.inpackets().waiting.map { layout.inpacket($0.sha256).lastPathComponent })
    sweep(layout.inpackets) { name in name.hasPrefix(".") || Hash(text: name.dropLast(4)) != nil && !taken.contains(name) }
    sweep(layout.blobs) { $0.hasPrefix(".") }
    sweep(scratch) { _ in true }
  }

  private func sweep(_ folder: URL, _ isWaste: (String) -> Bool) {
    let files = FileManager.default
    let old = Double(clock.now().adding(seconds: -Self.leftBehind).milliseconds) / 1000
    for name in (try? files.contentsOfDirectory(atPath: folder.path)) ?? [] where isWaste(name) {
      let file = folder.appending(path: name)
      guard let modified = try? files.attributesOfItem(atPath: file.path)[.modificationDate] as? Date,
        modified.timeIntervalSince1970 < old
      else { continue }
      try? files.removeItem(at: file)
    }
  }
}
