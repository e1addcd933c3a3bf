internal import Bridge
internal import Feed
internal import FoundationEssentials
internal import OpenPGP
internal import Packets
internal import Parcels

/// Plays one transcript with a node: lets friends speak and the user wish, and looks at what goes out and what the feed holds.
actor Play {
  private let transcript: Transcript
  private let node: any PlayedNode
  private let mail: Mail
  private let inboxes: URL
  private let clock: @Sendable () -> Instant
  /// Set by the first invitation.
  private var peer: Peer?
  var friends: [String: Friend] = [:]
  /// Packets by what the transcript calls them.
  var known: [String: (signed: SignedPacket, packet: PlayName, stream: Packet.Stream?)] = [:]
  private var begun = Instant(milliseconds: 0)
  /// What the feed held at its beginning.
  private(set) var before: Set<PlayName> = []
  /// What went out in plays before this one: whoever becomes a contact may get it as history.
  let earlier: Set<PlayName>
  /// The same, with what went out in this one.
  private(set) var heard: Set<PlayName>
  /// How far time was put forward in this play and those before it, in seconds.
  private(set) var ahead: Int64
  private var newest = Instant(milliseconds: 0)

  init(
    _ transcript: Transcript, with node: any PlayedNode, _ mail: Mail, inboxes: URL, ahead: Int64, heard: Set<PlayName>,
    _ clock: @escaping @Sendable () -> Instant
  ) {
    (self.transcript, self.node, self.mail, self.inboxes) = (transcript, node, mail, inboxes)
    (self.ahead, self.clock, earlier, self.heard) = (ahead, clock, heard, heard)
  }

  /// Plays it to its end, and parts from the node, so that it writes to nobody who is gone.
  func run() async throws(OperationFailure) -> Finding.Result {
    var result = Finding.Result.holds
    do {
      try await begin()
      for (index, step) in transcript.steps.enumerated() {
        do { try await take(step) } catch let flaw as Flaw { throw Flaw("step \(index + 1): \(flaw.said)") }
      }
    } catch let flaw as Flaw {
      result = .fails(flaw.said)
    } catch let missing as Missing {
      result = .leftOut(missing.why)
    } catch let failure as OperationFailure {
      throw failure
    } catch {
      throw OperationFailure(.internalFault, "the play could not go on (\(error))")
    }
    try await part()
    return result
  }

  /// The node has no such thing as a wish asks for.
  private struct Missing: Error { var why: String }

  private func them() throws -> Peer {
    guard let peer else { throw Flaw("nobody was invited yet") }
    return peer
  }

  /// A moment after every one before, by the node's clock.
  func now() -> Instant {
    newest = max(clock().adding(seconds: ahead), Instant(milliseconds: newest.milliseconds + 1))
    return newest
  }

  @discardableResult
  private func ask(_ wish: PlayWish) async throws -> PlayAnswer {
    let answer = try await node.answer(wish)
    if let why = answer.cannot { throw Missing(why: why) }
    if let why = answer.failed { throw Flaw("the node could not \(wish.do.rawValue): \(why)") }
    return answer
  }

  // MARK: Beginning and end

  private func begin() async throws {
    begun = now()
    before = Set(try await feed().map(\.name))
    try await invite()
    for name in (transcript.friends ?? []) + (transcript.strangers ?? []) {
      friends[name] = try await Friend(name, in: mail.home, inboxes: inboxes)
    }
    for (index, name) in (transcript.friends ?? []).enumerated() {
      if index > 0 { try await invite() }
      try await request(from: name, proving: true)
      _ = try await goes(after: PlayWish(.rest))
      guard friends[name]?.isContact == true else { throw Flaw("a request with the proof of an invitation was not accepted") }
    }
  }

  private func invite() async throws {
    guard let link = try await ask(PlayWish(.invite)).link else { throw Flaw("there is no link in the answer to invite") }
    do {
      let invitation = try InvitationLink.read(link)
      guard let key = Fingerprint(bytes: try await mail.home.pin(invitation.certificate).key.fingerprint) else {
        throw Flaw("its certificate has no fingerprint of version 4")
      }
      peer = Peer(author: invitation.author, key: key, endpoint: invitation.endpoint, secret: invitation.secret)
    } catch {
      throw Flaw("the invitation is of no use: \(error)")
    }
  }

  private func request(from name: String, proving: Bool) async throws {
    guard var friend = friends[name] else { throw Flaw("the transcript has no \(name)") }
    let request = try friend.ask(them(), proving: proving, at: now())
    friends[name] = friend
    try await mail.send([request], from: friend, to: them())
  }

  private func part() async throws(OperationFailure) {
    do {
      for (name, friend) in friends where friend.isContact {
        var friend = friend
        let signed = try friend.sign(.contactRemove, try friend.place("private", to: them().author), at: now())
        friends[name] = friend
        try await mail.send([signed], from: friend, to: them())
      }
      try await ask(PlayWish(.rest))
      for inbox in friends.values.flatMap(\.inboxes) { try? FileManager.default.removeItem(at: inbox.directory) }
    } catch let failure as OperationFailure {
      throw failure
    } catch {
      // Who cannot be parted from stays a contact whose directory is gone.
    }
  }

  // MARK: Steps

  private func take(_ step: Transcript.Step) async throws {
    if let names = step.comes, let from = step.from {
      let packets = try names.map { try written($0) }
      guard let friend = friends[from] else { throw Flaw("the transcript has no \(from)") }
      try await mail.send(packets, from: friend, to: them())
    }
    if let name = step.asks {
      // Each proof uses an invitation up.
      if step.proof == true { try await invite() }
      try await request(from: name, proving: step.proof ?? false)
    }
    if let name = step.answers, var friend = friends[name] {
      let packets = try friend.accept(them(), at: now())
      try await mail.send(packets, from: friend, to: them())
      friends[name] = friend
    }
    try await takeChange(step)
    var wish = PlayWish(.rest)
    if let wanted = step.wish {
      wish = try wished(wanted)
    }
    let gone = try await goes(after: wish)
    if wish.do == .pass { ahead += wish.seconds ?? 0 }
    try compare(gone, with: step.out ?? [])
    if let wanted = step.feed { try compare(try await feed().filter { !before.contains($0.name) }, with: wanted) }
  }

  /// Another key, or another directory, of somebody.
  private func takeChange(_ step: Transcript.Step) async throws {
    guard let name = step.changes ?? step.revokes ?? step.moves ?? step.proves else { return }
    guard var friend = friends[name] else { throw Flaw("the transcript has no \(name)") }
    let node = try them()
    // Who takes another key says so by the old one.
    let before = friend
    let said: SignedPacket
    if step.changes != nil {
      said = try await friend.changeKey(in: mail.home, node, at: now())
    } else if step.revokes != nil {
      said = try friend.revokeKey(in: mail.home, node, at: now())
    } else if step.moves != nil {
      said = try friend.move(within: inboxes, node, at: now())
    } else {
      said = try friend.prove(node, at: now())
    }
    friends[name] = friend
    try await mail.send([said], from: before, to: node)
  }

  private func wished(_ wanted: Transcript.Wanted) throws -> PlayWish {
    var wish = PlayWish(wanted.do)
    (wish.text, wish.emoji, wish.seconds) = (wanted.text, wanted.emoji, wanted.seconds)
    if let on = wanted.on { wish.on = try packet(on).packet }
    if let circle = wanted.circle { wish.circle = try "\(circle) \(Hex.encode(them().secret.prefix(3)))" }
    guard let who = wanted.who else { return wish }
    guard let friend = friends[who] else { throw Flaw("the transcript has no \(who)") }
    wish.who = friend.author.text
    if wanted.do == .ask {
      var random = SystemRandomNumberGenerator()
      wish.link = InvitationLink.text(of: friend.invitation(Random.bytes(16, using: &random)))
    }
    return wish
  }

  private func feed() async throws -> [PlayAnswer.Item] { try await ask(PlayWish(.feed)).items ?? [] }

  func packet(_ name: String) throws -> (signed: SignedPacket, packet: PlayName, stream: Packet.Stream?) {
    guard let found = known[name] else { throw Flaw("the transcript has no packet \(name) yet") }
    return found
  }

  /// Whether a packet takes the name of another one.
  func isSecond(_ name: String) -> Bool { transcript.packets?.first { $0.name == name }?.instead != nil }

  // MARK: What goes out

  /// Grants a wish, and gathers what then lies in the friends' directories: each packet once, with everybody who got it.
  private func goes(after wish: PlayWish) async throws -> [Gone] {
    try await ask(wish)
    var gone: [Gone] = []
    for name in friends.keys.sorted() {
      for (index, inbox) in (friends[name]?.inboxes ?? []).enumerated() {
        // What comes to a place that somebody has left comes to somebody else, for the transcript.
        let place = index == 0 ? name : "\(name), before"
        for part in try await collected(for: name, in: inbox) {
          if let index = gone.firstIndex(where: { $0.signed.bytes == part.signed.bytes }) {
            gone[index].to.insert(place)
          } else {
            gone.append(Gone(to: [place], packet: part.packet, signed: part.signed))
          }
        }
      }
    }
    return gone
  }

  private func collected(for name: String, in inbox: Friend.Inbox) async throws -> [(packet: Packet, signed: SignedPacket)] {
    guard let friend = friends[name] else { return [] }
    var all: [(packet: Packet, signed: SignedPacket)] = []
    for parcel in try await mail.collect(for: friend, in: inbox.directory, from: them()) {
      for part in parcel.contents.packets where !part.isEmbedded {
        guard part.isSigned, case .success(.understood(let packet)) = part.reading else {
          throw Flaw("a packet for \(name) cannot be read, or its author did not sign it")
        }
        guard packet.author == (try them().author), packet.stream?.to == nil || packet.stream?.to == friend.author else {
          throw Flaw("a \(packet.action.elementName) for \(name) is of another author, or to somebody else")
        }
        heard.insert(PlayName(packet.name))
        all.append((packet, part.signed))
        try await meet(packet, name)
      }
    }
    return all
  }

  /// What makes a friend and the node contacts.
  private func meet(_ packet: Packet, _ name: String) async throws {
    guard var friend = friends[name] else { return }
    switch packet.action {
    case .contactRequest(let request):
      (friend.request, friend.theirHalf) = (packet.id, request.half)
      friends[name] = friend
    case .contactAccept(let accept) where accept.request == friend.request:
      friend.theirHalf = accept.half
      let packets = try friend.introduction(to: them(), at: now())
      friends[name] = friend
      try await mail.send(packets, from: friend, to: them())
    case .moveCheck(let nonce):
      friend.nonce = nonce
      friends[name] = friend
    default: break
    }
  }

  // MARK: Writing

  /// A packet of the transcript, written when it is first named.
  @discardableResult
  func written(_ name: String) throws -> SignedPacket {
    if let known = known[name] { return known.signed }
    guard let line = transcript.packets?.first(where: { $0.name == name }) else {
      throw Flaw("the transcript has no packet \(name)")
    }
    guard var friend = friends[line.by] else { throw Flaw("the transcript has no \(line.by)") }
    let moment = now()
    var random = SystemRandomNumberGenerator()
    var (id, stream) = (PacketID(at: moment, using: &random).text, try place(of: line, &friend))
    if let instead = line.instead { (id, stream) = (try packet(instead).packet.id, try packet(instead).stream) }
    friends[line.by] = friend
    let document = Document(id: id, author: friend.author, created: moment, stream: stream, line)
    let bytes = Array(try document.text { try value($0) }.utf8)
    let signed = SignedPacket(bytes: bytes, signature: friend.secret.sign(Derivation.signedText(packet: bytes)))
    known[name] = (signed, PlayName(author: friend.author.text, id: id), stream)
    return signed
  }

  /// In a private stream the next number; in others its place among the packets of that stream in the transcript.
  private func place(of line: Transcript.Written, _ friend: inout Friend) throws -> Packet.Stream? {
    guard line.stream != "none" else { return nil }
    var to: Author?
    if line.stream != "circle" { to = try line.to.flatMap { friends[$0]?.author } ?? them().author }
    if line.stream == "private" { return try friend.place(line.stream, to: to) }
    let stream = try friend.stream(line.stream, to: to)
    let row = (transcript.packets ?? []).filter { other in
      other.by == line.by && other.stream == line.stream && other.to == line.to && other.instead == nil
    }
    let place = row.firstIndex { $0.name == line.name } ?? 0
    return Packet.Stream(id: stream.id, sequence: stream.last + UInt64(place) + 1, to: to)
  }

  /// What stands for `{{…}}`.
  private func value(_ words: [Substring]) throws -> String {
    guard let first = words.first.map(String.init) else { return "" }
    if first == "revision", let more = words.last.flatMap({ Int64($0) }) { return "revision=\"\(begun.milliseconds + more)\"" }
    if let friend = friends[first] { return "author=\"\(friend.author.text)\"" }
    if known[first] == nil { try written(first) }
    let found = try packet(first)
    switch words.dropFirst().last {
    case "embedded": return "sha256=\"\(found.signed.sha256.text)\" size=\"\(found.signed.bytes.count)\""
    case let word? where ["number", "head"].contains(word):
      guard let stream = found.stream else { throw Flaw("\(first) has no number") }
      let number = word == "number" ? "first=\"\(stream.sequence)\" " : ""
      return "stream=\"\(stream.id.text)\" \(number)last=\"\(stream.sequence)\""
    case let word?: throw Flaw("nothing of \(first) is called \(word)")
    case nil:
      return "author=\"\(found.packet.author)\" id=\"\(found.packet.id)\" sha256=\"\(found.signed.sha256.text)\""
    }
  }
}

/// A packet of the node, and who got it.
struct Gone {
  var to: Set<String>
  var packet: Packet
  var signed: SignedPacket
}
