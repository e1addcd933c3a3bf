internal import Bridge
internal import Packets

// What went out and what the feed holds, beside what the transcript says of both.

extension Play {
  /// What a node may say at any time, and a transcript need not foresee.
  private static let free: Set = ["profile", "heads", "membership"]

  func compare(_ gone: [Gone], with wanted: [Transcript.Expected]) throws {
    var rest = gone
    for expected in wanted {
      for name in expected.numbers ?? [] where known[name] == nil { try written(name) }
      guard let index = try rest.firstIndex(where: { try $0.is(expected, self.known) }) else {
        let seen = rest.isEmpty ? "nothing" : rest.map(\.words).sorted().joined(separator: "; ")
        throw Flaw("what had to go out and did not: \(expected.words); what did: \(seen)")
      }
      let found = rest.remove(at: index)
      if let name = expected.as {
        known[name] = (found.signed, PlayName(found.packet.name), found.packet.stream)
      }
    }
    let old = earlier.union(before)
    let surplus = rest.filter {
      !Self.free.contains($0.packet.action.elementName) && !old.contains(PlayName($0.packet.name))
    }
    guard surplus.isEmpty else {
      throw Flaw("what went out and had no reason to: \(surplus.map(\.words).sorted().joined(separator: "; "))")
    }
  }

  func compare(_ items: [PlayAnswer.Item], with wanted: [Transcript.Shown]) throws {
    let names = Dictionary(
      known.filter { !isSecond($0.key) }.map { ($0.value.packet, $0.key) }, uniquingKeysWith: { min($0, $1) })
    let people = Dictionary(friends.map { ($0.value.author.text, $0.key) }, uniquingKeysWith: { first, _ in first })
    let shown = items.map { item in
      Transcript.Shown(
        is: names[item.name] ?? "something else", by: people[item.author] ?? "me", kind: item.kind, text: item.text,
        under: item.under.map { names[$0] ?? "something else" }, edited: item.edited == true ? true : nil,
        reactions: item.reactions.flatMap { $0.isEmpty ? nil : Dictionary($0.map { ($0.emoji, $0.by) }) { one, _ in one } })
    }
    guard shown != wanted else { return }
    for (index, pair) in zip(shown, wanted).enumerated() where pair.0 != pair.1 {
      throw Flaw("number \(index + 1) of the feed is \(pair.0.words), and should be \(pair.1.words)")
    }
    throw Flaw("the feed holds \(Self.list(shown)), and should hold \(Self.list(wanted))")
  }

  private static func list(_ items: [Transcript.Shown]) -> String {
    items.isEmpty ? "nothing" : items.map(\.words).joined(separator: "; ")
  }
}

extension Gone {
  fileprivate var words: String { "\(packet.action.elementName) to \(to.sorted().joined(separator: ", "))" }

  fileprivate func `is`(
    _ expected: Transcript.Expected, _ known: [String: (signed: SignedPacket, packet: PlayName, stream: Packet.Stream?)]
  ) throws -> Bool {
    guard packet.action.elementName == expected.action, to == Set(expected.to) else { return false }
    func called(_ name: String) throws -> (signed: SignedPacket, packet: PlayName, stream: Packet.Stream?) {
      guard let found = known[name] else { throw Flaw("the transcript has no packet \(name) yet") }
      return found
    }
    if let text = expected.text, packet.action.text != text { return false }
    if let emoji = expected.emoji, packet.action.emoji != emoji { return false }
    if let about = expected.about {
      let found = try called(about)
      guard let target = packet.action.target, PlayName(target.name) == found.packet, target.sha256 == found.signed.sha256 else {
        return false
      }
    }
    if let embeds = expected.embeds, packet.action.embeds != (try called(embeds).signed.sha256) { return false }
    if let check = expected.nonce, case .understood(let asked) = try called(check).signed.read(),
      packet.action.nonce != asked.action.nonce
    {
      return false
    }
    if let same = expected.is, signed.bytes != (try called(same).signed.bytes) { return false }
    return try (expected.numbers ?? []).allSatisfy { name in
      let stream = try called(name).stream
      return packet.action.ranges.contains { range in
        range.stream == stream?.id && (range.first...max(range.first, range.last)).contains(stream?.sequence ?? 0)
      }
    }
  }
}

extension Action {
  /// All words of its author.
  fileprivate var text: String? {
    switch self {
    case .status(let status): status.text
    case .photo(let photo): photo.caption
    case .comment(let comment): comment.text
    case .message(let message): message.text
    case .edit(let edit): if case .words(let words) = edit.replacement { words } else { nil }
    default: nil
    }
  }

  fileprivate var emoji: [String] { if case .reaction(let reaction) = self { reaction.emoji } else { [] } }

  fileprivate var target: Reference? {
    switch self {
    case .comment(let comment): comment.target
    case .reaction(let reaction): reaction.target
    case .retract(let retract): retract.target
    case .edit(let edit): edit.target
    case .unsupported(let unsupported): unsupported.target
    default: nil
    }
  }

  fileprivate var embeds: Hash? {
    switch self {
    case .relay(let relay): relay.embedded.sha256
    case .share(let share): share.embedded.sha256
    default: nil
    }
  }

  fileprivate var nonce: [UInt8]? {
    switch self {
    case .moveCheck(let nonce), .moveAnswer(let nonce): nonce
    default: nil
    }
  }

  fileprivate var ranges: [Missing.Range] {
    switch self {
    case .resendRequest(let missing), .gone(let missing): missing.ranges
    default: []
    }
  }
}

extension Transcript.Expected {
  fileprivate var words: String {
    var words = "\(action) to \(to.sorted().joined(separator: ", "))"
    if let text { words += " with the words “\(text)”" }
    if let emoji { words += " with \(emoji)" }
    if let about { words += " about \(about)" }
    if let embeds { words += " with \(embeds) in it" }
    if let nonce { words += " with the nonce of \(nonce)" }
    if let same = `is` { words += ", the bytes of \(same)" }
    if let numbers { words += " that names the number of \(numbers.joined(separator: ", "))" }
    return words
  }
}

extension Transcript.Shown {
  fileprivate var words: String {
    var words = "\(`is`) (\(kind) by \(by): “\(text)”"
    if let under { words += ", under \(under)" }
    if edited == true { words += ", edited" }
    for (emoji, by) in (reactions ?? [:]).sorted(by: { $0.key < $1.key }) {
      words += ", \(emoji) by \(by.joined(separator: ", "))"
    }
    return words + ")"
  }
}
