internal import CLibXML2

/// The strict schema of packets: what writers obey, and what readers hold the known part of a packet against.
///
/// Safe to use, and from any thread: the pointer leads to memory of this object alone, which nobody changes after `init`;
/// each validation has a context of its own.
@safe
final class Schema: Sendable {
  /// What the schema allows in each place, so that a reader can skip the rest.
  let packet: Place
  nonisolated(unsafe) private let compiled: xmlRelaxNGPtr

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

  fileprivate struct Complaint { var element: String? }

  /// Whether the schema allows a document.
  func validate(_ document: xmlDocPtr) throws(PacketFailure) {
    guard let context = unsafe xmlRelaxNGNewValidCtxt(compiled) else { throw .unready }
    defer { unsafe xmlRelaxNGFreeValidCtxt(context) }
    var complaint = Complaint()
    let result = unsafe withUnsafeMutablePointer(to: &complaint) { complaint in
      unsafe xmlRelaxNGSetValidStructuredErrors(context, noteFirst, complaint)
      return unsafe xmlRelaxNGValidateDoc(context, document)
    }
    guard result == 0 else { throw .invalid(element: complaint.element ?? "packet") }
  }
}

/// Keeps the name of the element where libxml2 complained first; its words would repeat a peer's.
private func noteFirst(_ complaint: UnsafeMutableRawPointer?, _ error: xmlErrorPtr?) {
  guard let complaint = unsafe complaint?.assumingMemoryBound(to: Schema.Complaint.self), unsafe complaint.pointee.element == nil,
    let node = unsafe error?.pointee.node?.assumingMemoryBound(to: xmlNode.self), let name = unsafe node.pointee.name
  else { return }
  unsafe complaint.pointee.element = String(cString: name)
}
