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

  /// The record of a change, where the change is a decision.
  public init?(_ change: Change) {
    switch change {
    case .describe(let myself): self = .myself(myself)
    case .pin(let contact): self = .pin(contact)
    case .decide(let request, let decision): self = .decision(request: request, decision)
    case .invite(let invitation): self = .invitation(invitation)
    case .use(let invitation): self = .invitationUsed(invitation)
    case .begin(let stream, let circle, let members): self = .stream(stream, circle: circle, members: members)
    case .admit(let author, let stream, let first): self = .member(author, stream: stream, first: first)
    case .mute(let name, let until): self = .mute(name, until: until)
    case .unmute(let name): self = .unmute(name)
    case .set(let setting, let value): self = .setting(setting, value)
    case .draft(let draft): self = .draft(draft)
    case .discard(let id): self = .draftGone(id)
    default: return nil
    }
  }

  /// The change that a record stands for; none for what the store itself takes in (key and letters).
  public var change: Change? {
    switch self {
    case .authorKey, .letter: nil
    case .myself(let myself): .describe(myself)
    case .pin(let contact): .pin(contact)
    case .decision(let request, let decision): .decide(request: request, decision)
    case .invitation(let invitation): .invite(invitation)
    case .invitationUsed(let id): .use(invitation: id)
    case .stream(let stream, let circle, let members): .begin(stream, circle: circle, members: members)
    case .member(let author, let stream, let first): .admit(author, to: stream, first: first)
    case .mute(let name, let until): .mute(name, until: until)
    case .unmute(let name): .unmute(name)
    case .setting(let setting, let value): .set(setting, value)
    case .draft(let draft): .draft(draft)
    case .draftGone(let id): .discard(id)
    }
  }

  /// Reads a record of a journal packet; one that a newer version wrote is nothing, and stays in the packet.
  public init?(_ record: Action.Journal.Record) {
    guard record.name == "record",
      let read = try? JSONDecoder().decode(JournalRecord.self, from: Data(record.text.utf8))
    else { return nil }
    self = read
  }

  /// As an element of a journal packet: `<record>` with JSON in it.
  public func element() throws -> Action.Journal.Record {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Action.Journal.Record(name: "record", text: String(decoding: try encoder.encode(self), as: UTF8.self))
  }
}
