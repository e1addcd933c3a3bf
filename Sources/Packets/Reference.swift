/// Points at a packet and pins its exact bytes.
public struct Reference: Hashable, Sendable, Codable {
  /// Who signed it.
  public var author: Author
  /// Its id.
  public var id: PacketID
  /// SHA-256 of the packet's bytes.
  public var sha256: Hash

  /// Points at a packet by its names.
  public init(author: Author, id: PacketID, sha256: Hash) {
    self.author = author
    self.id = id
    self.sha256 = sha256
  }

  /// Author and id.
  public var name: PacketName { PacketName(author: author, id: id) }
}

/// A picture: a blob with its size in pixels, words for who cannot see it, and the people in it.
public struct Picture: Hashable, Sendable, Codable {
  /// Pixels.
  public var width: UInt64
  /// Pixels.
  public var height: UInt64
  /// Words for who cannot see it.
  public var alternative: String?
  /// The picture's bytes.
  public var blob: Blob
  /// Who is to be seen in it.
  public var people: [Author]

  /// A picture of these parts.
  public init(width: UInt64, height: UInt64, alternative: String?, blob: Blob, people: [Author] = []) {
    self.width = width
    self.height = height
    self.alternative = alternative
    self.blob = blob
    self.people = people
  }
}

/// Names bytes that travel beside the packet.
public struct Blob: Hashable, Sendable, Codable {
  /// SHA-256 of the bytes.
  public var sha256: Hash
  /// How many bytes.
  public var size: UInt64
  /// A media type, `image/jpeg`.
  public var type: String

  /// Names bytes by their hash.
  public init(sha256: Hash, size: UInt64, type: String) {
    self.sha256 = sha256
    self.size = size
    self.type = type
  }
}

/// Names a packet that travels as a part beside its carrier.
public struct Embedded: Hashable, Sendable, Codable {
  /// SHA-256 of the packet's bytes.
  public var sha256: Hash
  /// How many bytes.
  public var size: UInt64

  /// Names a packet by its hash.
  public init(sha256: Hash, size: UInt64) {
    self.sha256 = sha256
    self.size = size
  }
}
