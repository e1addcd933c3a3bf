internal import Account
internal import FoundationEssentials
internal import Packets

/// Says which machine is the bridge of an account: a field of a small mail in the bridge's folder, signed by the author key, so that
/// only who has the account can write it. It is good for ten minutes after it arrived, and renewed before.
struct Lease: Hashable, Sendable {
  /// 16 bytes that tell a machine and home from all others.
  var holder: [UInt8]
  /// The machine's name, for people.
  var machine: String
  /// From when on it has been the bridge.
  var since: Instant
  /// The highest is the bridge; who takes over takes the next one.
  var term: UInt64

  static let header = "SocialNet-Lease"
  /// How long it is good after it arrived, in seconds.
  static let life: Int64 = 600
  /// When it is renewed, in seconds.
  static let renewal: Int64 = 240

  private var words: String {
    "holder=\(Base64URL.encode(holder)); machine=\(Base64URL.encode(Array(machine.utf8))); since=\(since.milliseconds); term=\(term)"
  }

  /// What is signed.
  var signedText: [UInt8] { Derivation.leaseText(words) }

  /// The value of the field.
  func field(signature: [UInt8]) -> String { "\(words); signature=\(Base64URL.encode(signature))" }

  init(holder: [UInt8], machine: String, since: Instant, term: UInt64) {
    self.holder = holder
    self.machine = machine
    self.since = since
    self.term = term
  }

  /// Reads a field; nothing where this author did not sign it.
  init?(field: String, by author: Author) {
    let pairs = field.split(separator: ";").map { $0.split(separator: "=", maxSplits: 1) }
    guard pairs.count == 5, pairs.allSatisfy({ $0.count == 2 }) else { return nil }
    let names = pairs.map { $0[0].filter { $0 != " " } }
    let values = pairs.map { $0[1].filter { $0 != " " } }
    guard names == ["holder", "machine", "since", "term", "signature"], let holder = Base64URL.decode(values[0]),
      holder.count == 16,
      let machine = Base64URL.decode(values[1]), let since = Int64(values[2]), let term = UInt64(values[3]),
      let signature = Base64URL.decode(values[4])
    else { return nil }
    self.init(
      holder: holder, machine: String(decoding: machine, as: UTF8.self), since: Instant(milliseconds: since), term: term)
    guard author.verify(signature, over: signedText) else { return nil }
  }

  /// Whether this one is the bridge where both lie there: the later word, and of two at once the lower machine.
  func isAbove(_ other: Lease) -> Bool {
    term == other.term ? holder.lexicographicallyPrecedes(other.holder) : term > other.term
  }
}

/// This machine, as leases name it.
struct Machine: Sendable {
  let id: [UInt8]
  let name: String

  /// Told by the system's own id, its name, and the account's place on it: the same after a crash or a loss, another for a copy of the
  /// account elsewhere.
  init(_ layout: Layout) {
    func read(_ path: String) -> String {
      let text = (try? String(contentsOf: URL(filePath: path), encoding: .utf8)) ?? ""
      return text.filter { !$0.isWhitespace }
    }
    let host = read("/proc/sys/kernel/hostname")
    name = host.isEmpty ? "another machine" : Printable.line(String(host.prefix(64)))
    let words = ["SocialNet-machine", read("/etc/machine-id"), host, layout.stateDirectory.path].joined(separator: "\n")
    id = Array(Hash.of(Array(words.utf8)).bytes.prefix(16))
  }
}
