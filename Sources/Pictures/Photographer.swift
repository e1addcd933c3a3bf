public import FoundationEssentials
internal import Subprocess
internal import SystemPackage

/// Turns pictures upright, strips and scales them. Strangers' bytes are decoded only in a child process with limits, which has no
/// environment, no keys and no network of its own to use them (Architecture, rule 6).
public struct Photographer: Sendable {
  private let scratch: URL

  /// The most bytes of an original.
  public static let mostBytes = 40 << 20
  /// Pixels of the longer side of a posted picture.
  public static let postedSide = 2048
  /// Pixels of the longer side of a picture in a digest.
  public static let smallSide = 600

  /// - Parameter scratch: a private directory, where results are left for the caller to move.
  public init(scratch: URL) { self.scratch = scratch }

  /// A picture as it was made, in the scratch directory.
  public struct Prepared: Hashable, Sendable {
    /// Its file.
    public let file: URL
    /// `image/jpeg` or `image/png`.
    public let type: String
    /// Pixels.
    public let width: Int
    /// Pixels.
    public let height: Int
  }

  /// A picture to be posted: upright, without any metadata, at most 2048 pixels, encoded anew.
  public func prepare(_ file: URL) async throws(PictureFailure) -> Prepared { try await make(file, Self.postedSide) }

  /// A small form for digests, of at most 600 pixels.
  public func thumbnail(_ file: URL) async throws(PictureFailure) -> Prepared { try await make(file, Self.smallSide) }

  private func make(_ original: URL, _ side: Int) async throws(PictureFailure) -> Prepared {
    let header = try Self.look(original)
    let name = "picture-\(UUID().uuidString)"
    let result = scratch.appending(path: name + (header.kind == .png ? ".png" : ".jpg"))
    let format = header.kind == .png ? "[strip]" : "[Q=85,strip,optimize-coding]"
    // `>` never enlarges. The loader is fixed by the magic bytes, so that a name cannot choose another one.
    let arguments = [
      "--as=2147483648", "--cpu=60", "vipsthumbnail", "--size", "\(side)x\(side)>", "--output", result.path + format,
      original.path,
    ]
    do {
      try await Self.run("prlimit", arguments)
      let made = try Self.look(result)
      return Prepared(file: result, type: made.type, width: made.width, height: made.height)
    } catch {
      try? FileManager.default.removeItem(at: result)
      throw error
    }
  }

  private static func look(_ file: URL) throws(PictureFailure) -> PictureHeader {
    guard let handle = try? FileDescriptor.open(FilePath(file.path), .readOnly) else { throw .unreadable }
    defer { try? handle.close() }
    guard let size = try? handle.seek(offset: 0, from: .end), (try? handle.seek(offset: 0, from: .start)) != nil else {
      throw .unreadable
    }
    guard size <= mostBytes else { throw .tooLarge }
    let count = min(Int(size), 256 << 10)
    let bytes = unsafe try? [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      unsafe filled = try handle.read(into: UnsafeMutableRawBufferPointer(buffer))
    }
    guard let bytes else { throw .unreadable }
    return try PictureHeader(bytes)
  }

  /// Runs a program with an empty environment; ended after a minute.
  private static func run(_ program: String, _ arguments: [String]) async throws(PictureFailure) {
    let environment: [Environment.Key: String] = [
      "VIPS_BLOCK_UNTRUSTED": "1", "VIPS_CONCURRENCY": "1", "PATH": "/usr/local/bin:/usr/bin:/bin",
    ]
    let status = await withTaskGroup(of: Result<TerminationStatus, PictureFailure>.self) { group in
      group.addTask {
        do {
          let done = try await Subprocess.run(
            .name(program), arguments: Arguments(arguments), environment: .custom(environment), output: .discarded,
            error: .discarded)
          return .success(done.terminationStatus)
        } catch {
          return .failure(.noProgram)
        }
      }
      group.addTask {
        try? await Task.sleep(for: .seconds(60))
        return .failure(.notDone)
      }
      let first = await group.next() ?? .failure(.notDone)
      group.cancelAll()
      return first
    }
    switch try status.get() {
    case .exited(0): return
    case .exited(127): throw .noProgram
    case .exited: throw .damaged
    default: throw .notDone
    }
  }
}
