import Foundation

/// Something that a mail server, or the line to it, does wrong: a rule of `proxy.py`, which says what each part means.
package struct Fault: Encodable, Sendable {
  /// What it waits for.
  package enum Moment: String, Encodable, Sendable { case command, reply, data, connect }
  /// How the conversation goes on.
  package enum End: String, Encodable, Sendable {
    case cut, stall
    case cutAfterReply = "cut after reply"
  }

  package var on: Moment
  package var match: String
  package var skip = 0
  package var times = 1
  package var run: [String]?
  package var answer: String?
  package var replace: [String]?
  package var before: String?
  package var after: String?
  package var bare: Bool?
  package var announce: Int?
  package var then: End?
  package var drop: Bool?

  /// - Parameter times: how often; -1 for ever.
  package init(
    _ on: Moment, _ match: String = "", skip: Int = 0, times: Int = 1, run: [String]? = nil, answer: String? = nil,
    replace: [String]? = nil, before: String? = nil, after: String? = nil, bare: Bool? = nil, announce: Int? = nil,
    then: End? = nil, drop: Bool? = nil
  ) {
    self.on = on
    self.match = match
    self.skip = skip
    self.times = times
    self.run = run
    self.answer = answer
    self.replace = replace
    self.before = before
    self.after = after
    self.bare = bare
    self.announce = announce
    self.then = then
    self.drop = drop
  }
}

/// A server of the test as it would be on a bad day, and the count of what was asked of it.
package final class FaultProxy {
  /// The servers that it can stand in front of.
  package enum Kind: String { case imap, smtp }

  private struct Plan: Encodable {
    struct Cut: Encodable {
      var to: String
      var at: Int
      func encode(to encoder: any Encoder) throws {
        var values = encoder.unkeyedContainer()
        try values.encode(to)
        try values.encode(at)
      }
    }
    var rules: [Fault]
    var slow: Bool
    var cut: Cut?
  }

  package let port: UInt16
  private let program: Beside

  package init(_ kind: Kind, before port: UInt16) throws {
    let script = URL(filePath: #filePath).deletingLastPathComponent().path + "/proxy.py"
    program = try Beside([script, kind.rawValue, "\(port)"])
    self.port = UInt16(program.firstLine()) ?? 0
  }

  /// From now on these faults, and all counts begin anew.
  ///
  /// - Parameters:
  ///   - faults: what goes wrong.
  ///   - slow: each byte goes alone.
  ///   - cut: ends the conversation at a byte that goes to the `client` or the `server`.
  package func set(_ faults: [Fault], slow: Bool = false, cut: (to: String, at: Int)? = nil) throws {
    let plan = Plan(rules: faults, slow: slow, cut: cut.map { Plan.Cut(to: $0.to, at: $0.at) })
    let text = String(decoding: try JSONEncoder().encode(["set": plan]), as: UTF8.self)
    guard program.ask(text) == "true" else { throw ProgramFailed(program: "proxy.py", said: "no plan") }
  }

  /// How many commands fit a pattern.
  package func count(_ pattern: String) throws -> Int {
    number(String(decoding: try JSONEncoder().encode(["count": pattern]), as: UTF8.self))
  }

  package var connections: Int { number("{\"get\": \"connections\"}") }

  /// How many bytes went to the `client` or the `server`.
  package func bytes(to end: String) -> Int { number("{\"get\": \"\(end)\"}") }

  private func number(_ question: String) -> Int { Int(program.ask(question)) ?? -1 }
}
