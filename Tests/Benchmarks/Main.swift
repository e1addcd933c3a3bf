internal import FoundationEssentials
private import Glibc

/// The floors that `deploy/bench` puts beside what the program does: the same work by bare libraries, without any of our rooms.
///
/// Each command prints one line of JSON. CPU time is counted from outside, in the same way for these and for the program.
@main
struct Benchmarks {
  static func main() {
    do {
      try run(Array(CommandLine.arguments.dropFirst()))
    } catch {
      print("benchmarks: \(error)")
      exit(1)
    }
  }

  private static func run(_ arguments: [String]) throws {
    guard arguments.count == 2 else { throw Trouble("usage: benchmarks opening|publishing PLAN.json") }
    let plan = try Data(contentsOf: URL(filePath: arguments[1]))
    GPG.prepare()
    switch arguments[0] {
    case "opening": try report(try Opening(JSONDecoder().decode(Opening.Plan.self, from: plan)))
    case "publishing": try report(try Publishing(JSONDecoder().decode(Publishing.Plan.self, from: plan)))
    default: throw Trouble("there is no floor named \(arguments[0])")
    }
  }

  private static func report(_ result: some Encodable) throws {
    print(String(decoding: try JSONEncoder().encode(result), as: UTF8.self))
  }
}

/// Why a floor could not be measured, in one sentence.
struct Trouble: Error, CustomStringConvertible {
  let description: String

  init(_ description: String) { self.description = description }
}

/// How many seconds something takes.
func measured(_ work: () throws -> Void) rethrows -> Double {
  try ContinuousClock().measure(work) / .seconds(1)
}
