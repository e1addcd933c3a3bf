internal import CLibXML2

/// The strict schema of packets: what writers obey, and what readers hold the known part of a packet against.
///
/// Safe to use, and from any thread: the pointer leads to memory of this object alone, which nobody changes after `init`;
/// each validation has a context of its own.
@safe
final class Schema: Sendable {
  /// What the schema allows in each place, so that a reader can skip the rest.
  let packet: Place
  /// Unsafe to the compiler alone, to which no pointer is Sendable. This one is set in `init`, freed in `deinit`, never handed out, and
  /// xmlRelaxNGValidateDoc only reads behind it: what it writes is in a context that each call has for itself.
  nonisolated(unsafe) private let compiled: xmlRelaxNGPtr  // memory of this object alone, only read between init and deinit

  /// The schema in this program, compiled once. `Schemas/packet.rnc` is its source; SwiftPM puts `packet.rng` into the code
  /// (`.embedInCode` in Package.swift), so that a program that was copied somewhere needs no other file.
  static let strict = try? Schema(PackageResources.packet_rng)

  init(_ grammar: [UInt8]) throws(PacketFailure) {
    xmlInitParser()
    guard let root = try ParsedDocument(grammar).root(namespace: "http://relaxng.org/ns/structure/1.0") else { throw .unready }
    packet = try Place.packet(of: root)
    let compiled: xmlRelaxNGPtr? = unsafe grammar.withUnsafeBytes { bytes in
      let start = unsafe bytes.bindMemory(to: CChar.self).baseAddress
      let context = unsafe xmlRelaxNGNewMemParserCtxt(start, Int32(clamping: bytes.count))
      defer { unsafe xmlRelaxNGFreeParserCtxt(context) }
      return unsafe xmlRelaxNGParse(context)
    }
    guard let compiled = unsafe compiled else { throw .unready }
    unsafe self.compiled = compiled
  }

  deinit { unsafe xmlRelaxNGFree(compiled) }

  /// Whether the schema allows a document. What libxml2 says about it stays unread: it repeats a peer's words, and of several
  /// ways to fail it names any.
  func allows(_ document: xmlDocPtr) throws(PacketFailure) -> Bool {
    guard let context = unsafe xmlRelaxNGNewValidCtxt(compiled) else { throw .unready }
    defer { unsafe xmlRelaxNGFreeValidCtxt(context) }
    unsafe xmlRelaxNGSetValidStructuredErrors(context, { _, _ in }, nil)
    return unsafe xmlRelaxNGValidateDoc(context, document) == 0
  }
}
