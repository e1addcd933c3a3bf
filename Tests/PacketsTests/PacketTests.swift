import Packets
import Testing

@Suite struct PacketTests {
  let samples: Samples
  init() throws { samples = try Samples() }

  @Test func `every action is read as it was written, and signed by its author alone`() throws {
    for (name, key, packet) in try samples.all() {
      let signed = try SignedPacket.sign(packet, with: key)
      #expect(try signed.read() == .understood(packet), "\(name)")
      #expect(signed.verifySignature(by: packet.author), "\(name)")
      #expect(!signed.verifySignature(by: key == samples.anna ? samples.ben.author : samples.anna.author), "\(name)")
      #expect(try SignedPacket.sign(packet, with: key) == signed, "\(name)")
    }
  }
}
