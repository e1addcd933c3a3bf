internal import FoundationEssentials
internal import GRDB
internal import Packets

/// The few columns that hold JSON, always written the same way.
enum JSON {
  static func text(_ value: some Encodable) throws -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }

  static func read<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
    try JSONDecoder().decode(type, from: Data(text.utf8))
  }
}

/// A column that does not hold what the schema promises: the database was changed by something else.
struct DamagedColumn: Error {
  let name: String
}

extension Row {
  /// A column that must hold an author.
  func author(_ column: String) throws -> Author {
    guard let author = Author(text: self[column] as String) else { throw DamagedColumn(name: column) }
    return author
  }

  /// A column that must hold a packet id.
  func packetID(_ column: String) throws -> PacketID {
    guard let id = PacketID(text: self[column] as String) else { throw DamagedColumn(name: column) }
    return id
  }

  /// A column that must hold a hash.
  func hash(_ column: String) throws -> Hash {
    guard let hash = Hash(text: self[column] as String) else { throw DamagedColumn(name: column) }
    return hash
  }

  /// A column that must hold a fingerprint.
  func fingerprint(_ column: String) throws -> Fingerprint {
    guard let fingerprint = Fingerprint(text: self[column] as String) else { throw DamagedColumn(name: column) }
    return fingerprint
  }

  /// A column of milliseconds.
  func instant(_ column: String) -> Instant { Instant(milliseconds: self[column]) }

  /// A column of bytes.
  func bytes(_ column: String) -> [UInt8] { [UInt8](self[column] as Data) }
}

extension [UInt8] {
  /// As SQLite's BLOB.
  var data: Data { Data(self) }
}
