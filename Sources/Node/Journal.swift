public import Feed
internal import FoundationEssentials
public import Packets

/// A local decision, as the journal keeps it: what the mailbox must hold so that everything local can be made again
/// (Protocol, "The journal"). What can be read out of packets is not repeated here.
public enum JournalRecord: Hashable, Sendable, Codable {
  /// The author key's seed, written once, at set-up.
  case authorKey(seed: [UInt8])
  /// The user's own profile.
  case myself(Myself)
  /// A contact, whole.
  case pin(Contact)
  /// A key is not what it was.
  case formerKey(FormerKey)
  /// Somebody said to be reached elsewhere.
  case move(Move)
  /// What was decided about a request.
  case decision(request: PacketID, Feed.Decision)
  /// An invitation was given out.
  case invitation(GivenInvitation)
  /// An invitation was used.
  case invitationUsed([UInt8])
  /// A stream to a circle was begun.
  case stream(StreamID, circle: String, members: [Author])
  /// A member joined a stream, beginning with a number.
  case member(Author, stream: StreamID, first: UInt64)
  /// A member left a stream, behind a number.
  case dismissed(Author, stream: StreamID, last: UInt64)
  /// Somebody was given packets from before.
  case history([PacketName], for: Author)
  /// A conversation was muted.
  case mute(PacketName, until: Instant?)
  /// A mute was taken back.
  case unmute(PacketName)
  /// A setting was changed by mail.
  case setting(Setting, String?)
  /// A post waits for its time.
  case draft(Draft)
  /// A post was stopped, or its time came.
  case draftGone(PacketID)
  /// A letter to the user was made: what it showed, and what is needed to read an answer to it.
  case letter(SentLetter, made: Instant)
  /// A mail of the user has acted, under this mark.
  case acted(String)

  /// The record of a change, where the change is a decision.
  public init?(_ change: Change) {
    switch change {
    case .describe(let myself): self = .myself(myself)
    case .pin(let contact): self = .pin(contact)
    case .retire(let key): self = .formerKey(key)
    case .move(let move): self = .move(move)
    case .decide(let request, let decision): self = .decision(request: request, decision)
    case .invite(let invitation): self = .invitation(invitation)
    case .use(let invitation): self = .invitationUsed(invitation)
    case .begin(let stream, let circle, let members): self = .stream(stream, circle: circle, members: members)
    case .admit(let author, let stream, let first): self = .member(author, stream: stream, first: first)
    case .dismiss(let author, let stream, let last): self = .dismissed(author, stream: stream, last: last)
    case .recall(let names, let author): self = .history(names, for: author)
    case .mute(let name, let until): self = .mute(name, until: until)
    case .unmute(let name): self = .unmute(name)
    case .set(let setting, let value): self = .setting(setting, value)
    case .draft(let draft): self = .draft(draft)
    case .discard(let id): self = .draftGone(id)
    default: return nil
    }
  }

  /// The change that a record stands for; none for what the store itself takes in (key, letters and marks).
  public var change: Change? {
    switch self {
    case .authorKey, .letter, .acted: nil
    case .myself(let myself): .describe(myself)
    case .pin(let contact): .pin(contact)
    case .formerKey(let key): .retire(key)
    case .move(let move): .move(move)
    case .decision(let request, let decision): .decide(request: request, decision)
    case .invitation(let invitation): .invite(invitation)
    case .invitationUsed(let id): .use(invitation: id)
    case .stream(let stream, let circle, let members): .begin(stream, circle: circle, members: members)
    case .member(let author, let stream, let first): .admit(author, to: stream, first: first)
    case .dismissed(let author, let stream, let last): .dismiss(author, from: stream, last: last)
    case .history(let names, let author): .recall(names, for: author)
    case .mute(let name, let until): .mute(name, until: until)
    case .unmute(let name): .unmute(name)
    case .setting(let setting, let value): .set(setting, value)
    case .draft(let draft): .draft(draft)
    case .draftGone(let id): .discard(id)
    }
  }
}

// A record is JSON in a `<record>` element; what is longer than one element or one packet may be goes on in `<more>` elements.
extension JournalRecord {
  /// Bytes of UTF-8 in one element: a reader takes 64 KiB.
  private static let longestPiece = 48_000
  /// Bytes of XML in one packet: a reader takes 256 KiB, and the packet has a head.
  private static let longestPacket = 240_000

  /// The elements of as many journal packets as are needed, in order.
  public static func elements(of records: [JournalRecord]) throws -> [[Action.Journal.Record]] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var packets: [[Action.Journal.Record]] = []
    var room = 0
    for record in records {
      let text = String(decoding: try encoder.encode(record), as: UTF8.self)
      for (index, piece) in pieces(of: text).enumerated() {
        let size = piece.utf8.reduce(64) { $0 + ([38, 60, 62].contains($1) ? 5 : 1) }  // & < > are written as entities
        if size > room {
          packets.append([])
          room = longestPacket
        }
        packets[packets.count - 1].append(Action.Journal.Record(name: index == 0 ? "record" : "more", text: piece))
        room -= size
      }
    }
    return packets
  }

  private static func pieces(of text: String) -> [String] {
    var pieces: [String] = []
    var piece = String.UnicodeScalarView()
    var size = 0
    for scalar in text.unicodeScalars {
      let bytes = UTF8.width(scalar)
      if size + bytes > longestPiece {
        pieces.append(String(piece))
        (piece, size) = (String.UnicodeScalarView(), 0)
      }
      piece.append(scalar)
      size += bytes
    }
    return pieces + [String(piece)]
  }

  /// Reads the elements of all journal packets, in order. What a newer version wrote is left out, and stays in its packet.
  public static func read(_ elements: some Sequence<Action.Journal.Record>) -> [JournalRecord] {
    var texts: [String] = []
    for element in elements {
      switch element.name {
      case "record": texts.append(element.text)
      case "more" where !texts.isEmpty: texts[texts.count - 1] += element.text
      default: break
      }
    }
    let decoder = JSONDecoder()
    return texts.compactMap { try? decoder.decode(JournalRecord.self, from: Data($0.utf8)) }
  }
}
