public import Packets

/// For whom a parcel was sealed, as its signed inside says (Protocol, "Audience"). A friend's parcel that somebody else encrypts
/// again names the friend's audience still, and is refused by everybody outside it.
public enum Audience: Hashable, Sendable {
  /// One node.
  case one(Fingerprint)
  /// The members of a circle: to each a tag that nobody else can read. The salt has 16 bytes, a tag 8.
  case circle(salt: [UInt8], tags: [[UInt8]])

  static let saltLength = 16
  static let tagLength = 8
  static let mostTags = 512

  /// A circle of those who share these pair keys with the writer: filled up by chance to a power of two, so that only the order of
  /// its size shows.
  ///
  /// - Returns: nothing for more than 512 members.
  public static func circle(pairKeys: [[UInt8]], using random: inout some RandomNumberGenerator) -> Audience? {
    guard pairKeys.count <= mostTags else { return nil }
    let salt = Random.bytes(saltLength, using: &random)
    var tags = Set(pairKeys.map { Derivation.audienceTag(pairKey: $0, salt: salt) })
    var size = 1
    while size < tags.count { size *= 2 }
    while tags.count < size { tags.insert(Random.bytes(tagLength, using: &random)) }
    return .circle(salt: salt, tags: tags.sorted { $0.lexicographicallyPrecedes($1) })
  }

  /// Whether a reader is meant: by the fingerprint, or by a tag of one of the pair keys that hold between signer and reader.
  public func names(_ reader: Fingerprint, pairKeys: [[UInt8]]) -> Bool {
    switch self {
    case .one(let fingerprint): fingerprint == reader
    case .circle(let salt, let tags): pairKeys.contains { tags.contains(Derivation.audienceTag(pairKey: $0, salt: salt)) }
    }
  }

  /// Reads a SocialNet-Audience; white space inside ids and tags does not count. Nothing where it is malformed: tags unsorted,
  /// doubled, or not filled up to a power of two are.
  public init?(header: String) {
    let fields = header.filter { $0 != " " && $0 != "\t" }.split(separator: ";", omittingEmptySubsequences: false)
    let pairs = fields.map { $0.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false) }
    if pairs.count == 1, let pair = pairs.first, pair.count == 2, pair[0] == "fingerprint" {
      guard let fingerprint = Fingerprint(text: pair[1]) else { return nil }
      self = .one(fingerprint)
      return
    }
    guard pairs.count == 2, pairs.allSatisfy({ $0.count == 2 }), pairs[0][0] == "salt", pairs[1][0] == "tags",
      let salt = Base64URL.decode(pairs[0][1]), salt.count == Self.saltLength,
      let bytes = Base64URL.decode(pairs[1][1]), bytes.count.isMultiple(of: Self.tagLength)
    else { return nil }
    let tags = stride(from: 0, to: bytes.count, by: Self.tagLength).map { Array(bytes[$0..<$0 + Self.tagLength]) }
    let isPowerOfTwo = tags.count > 0 && tags.count & (tags.count - 1) == 0
    let isSorted = zip(tags, tags.dropFirst()).allSatisfy { $0.lexicographicallyPrecedes($1) }
    guard tags.count <= Self.mostTags, isPowerOfTwo, isSorted else { return nil }
    self = .circle(salt: salt, tags: tags)
  }

  /// The header's value, with spaces where lines may be broken.
  public var header: String {
    switch self {
    case .one(let fingerprint): return "fingerprint=\(fingerprint.text)"
    case .circle(let salt, let tags):
      var text = "salt=\(Base64URL.encode(salt)); tags="
      for (index, character) in Base64URL.encode(tags.joined()).enumerated() {
        if index > 0, index.isMultiple(of: 64) { text += " " }
        text.append(character)
      }
      return text
    }
  }
}
