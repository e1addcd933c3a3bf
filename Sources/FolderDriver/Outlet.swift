internal import Account
internal import Drivers
internal import FoundationEssentials
internal import Packets

/// Hands one parcel to a directory.
enum Outlet {
  /// Other users read the directory too, and a parcel is sealed: rw-r--r--.
  private static let mode: UInt32 = 0o644

  static func put(_ consignment: Consignment) -> Outcome {
    guard case .directory(let path)? = Endpoint(uri: consignment.endpoint) else {
      return .refused(reason: "\(consignment.endpoint) is not the URI of a directory")
    }
    let directory = URL(filePath: path, directoryHint: .isDirectory)
    var isDirectory = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory), isDirectory else {
      return .unreachable(reason: "there is no directory \(path)")
    }
    do throws(DiskFailure) {
      let copy = try DurableFile.copy(consignment.file, intoFolder: directory, limit: .max, mode: mode)
      try DurableFile.syncDirectory(directory)
      return .handedOver(reply: copy.sha256.text + ".eml")
    } catch {
      return .deferred(reason: error.description, after: nil)
    }
  }
}
