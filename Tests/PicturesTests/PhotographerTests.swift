import Foundation
import Pictures
import Testing

/// What becomes of pictures that are posted, and of those that come from others.
struct PhotographerTests {
  @Test(arguments: [
    (1, 40, 20, "black", "white"), (3, 40, 20, "white", "black"), (6, 20, 40, "black", "white"), (8, 20, 40, "white", "black"),
  ]) func `a posted picture stands upright`(orientation: UInt16, width: Int, height: Int, first: String, last: String)
    async throws
  {
    let camera = try Camera()
    let photo = try camera.tagged(
      try camera.halves("plain.jpg", width: 40, height: 20), orientation: orientation, name: "held.jpg")
    let made = try await Photographer(workshop: camera.folder).prepare(photo, into: camera.folder.appending(path: "posted"))
    #expect(made.kind == .jpeg && made.width == width && made.height == height)
    func colour(_ x: Int, _ y: Int) throws -> String { try camera.pixel(made.file, x, y)[0] < 128 ? "black" : "white" }
    #expect(try colour(2, 2) == first)
    #expect(try colour(width - 3, height - 3) == last)
  }

  @Test func `a posted JPEG tells nothing but what it shows`() async throws {
    let camera = try Camera()
    let photo = try camera.tagged(try camera.halves("plain.jpg", width: 40, height: 20), orientation: 6, name: "held.jpg")
    let before = try camera.vips("vipsheader", "-a", photo.path)
    #expect(before.contains("GPSLatitude: 52/1 31/1 12/1") && before.contains("Mona Secret"))
    let made = try await Photographer(workshop: camera.folder).prepare(photo, into: camera.folder.appending(path: "posted"))
    let after = try camera.vips("vipsheader", "-a", made.file.path)
    let bytes = String(decoding: try Data(contentsOf: made.file), as: Unicode.ASCII.self)
    for trace in ["exif", "GPS", "Secret", "orientation", "xmp", "icc", "http"] {
      #expect(!after.contains(trace) && !bytes.contains(trace), "\(trace)")
    }
    #expect(!bytes.contains("Exif"))
    #expect(try Data(contentsOf: photo).count > 0, "the original is not touched")
  }

  @Test func `a posted PNG stays one, without its texts`() async throws {
    let camera = try Camera()
    let photo = try camera.tagged(try camera.halves("plain.png", width: 40, height: 20), text: "Secret place", name: "told.png")
    #expect(try camera.vips("vipsheader", "-a", photo.path).contains("Secret place"))
    let made = try await Photographer(workshop: camera.folder).prepare(photo, into: camera.folder.appending(path: "posted"))
    #expect(made.kind == .png && made.width == 40)
    #expect(!(try Data(contentsOf: made.file).contains(Data("Secret".utf8))))
    #expect(!(try camera.vips("vipsheader", "-a", made.file.path).contains("Secret")))
  }

  @Test func `a large picture is made smaller, a small one is left as it is`() async throws {
    let camera = try Camera()
    let photographer = Photographer(workshop: camera.folder)
    let large = try camera.halves("large.jpg", width: 5_000, height: 1_000)
    let small = try camera.halves("small.png", width: 100, height: 50)
    let posted = try await photographer.prepare(large, into: camera.folder.appending(path: "a"))
    #expect(posted.width == 2_048 && posted.height == 410)
    let thumbnail = try await photographer.thumbnail(large, into: camera.folder.appending(path: "b"))
    #expect(thumbnail.width == 600 && thumbnail.height == 120)
    let kept = try await photographer.thumbnail(small, into: camera.folder.appending(path: "b"))
    #expect(kept.width == 100 && kept.kind == .jpeg)
    #expect(try FileManager.default.contentsOfDirectory(atPath: camera.folder.path).allSatisfy { !$0.hasPrefix("picture-") })
  }

