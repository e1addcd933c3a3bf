internal import Account
internal import Drivers
internal import Feed
internal import FoundationEssentials
internal import Glibc
internal import Logging
internal import MIME
internal import Node
internal import Packets
internal import Parcels
internal import Store
// A dispatch source may be used from any thread, and is not marked so.
@unsafe @preconcurrency internal import Dispatch

/// What other programs rename into the two queues: parcels to be read, and actions to be sent.
extension Bridge {
  /// What stands in place of a driver's name for files that came by none.
  static let dropped = "inpackets"

  /// Takes up parcel files in `inpackets/` that nothing knows of, and action files in `outpackets/`.
  func takeUpFiles() async throws {
    var lying: Set<String> = []
    let (parcels, actions) = (names(in: layout.inpackets, suffix: ".eml"), names(in: layout.outpackets, suffix: ".xml"))
    for name in parcels ?? [] {
      lying.insert(try await trying(layout.inpackets.appending(path: name)) { try await takeUp(parcel: name) })
    }
    for name in actions ?? [] {
      lying.insert(try await trying(layout.outpackets.appending(path: name)) { try await takeUp(action: name) })
    }
    // Of what lies in a directory that could not be listed, nothing is known.
    guard parcels != nil, actions != nil else { return }
    // What somebody has taken away, or mended under the same name, is no trouble any more.
    for trouble in try await store.troubles() where trouble.stage == .file && !lying.contains(trouble.subject) {
      try await store.overcome(.file, trouble.subject, at: clock.now())
    }
  }

  private func names(in folder: URL, suffix: String) -> [String]? {
    (try? FileManager.default.contentsOfDirectory(atPath: folder.path))?
      .filter { $0.hasSuffix(suffix) && !$0.hasPrefix(".") }.sorted()
  }

  /// A file that the disk does not give out, or that cannot be worked on, holds nothing else up. Gives what tells it from others.
  private func trying(_ file: URL, _ takeUp: () async throws -> Void) async throws -> String {
    // Other bytes under the same name are another thing.
    guard let look = try? DurableFile.look(at: file) else { return "" }
    let subject = "\(file.lastPathComponent) \(look.mark)"
    guard try await !store.rests(.file, subject, at: clock.now()) else { return subject }
    try await bearing(.file, subject) {
      try await takeUp()
      try await store.overcome(.file, subject, at: clock.now())
    }
    return subject
  }

  private func takeUp(parcel name: String) async throws {
    let file = layout.inpackets.appending(path: name)
    let named = Hash(text: name.dropLast(4))
    if let named, let known = try await store.inpacket(named) {
      // A crash came between its end and the removal of its file.
      if known.state == "done" { setAside(known, said: known.said) }
      return
    }
    let attributes = try? FileManager.default.attributesOfItem(atPath: file.path)
    guard attributes?[.type] as? FileAttributeType == .typeRegular, let modified = attributes?[.modificationDate] as? Date else {
      return
    }
    if named != nil {
      // A driver names its files so too, and tells of them a moment later.
      if modified.timeIntervalSinceNow > -2 { return await lookAgain() }
      // What it could not tell of any more, it brings again. A letter or one's own parcel is only what a driver says it is.
      guard let shape = try? Shape(of: file), shape.from?.text.lowercased() != ownAddress?.text.lowercased() else { return }
    }
    guard let sha256 = try? Hash.of(file: file.path) else { return }
    let received = Received(
      kind: .parcel, sha256: sha256, size: attributes?[.size] as? Int ?? 0,
      arrived: Instant(milliseconds: Int64(modified.timeIntervalSince1970) * 1000),
      origin: Origin(driver: Self.dropped, folder: layout.inpackets.path, file: name), place: .directory)
    try DurableFile.settle(file, as: layout.inpacket(sha256))
    try await store.take([received], position: nil, at: clock.now())
  }

  private func lookAgain() async {
    Task { [work] in
      try? await Task.sleep(for: .seconds(2))
      await work.ring()
    }
  }

