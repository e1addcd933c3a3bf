import Testing

@testable import Mailbox

/// A small generator with a seed, so that every run tries the same noise (Marsaglia, xorshift).
struct Seeded: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return state
  }
}

@Suite struct NoiseTests {
  private static let samples = [
    "* 2 FETCH (UID 7 FLAGS (\\Seen $x[y]) INTERNALDATE \"17-Jul-1996 02:44:25 -0700\" RFC822.SIZE 12 BODY[] {12}\r\nHello\r\nyou\r\n)\r\n",
    "* 12 FETCH (BODY[HEADER.FIELDS (FROM TO)] {4}\r\nab\r\n UID 4294967295)\r\ns1 OK [COPYUID 9 1:2,5 7,9:10] done {5}\r\n",
    "* LIST (\\HasNoChildren \\Sent) \".\" {5}\r\na\"\\ b\r\n* NAMESPACE ((\"INBOX.\" \".\")) NIL NIL\r\n+ go\r\n* SEARCH 1 22 333\r\n",
    "* STATUS INBOX (UIDNEXT 8 MESSAGES 3 X (1 (2)))\r\n* OK [UIDVALIDITY 7] x\r\n* 3 EXISTS\r\n* BYE x\r\ns2 NO [TRYCREATE] x\r\n",
  ].map { Array($0.utf8) }

  @Test(arguments: 1...8) func `noise is refused or skipped, and never traps`(seed: UInt64) {
    var random = Seeded(state: seed &* 0x9e37_79b9_7f4a_7c15)
    let spice = Array("(){}[]\"\\\r\n *+~<>:,0123456789NIL\0\u{ff}".utf8)
    for _ in 0..<1500 {
      var bytes = Self.samples.randomElement(using: &random) ?? []
      for _ in 0..<Int.random(in: 1...6, using: &random) {
        let at = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0...3, using: &random) {
        case 0: bytes[at] = spice.randomElement(using: &random) ?? 0
        case 1: bytes.insert(spice.randomElement(using: &random) ?? 0, at: at)
        case 2: bytes.remove(at: at)
        default: bytes.insert(contentsOf: bytes[at..<min(bytes.count, at + 20)], at: at)
        }
        if bytes.isEmpty { bytes = [0] }
      }
      var session = Session()
      session.submit(.noop)
      var rest = bytes[...]
      var steps = 0
      conversation: while !rest.isEmpty {
        let count = Int.random(in: 1...rest.count, using: &random)
        session.receive(rest.prefix(count))
        rest = rest.dropFirst(count)
        while true {
          steps += 1
          #expect(steps < 5000, "it goes round in circles")
          guard let step = try? session.resume(), steps < 5000 else { break conversation }
          if step == .read || step == .finished { break }
        }
      }
    }
  }
}
