internal import Conformance

/// `conformance --json`.
struct ConformanceOutput: Encodable {
  var vectors: [Row]
  var held: Int
  var failed: Int
  var leftOut: Int

  struct Row: Encodable {
    var name: String
    var why: String
    /// `ok`, `failed` or `left out`.
    var result: String
    /// What was not as the vector says, or why it was left out.
    @OrNull var said: String?
  }

  init(_ findings: [Finding]) {
    let rows = findings.map { finding in
      switch finding.result {
      case .holds: Row(name: finding.name, why: finding.why, result: "ok", said: nil)
      case .fails(let flaw): Row(name: finding.name, why: finding.why, result: "failed", said: flaw)
      case .leftOut(let reason): Row(name: finding.name, why: finding.why, result: "left out", said: reason)
      }
    }
    func count(_ result: String) -> Int { rows.count { $0.result == result } }
    vectors = rows
    held = count("ok")
    failed = count("failed")
    leftOut = count("left out")
  }
}

/// `conformance --list --json`.
struct VectorListOutput: Encodable {
  var vectors: [Row]

  struct Row: Encodable {
    var name: String
    var why: String
  }

  init(_ all: [(name: String, why: String)]) { vectors = all.map { Row(name: $0.name, why: $0.why) } }
}
