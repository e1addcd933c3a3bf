import Foundation
import Testing

/// Makes pictures on the spot, with everything in them that must not leave.
struct Camera: ~Copyable {
  let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appending(path: "pictures-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func file(_ name: String, _ bytes: [UInt8]) throws -> URL {
    let file = folder.appending(path: name)
    try Data(bytes).write(to: file)
    return file
  }

  /// Runs one of libvips' own tools, and returns what it says.
  @discardableResult func vips(_ tool: String, _ arguments: String...) throws -> String {
    let process = Process()
    process.executableURL = URL(filePath: "/usr/bin/\(tool)")
    process.arguments = arguments
    process.currentDirectoryURL = folder
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let said = try output.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    try #require(process.terminationStatus == 0, "\(tool) \(arguments)")
    return String(decoding: said, as: UTF8.self)
  }

  /// A picture of this size, black on the left half and white on the right.
  func halves(_ name: String, width: Int, height: Int) throws -> URL {
    try vips("vips", "black", "left.v", "\(width / 2)", "\(height)", "--bands", "3")
    try vips("vips", "linear", "left.v", "right.v", "1", "255", "--uchar")
    try vips("vips", "join", "left.v", "right.v", name, "horizontal")
    return folder.appending(path: name)
  }

  /// Colour of one pixel, 0 to 255 for each band.
  func pixel(_ file: URL, _ x: Int, _ y: Int) throws -> [Int] {
    try vips("vips", "getpoint", file.path, "\(x)", "\(y)").split(separator: " ").compactMap {
      Double($0).map { Int($0.rounded()) }
    }
  }

  /// The JPEG with an EXIF block that says how the camera was held, where it was (52°31'12" north), and whose it is; and a comment.
  func tagged(_ jpeg: URL, orientation: UInt16, name: String) throws -> URL {
    func little16(_ number: UInt16) -> [UInt8] { [UInt8(number & 0xff), UInt8(number >> 8)] }
    func little32(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
    func entry(_ tag: UInt16, _ type: UInt16, _ count: UInt32, _ value: [UInt8]) -> [UInt8] {
      little16(tag) + little16(type) + little32(count) + value
    }
    // TIFF: header 8, first directory of three entries 42, its text 12, then the GPS directory of two entries 30, then its numbers.
    var tiff = Array("II*\0".utf8) + little32(8) + little16(3)
    tiff += entry(0x0112, 3, 1, little16(orientation) + [0, 0])
    tiff += entry(0x013b, 2, 12, little32(50))  // Artist
    tiff += entry(0x8825, 4, 1, little32(62)) + little32(0)
    tiff += Array("Mona Secret\0".utf8)
    tiff += little16(2) + entry(1, 2, 2, Array("N\0\0\0".utf8)) + entry(2, 5, 3, little32(92)) + little32(0)
    tiff += [52, 1, 31, 1, 12, 1].flatMap { little32($0) }
    func segment(_ marker: UInt8, _ body: [UInt8]) -> [UInt8] {
      [0xff, marker, UInt8((body.count + 2) >> 8), UInt8((body.count + 2) & 0xff)] + body
    }
    let plain = Array(try Data(contentsOf: jpeg))
    let xmp = Array("http://ns.adobe.com/xap/1.0/\0<x:xmpmeta>Secret place</x:xmpmeta>".utf8)
    let exif = segment(0xe1, Array("Exif\0\0".utf8) + tiff)
    let comment = segment(0xfe, Array("Secret comment".utf8))
    return try file(name, Array(plain[..<2]) + exif + segment(0xe1, xmp) + comment + Array(plain[2...]))
  }

  /// The PNG with a text chunk behind its header.
  func tagged(_ png: URL, text: String, name: String) throws -> URL {
    let plain = Array(try Data(contentsOf: png))
    return try file(name, Array(plain[..<33]) + Self.chunk("tEXt", Array("Comment\0\(text)".utf8)) + Array(plain[33...]))
  }

  /// A PNG whose header claims this size, and no more than a little data behind it.
  static func pngClaiming(width: UInt32, height: UInt32) -> [UInt8] {
    func big(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) } }
    return [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a] + chunk("IHDR", big(width) + big(height) + [8, 2, 0, 0, 0])
      + chunk("IDAT", [0x78, 0x9c, 3, 0, 0, 0, 0, 1]) + chunk("IEND", [])
  }

  /// A JPEG whose frame header claims this size.
  static func jpegClaiming(width: UInt16, height: UInt16) -> [UInt8] {
    [
      0xff, 0xd8, 0xff, 0xe0, 0, 4, 0, 0, 0xff, 0xc0, 0, 11, 8, UInt8(height >> 8), UInt8(height & 0xff), UInt8(width >> 8),
      UInt8(width & 0xff),
    ]
      + [1, 1, 0x11, 0, 0xff, 0xd9]
  }

  private static func chunk(_ name: String, _ body: [UInt8]) -> [UInt8] {
    func big(_ number: UInt32) -> [UInt8] { (0..<4).map { UInt8(truncatingIfNeeded: number >> (24 - 8 * $0)) } }
    let named = Array(name.utf8) + body
    var sum: UInt32 = 0xffff_ffff
    for byte in named {
      sum ^= UInt32(byte)
      for _ in 0..<8 { sum = sum & 1 == 1 ? (sum >> 1) ^ 0xedb8_8320 : sum >> 1 }
    }
    return big(UInt32(body.count)) + named + big(~sum)
  }
}
