internal import FoundationEssentials
internal import Glibc

/// What the process holds of memory.
enum Footprint {
  /// Lets go of the program text that only the start, or a rush of work, has needed: of an idle daemon it is most of what is resident. The
  /// pages stay in the system's cache as long as it likes, and come back when they are run again (madvise(2), MADV_DONTNEED).
  static func shrink() {
    guard let maps = FileManager.default.contents(atPath: "/proc/self/maps") else { return }
    for line in String(decoding: maps, as: UTF8.self).split(separator: "\n") {
      // 7f12257e5000-7f122593b000 r-xp 00026000 fe:00 131 /usr/lib/x86_64-linux-gnu/libc.so.6 (proc_pid_maps(5)): text is never written to,
      // so nothing can be lost.
      let fields = line.split(separator: " ", maxSplits: 5, omittingEmptySubsequences: true)
      guard fields.count == 6, fields[1] == "r-xp", fields[5].hasPrefix("/") else { continue }
      let ends = fields[0].split(separator: "-").compactMap { UInt($0, radix: 16) }
      guard ends.count == 2, ends[0] < ends[1] else { continue }
      _ = unsafe madvise(UnsafeMutableRawPointer(bitPattern: ends[0]), Int(ends[1] - ends[0]), MADV_DONTNEED)
    }
  }
}
