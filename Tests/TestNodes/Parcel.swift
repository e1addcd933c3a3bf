public import Packets

/// What one copy of a sealed body brings to its recipient. There is no OpenPGP: its signer is believed.
public struct Parcel: Sendable {
  /// Who sealed it.
  public var from: Author
  /// With which key.
  public var signer: Fingerprint
  /// Who gets this copy.
  public var to: Author
  /// Carriers, in order.
  public var packets: [SignedPacket]
  /// What travels inside of them.
  public var embedded: [SignedPacket]
  /// How its audience is named.
  public var form: String
  /// Where it is handed over.
  public var endpoint: String

  /// A parcel of these parts.
  public init(
    from: Author, signer: Fingerprint, to: Author, packets: [SignedPacket], embedded: [SignedPacket] = [], form: String = "one",
    endpoint: String = ""
  ) {
    (self.from, self.signer, self.to) = (from, signer, to)
    (self.packets, self.embedded, self.form, self.endpoint) = (packets, embedded, form, endpoint)
  }

  /// The packets' actions, in order.
  public var kinds: [String] {
    packets.map { if case .understood(let packet)? = try? $0.read() { packet.action.elementName } else { "newer" } }
  }
}

/// Random numbers that are the same in each run, and different for each person and transaction.
public struct Dice: RandomNumberGenerator, Sendable {
  /// What the next number is made of.
  public var state: UInt64

  /// Numbers that follow from a seed.
  public init(state: UInt64) { self.state = state }

  /// The next number.
  public mutating func next() -> UInt64 {
    // SplitMix64.
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
