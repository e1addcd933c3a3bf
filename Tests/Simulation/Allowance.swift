import Feed
import Packets

/// How much may be sent because of what people did. Reckoned from their acts and their contacts, not from what was written.
struct Allowance {
  /// Copies of what was said: a post has one for each contact at most; an answer one to the post's author and, relayed, one for each
  /// of the author's contacts; whatever concerns one person has one.
  private(set) var words = 0
  /// Who wrote anything: these say how far their streams reach.
  var writers: Set<Int> = []
  var acquaintances = 0

  mutating func add(_ wish: Wish, by number: Int, _ rights: Rights) {
    switch wish {
    case .post: words += rights.met[number].count
    case .message, .addToCircle, .removeFromCircle, .remove: words += 1
    // The own ones among them are to a circle; of others' posts, `answer` counts them.
    case .retract, .edit: words += rights.met[number].count
    default: break
    }
  }

  mutating func answer(to item: FeedItem, _ rights: Rights) {
    let root = rights.rootOf[item.name] ?? item.name
    words += 1 + (rights.numbers[root.author].map { rights.met[$0].count } ?? 0)
  }

  /// What was sent beyond the measure.
  func excess(_ network: Network, _ rights: Rights, weeks: Int) -> [String] {
    // Becoming contacts: a request, an accept with memberships and a profile, and the same back.
    let words = words + 8 * acquaintances
    // Weekly while something moved in the last 16 days: three times after the last word, and once more for who becomes a contact late.
    let heads = writers.reduce(0) { $0 + (4 + weeks) * rights.met[$1].count }
    // What did not arrive is asked for three times; an answer is what is left of it, and the word that the rest is gone. A request to
    // become contacts is made three times more.
    let repairs = 9 * network.disturbed + 6 * acquaintances
    return [("words", network.words, words), ("heads", network.heads, heads), ("repairs", network.repairs, repairs)].compactMap {
      $1 <= $2 ? nil : "\($1) copies of \($0), where \($2) are enough"
    }
  }
}
