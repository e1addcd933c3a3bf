internal import CGMime

extension Message {
  /// A part's body with its transfer encoding undone; at most `limit` bytes, or it is refused.
  public func body(of part: Part, limit: Int) throws(MessageFailure) -> [UInt8] {
    var bytes: [UInt8] = []
    var reader = reader(of: part, limit: limit)
    while let piece = try reader.next() { bytes += piece }
    return bytes
  }

  /// Reads a part's body piece by piece, its transfer encoding undone; at most `limit` bytes in all, or it is refused.
  public func reader(of part: Part, limit: Int) -> BodyReader { BodyReader(source, part, limit: limit) }
}

/// A part's body in pieces of at most 64 KiB, its transfer encoding undone.
public struct BodyReader: Sendable {
  private let source: Source
  private var rest: Range<Int>
  private var decoder: TransferDecoder
  private let limit: Int
  private var room: Int

  fileprivate init(_ source: Source, _ part: Part, limit: Int) {
    self.source = source
    self.limit = limit
    rest = part.body
    decoder = TransferDecoder(part.encoding)
    room = limit
  }

  /// The next piece, which may be empty; nothing behind the last one.
  public mutating func next() throws(MessageFailure) -> [UInt8]? {
    guard !rest.isEmpty else { return nil }
    let piece = try source.read(at: rest.lowerBound, count: min(1 << 16, rest.count))
    rest = piece.isEmpty ? rest.upperBound..<rest.upperBound : (rest.lowerBound + piece.count)..<rest.upperBound
    let decoded = decoder.decode(piece)
    guard decoded.count <= room else { throw .bodyTooLong(limit: limit) }
    room -= decoded.count
    return decoded
  }
}

/// Undoes a transfer encoding piece by piece. What does not belong to the encoding is skipped or kept as it is, never an error.
struct TransferDecoder: Sendable {
  private var state: GMimeEncoding?

  init(_ encoding: TransferEncoding) {
    let kind: GMimeContentEncoding? =
      switch encoding {
      case .identity: nil
      case .base64: GMIME_CONTENT_ENCODING_BASE64
      case .quotedPrintable: GMIME_CONTENT_ENCODING_QUOTEDPRINTABLE
      }
    guard let kind else { return }
    var state = GMimeEncoding()
    unsafe g_mime_encoding_init_decode(&state, kind)
    self.state = state
  }

  mutating func decode(_ piece: [UInt8]) -> [UInt8] {
    guard var state else { return piece }
    let room = unsafe g_mime_encoding_outlen(&state, piece.count)
    let decoded = unsafe [UInt8](unsafeUninitializedCapacity: room) { output, count in
      unsafe piece.withUnsafeBytes { input in
        guard let input = input.baseAddress, let output = output.baseAddress else { return }
        let text = unsafe UnsafeMutableRawPointer(output).assumingMemoryBound(to: CChar.self)
        count = unsafe g_mime_encoding_step(&state, input.assumingMemoryBound(to: CChar.self), piece.count, text)
      }
    }
    self.state = state
    return decoded
  }
}
