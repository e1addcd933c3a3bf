/// What the first bytes of a picture say: its type by magic, its size in pixels by its header. Nothing is decoded.
public struct PictureHeader: Hashable, Sendable {
  /// What is recognised.
  public enum Kind: String, Sendable {
    /// ISO/IEC 10918.
    case jpeg = "image/jpeg"
    /// ISO/IEC 15948.
    case png = "image/png"
  }

  /// JPEG or PNG.
  public let kind: Kind
  /// Pixels.
  public let width: Int
  /// Pixels.
  public let height: Int

  /// The media type.
  public var type: String { kind.rawValue }

  /// The most pixels that a picture may have: beyond it a small file could fill the memory.
  public static let mostPixels = 100_000_000

  /// Reads the header of a picture.
  ///
  /// - Parameter bytes: the file, or at least its first 256 KiB: cameras put previews before the size.
  public init(_ bytes: [UInt8]) throws(PictureFailure) {
    let size: (Int, Int)?
    if bytes.starts(with: [0xff, 0xd8, 0xff]) {
      kind = .jpeg
      size = Self.jpegSize(bytes)
    } else if bytes.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) {
      kind = .png
      size = Self.pngSize(bytes)
    } else {
      throw Self.stranger(bytes)
    }
    guard let (width, height) = size, width > 0, height > 0 else { throw .damaged }
    guard width <= Self.mostPixels / height else { throw .tooLarge }
    (self.width, self.height) = (width, height)
  }

  /// The IHDR chunk is the first: width and height at offsets 16 and 20.
  private static func pngSize(_ bytes: [UInt8]) -> (Int, Int)? {
    guard bytes.count >= 24, bytes[12..<16].elementsEqual(Array("IHDR".utf8)) else { return nil }
    return (number(bytes[16..<20]), number(bytes[20..<24]))
  }

  /// Segments are walked until a start of frame (SOF0 to SOF15, without DHT, JPG and DAC).
  private static func jpegSize(_ bytes: [UInt8]) -> (Int, Int)? {
    var at = 2
    while at + 9 < bytes.count {
      guard bytes[at] == 0xff else { return nil }
      let marker = bytes[at + 1]
      if marker == 0xff {
        at += 1
      } else if (0xc0...0xcf).contains(marker), ![0xc4, 0xc8, 0xcc].contains(marker) {
        return (number(bytes[(at + 7)..<(at + 9)]), number(bytes[(at + 5)..<(at + 7)]))
      } else if marker == 0xd9 || marker == 0xda {
        return nil
      } else {
        at += 2 + max(2, number(bytes[(at + 2)..<(at + 4)]))
      }
    }
    return nil
  }

  private static func number(_ bytes: ArraySlice<UInt8>) -> Int { bytes.reduce(0) { $0 << 8 | Int($1) } }

  private static func stranger(_ bytes: [UInt8]) -> PictureFailure {
    let brand = bytes.count >= 12 ? String(decoding: bytes[4..<12], as: UTF8.self) : ""
    if brand.hasPrefix("ftyphei") || brand.hasPrefix("ftypmif") || brand.hasPrefix("ftypavif") { return .notYet("HEIC") }
    if bytes.starts(with: Array("RIFF".utf8)), brand.hasSuffix("WEBP") { return .notYet("WebP") }
    return .noPicture
  }
}

/// Why a picture is not posted, or not shown small. One sentence each.
public enum PictureFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// The file is not there or cannot be read.
  case unreadable
  /// Neither JPEG nor PNG, whatever its name says.
  case noPicture
  /// A form that comes with a later version.
  case notYet(String)
  /// The header makes no sense, or the picture cannot be decoded.
  case damaged
  /// More bytes or pixels than are taken.
  case tooLarge
  /// `vipsthumbnail` is not installed.
  case noProgram
  /// It took too long, or ended in another way: perhaps later.
  case notDone

  /// One sentence: what happened; what to do.
  public var description: String {
    switch self {
    case .unreadable: "the picture cannot be read; check that the file is there"
    case .noPicture: "this is neither a JPEG nor a PNG; convert it first"
    case .notYet(let form): "\(form) pictures come with a later version; convert it to JPEG first"
    case .damaged: "the picture is damaged; open it in a picture program and save it anew"
    case .tooLarge: "the picture has more than 100 million pixels or 40 MB; make it smaller"
    case .noProgram: "vipsthumbnail is missing; install libvips-tools"
    case .notDone: "the picture could not be scaled in time; try again"
    }
  }
}
