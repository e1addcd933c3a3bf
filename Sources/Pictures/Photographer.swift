public import FoundationEssentials
internal import Subprocess

/// Scales pictures and takes out what they tell beside what they show.
///
/// The bytes of strangers' pictures are never decoded in this process, which holds keys: a child does it, with an empty environment and
/// limits on memory, time and files. That the child cannot read other files of the user is not promised.
public struct Photographer: Sendable {
  private let workshop: URL
  private let limits: Limits
  private let scaler: String

  /// - Parameters:
  ///   - workshop: an existing directory, on the disk of the results; each picture gets a private one within it.
  ///   - scaler: the program that turns, scales and strips: `vipsthumbnail`, where Debian has it.
  public init(workshop: URL, limits: Limits = Limits(), scaler: String = "/usr/bin/vipsthumbnail") {
    self.workshop = workshop
    self.limits = limits
    self.scaler = scaler
  }

  /// Sets limits and becomes the other program. Looked for in the system's directories only, since the child has no PATH.
  private static let limiter = "prlimit"

  /// What a picture may be at most, and what its child process may use.
  public struct Limits: Hashable, Sendable {
    /// Bytes of the file.
    public var bytes: Int
    /// Pixels in all. A progressive JPEG is held whole while it is decoded, six bytes a pixel.
    public var pixels: Int
    /// Bytes of address space.
    public var memory: Int
    /// Seconds of the processor.
    public var processorSeconds: Int
    /// Until the child is killed.
    public var time: Duration

    /// 40 MiB, 64 million pixels; 1 GiB, 30 s, a minute.
    public init(
      bytes: Int = 40 << 20, pixels: Int = 64_000_000, memory: Int = 1 << 30, processorSeconds: Int = 30,
      time: Duration = .seconds(60)
    ) {
      self.bytes = bytes
      self.pixels = pixels
      self.memory = memory
      self.processorSeconds = processorSeconds
      self.time = time
    }
  }

  /// A finished picture.
  public struct Picture: Hashable, Sendable {
    /// Where it lies: the destination.
    public var file: URL
    /// `.jpeg` or `.png`.
    public var kind: PictureKind
    /// Pixels.
    public var width: Int
    /// Pixels.
    public var height: Int
  }

  /// Longest side of a picture that is posted, in pixels.
  public static let postedSide = 2_048
  /// Longest side of a picture in a digest, in pixels.
  public static let thumbnailSide = 600

  /// Makes a picture fit to be posted: upright, at most 2,048 pixels, in the colours that every screen knows, and without EXIF, GPS and
  /// all other metadata. JPEG stays JPEG, PNG stays PNG. The original is not touched.
  public func prepare(_ file: URL, into destination: URL) async throws(PictureFailure) -> Picture {
    try await make(file, destination, side: Self.postedSide) { kind in
      kind == .png ? "out.png[compression=9,strip]" : "out.jpg[Q=85,optimize_coding,strip]"
    }
  }

  /// Makes a small picture for a digest, always JPEG; where the original is transparent it becomes white.
  public func thumbnail(
    _ file: URL, into destination: URL, side: Int = Photographer.thumbnailSide
  ) async throws(PictureFailure) -> Picture {
    try await make(file, destination, side: side) { _ in "out.jpg[Q=80,optimize_coding,strip,background=255]" }
  }

  private func make(
    _ file: URL, _ destination: URL, side: Int, output: (PictureKind) -> String
  ) async throws(PictureFailure) -> Picture {
    _ = try inspect(file)  // before it is copied, because of its size
    let room = workshop.appending(path: "picture-\(UUID().uuidString)")
    try writing {
      try FileManager.default.createDirectory(
        at: room, withIntermediateDirectories: false, attributes: [.posixPermissions: 0o700])
    }
    defer { try? FileManager.default.removeItem(at: room) }
    // A copy, so that what is inspected is what is decoded; and a name in which no option for the scaler can stand.
    let input = room.appending(path: "in")
    try writing { try FileManager.default.copyItem(at: file, to: input) }
    let inspection = try ours { () throws(PictureFailure) in try inspect(input) }
    let said = output(inspection.kind)
    let result = room.appending(path: said.prefix { $0 != "[" })
    try await scale(input, to: room.appending(path: said), side: side, in: room)
    guard FileManager.default.fileExists(atPath: result.path) else { throw .damaged }
    let made = try ours { () throws(PictureFailure) in try Inspection(result) }
    guard made.width <= side, made.height <= side else { throw .damaged }
    try writing {
      if FileManager.default.fileExists(atPath: destination.path) { try FileManager.default.removeItem(at: destination) }
      try FileManager.default.moveItem(at: result, to: destination)
    }
    return Picture(file: destination, kind: made.kind, width: made.width, height: made.height)
  }

  /// What a file says of itself, if it is within the limits.
  private func inspect(_ input: URL) throws(PictureFailure) -> Inspection {
    let file = try PictureFile(input.path)
    guard file.size <= limits.bytes else { throw .tooLarge(limit: limits.bytes) }
    let inspection = try Inspection(file)
    let (pixels, isOver) = inspection.width.multipliedReportingOverflow(by: inspection.height)
    guard !isOver, pixels <= limits.pixels else { throw .tooManyPixels(width: inspection.width, height: inspection.height) }
    return inspection
  }

  /// What is made here and cannot be read was not written: the user's file is not to blame.
  private func ours(_ look: () throws(PictureFailure) -> Inspection) throws(PictureFailure) -> Inspection {
    do throws(PictureFailure) { return try look() } catch {
      guard case .unreadable(let reason) = error else { throw error }
      throw .unwritten(reason: reason)
    }
  }

  private func writing(_ work: () throws -> Void) throws(PictureFailure) {
    do { try work() } catch { throw .unwritten(reason: "\(error)") }
  }

  // MARK: The child process

  private enum Ending: Sendable {
    case ended(isSuccess: Bool)
    case notStarted
    case late
  }

  private func scale(_ input: URL, to output: URL, side: Int, in room: URL) async throws(PictureFailure) {
    guard FileManager.default.isExecutableFile(atPath: scaler) else { throw .missingTool(scaler) }
    let arguments = [
      "--as=\(limits.memory)", "--cpu=\(limits.processorSeconds)", "--fsize=\(limits.memory / 4)", "--nofile=64", "--core=0",
      "--",
      scaler, input.path, "--size=\(side)x\(side)>", "--export-profile=srgb", "--output=\(output.path)",
    ]
    let ending = await withTaskGroup(of: Ending.self) { group in
      group.addTask { await child(arguments, in: room) }
      group.addTask {
        try? await Task.sleep(for: limits.time)
        return .late
      }
      let first = await group.next() ?? .late
      group.cancelAll()  // kills the child, if it still runs
      return first
    }
    if Task.isCancelled { throw .interrupted }
    switch ending {
    case .ended(let isSuccess): if !isSuccess { throw .damaged }
    case .notStarted: throw .missingTool(Self.limiter)
    case .late: throw .tooSlow
    }
  }

  private func child(_ arguments: [String], in room: URL) async -> Ending {
    let environment: [Environment.Key: String] = ["VIPS_BLOCK_UNTRUSTED": "1", "VIPS_CONCURRENCY": "1", "TMPDIR": room.path]
    do {
      // What it says on standard error may quote the picture: it is not read.
      let result = try await run(
        .name(Self.limiter), arguments: Arguments(arguments), environment: .custom(environment), output: .discarded,
        error: .discarded)
      return .ended(isSuccess: result.terminationStatus.isSuccess)
    } catch {
      return .notStarted
    }
  }
}
