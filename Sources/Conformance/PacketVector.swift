public import Bridge
public import Packets

/// One line of `packets.json`: a document, and what a reader makes of it.
public struct PacketVector: Codable, Equatable, Sendable {
  /// What a reader makes of a document.
  public enum Outcome: String, Codable, Sendable {
    /// It is read and acted on.
    case understood
    /// It is kept for a newer version.
    case held
    /// It is refused at the gate `packet`.
    case refused
  }

  /// The document beside the table. In a `.template`, `{{N×S}}` stands for the text S, N times.
  public var file: String
  /// What a reader makes of it.
  public var outcome: Outcome
  /// Why, in a sentence's end.
  public var why: String
  /// Of an understood packet: the document that says the same and holds nothing to skip.
  public var sameAs: String?
  /// Of a held packet: `action`, `feature` or `version`.
  public var reason: String?
  /// Of a held packet: the action's element name.
  public var kind: String?
  /// Of a held packet: the words to show meanwhile.
  public var fallback: String?
  /// The features that the reader has.
  public var features: [String] = []
  /// Whose signature stands here, over the document's bytes (expanded, if a template).
  public var author: String
  /// That signature.
  public var signature: String

  /// A line.
  public init(file: String, outcome: Outcome, why: String, author: String, signature: String) {
    self.file = file
    self.outcome = outcome
    self.why = why
    self.author = author
    self.signature = signature
  }

  /// All of them.
  public static func table(in folder: VectorFolder) throws(OperationFailure) -> [PacketVector] {
    try folder.read([PacketVector].self, from: "packets.json")
  }

  /// The document and its signature.
  public func signed(in folder: VectorFolder) throws(OperationFailure) -> SignedPacket {
    SignedPacket(bytes: Self.expand(try folder.bytes(file), of: file), signature: Base64URL.decode(signature) ?? [])
  }

  /// The bytes that a file stands for.
  public static func expand(_ bytes: [UInt8], of file: String) -> [UInt8] {
    guard file.hasSuffix(".template") else { return bytes }
    let text = String(decoding: bytes, as: UTF8.self)
    let expanded = text.replacing(/\{\{(\d+)×(.*?)\}\}/) { String(repeating: String($0.output.2), count: Int($0.output.1) ?? 0) }
    return Array(expanded.utf8)
  }

  /// What is not as this line says; nothing where all of it is.
  public func flaw(in folder: VectorFolder) throws(OperationFailure) -> String? {
    let signed = try signed(in: folder)
    guard let author = Author(text: author), signed.verifySignature(by: author) else {
      return "the author's signature does not fit the document"
    }
    let read: ReadPacket
    do {
      read = try signed.read(features: Set(features))
    } catch {
      return outcome == .refused ? nil : "it was refused: \(error)"
    }
    switch (outcome, read) {
    case (.understood, .understood(let packet)): return try flaw(of: packet, in: folder)
    case (.held, .newer(let newer)): return flaw(of: newer)
    case (_, .understood): return "it was understood"
    case (_, .newer(let newer)): return "it was held, for its \(newer.reason.rawValue)"
    }
  }

  private func flaw(of packet: Packet, in folder: VectorFolder) throws(OperationFailure) -> String? {
    guard let sameAs else { return nil }
    guard var plain = try Self.table(in: folder).first(where: { $0.file == sameAs }) else { return "\(sameAs) is no vector" }
    plain.features = []
    guard case .understood(var other)? = try? plain.signed(in: folder).read() else { return "\(sameAs) is not understood" }
    other.requires = packet.requires
    return packet == other ? nil : "it says something else than \(sameAs)"
  }

  private func flaw(of newer: NewerPacket) -> String? {
    if let reason, newer.reason.rawValue != reason { return "it was held for its \(newer.reason.rawValue)" }
    if let kind, newer.kind != kind { return "it was held as the action “\(newer.kind)”" }
    if let fallback, newer.fallback != fallback { return "its fallback was read as “\(newer.fallback)”" }
    return nil
  }
}
