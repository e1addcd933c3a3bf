internal import Feed
internal import Packets
internal import Store

extension LocalOperations {
  func comparison(with contact: String) async throws(OperationFailure) -> Comparison {
    try await with { bridge in
      let contact = try await bridge.contact(contact)
      let myself = try await bridge.store.myself()
      guard let code = contact.comparisonCode(with: myself) else {
        throw OperationFailure(.badData, "\(contact.name) has not answered yet")
      }
      return Comparison(
        name: contact.name, code: code, theirs: contact.fingerprint, ours: myself.fingerprint,
        isVerified: contact.mark == .verified)
    }
  }

  func verify(_ contact: String, code: String) async throws(OperationFailure) -> String {
    try await saying { try await $0.wish(about: contact, in: [.contact]) { .verify($0, code: code) } }
  }
}
