internal import Account
internal import FoundationEssentials
internal import Packets

/// Names of files in the folders of the layout.
extension Layout {
  /// Where the daemon hears of commits by others.
  var controlSocket: String { sockets.appending(path: "control").path }

  /// A received thing.
  func inpacket(_ sha256: Hash) -> URL { inpackets.appending(path: "\(sha256.text).eml") }

  /// A sealed copy or a letter, named by its Message-ID's local part, which is ours: hexadecimal digits or a token.
  func outpacket(_ messageID: String) -> URL {
    let name = messageID.prefix { $0 != "@" }.filter { $0.isASCII && ($0.isLetter || $0.isNumber || $0 == "-") }
    return outpackets.appending(path: "\(name).eml")
  }

  /// A small form of a picture.
  func thumbnail(_ sha256: Hash) -> URL { blobs.appending(path: "\(sha256.text).thumbnail") }

  /// Takes a processed file away. What stays behind because the disk says no is found and ended at the next start.
  func remove(inpacket sha256: Hash) { try? FileManager.default.removeItem(at: inpacket(sha256)) }
}
