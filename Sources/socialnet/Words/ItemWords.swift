internal import Account
internal import Bridge
internal import Feed
internal import FoundationEssentials
internal import Packets

/// Items as a person reads them on a terminal. Everything that others wrote is made harmless first.
struct ItemWords {
  let zone: TimeZone

  /// A list of items, with an empty line between two.
  func list(_ items: [FeedItem]) -> String { items.map { item($0) }.joined(separator: "\n") }

  /// An item and its conversation; what answers is indented.
  func conversation(_ item: FeedItem, _ others: [FeedItem]) -> String {
    let answers = others.filter { $0.id != item.id }
    return ([self.item(item)] + answers.map { self.item($0, indent: $0.root == nil ? "" : "    ") }).joined(separator: "\n")
  }

  /// `id  who, what, when`, the words below, then pictures, comments and reactions.
  func item(_ item: FeedItem, indent: String = "") -> String {
    var lines = ["\(item.id.text)  \(author(item)), \(item.kind.rawValue), \(Moments.text(item.created, in: zone))"]
    if item.held { lines.append("  needs a newer version of SocialNet:") }
    if !item.words.isEmpty {
      lines += Printable.text(item.words).split(separator: "\n", omittingEmptySubsequences: false).map {
        $0.isEmpty ? "" : "  " + $0
      }
    }
    lines += item.photos.map { photo in
      "  [photo, \(photo.width) x \(photo.height)" + (photo.alternative.map { ": " + Printable.line($0) } ?? "")
        + (photo.present ? "]" : ", not here yet]")
    }
    let sums = sums(item)
    if !sums.isEmpty { lines.append("  " + sums) }
    return lines.map { $0.isEmpty ? "\n" : indent + $0 + "\n" }.joined()
  }

  private func author(_ item: FeedItem) -> String {
    let name = Printable.line(item.author.name)
    return item.introducedBy.map { "\(name), says \(Printable.line($0))" } ?? name
  }

  private func sums(_ item: FeedItem) -> String {
    var sums: [String] = []
    if item.comments > 0 { sums.append("\(item.comments) comment\(item.comments == 1 ? "" : "s")") }
    sums += item.reactions.map { sum in
      Printable.line(sum.emoji) + " " + sum.by.map { Printable.line($0) }.joined(separator: ", ")
    }
    if item.edited { sums.append("edited") }
    return sums.joined(separator: "; ")
  }
}
