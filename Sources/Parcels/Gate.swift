/// What keeps something out, in the order in which parcels and packets come to it (Protocol, "Opening: gates in order").
///
/// `budget` and `order` are judged by the node, on its state; the others here. The raw value names the counter.
public enum Gate: String, Hashable, Sendable, CaseIterable {
  /// Too many parcels, before they are opened.
  case budget
  /// The message that carries the parcel.
  case shape
  /// OpenPGP, and what came out of it.
  case decryption
  /// Who sealed the parcel.
  case signer
  /// For whom the parcel was sealed.
  case audience
  /// One packet: schema, author, and whether this sender may say this here.
  case packet
  /// Numbers in streams.
  case order
  /// The bytes that a packet names.
  case blobs
}

/// Kept out for good: the same bytes would be refused again. Listed for the user, and never answered.
public struct Refusal: Error, Hashable, Sendable, CustomStringConvertible {
  /// Where.
  public var gate: Gate
  /// Why, in a sentence without a full stop; nothing that a peer wrote is repeated in it.
  public var reason: String

  /// Something kept out.
  public init(_ gate: Gate, _ reason: String) {
    self.gate = gate
    self.reason = reason
  }

  /// `audience: this node is not named`
  public var description: String { "\(gate.rawValue): \(reason)" }
}

/// Something of this machine failed, not the parcel: try again later.
public struct TemporaryTrouble: Error, Hashable, Sendable, CustomStringConvertible {
  /// A sentence for the log.
  public var description: String

  /// A trouble in one sentence.
  public init(_ description: String) { self.description = description }
}

/// Why a parcel was not opened.
public enum OpeningFailure: Error, Hashable, Sendable {
  /// Never again: gates 2 to 5.
  case refused(Refusal)
  /// Later: the parcel stays where it is.
  case troubled(TemporaryTrouble)

  static func refused(_ gate: Gate, _ reason: String) -> OpeningFailure { .refused(Refusal(gate, reason)) }
}
