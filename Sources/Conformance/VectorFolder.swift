public import Bridge
public import FoundationEssentials

/// Where the vectors lie: files that any other node can read as well (article "Conformance").
public struct VectorFolder: Sendable {
  /// The directory that holds `packets.json` and what it names.
  public let directory: URL

  /// Vectors in a directory.
  public init(_ directory: URL) { self.directory = directory }

  /// The vectors that came with this program: SwiftPM and `deploy/install` put them beside it.
  ///
  /// The accessor that SwiftPM makes is not used: it looks where the program was built, and stops the process where there is nothing.
  public static func installed() throws(OperationFailure) -> VectorFolder {
    let program = try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")
    let beside = program.map { URL(filePath: $0).deletingLastPathComponent() }
    let folder = beside?.appending(path: "socialnet_Conformance.resources/Vectors", directoryHint: .isDirectory)
    guard let folder, FileManager.default.fileExists(atPath: folder.path) else {
      throw OperationFailure(
        .noInput, "the vectors do not lie beside the program", remedy: "install it anew, or name them by --vectors DIR")
    }
    return VectorFolder(folder)
  }

  /// A file's bytes.
  public func bytes(_ file: String) throws(OperationFailure) -> [UInt8] {
    let path = directory.appending(path: file)
    guard let data = try? Data(contentsOf: path) else {
      throw OperationFailure(
        .noInput, "there is no vector file \(path.path)", remedy: "name the folder of vectors by --vectors DIR")
    }
    return Array(data)
  }

  /// What a JSON file says.
  func read<Value: Decodable>(_ type: Value.Type, from file: String) throws(OperationFailure) -> Value {
    let bytes = try bytes(file)
    do {
      return try JSONDecoder().decode(type, from: Data(bytes))
    } catch {
      throw OperationFailure(.badData, "\(file) is not what the article Conformance says of it (\(error))")
    }
  }
}
