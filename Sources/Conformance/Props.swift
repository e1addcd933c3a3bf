internal import Bridge
internal import FoundationEssentials
internal import Logging
internal import OpenPGP
internal import Packets

/// What trials need beside their files: a reader of parcels, a node to play with, and who speaks to it. Each is made when it is first
/// needed, in one folder, which goes with them.
actor Props {
  private let folder: VectorFolder
  private let place: URL
  private let other: FolderNode?
  private let clock: Clock
  private let log: Logger
  private var reader: ParcelReader?
  private var node: OwnNode?
  private var mail: Mail?
  /// How far plays have put time forward, in seconds.
  private var ahead: Int64 = 0

  init(_ folder: VectorFolder, _ place: URL, _ other: FolderNode?, _ clock: Clock, _ log: Logger) {
    (self.folder, self.place, self.other, self.clock, self.log) = (folder, place, other, clock, log)
  }

  func parcelReader() async throws(OperationFailure) -> ParcelReader {
    if let reader { return reader }
    let table = try ParcelTable.read(from: folder)
    let made = try await make("reader") { try await ParcelReader(table, in: self.folder, at: $0) }
    reader = made
    return made
  }

  func ownNode() async throws(OperationFailure) -> OwnNode {
    if let node { return node }
    let made = try await make("node") { try await OwnNode(at: $0, self.clock, self.log) }
    node = made
    return made
  }

  func play(_ transcript: Transcript) async throws(OperationFailure) -> Finding.Result {
    let clock = clock
    if mail == nil { mail = try await make("mail") { try await Mail(at: $0, clock.now) } }
    guard let mail else { return .leftOut("nobody can speak") }
    let node: any PlayedNode
    if let other { node = other } else { node = try await ownNode() }
    // Where the other node can reach them too.
    let inboxes = other?.friends ?? mail.place
    let play = Play(transcript, with: node, mail, inboxes: inboxes, ahead: ahead, clock.now)
    let result = try await play.run()
    ahead = await play.ahead
    return result
  }

  func close() async {
    await reader?.close()
    await node?.close()
    await mail?.home.stop()
    try? FileManager.default.removeItem(at: place)
    if let other { try? FileManager.default.removeItem(at: other.friends) }
  }

  private func make<Value: Sendable>(_ name: String, _ body: (URL) async throws -> Value) async throws(OperationFailure) -> Value
  {
    let folder = place.appending(path: name, directoryHint: .isDirectory)
    do {
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      return try await body(folder)
    } catch let failure as OperationFailure {
      throw failure
    } catch {
      throw OperationFailure(.unavailable, "what the vectors need could not be made in \(folder.path) (\(error))")
    }
  }
}