  private func takeUp(action name: String) async throws {
    let file = layout.outpackets.appending(path: name)
    guard let look = try? DurableFile.look(at: file), look.isRegular, let bytes = FileManager.default.contents(atPath: file.path)
    else { return }
    // The same words may be said twice, but one file speaks once, whenever its removal is cut off.
    let mark = "file:\(Hash.of([UInt8](bytes)).text) \(look.mark)"
    do {
      if try await !store.hasActed(on: [mark]) {
        let wish = try await wish(try ActionFile([UInt8](bytes)))
        try await store.transact(at: clock.now()) { transaction in
          guard try transaction.actOnce(mark, onlyHere: true) else { return }
          try transaction.handle(.wish(wish, id: transaction.newPacketID(), through: .command))
        }
      }
    } catch let failure as WishFailure {
      return try refuse(action: file, because: failure.said)
    } catch let failure as PacketFailure {
      return try refuse(action: file, because: "\(failure)")
    } catch let failure as OperationFailure where failure.code == .badData {
      return try refuse(action: file, because: failure.sentence)
    }
    try DurableFile.remove(file)
  }

  private func refuse(action file: URL, because said: String) throws(DiskFailure) {
    let name = file.lastPathComponent
    log.notice("refused the action file \(Printable.line(name)): \(said)")
    try? Data((said + "\n").utf8).write(to: layout.refused.appending(path: name + ".txt"))
    try DurableFile.rename(file, to: layout.refused.appending(path: name))
  }

  /// The wish that an action stands for; an action that is the node's own business is none.
  private func wish(_ file: ActionFile) async throws -> Wish {
    switch file.action {
    // What is meant for one person must not go to everyone (Never, 4). Other words go to one author anyway.
    case .status where file.recipient != nil, .photo where file.recipient != nil:
      throw OperationFailure(.badData, "a \(file.action.elementName) cannot be sent to one person alone")
    case .status(let status): return .post(text: status.text, pictures: [], circle: file.circle, share: status.share)
    case .photo(let photo):
      for picture in photo.pictures { try await adopt(picture.blob) }
      return .post(text: photo.caption ?? "", pictures: photo.pictures, circle: file.circle, share: photo.share)
    case .comment(let comment): return .comment(on: ItemID(comment.target.name), text: comment.text, pictures: comment.pictures)
    case .reaction(let reaction): return .react(to: ItemID(reaction.target.name), emoji: reaction.emoji)
    case .retract(let retract): return .retract(ItemID(retract.target.name))
    case .message(let message):
      guard let recipient = file.recipient else { throw OperationFailure(.badData, "a message says by `to` whom it is for") }
      for picture in message.pictures { try await adopt(picture.blob) }
      return .message(to: recipient, text: message.text, pictures: message.pictures)
    case .edit(let edit):
      guard case .words(let text) = edit.replacement else {
        throw OperationFailure(.badData, "an edit by a file changes words, not pictures")
      }
      return .edit(ItemID(edit.target.name), text: text)
    default:
      throw OperationFailure(.badData, "a \(file.action.elementName) is written by the node itself, not by other programs")
    }
  }

  /// A blob that lies beside an action file, named by its hash.
  private func adopt(_ blob: Blob) async throws {
    let beside = layout.outpackets.appending(path: blob.sha256.text)
    if FileManager.default.fileExists(atPath: beside.path) {
      guard try Hash.of(file: beside.path) == blob.sha256 else {
        throw OperationFailure(.badData, "the file \(blob.sha256.text) holds other bytes than its name says")
      }
      try DurableFile.settle(beside, as: layout.blob(blob.sha256))
    }
    guard FileManager.default.fileExists(atPath: layout.blob(blob.sha256).path) else {
      throw OperationFailure(.badData, "the picture \(blob.sha256.text) does not lie beside the action")
    }
    try await store.transact(at: clock.now()) { try $0.keep(blob: blob) }
    await makeThumbnails(of: [blob])
  }
}

/// Hears of files that are renamed into a folder (inotify(7)).
final class FolderWatch: Sendable {
  private let source: any DispatchSourceRead

  /// Watches folders; nothing where the system has no more watches, and then the next regular look finds the files.
  init?(_ folders: [URL], onRename: @escaping @Sendable () -> Void) {
    let descriptor = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
    guard descriptor >= 0 else { return nil }
    for folder in folders { _ = unsafe inotify_add_watch(descriptor, folder.path, UInt32(IN_MOVED_TO)) }
    source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global())
    source.setEventHandler {
      var buffer = [UInt8](repeating: 0, count: 4096)
      while unsafe read(descriptor, &buffer, buffer.count) > 0 {}
      onRename()
    }
    source.setCancelHandler { _ = Glibc.close(descriptor) }
    source.resume()
  }

  /// Watches no more.
  func close() { source.cancel() }
}