  static let refused: [(bytes: [UInt8], failure: PictureFailure)] = [
    (Camera.pngClaiming(width: 30_000, height: 30_000), PictureFailure.tooManyPixels(width: 30_000, height: 30_000)),
    (Camera.pngClaiming(width: .max, height: .max), .tooManyPixels(width: 4_294_967_295, height: 4_294_967_295)),
    (Camera.jpegClaiming(width: 65_535, height: 65_535), .tooManyPixels(width: 65_535, height: 65_535)),
    (Camera.pngClaiming(width: 0, height: 10), .damaged),
    (Camera.jpegClaiming(width: 8, height: 8), .damaged),
    (Array(Camera.jpegClaiming(width: 8, height: 8).prefix(14)), .damaged),
    (Array(Camera.pngClaiming(width: 8, height: 8).prefix(20)), .damaged),
    ([0xff, 0xd8, 0xff], .damaged),
    ([0xff, 0xd8, 0xff, 0xda, 0, 0], .damaged),
    ([0xff, 0xd8] + Array(repeating: 0xff, count: 5_000), .damaged),
    ([0xff, 0xd8] + Array([[UInt8]](repeating: [0xff, 0xe1, 0, 0], count: 3_000).joined()), .damaged),
    (Array("GIF89a".utf8) + Array(repeating: 0, count: 40), .unsupported(.gif)),
    (Array("RIFF0000WEBPVP8 ".utf8), .unsupported(.webp)),
    (Array("\0\0\0\u{18}ftypheic0000".utf8), .unsupported(.heic)),
    (Array("\0\0\0\u{18}ftypavif0000".utf8), .unsupported(.avif)),
    (Array("<svg xmlns='http://www.w3.org/2000/svg'/>".utf8), .notAPicture),
    (Array("%PDF-1.7".utf8), .notAPicture),
    (Array("II*\0".utf8), .notAPicture),
    (Array("#!/bin/sh\n".utf8), .notAPicture),
    ([], .notAPicture),
  ]

