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
  /// What went out in plays.
  private var heard: Set<PlayName> = []
  /// Who spoke to the node as a stranger within its hour.
  private var strangers = 0

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
    try await makeRoom(for: (transcript.friends ?? []).count + (transcript.strangers ?? []).count, at: node)
    let play = Play(transcript, with: node, mail, inboxes: inboxes, ahead: ahead, heard: heard, clock.now)
    let result = try await play.run()
    (ahead, heard) = await (play.ahead, play.heard)
    return result
  }

  /// A node takes 60 parcels of strangers an hour (Gates, "Budget"): before there are too many, the hour is let pass.
  private func makeRoom(for people: Int, at node: any PlayedNode) async throws(OperationFailure) {
    strangers += people
    guard strangers > 40 else { return }
    strangers = people
    var wish = PlayWish(.pass)
    wish.seconds = 3600
    if try await node.answer(wish).cannot == nil { ahead += 3600 }
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
