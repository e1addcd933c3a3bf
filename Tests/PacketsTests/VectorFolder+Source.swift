import Conformance
import Foundation

extension VectorFolder {
  /// The vectors in the source tree, which the room `Conformance` carries.
  static let source = VectorFolder(
    URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../Sources/Conformance/Vectors").standardizedFileURL)
}
