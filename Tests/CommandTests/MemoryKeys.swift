import Bridge
import Feed

extension MemoryOperations {
  func comparison(with contact: String) async throws(OperationFailure) -> Comparison {
    try note("compare with \(contact)")
    return Comparison(name: cast.ben.name, code: "07204871", theirs: cast.key, ours: cast.key, isVerified: false)
  }

  func verify(_ contact: String, code: String) async throws(OperationFailure) -> String {
    try note("verify \(contact) by \(code)")
    return cast.ben.name
  }
}
