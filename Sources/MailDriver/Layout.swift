internal import Drivers
internal import Mailbox

/// Which of the server's folders the bridge looks into, and what each is to it. No other folder is ever opened.
struct Layout: Hashable, Sendable {
  /// The user's copies of what they sent (RFC 6154 2, `\Sent`).
  var sent: FolderName?
  /// RFC 6154 2, `\Junk`.
  var junk: FolderName?
  /// The bridge's own folder.
  var own: FolderName
  /// What gates 2 to 4 refused.
  var refused: FolderName
  /// What the user files here is to be posted.
  var post: FolderName
  /// The bridge's own folder and all below it.
  var ownTree: [FolderName]
  /// Own folders that must be created.
  var missing: [FolderName]

  /// Finds the folders among those that the server listed; nothing where the own folder's name cannot be one.
  init?(_ folders: [ListedFolder], namespace: Namespace?, own ownName: String) {
    // RFC 6154 2: the attributes say what a folder is for, whatever it is called.
    func special(_ attribute: String, names: [String]) -> FolderName? {
      let usable = folders.filter { !$0.attributes.contains("\\noselect") && !$0.attributes.contains("\\nonexistent") }
      if let marked = usable.first(where: { $0.attributes.contains(attribute) }) { return marked.name }
      return usable.first { folder in
        guard let last = folder.name.bytes.split(separator: folder.separator?.asciiValue ?? 0).last else { return false }
        return names.contains(String(decoding: last, as: UTF8.self).lowercased())
      }?.name
    }
    sent = special("\\sent", names: ["sent", "sent items", "sent mail", "sent messages"])
    junk = special("\\junk", names: [])

    let separator = namespace?.separator ?? folders.compactMap(\.separator).first
    let prefix = String(decoding: namespace?.prefix ?? Self.prefix(of: folders, separator), as: UTF8.self)
    // A flat server has no levels: the subfolders get names beside the own folder.
    let level = separator.map(String.init) ?? "-"
    let name = prefix + ownName.split(separator: "/").joined(separator: level)
    guard let own = FolderName(name), let refused = FolderName(name + level + "Refused"),
      let post = FolderName(name + level + "Post"), own != .inbox
    else { return nil }
    self.own = own
    self.refused = refused
    self.post = post
    let listed = Set(folders.lazy.filter { !$0.attributes.contains("\\nonexistent") }.map(\.name))
    let below = folders.map(\.name).filter { $0.bytes.starts(with: (name + level).utf8) }
    ownTree = [own] + Set(below + [refused, post]).sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }
    missing = [own, refused, post].filter { !listed.contains($0) }
  }

  /// What a server that knows no NAMESPACE wants before its folders' names: where all hang below INBOX, new ones must too.
  private static func prefix(of folders: [ListedFolder], _ separator: Character?) -> [UInt8] {
    guard let separator else { return [] }
    let prefix = FolderName.inbox.bytes + "\(separator)".utf8
    let others = folders.map(\.name).filter { $0 != .inbox }
    return !others.isEmpty && others.allSatisfy { $0.bytes.starts(with: prefix) } ? prefix : []
  }

  /// What a folder is to the bridge; nothing for those that are none of its business.
  func place(of folder: FolderName) -> Received.Place? {
    switch folder {
    case .inbox: .inbox
    case sent: .sent
    case junk: .junk
    case post: .post
    case refused: .refused
    case _ where ownTree.contains(folder): .own
    default: nil
    }
  }

  /// The folders to be polled besides INBOX. What was refused is not looked at again.
  var polled: [FolderName] { [sent, own, post, junk].compactMap { $0 } }
}
