internal import Account
internal import Bridge
internal import Feed
internal import FoundationEssentials
internal import Logging
internal import OpenPGP
internal import Packets
internal import Synchronization

/// This program as the node that is tried: an account without mail, made for a play and gone with it. It is what runs on a machine: the
/// same operations, keys, database and folder driver; only the clock can be put forward.
final class OwnNode: PlayedNode {
  private let layout: Layout
  private let inbox: URL
  private let clock: Clock
  private let log: Logger
  private let ahead = Mutex<Int64>(0)
  /// Keeps its agent from being started and ended for each operation.
  private let home: KeyHome

  init(at place: URL, _ clock: Clock, _ log: Logger) async throws {
    layout = Layout(home: place.appending(path: "account", directoryHint: .isDirectory))
    (self.clock, self.log) = (clock, log)
    inbox = place.appending(path: "in", directoryHint: .isDirectory)
    try FileManager.default.createDirectory(at: inbox, withIntermediateDirectories: true)
    let operations = LocalAccount.operations(layout: layout, clock: clock, log: log)
    _ = try await operations.setUp(SetupPlan(name: "Node", transport: .folder(inbox)), progress: .none)
    let scratch = layout.stateDirectory.appending(path: "scratch", directoryHint: .isDirectory)
    home = try await KeyHome(.init(directory: layout.gnupg, scratch: scratch, threads: 1))
    // Its agent is started by the first operation on keys.
    _ = try await home.keysMadeHere()
  }

  func close() async { await home.stop() }

  private var operations: any Operations {
    let seconds = ahead.withLock { $0 }
    let clock = clock
    return LocalAccount.operations(
      layout: layout, clock: Clock(zone: clock.zone) { clock.now().adding(seconds: seconds) }, log: log)
  }

  func answer(_ wish: PlayWish) async throws(OperationFailure) -> PlayAnswer {
    if wish.do == .pass { ahead.withLock { $0 += wish.seconds ?? 0 } }
    let arrived = (try? FileManager.default.contentsOfDirectory(atPath: inbox.path)) ?? []
    // Files have the machine's time, and arrive by the node's.
    let now = Date(timeIntervalSince1970: Double(clock.now().milliseconds) / 1000 + Double(ahead.withLock { $0 }))
    for name in arrived {
      try? FileManager.default.setAttributes([.modificationDate: now], ofItemAtPath: inbox.appending(path: name).path)
    }
    if wish.do == .pass || !arrived.isEmpty { try await settle() }
    do {
      let answer = try await grant(wish)
      // Of the others nothing follows that would have to be sent.
      if ![.rest, .feed, .pass, .end, .invite].contains(wish.do) { try await settle() }
      return answer
    } catch {
      return PlayAnswer(failed: error.sentence)
    }
  }

  private func settle() async throws(OperationFailure) {
    try await operations.run(once: true, takingOver: false, progress: .none)
  }

  private func grant(_ wish: PlayWish) async throws(OperationFailure) -> PlayAnswer {
    let (node, text, who) = (operations, wish.text ?? "", wish.who ?? "")
    var answer = PlayAnswer()
    switch wish.do {
    case .rest, .pass, .end: break
    case .feed: answer.items = Self.items(try await node.feed(limit: 10_000, since: nil, words: nil))
    case .invite: answer.link = try await node.invite(address: nil, name: nil).link
    case .ask: _ = try await node.accept(Self.invitation(wish.link ?? ""))
    case .accept:
      guard let request = try await node.requests().first(where: { $0.author.text == who }) else {
        throw OperationFailure(.noInput, "nobody of this author asks")
      }
      _ = try await node.accept(request: request.id.text)
    case .remove: _ = try await node.remove(who)
    case .block: _ = try await node.block(who)
    case .post: _ = try await node.post(text, photos: [], circle: wish.circle, share: false)
    case .comment: _ = try await node.comment(on: Self.item(wish.on), text: text)
    case .react: _ = try await node.react(to: Self.item(wish.on), emoji: wish.emoji ?? [])
    case .edit: try await node.edit(Self.item(wish.on), text: text)
    case .retract: try await node.retract(Self.item(wish.on))
    case .message: _ = try await node.message(to: who, text: text, photos: [])
    case .join:
      let circle = wish.circle ?? ""
      if !(try await node.circles().contains { $0.name == circle }) { try await node.createCircle(circle) }
      _ = try await node.add(who, toCircle: circle)
    case .leave: _ = try await node.remove(who, fromCircle: wish.circle ?? "")
    }
    return answer
  }

  private static func invitation(_ link: String) throws(OperationFailure) -> Invitation {
    do { return try InvitationLink.read(link) } catch { throw OperationFailure(.badData, sentence: error.description) }
  }

  private static func item(_ name: PlayName?) throws(OperationFailure) -> ItemName {
    guard let name, let author = Author(text: name.author), let id = PacketID(text: name.id),
      let item = ItemName(ItemID(PacketName(author: author, id: id)).text)
    else { throw OperationFailure(.badData, "no packet is named") }
    return item
  }

  /// The feed has everything newest first; a play reads conversations from their beginning.
  private static func items(_ feed: [FeedItem]) -> [PlayAnswer.Item] {
    let names = Dictionary(feed.map { ($0.id, PlayName($0.name)) }, uniquingKeysWith: { first, _ in first })
    return feed.filter { $0.root == nil }.flatMap { post in [post] + feed.reversed().filter { $0.root == post.id } }.map { item in
      PlayAnswer.Item(
        author: item.name.author.text, id: item.name.id.text, kind: item.kind.rawValue, text: item.text,
        under: item.parent.flatMap { names[$0] }, edited: item.edited,
        reactions: item.reactions.map { .init(emoji: $0.emoji, by: $0.by) })
    }
  }
}

extension PlayName {
  init(_ name: PacketName) { self.init(author: name.author.text, id: name.id.text) }
}
