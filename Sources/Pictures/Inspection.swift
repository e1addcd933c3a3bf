public import FoundationEssentials

/// What a file says about the picture in it. Read from its headers alone; nothing is decoded.
public struct Inspection: Hashable, Sendable {
  /// Found by the file's first bytes, whatever its name says.
  public var kind: PictureKind
  /// Pixels, before it is turned upright.
  public var width: Int
  /// Pixels, before it is turned upright.
  public var height: Int

  /// Looks at a file.
  public init(_ file: URL) throws(PictureFailure) {
    try self.init(PictureFile(file.path))
  }

  init(_ file: borrowing PictureFile) throws(PictureFailure) {
    guard let kind = PictureKind(try file.bytes(at: 0, count: 16)) else { throw .notAPicture }
    self.kind = kind
    switch kind {
    case .jpeg: (width, height) = try Self.jpegSize(file)
    case .png: (width, height) = try Self.pngSize(file)
    case .heic, .avif, .webp, .gif: throw .unsupported(kind)
    }
    guard width > 0, height > 0 else { throw .damaged }
  }

  /// From the first frame header (ITU-T T.81 B.2.2), which is the one that decoders use. Pictures within segments are skipped with them.
  private static func jpegSize(_ file: borrowing PictureFile) throws(PictureFailure) -> (Int, Int) {
    var offset = 2
    for _ in 0..<segmentsLookedAt {
      let marker = try file.number16(at: offset)
      guard marker >= 0xff00 else { throw .damaged }
      switch marker & 0xff {
      case 0xff: offset += 1  // fill byte
      case 0x01, 0xd0...0xd7: offset += 2  // stands alone
      case 0xc0, 0xc1, 0xc2:  // baseline, extended, progressive
        return (try file.number16(at: offset + 7), try file.number16(at: offset + 5))
      case 0x00, 0xc3, 0xc5...0xc7, 0xc9...0xcb, 0xcd...0xcf, 0xd8...0xda: throw .damaged  // rare processes, or the data already
      default: offset += 2 + max(2, try file.number16(at: offset + 2))
      }
    }
    throw .damaged
  }

  /// More segments before the frame header than any camera writes.
  private static let segmentsLookedAt = 2_000

  /// From the header chunk, which must be the first (PNG 11.2.2).
  private static func pngSize(_ file: borrowing PictureFile) throws(PictureFailure) -> (Int, Int) {
    guard try file.number32(at: 8) == 13, try file.bytes(at: 12, count: 4) == Array("IHDR".utf8) else { throw .damaged }
    return (try file.number32(at: 16), try file.number32(at: 20))
  }
}

/// Kinds of pictures that are known by their first bytes.
public enum PictureKind: String, Sendable {
  /// Read and written.
  case jpeg = "image/jpeg"
  /// Read and written.
  case png = "image/png"
  /// Telephones' own kind; not read yet.
  case heic = "image/heic"
  /// Not read yet.
  case avif = "image/avif"
  /// Not read yet.
  case webp = "image/webp"
  /// Not read yet.
  case gif = "image/gif"

  /// The media type.
  public var mediaType: String { rawValue }

  init?(_ start: [UInt8]) {
    func has(_ text: String, at offset: Int) -> Bool { start.dropFirst(offset).starts(with: text.utf8) }
    if start.starts(with: [0xff, 0xd8, 0xff]) {
      self = .jpeg
    } else if start.starts(with: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]) {
      self = .png
    } else if has("GIF8", at: 0) {
      self = .gif
    } else if has("RIFF", at: 0), has("WEBP", at: 8) {
      self = .webp
    } else if has("ftyp", at: 4), ["heic", "heix", "heim", "heis", "hevc", "mif1", "msf1"].contains(where: { has($0, at: 8) }) {
      self = .heic
    } else if has("ftypavi", at: 4) {
      self = .avif
    } else {
      return nil
    }
  }

  /// As people call it.
  var name: String {
    switch self {
    case .jpeg: "JPEG"
    case .png: "PNG"
    case .heic: "HEIC"
    case .avif: "AVIF"
    case .webp: "WebP"
    case .gif: "GIF"
    }
  }
}

/// Why there is no picture.
public enum PictureFailure: Error, Hashable, Sendable, CustomStringConvertible {
  /// Its first bytes are those of no kind that is known.
  case notAPicture
  /// Known, and not read yet.
  case unsupported(PictureKind)
  /// The file is longer than allowed, in bytes.
  case tooLarge(limit: Int)
  /// It has more pixels than allowed.
  case tooManyPixels(width: Int, height: Int)
  /// Nothing of it can be shown, it lies about itself, or it wants more memory or time of the processor than allowed.
  case damaged
  /// The child process was stopped at its deadline.
  case tooSlow
  /// A program that is needed is not installed.
  case missingTool(String)
  /// The file cannot be read.
  case unreadable(reason: String)
  /// What is made of it cannot be written.
  case unwritten(reason: String)
  /// The task was cancelled.
  case interrupted

  /// One sentence.
  public var description: String {
    switch self {
    case .notAPicture: "This is not a picture; JPEG and PNG can be sent."
    case .unsupported(let kind): "\(kind.name) pictures cannot be sent yet; send it as JPEG or PNG."
    case .tooLarge(let limit): "The picture's file is larger than \(limit >> 20) MiB."
    case .tooManyPixels(let width, let height): "The picture has \(width) by \(height) pixels, more than can be scaled."
    case .damaged: "The picture is damaged and cannot be shown."
    case .tooSlow: "Scaling the picture took too long."
    case .missingTool(let path): "\(path) is missing; install the packages libvips-tools and util-linux."
    case .unreadable(let reason): "The picture cannot be read: \(reason)."
    case .unwritten(let reason): "The picture cannot be made ready: \(reason)."
    case .interrupted: "Scaling the picture was interrupted."
    }
  }
}
