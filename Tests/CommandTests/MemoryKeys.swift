import Bridge
import Feed
import Foundation
import Packets

extension MemoryOperations {
  func comparison(with contact: String) async throws(OperationFailure) -> Comparison {
    try note("compare with \(contact)")
    return Comparison(name: cast.ben.name, code: "07204871", theirs: cast.key, ours: cast.key, isVerified: false)
  }

  func verify(_ contact: String, code: String) async throws(OperationFailure) -> String {
    try note("verify \(contact) by \(code)")
    return cast.ben.name
  }

  func unfreeze(_ contact: String) async throws(OperationFailure) -> String {
    try note("unfreeze \(contact)")
    return cast.ben.name
  }

  func move(to endpoints: [String]) async throws(OperationFailure) -> Int {
    try note("move to \(endpoints)")
    return 3
  }

  func changeKey() async throws(OperationFailure) -> (key: Fingerprint, told: Int) {
    try note("change key")
    return (cast.key, 1)
  }

  func revoke(certificate: URL?) async throws(OperationFailure) -> Int {
    try note("revoke by \(certificate?.path ?? "its own")")
    return 2
  }
}
