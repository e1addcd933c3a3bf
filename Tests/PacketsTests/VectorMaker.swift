import Conformance
import Foundation
import Packets

/// Makes all vectors, the same each time. `WRITE_VECTORS=1 swift test --filter VectorTests` writes them into the source tree.
struct VectorMaker {
  let samples: Samples
  /// The documents of ``Samples/all()`` by name; each has a line for its head, each child, and its end.
  private var documents: [String: String] = [:]
  private(set) var table: [PacketVector] = []
  private(set) var files: [String: [UInt8]] = [:]

  init() throws {
    samples = try Samples()
    for (name, key, packet) in try samples.all() {
      let signed = try SignedPacket.sign(packet, with: key)
      documents[name] = String(decoding: signed.bytes, as: UTF8.self)
      add("understood/\(name).xml", signed.bytes, .understood, "every part stands as the strict schema has it", by: key)
    }
    addSkipped()
    addHeld()
    addRefusedForms()
    addRefusedEnvelopes()
    addRefusedActions()
    addLimits()
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    files["packets.json"] = Array(try encoder.encode(table))
    files["formulas.json"] = Array(try encoder.encode(FormulaVector.all(samples)))
  }

  // MARK: Documents

  func document(_ name: String) -> String { documents[name] ?? "" }

  /// A document with one thing changed. A change that changes nothing gives a document that no vector can be made of.
  func changed(_ name: String, _ old: String, _ new: String) -> String {
    let document = document(name)
    return document.range(of: old).map { document.replacingCharacters(in: $0, with: new) } ?? ""
  }

  /// The status with one thing changed.
  func changed(_ old: String, _ new: String) -> String { changed("status", old, new) }

  /// A document with other words in place of its stream or its action.
  func document(_ name: String, stream: String? = nil, action: String? = nil) -> String {
    var lines = document(name).split(separator: "\n").map(String.init)
    guard lines.count >= 4 else { return "" }
    lines[1] = stream ?? lines[1]
    lines[2] = action ?? lines[2]
    return lines.joined(separator: "\n")
  }

  /// The status with other words in place of its action.
  func acting(_ action: String) -> String { document("status", action: action) }

  // MARK: Vectors

  mutating func understood(_ name: String, as base: String = "status", _ document: String, features: [String] = [], _ why: String)
  {
    add("understood/\(name).xml", Array(document.utf8), .understood, why) { vector in
      (vector.sameAs, vector.features) = ("understood/\(base).xml", features)
    }
  }

  mutating func held(
    _ name: String, _ document: String, _ reason: NewerPacket.Reason, kind: String, fallback: String = "",
    features: [String] = [],
    _ why: String
  ) {
    add("held/\(name).xml", Array(document.utf8), .held, why) { vector in
      (vector.reason, vector.kind, vector.fallback, vector.features) = (reason.rawValue, kind, fallback, features)
    }
  }

  mutating func refused(_ name: String, _ document: String, _ why: String) { refused(name, bytes: Array(document.utf8), why) }

  mutating func refused(_ name: String, bytes: [UInt8], _ why: String) { add("refused/\(name).xml", bytes, .refused, why) }

  /// A template: who reads the vector expands `{{N×S}}`.
  mutating func limit(_ name: String, _ document: String, refused why: String?) {
    let outcome = why == nil ? PacketVector.Outcome.understood : .refused
    add("limits/\(name).template", Array(document.utf8), outcome, why ?? "as much as is allowed, and no more")
  }

  private mutating func add(
    _ file: String, _ bytes: [UInt8], _ outcome: PacketVector.Outcome, _ why: String, by key: SecretKey? = nil,
    change: (inout PacketVector) -> Void = { _ in }
  ) {
    let key = key ?? samples.anna
    let signature = key.sign(Derivation.signedText(packet: PacketVector.expand(bytes, of: file)))
    var vector = PacketVector(
      file: file, outcome: outcome, why: why, author: key.author.text, signature: Base64URL.encode(signature))
    change(&vector)
    // A doubled name or an empty document shows as a file without its line, or the other way round (VectorTests).
    if files[file] == nil, !bytes.isEmpty { files[file] = bytes } else { vector.file += " (fault of the table)" }
    table.append(vector)
  }
}
