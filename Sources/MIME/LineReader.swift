internal import Glibc

/// Reads a source line by line, ended by LF or CRLF, keeping only the beginning of long ones.
struct LineReader {
  /// Where the next line begins.
  var offset: Int { bufferStart + position }
  /// The beginning of the line that was read last, without its line end.
  private(set) var line: [UInt8] = []
  /// Behind the last byte of the line before it, its line end left out.
  private(set) var previousContentEnd = 0

  private let source: Source
  private var buffer: [UInt8] = []
  private var bufferStart = 0
  private var position = 0
  private var contentEnd = 0

  init(_ source: Source) { self.source = source }

  /// Goes to the next line; false at the end.
  mutating func next(keeping limit: Int) throws(MessageFailure) -> Bool {
    let start = offset
    line.removeAll(keepingCapacity: true)
    previousContentEnd = contentEnd
    var last: UInt8 = 0
    while true {
      if position == buffer.count {
        bufferStart += buffer.count
        position = 0
        buffer = try source.read(at: bufferStart, count: 1 << 16)
        guard !buffer.isEmpty else {
          contentEnd = offset
          return offset > start
        }
      }
      let end = lineFeed() ?? buffer.count
      line += buffer[position..<min(end, position + max(0, limit - line.count))]
      if end > position { last = buffer[end - 1] }
      position = end
      if position < buffer.count {
        let isCRLF = last == UInt8(ascii: "\r")
        contentEnd = isCRLF ? offset - 1 : offset
        if isCRLF, line.count == contentEnd - start + 1 { line.removeLast() }
        position += 1
        return true
      }
    }
  }

  /// Where in the buffer the current line ends. `memchr`, because a search by `firstIndex` takes longer than the disk.
  private func lineFeed() -> Int? {
    unsafe buffer.withUnsafeBytes { bytes in
      guard let base = bytes.baseAddress else { return nil }
      guard let found = unsafe memchr(base + position, 10, bytes.count - position) else { return nil }
      return unsafe UnsafeRawPointer(found) - base
    }
  }
}
