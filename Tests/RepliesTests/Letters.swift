import Feed
import Foundation
import MIME
import Packets
import Replies
import Testing

/// The letters that the fixtures answer, as the bridge remembers them; and Mona, who answers.
struct Letters: LetterLookup {
  private var letters: [SentLetter] = []

  static let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Fixtures")

  init() throws {
    for name in ["digest", "item", "receipts", "which", "nonce", "request"] { letters.append(try Letters.letter(name)) }
  }

  static func letter(_ name: String) throws -> SentLetter {
    try JSONDecoder().decode(SentLetter.self, from: Data(contentsOf: folder.appending(path: "\(name).json")))
  }

  func letter(_ token: LetterToken) -> SentLetter? { letters.first { $0.token == token } }

  static func mail(_ name: String) throws -> Message { try Message(file: folder.appending(path: "\(name).eml")) }

  /// An hour and a half after the digest.
  static let now = Instant(milliseconds: 1_795_332_600_000)

  static let settings = ReplySettings(
    ownAddresses: ["mona@example.org"], bridgeAddresses: ["mona+socialnet@example.org"], authenticationServer: "mx.example.org",
    circles: ["Family"])

  /// What Mona means, where everything is proved.
  func understood(
    _ mail: Message, place: Evidence.Place = .sent, choice: Evidence.Choice? = nil, _ settings: ReplySettings = Letters.settings
  ) -> Understanding {
    .of(mail, Evidence(place: place, choice: choice, now: Letters.now), letters: self, settings)
  }
}

extension SentLetter {
  /// What stands in the text, without what only the HTML has.
  var ordered: ArraySlice<Passage> {
    passages[...(passages.firstIndex { $0.text.contains(token.text) } ?? passages.count - 1)]
  }
}

extension Understanding {
  /// One line for each wish, with the letter's numbers in place of ids, for the tables of the tests.
  var summary: [String] {
    switch self {
    case .said(let answer): answer.wishes.map { answer.summary($0) }
    case .needsProof(let answer): ["needs proof"] + answer.wishes.map { answer.summary($0) }
    case .help: ["help"]
    case .settled(let letter, .choice(let choice)): ["settled \(letter.kind) \(choice.target) by \(choice.authorship)"]
    case .settled(let letter, let settlement): ["settled \(letter.kind) \(settlement)"]
    case .ask(let question, _): ["ask \(question)"]
    case .silent(let silence): ["silent \(silence)"]
    }
  }

  var answer: Answer? {
    switch self {
    case .said(let answer), .needsProof(let answer): answer
    default: nil
    }
  }
}

extension Answer {
  fileprivate func summary(_ said: Said) -> String {
    let pictures = said.pictures.isEmpty ? "" : " with \(said.pictures.count) pictures"
    switch said.wish {
    case .comment(let item, let text, _): return "\(number(item)): \(text)\(pictures)"
    case .react(let item, let emoji): return "\(number(item)) \(emoji.joined())"
    case .post(let text, _, let circle, _): return "post\(circle.map { " " + $0 } ?? ""): \(text)\(pictures)"
    case .mute(let item, let until):
      return "\(number(item)) mute" + (until.map { " \(($0.milliseconds - Letters.now.milliseconds) / 3_600_000)h" } ?? "")
    case .unmute(let item): return "\(number(item)) unmute"
    case .stop(let item): return "\(number(item)) stop"
    case .acceptRequest(let id): return "\(number(id)) accept"
    case .declineRequest(let id): return "\(number(id)) decline"
    case .pause(let until): return "pause \((until.milliseconds - Letters.now.milliseconds) / 3_600_000)h"
    default: return "\(said.wish)"
    }
  }

  private func number(_ item: ItemID) -> String { number(.item(item)) }
  private func number(_ request: PacketID) -> String { number(.request(request)) }
  private func number(_ target: LetterTarget) -> String {
    letter?.targets.first { $0.value == target }.map { "\($0.key)" } ?? "?"
  }
}
