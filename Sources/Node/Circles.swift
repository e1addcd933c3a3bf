internal import Feed
internal import Packets

/// Circles other than everyone: who is in them is known here alone; their members learn only which stream is for them, and from and up to
/// which number (Protocol, "Streams").
extension Node {
  /// A circle without members yet.
  func create(circle name: String, using random: inout some RandomNumberGenerator) throws -> [Change] {
    guard PersonName.isFit(name) else { throw WishFailure.badCircle(name) }
    guard try !state.circles().contains(where: { $0.lowercased() == name.lowercased() }) else {
      throw WishFailure.circleExists(name)
    }
    return try begin(name, using: &random)
  }

  /// From the next number on.
  func add(_ author: Author, to circle: String, using random: inout some RandomNumberGenerator) throws -> [Change] {
    try checkNamed(circle)
    guard try state.contact(author)?.state == .contact else { throw WishFailure.noContact(try title(of: author)) }
    guard try !state.members(of: circle).contains(author) else { return [] }
    guard let own = try state.ownStream(toCircle: circle) else {
      return try begin(circle, alsoFor: author, using: &random)
    }
    return [.admit(author, to: own.id, first: own.next), membership(author, own.id, first: own.next, using: &random)]
  }

  /// Up to the last number; what is numbered and not sealed yet does not reach them either.
  func take(_ author: Author, outOf circle: String, using random: inout some RandomNumberGenerator) throws -> [Change] {
    try checkNamed(circle)
    guard try state.members(of: circle).contains(author) else { throw WishFailure.notInCircle(try title(of: author), circle) }
    return try dismiss(author, from: circle, saying: true, using: &random)
  }

  /// Out of all circles: an acquaintance has ended, and would begin anew without them.
  func dismiss(_ author: Author, using random: inout some RandomNumberGenerator) throws -> [Change] {
    try state.circles().filter { $0 != Circle.everyone }.flatMap { circle in
      try state.members(of: circle).contains(author) ? try dismiss(author, from: circle, saying: false, using: &random) : []
    }
  }

  private func dismiss(
    _ author: Author, from circle: String, saying: Bool, using random: inout some RandomNumberGenerator
  ) throws -> [Change] {
    try state.streams(to: circle, with: author).flatMap { stream, last -> [Change] in
      let word = Action.Membership(stream: stream, span: .last(last))
      return [.dismiss(author, from: stream, last: last)]
        + (saying ? [.write(.membership(word), .direct(author), id: PacketID(at: now, using: &random))] : [])
    }
  }

  private func checkNamed(_ circle: String) throws {
    guard circle != Circle.everyone, try state.circles().contains(circle) else { throw WishFailure.noSuchCircle(circle) }
  }
}