  @Test(arguments: refused) func `what is no picture, or too much of one, is refused before it is decoded`(
    bytes: [UInt8], failure: PictureFailure
  ) async throws {
    let camera = try Camera()
    let file = try camera.file("claimed.jpg", bytes)
    await #expect(throws: failure) {
      try await Photographer(workshop: camera.folder).thumbnail(file, into: camera.folder.appending(path: "out"))
    }
  }

  @Test func `a kind is known by its bytes, not by its name`() async throws {
    let camera = try Camera()
    let png = try camera.halves("plain.png", width: 40, height: 20)
    let lying = try camera.file("lying.jpg", Array(try Data(contentsOf: png)))
    #expect(try Inspection(lying).kind == .png)
    #expect(
      try await Photographer(workshop: camera.folder).prepare(lying, into: camera.folder.appending(path: "out")).kind == .png)
    let hybrid = try camera.file("hybrid.png", [0xff, 0xd8, 0xff] + Array(try Data(contentsOf: png)))
    await #expect(throws: PictureFailure.damaged) {
      try await Photographer(workshop: camera.folder).prepare(hybrid, into: camera.folder.appending(path: "out"))
    }
  }

  @Test func `of a picture cut short, what there is is shown`() async throws {
    let camera = try Camera()
    for name in ["whole.jpg", "whole.png"] {
      try camera.vips("vips", "gaussnoise", "noise.v", "300", "200")
      try camera.vips("vips", "cast", "noise.v", name, "uchar")
      let whole = Array(try Data(contentsOf: camera.folder.appending(path: name)))
      let cut = try camera.file("cut", Array(whole.prefix(whole.count / 2)))
      let made = try await Photographer(workshop: camera.folder).thumbnail(cut, into: camera.folder.appending(path: "out"))
      #expect(made.width == 300 && made.height == 200)
    }
  }

  @Test func `a name with options in it gives the scaler none`() async throws {
    let camera = try Camera()
    let photo = try camera.halves("plain.jpg", width: 40, height: 20)
    let named = camera.folder.appending(path: "x.jpg[shrink=8] -o y")
    try FileManager.default.copyItem(at: photo, to: named)
    #expect(
      try await Photographer(workshop: camera.folder).prepare(named, into: camera.folder.appending(path: "out")).width == 40)
  }

  @Test func `the limits hold`() async throws {
    let camera = try Camera()
    let photo = try camera.halves("plain.png", width: 3_000, height: 2_000)
    let out = camera.folder.appending(path: "out")
    func thumbnail(_ limits: Photographer.Limits) async throws -> Photographer.Picture {
      try await Photographer(workshop: camera.folder, limits: limits).thumbnail(photo, into: out)
    }
    #expect(try await thumbnail(.init()).width == 600)
    await #expect(throws: PictureFailure.tooLarge(limit: 1_000)) { try await thumbnail(.init(bytes: 1_000)) }
    await #expect(throws: PictureFailure.tooManyPixels(width: 3_000, height: 2_000)) {
      try await thumbnail(.init(pixels: 5_999_999))
    }
    #expect(try await thumbnail(.init(pixels: 6_000_000)).width == 600)
    await #expect(throws: PictureFailure.damaged) { try await thumbnail(.init(memory: 60 << 20)) }
  }

  @Test func `the child knows nothing of us, and does not outlive its time`() async throws {
    let camera = try Camera()
    let photo = try camera.halves("plain.png", width: 40, height: 20)
    let told = camera.folder.appending(path: "told")
    let curious = try camera.file("curious", Array("#!/bin/sh\nenv > \(told.path); ulimit -v >> \(told.path)\n".utf8))
    let sleepy = try camera.file("sleepy", Array("#!/bin/sh\necho $$ > \(told.path)\nexec sleep 600\n".utf8))
    for script in [curious, sleepy] {
      try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: script.path)
    }
    let out = camera.folder.appending(path: "out")
    await #expect(throws: PictureFailure.damaged) {
      try await Photographer(workshop: camera.folder, scaler: curious.path).thumbnail(photo, into: out)
    }
    let names = try String(contentsOf: told, encoding: .utf8).split(separator: "\n").map { $0.prefix { $0 != "=" } }
    #expect(Set(names).subtracting(["PWD", "SHLVL", "_"]) == ["VIPS_BLOCK_UNTRUSTED", "VIPS_CONCURRENCY", "TMPDIR", "1048576"])
    await #expect(throws: PictureFailure.tooSlow) {
      try await Photographer(workshop: camera.folder, limits: .init(time: .seconds(1)), scaler: sleepy.path).thumbnail(
        photo, into: out)
    }
    let process = try String(contentsOf: told, encoding: .utf8).trimmingCharacters(in: .whitespacesAndNewlines)
    #expect(!FileManager.default.fileExists(atPath: "/proc/\(process)/exe"), "\(process) lives")
    await #expect(throws: PictureFailure.missingTool("/nowhere/vipsthumbnail")) {
      try await Photographer(workshop: camera.folder, scaler: "/nowhere/vipsthumbnail").thumbnail(photo, into: out)
    }
  }

  @Test func `a file that is none is not read`() async throws {
    let camera = try Camera()
    for path in [camera.folder.path, camera.folder.appending(path: "missing").path, "/dev/zero"] {
      #expect(throws: PictureFailure.self) { try Inspection(URL(filePath: path)) }
    }
  }

  @Test func `no piece of a picture stops the reader`() throws {
    let camera = try Camera()
    let jpeg = Array(try Data(contentsOf: try camera.halves("plain.jpg", width: 40, height: 20)))
    for count in stride(from: 0, to: min(jpeg.count, 700), by: 5) {
      let file = try camera.file("cut", Array(jpeg.prefix(count)))
      _ = try? Inspection(file)
    }
  }
}
